//! Hostile statements end in an error, never in a crash or a hang.

use crate::run::{Tables, run};

/// The error of a statement; panics where there is none.
fn error(sql: String) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let task = runtime.spawn(async move { run(&sql, &Tables::default()).await });
    runtime.block_on(task).unwrap().expect_err("the statement should fail")
}

fn rows(sql: String) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let task = runtime.spawn(async move { run(&sql, &Tables::default()).await });
    runtime.block_on(task).unwrap().unwrap()
}

#[test]
fn deep_nesting_is_refused() {
    let n = 1_000;
    for (open, close) in [
        ("(", ")"),
        ("abs(", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("ARRAY[", "]"),
        ("CASE WHEN true THEN ", " END"),
        ("x -> ", ""),
    ] {
        let message = error(format!("SELECT {}1{}", open.repeat(n), close.repeat(n)));
        assert!(message.contains("levels") || message.contains("lambda"), "{open}: {message}");
    }
    assert!(error(format!("SELECT * FROM {}(SELECT 1){}", "(".repeat(n), ")".repeat(n))).contains("levels"));
    assert!(error(format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n))).contains("levels"));
    assert!(error(format!("SELECT CAST(NULL AS {}bigint{})", "array(".repeat(n), ")".repeat(n))).contains("levels"));
    assert!(error(format!("SELECT 1{}", " + 1".repeat(5_000))).contains("operators in a row"));
}

#[test]
fn allowed_nesting_runs() {
    let n = 40;
    assert_eq!(rows(format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n))), [["1"]]);
    assert_eq!(rows(format!("SELECT 1{}", " + 1".repeat(200))), [["201"]]);
    assert_eq!(
        rows(format!("SELECT count(*) FROM (VALUES 1, 5) t(x) WHERE false{}", " OR x = 5".repeat(3_000))),
        [["1"]]
    );
}

#[test]
fn common_table_expressions_cannot_explode() {
    let mut sql = String::from("WITH t0 AS (SELECT 1 a)");
    for i in 1..40 {
        let before = i - 1;
        sql.push_str(&format!(", t{i} AS (SELECT x.a FROM t{before} x, t{before} y)"));
    }
    assert!(error(format!("{sql} SELECT * FROM t39")).contains("relations"));
}

#[test]
fn what_is_no_query_is_refused_in_words() {
    for sql in ["DELETE FROM t", "DROP TABLE t", "INSERT INTO t VALUES 1", "CREATE TABLE t AS SELECT 1", "SET x = 1"] {
        assert!(error(sql.into()).contains("only queries run here"), "{sql}");
    }
}

#[test]
fn errors_show_the_place_and_the_nearest_name() {
    let message = error("SELECT eventNmae\nFROM (VALUES 1) t(eventname)".into());
    assert!(message.contains("line 1, column 8"), "{message}");
    assert!(message.contains("SELECT eventNmae\n  |        ^^^^^^^^^"), "{message}");
    assert!(message.contains("did you mean `eventname`?"), "{message}");
    assert!(error("SELECT lowr('A')".into()).contains("did you mean `lower`?"));
    assert!(error("SELEC 1".into()).contains("did you mean `SELECT`?"));
}

#[test]
fn a_recursion_without_end_ends() {
    let message = error("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t".into());
    assert!(message.contains("does not end"), "{message}");
    assert_eq!(
        rows(
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 500) SELECT count(*) FROM t"
                .into()
        ),
        [["500"]]
    );
}

/// The statements of the golden files.
fn golden_statements() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/slt");
    let mut statements = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "slt") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for record in text.split("\n\n").filter(|r| r.contains("query ")) {
            let body = record.lines().skip_while(|l| !l.starts_with("query ")).skip(1);
            statements.push(body.take_while(|l| *l != "----").collect::<Vec<_>>().join("\n"));
        }
    }
    statements
}

/// Words, symbols and literals of a statement, with the blanks between.
fn pieces(sql: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let kind = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        }
    };
    for c in sql.chars() {
        match all.last_mut() {
            Some(last) if kind(c) != 2 && last.chars().next_back().is_some_and(|l| kind(l) == kind(c)) => last.push(c),
            _ => all.push(c.to_string()),
        }
    }
    all
}

/// A small generator of its own, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// A statement with up to five pieces dropped, doubled, or replaced by pieces of others.
fn mutilated(statements: &[Vec<String>], dice: &mut Dice) -> String {
    let mut sql = statements[dice.below(statements.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(sql.len());
        let other = &statements[dice.below(statements.len())];
        let piece = other[dice.below(other.len())].clone();
        match dice.below(4) {
            0 if !sql.is_empty() => drop(sql.remove(at)),
            1 => sql.insert(at, piece),
            2 if !sql.is_empty() => sql[at] = piece,
            _ => sql.truncate(at + 1),
        }
    }
    sql.concat()
}

#[test]
fn mutilated_statements_end_in_a_plan_or_an_error() {
    let statements: Vec<Vec<String>> = golden_statements().iter().map(|s| pieces(s)).collect();
    assert!(statements.len() > 100, "the golden files have statements");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let options = trailmere_sql::PlanOptions::new(now);
    for _ in 0..3_000 {
        let text = mutilated(&statements, &mut dice);
        let planned = trailmere_sql::Statement::parse(&text).and_then(|s| s.plan(&Tables::default(), &options));
        if let Err(e) = planned {
            assert!(!e.message.contains("please report"), "{text}\n{}", e.render(&text));
            assert!(!e.render(&text).is_empty(), "an error says something");
        }
    }
}

/// Runs mutilated statements, too, for as many seconds as `TRAILMERE_FUZZ_SECONDS` says; not at all where it is not set.
/// `TRAILMERE_FUZZ_SEED` begins elsewhere.
#[test]
fn mutilated_statements_run_to_their_end() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let Some(seconds) = number("TRAILMERE_FUZZ_SECONDS") else { return };
    let statements: Vec<Vec<String>> = golden_statements().iter().map(|s| pieces(s)).collect();
    let mut dice = Dice(number("TRAILMERE_FUZZ_SEED").unwrap_or(0x5851_f42d_4c95_7f2d));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(16 << 20).build().unwrap();
    let begun = std::time::Instant::now();
    let (mut ran, mut findings) = (0_u64, vec![]);
    while begun.elapsed().as_secs() < seconds {
        let text = mutilated(&statements, &mut dice);
        let (sql, limit) = (text.clone(), std::time::Duration::from_secs(60));
        let task = runtime.spawn(async move { run(&sql, &Tables::default()).await });
        ran += 1;
        match runtime.block_on(async { tokio::time::timeout(limit, task).await }) {
            Ok(Ok(Err(e))) if e.contains("please report") => findings.push(format!("{text}\n{e}")),
            Ok(Ok(_)) => {}
            Ok(Err(panic)) => findings.push(format!("{text}\n{panic}")),
            Err(_) => findings.push(format!("{text}\ntook longer than {limit:?}")),
        }
    }
    runtime.shutdown_background();
    eprintln!("{ran} statements in {seconds} s, {} findings", findings.len());
    assert!(findings.is_empty(), "{}", findings.join("\n\n"));
}

#[test]
fn patterns_of_exponential_kind_end() {
    let subject = format!("rpad('a', 40, 'a') || 'b{}'", "c".repeat(10));
    for pattern in ["(a+)+$", "(a|aa)+$", "(a*)*$", "((a+)*b?)*$", "(a|a?)+$", "^(a+)+\\1$", "(?=(a+)+$)a"] {
        let sql = format!("SELECT regexp_like({subject}, '{pattern}')");
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
        let task = runtime.spawn(async move { run(&sql, &Tables::default()).await });
        // Whatever comes out: it comes out.
        let _ = runtime.block_on(task).unwrap();
    }
    let many = "%a".repeat(500);
    assert_eq!(rows(format!("SELECT rpad('a', 20000, 'a') LIKE '{many}b'")), [["false"]]);
    assert_eq!(rows(format!("SELECT x LIKE p FROM (VALUES (rpad('a', 20000, 'a'), '{many}b')) t(x, p)")), [["false"]]);
    assert!(error(format!("SELECT regexp_like('a', '{}')", "(".repeat(5_000))).len() < 10_000);
    assert!(error("SELECT regexp_like('a', '((a{1000}){1000}){1000}')".into()).len() < 10_000);
}

#[test]
fn inline_functions_cannot_explode() {
    let mut sql = String::from("WITH FUNCTION f0(x bigint) RETURNS bigint RETURN x + 1");
    for i in 1..60 {
        let before = i - 1;
        sql.push_str(&format!(", FUNCTION f{i}(x bigint) RETURNS bigint RETURN f{before}(x) - f{before}(x)"));
    }
    // Each function is compiled once; two calls in each are too many to run, so it is only planned.
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let statement = trailmere_sql::Statement::parse(&format!("{sql} SELECT f59(x) FROM (VALUES 1) t(x)")).unwrap();
    statement.plan(&Tables::default(), &trailmere_sql::PlanOptions::new(now)).unwrap();
    let doubled = "d(".repeat(60) + "random()" + &")".repeat(60);
    let sql = format!("WITH FUNCTION d(x double) RETURNS double RETURN x - x SELECT {doubled}");
    assert_eq!(rows(sql), [["0.0"]]);
}

#[test]
fn the_length_of_a_statement_is_limited() {
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mut options = trailmere_sql::PlanOptions::new(now);
    options.max_length = 10_000;
    let statement = trailmere_sql::Statement::parse(&format!("SELECT '{}'", "x".repeat(10_000))).unwrap();
    let e = statement.plan(&Tables::default(), &options).unwrap_err();
    assert!(e.message.contains("10000 are allowed"), "{}", e.message);
}

mod any_text {
    use proptest::prelude::*;

    use super::Tables;

    /// Words of the grammar, names, literals and symbols.
    const WORDS: &[&str] = &[
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP BY",
        "ORDER BY",
        "HAVING",
        "LIMIT",
        "WITH",
        "AS",
        "FUNCTION",
        "RETURNS",
        "BEGIN",
        "END",
        "IF",
        "THEN",
        "CASE",
        "WHEN",
        "LOOP",
        "RETURN",
        "SET",
        "DECLARE",
        "JOIN",
        "LEFT",
        "CROSS",
        "UNNEST",
        "LATERAL",
        "OVER",
        "PARTITION BY",
        "ROWS",
        "RANGE",
        "BETWEEN",
        "AND",
        "OR",
        "NOT",
        "IN",
        "EXISTS",
        "LIKE",
        "ESCAPE",
        "IS",
        "NULL",
        "DISTINCT",
        "CAST",
        "TRY_CAST",
        "ARRAY[",
        "]",
        "(",
        ")",
        ",",
        ".",
        ";",
        "*",
        "+",
        "-",
        "/",
        "%",
        "||",
        "->",
        "=>",
        "=",
        "<>",
        "<",
        ">=",
        "'text'",
        "1",
        "1.5",
        "1e9",
        "x",
        "y",
        "t",
        "bigint",
        "varchar",
        "map(",
        "row(",
        "interval '1' day",
        "timestamp '2024-01-01 00:00:00'",
        "count",
        "sum",
        "json_value",
        "EXTRACT",
        "MATCH_RECOGNIZE",
        "PATTERN",
        "DEFINE",
        "MEASURES",
        "VALUES",
        "UNION",
        "EXCEPT",
        "TABLE",
        "GROUPING SETS",
        "?",
        "$x",
        "\"q\"",
        "X'00'",
        "FILTER",
        "IGNORE NULLS",
        "AT TIME ZONE",
        "TRUE",
        "ON",
        "USING",
        "FETCH FIRST",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn words_in_any_order_end_in_a_plan_or_an_error(chosen in prop::collection::vec(0..WORDS.len(), 0..60)) {
            let text: Vec<&str> = chosen.iter().map(|i| WORDS[*i]).collect();
            check(&format!("SELECT {}", text.join(" ")))?;
            check(&text.join(" "))?;
        }

        #[test]
        fn any_text_ends_in_a_plan_or_an_error(text in ".{0,200}") {
            check(&text)?;
            check(&format!("SELECT {text}"))?;
        }
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let options = trailmere_sql::PlanOptions::new(now);
        let tables = Tables::default().with("t", "x bigint\ny varchar");
        let planned = trailmere_sql::Statement::parse(text).and_then(|s| s.plan(&tables, &options));
        if let Err(e) = planned {
            prop_assert!(!e.message.contains("please report"), "{}", e.render(text));
        }
        for fragment in trailmere_sql::split_script(text) {
            prop_assert!(text[fragment.offset..].starts_with(fragment.text));
        }
        Ok(())
    }
}
