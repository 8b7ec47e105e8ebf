//! The command line: ingest, ask, and what goes wrong.

use crate::program::{Program, logs};

#[test]
fn the_quick_start_gives_counts_and_an_answer() {
    let program = Program::new();
    let said = program.run(&["quickstart", logs().to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("log files") && said.err.contains("events"), "{}", said.err);
    assert!(said.out.contains("Who was denied what?") && said.out.contains("AccessDenied"), "{}", said.out);
    assert!(said.out.contains("shell"), "it says how to go on");
}

#[test]
fn a_second_ingestion_adds_nothing() {
    let program = Program::with_logs();
    let before = program.rows("SELECT count(*), count(DISTINCT eventID) FROM events");
    let again = program.run(&["ingest", "--json", logs().to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_str(&again.out).expect("the summary is JSON");
    assert_eq!(summary["files"]["taken"], 0, "{summary}");
    assert!(summary["files"]["known"].as_u64().unwrap() > 0);
    assert_eq!(program.rows("SELECT count(*), count(DISTINCT eventID) FROM events"), before);
}

#[test]
fn every_format_has_the_same_rows() {
    let program = Program::with_logs();
    let sql = "SELECT eventName, count(*) AS n FROM events GROUP BY eventName ORDER BY n DESC, eventName LIMIT 3";
    let csv = program.rows(sql);
    assert_eq!(csv.len(), 3);
    for format in ["table", "vertical", "tsv", "json", "jsonl", "markdown"] {
        let said = program.run(&["query", "--format", format, sql]);
        assert_eq!(said.code, 0, "{format}: {}", said.err);
        for row in &csv {
            let (name, n) = row.split_once(',').unwrap();
            assert!(said.out.contains(name) && said.out.contains(n), "{format}: {}", said.out);
        }
    }
    for file in ["out.parquet", "out.arrow", "out.csv"] {
        let said = program.run(&["query", "--output", file, sql]);
        assert_eq!(said.code, 0, "{file}: {}", said.err);
        assert!(program.folder().join(file).metadata().unwrap().len() > 20);
    }
}

#[test]
fn mistakes_in_sql_show_the_place_and_the_nearest_name() {
    let program = Program::with_logs();
    let said = program.run(&["query", "SELECT evntName\nFROM events"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("evntName") && said.err.contains('^') && said.err.contains("line 1"), "{}", said.err);
    assert!(said.err.contains("eventName") || said.err.contains("eventname"), "did you mean: {}", said.err);
    let said = program.run(&["query", "DELETE FROM events"]);
    assert_eq!(said.code, 1);
    assert!(said.err.to_lowercase().contains("select"), "{}", said.err);
}

#[test]
fn a_script_stops_at_its_first_error_or_goes_on() {
    let program = Program::with_logs();
    let script = "SELECT 1 AS a;\n\nSELECT nope FROM events;\nSELECT 2 AS b;";
    let stops = program.run_with(&["query", "--format", "csv"], script);
    assert_eq!(stops.code, 1);
    assert_eq!(stops.out, "a\n1\n");
    assert!(stops.err.contains("line 3"), "{}", stops.err);
    let goes_on = program.run_with(&["query", "--format", "jsonl", "--continue-on-error"], script);
    let lines: Vec<serde_json::Value> = goes_on.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}", goes_on.out);
    assert_eq!(lines[0]["rows"], serde_json::json!([[1]]));
    assert_eq!(lines[0]["types"], serde_json::json!(["integer"]));
    assert!(lines[1]["error"]["message"].as_str().unwrap().contains("nope"));
    assert_eq!(lines[2]["columns"], serde_json::json!(["b"]));
}

#[test]
fn parameters_are_bound_and_never_pasted() {
    let program = Program::with_logs();
    let evil = "x' OR '1'='1";
    let said = program.run(&[
        "query",
        "--format",
        "csv",
        "--param",
        &format!("v={evil}"),
        "SELECT $v AS v, count(*) AS n FROM events WHERE eventName = $v",
    ]);
    assert_eq!(said.out, format!("v,n\n{evil},0\n"), "{}", said.err);
    let typed =
        program.run(&["query", "--format", "csv", "--param", "d:date=2026-03-02", "SELECT $d + INTERVAL '1' DAY AS d"]);
    assert_eq!(typed.out, "d\n2026-03-03\n", "{}", typed.err);
}

#[test]
fn the_statistics_of_a_query_show_what_was_pruned() {
    let program = Program::with_logs();
    let all = program.run(&["query", "--timing", "SELECT count(DISTINCT eventName) FROM events"]);
    let day = program.run(&[
        "query",
        "--timing",
        "SELECT count(DISTINCT eventName) FROM events WHERE eventTime >= '2026-03-02' AND eventTime < '2026-03-03'",
    ]);
    let files =
        |err: &str| err.rsplit_once(" of ").and_then(|(a, _)| a.rsplit(' ').next()?.parse::<u64>().ok()).unwrap();
    assert!(files(&day.err) < files(&all.err), "{} / {}", day.err, all.err);
    let plan = program.run(&["query", "EXPLAIN ANALYZE SELECT count(DISTINCT eventName) FROM events WHERE eventTime >= '2026-03-02' AND eventTime < '2026-03-03'"]);
    assert!(plan.out.contains("files_pruned") && plan.out.contains("bytes_pruned"), "{}{}", plan.out, plan.err);
}

#[test]
fn hidden_columns_are_there_when_they_are_named() {
    let program = Program::with_logs();
    let said = program.run(&["query", "--format", "csv", "SELECT * FROM events LIMIT 1"]);
    let head = said.out.lines().next().unwrap();
    assert!(
        head.starts_with("eventVersion,userIdentity,eventTime,eventSource,eventName,awsRegion,sourceIPAddress"),
        "{head}"
    );
    assert!(!head.contains("$path") && !head.contains("calendarday"), "{head}");
    let rows = program.rows(
        "SELECT \"$path\", calendarday, hour, eventJsonChecksum FROM events WHERE calendarday = 20260302 LIMIT 1",
    );
    assert!(rows[0].starts_with("AWSLogs/") && rows[0].contains(",20260302,"), "{rows:?}");
}

#[test]
fn stdin_is_a_source_and_bad_records_are_quarantined() {
    let program = Program::new();
    let text = r#"{"Records":[{"eventVersion":"1.08","eventTime":"2026-03-01T00:00:00Z","eventSource":"a.amazonaws.com","eventName":"A","eventID":"1"},17,{"eventName":"no time"}]}"#;
    let said = program.run_with(&["ingest", "-"], text);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert_eq!(program.rows("SELECT count(*) FROM events"), ["1"]);
    assert_eq!(program.rows("SELECT count(*) FROM trailmere.quarantine"), ["2"]);
    let strict = Program::new();
    assert_eq!(strict.run_with(&["ingest", "--strict", "-"], text).code, 1);
    assert_eq!(strict.rows("SELECT count(*) FROM events"), ["1"], "what is good is kept all the same");
}

#[test]
fn wrong_use_ends_with_code_2() {
    let program = Program::new();
    assert_eq!(program.run(&["query", "--format", "jsno", "SELECT 1"]).code, 2);
    assert_eq!(program.run(&["nonsense"]).code, 2);
    let said = program.run(&["query", "SELECT * FROM events"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("trailmere ingest"), "it says what to do next: {}", said.err);
}
