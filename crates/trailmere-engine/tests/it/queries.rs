//! Queries that others published, over real logs.

use std::fs;

use crate::lake::{TestLake, shared};

/// Written for a table of another shape than a store's, or not valid SQL; each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[(
    "lake-3e86baef-this-query-displays-network-activities-events-th.sql",
    "selects userIdentity.username, which it neither groups by nor aggregates",
)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_lake_queries_run_on_the_corpus() {
    let (Some(queries), Some(corpus)) = (shared("conformance/queries"), shared("corpus/AWSLogs")) else { return };
    let lake = TestLake::of(&corpus).await;
    let config = configuration_store(&lake).await;
    let events = lake.cell("SELECT id FROM trailmere.stores WHERE name = 'events'").await;
    let mut failures = vec![];
    let mut ran = 0;
    for file in fs::read_dir(queries).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("lake-") || LEFT_OUT.iter().any(|(n, _)| *n == name) {
            continue;
        }
        let mut sql = fs::read_to_string(&path).unwrap().replace("${EDS_CONFIG}", &config);
        for placeholder in ["${EDS}", "${EDS1}", "${EDS2}", "${EDS3}"] {
            sql = sql.replace(placeholder, &events);
        }
        // What the author's dashboard fills in.
        sql = sql.replace("${date_filter}", "2026-03-02 00:00:00");
        ran += 1;
        if let Err(e) = lake.cells(&sql).await {
            failures.push(format!("{name}: {e}"));
        }
    }
    assert!(ran > 50, "the queries are found");
    assert!(failures.is_empty(), "{} of {ran} fail:\n{}", failures.len(), failures.join("\n"));
}

/// For Athena's table, published as they are, and not valid; each with its reason.
const LEFT_OUT_OF_ATHENA: &[(&str, &str)] = &[
    ("athena-2c7b18f7", "HAVING names an alias of the select list, which Trino does not see there"),
    ("athena-83841176", "selects a column that is in no CloudTrail table"),
    ("athena-d0e8b6fb", "misspells `eventname`, and does not group by what it selects"),
    ("athena-4d818e68", "takes a member of the text `requestparameters`"),
    ("athena-config-236aee71", "is for a table of AWS Config items, and names one column for many"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_athena_queries_run_on_the_corpus() {
    let (Some(queries), Some(corpus)) = (shared("conformance/queries"), shared("corpus/AWSLogs")) else { return };
    let lake = TestLake::of(&corpus).await;
    let mut failures = vec![];
    let (mut ran, mut left_out) = (0, 0);
    for file in fs::read_dir(queries).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("athena-") {
            continue;
        }
        let sql = fs::read_to_string(&path).unwrap().replace("${EDS}", "athena.events");
        let answer = lake.cells(&sql).await;
        if LEFT_OUT_OF_ATHENA.iter().any(|(n, _)| name.starts_with(n)) {
            left_out += 1;
            assert!(answer.is_err(), "{name} runs: take it off the list");
            continue;
        }
        ran += 1;
        if let Err(e) = answer {
            failures.push(format!("{name}: {e}"));
        }
    }
    assert!(ran > 50, "the queries are found");
    assert_eq!(left_out, LEFT_OUT_OF_ATHENA.len());
    assert!(failures.is_empty(), "{} of {ran} fail:\n{}", failures.len(), failures.join("\n"));
}

async fn configuration_store(lake: &TestLake) -> String {
    use trailmere_model::{CreateStore, EventDataStore, SelectorChoice, StoreType};
    let wanted = CreateStore {
        name: "config".into(),
        selectors: SelectorChoice::Everything(StoreType::Configuration),
        ..CreateStore::default()
    };
    let store = EventDataStore::create(wanted, uuid::Uuid::new_v4(), crate::lake::now()).unwrap();
    lake.engine.lake().create_store(&store).await.unwrap();
    store.id.to_string()
}

/// Counts the corpus with the standard library's JSON reader and compares with what the lake holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corpus_is_whole_in_the_lake() {
    let Some(corpus) = shared("corpus") else { return };
    let lake = TestLake::of(&corpus.join("AWSLogs")).await;
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(corpus.join("manifest.json")).unwrap()).unwrap();
    let records: u64 = sum_of_records(&manifest);
    let stored: u64 = lake.summary.stores.iter().map(|s| s.events).sum();
    assert_eq!(stored + lake.summary.quarantined, records, "{:?}", lake.summary);
    assert_eq!(lake.summary.quarantined, 0, "every record of the corpus is to be ingested");
    let counted = lake.cell("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM insights)").await;
    assert_eq!(counted, records.to_string());
}

/// The manifest says how many records of each source a log file holds.
fn sum_of_records(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Number(n) => n.as_u64().unwrap_or(0),
        serde_json::Value::Object(members) => members.values().map(sum_of_records).sum(),
        serde_json::Value::Array(items) => items.iter().map(sum_of_records).sum(),
        _ => 0,
    }
}
