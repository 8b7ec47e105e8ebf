//! Event data stores from the command line.

use crate::program::{Program, logs};

#[test]
fn a_store_lives_from_creation_to_deletion() {
    let program = Program::new();
    let made =
        program.run(&["store", "create", "audit", "--retention", "365", "--tags", "team=sec", "env=prod", "--json"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let store: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let id = store["id"].as_str().unwrap();
    assert!(store["arn"].as_str().unwrap().ends_with(&format!("eventdatastore/{id}")));
    let again = program.run(&["store", "create", "audit"]);
    assert_ne!(again.code, 0);
    assert!(again.err.contains("audit"), "{}", again.err);
    let shown = program.run(&["store", "show", &id[..8]]);
    assert!(
        shown.out.contains("audit") && shown.out.contains("team=sec") && shown.out.contains("ENABLED"),
        "{}",
        shown.out
    );
    let refused = program.run(&["store", "delete", "audit"]);
    assert_ne!(refused.code, 0, "termination protection holds");
    assert_eq!(program.run(&["store", "update", "audit", "--no-termination-protection"]).code, 0);
    assert!(program.run(&["store", "stop-ingestion", "audit"]).out.contains("STOPPED_INGESTION"));
    assert!(program.run(&["store", "start-ingestion", "audit"]).out.contains("ENABLED"));
    assert!(program.run(&["store", "delete", "audit"]).out.contains("PENDING_DELETION"));
    let query = program.run(&["query", "SELECT * FROM audit"]);
    assert_ne!(query.code, 0, "no queries while deletion is pending");
    assert!(program.run(&["store", "restore", "audit"]).out.contains("ENABLED"));
    assert!(program.run(&["store", "list"]).out.contains("audit"));
}

#[test]
fn selectors_choose_what_a_store_takes() {
    let program = Program::new();
    let selectors = r#"[{"Name":"writes","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]}]"#;
    assert_eq!(program.run(&["store", "create", "writes", "--retention", "3653", "--selectors", selectors]).code, 0);
    let said = program.run(&["ingest", "--store", "writes", "--json", logs().to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(summary["stores"][0]["filtered"].as_u64().unwrap() > 0, "{summary}");
    assert_eq!(program.rows("SELECT DISTINCT readOnly, eventCategory FROM writes"), ["false,Management"]);
    let bad = program.run(&["store", "create", "bad", "--selectors", r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSuorce","Equals":["x"]}]}]"#]);
    assert_ne!(bad.code, 0);
    assert!(bad.err.contains("eventSuorce"), "{}", bad.err);
}

#[test]
fn selectors_can_be_tried_before_anything_is_stored() {
    let program = Program::new();
    let selectors = r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]"#;
    let said = program.run(&["store", "test-selectors", "--selectors", selectors, logs().to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("events"), "{}", said.out);
    assert!(program.run(&["store", "list"]).out.contains("no event data stores"));
}

#[test]
fn retention_hides_and_maintain_removes() {
    let program = Program::new();
    assert_eq!(program.run(&["store", "create", "short", "--retention", "7"]).code, 0);
    let said = program.run(&["ingest", "--store", "short", "--json", logs().to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(summary["stores"][0]["expired"].as_u64().unwrap() > 0, "old logs are past 7 days: {summary}");
    assert_eq!(program.rows("SELECT count(*) FROM short"), ["0"]);
    let maintained = program.run(&["maintain"]);
    assert_eq!(maintained.code, 0, "{}", maintained.err);
}

#[test]
fn duplicates_are_counted_and_removed_on_request() {
    let program = Program::with_logs();
    let distinct = program.rows("SELECT count(DISTINCT (recipientAccountId, eventID)) FROM events");
    assert_ne!(program.rows("SELECT count(*) FROM events"), distinct, "the logs hold some events twice");
    assert_eq!(program.run(&["maintain", "--dedupe", "--dry-run"]).code, 0);
    assert_ne!(program.rows("SELECT count(*) FROM events"), distinct, "a dry run changes nothing");
    let said = program.run(&["maintain", "--dedupe"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(program.rows("SELECT count(*) FROM events"), distinct, "{}", said.out);
    let deduped = Program::new();
    assert_eq!(deduped.run(&["ingest", "--dedupe", logs().to_str().unwrap()]).code, 0);
    assert_eq!(deduped.rows("SELECT count(*) FROM events"), distinct);
}
