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

#[test]
fn mutilated_statements_end_in_a_plan_or_an_error() {
    let statements: Vec<Vec<String>> = golden_statements().iter().map(|s| pieces(s)).collect();
    assert!(statements.len() > 100, "the golden files have statements");
    // A small generator of its own, so that a failure can be repeated.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let options = trailmere_sql::PlanOptions::new(now);
    for _ in 0..3_000 {
        let mut sql = statements[random(statements.len())].clone();
        for _ in 0..=random(4) {
            let at = random(sql.len());
            let other = &statements[random(statements.len())];
            let piece = other[random(other.len())].clone();
            match random(4) {
                0 if !sql.is_empty() => drop(sql.remove(at)),
                1 => sql.insert(at, piece),
                2 if !sql.is_empty() => sql[at] = piece,
                _ => sql.truncate(at + 1),
            }
        }
        let text = sql.concat();
        let planned = trailmere_sql::Statement::parse(&text).and_then(|s| s.plan(&Tables::default(), &options));
        if let Err(e) = planned {
            assert!(!e.message.contains("please report"), "{text}\n{}", e.render(&text));
            assert!(!e.render(&text).is_empty(), "an error says something");
        }
    }
}
