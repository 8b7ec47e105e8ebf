//! Is what is delivered taken, counted as it should be, and only once?

use std::collections::BTreeMap;

use arrow::array::AsArray;
use serde_json::{Value, json};
use trailmere_ingest::Outcome;
use trailmere_model::time::{calendarday, parse_event_time};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_committed_logs_are_taken_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    let slow = slow_records(&testdata());
    let (insights, others): (Vec<&Value>, Vec<&Value>) =
        slow.iter().partition(|record| record["eventCategory"] == "Insight");

    let summary = take(&lake, &testdata()).await;
    let digests = files(&testdata()).iter().filter(|path| path.to_str().unwrap().contains("CloudTrail-Digest")).count();
    assert_eq!(summary.files.skipped, digests as u64);
    assert_eq!(summary.files.taken + summary.files.skipped, files(&testdata()).len() as u64);
    assert_eq!(summary.files.listed, files(&testdata()).len() as u64);
    assert_eq!(summary.outcome(), Outcome::Good);
    assert_eq!(summary.records, slow.len() as u64);
    assert_eq!(rows(&lake, "events").await.len(), others.len());
    assert_eq!(rows(&lake, "insights").await.len(), insights.len());
    assert!(summary.stores.iter().all(|store| store.created && store.stored_bytes > 0), "{summary:?}");
    let unique = counted(slow.iter().map(|record| record["eventID"].to_string())).len();
    let duplicates: u64 = summary.stores.iter().map(|store| store.duplicate).sum();
    assert_eq!(duplicates, (slow.len() - unique) as u64);
    assert!(duplicates > 0, "the committed logs hold events that were delivered twice");

    let before = records(&lake).await;
    let parsed = before.iter().map(|json| serde_json::from_str::<Value>(json).unwrap().to_string());
    assert!(counted(parsed) == counted(slow.iter().map(Value::to_string)));
    let again = take(&open(folder.path()).await, &testdata()).await;
    assert_eq!((again.events(), again.files.taken, again.files.skipped), (0, 0, 0));
    assert_eq!(again.files.known, files(&testdata()).len() as u64);
    assert!(records(&lake).await == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_hold_one_day_each_and_are_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    take(&lake, &testdata()).await;
    let store = lake.find_store("events").await.unwrap();
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    for file in snapshot.files.iter() {
        *days.entry(file.day).or_default() += file.rows;
        for batch in read_parquet(&Path::new(lake.location()).join(&file.path)) {
            let times =
                batch.column_by_name("eventtime").unwrap().as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
            assert!(times.values().iter().all(|time| calendarday(*time) == file.day));
            let (sources, names) = (text(&batch, "eventsource"), text(&batch, "eventname"));
            let keys: Vec<_> =
                (0..batch.num_rows()).map(|row| (&sources[row], &names[row], times.value(row))).collect();
            assert!(keys.is_sorted(), "{} is not sorted", file.path);
        }
    }
    let slow = slow_records(&testdata());
    let expected = slow.iter().filter(|record| record["eventCategory"] != "Insight");
    let mut expected_days: BTreeMap<i64, u64> = BTreeMap::new();
    for record in expected {
        *expected_days
            .entry(calendarday(parse_event_time(record["eventTime"].as_str().unwrap()).unwrap()))
            .or_default() += 1;
    }
    assert_eq!(days, expected_days);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_and_overlapping_sources_are_sources_too() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let one = deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 3));
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &events("b", 4));
    assert_eq!(take(&lake, &one).await.events(), 3);
    let both = IngestRequest {
        sources: vec![logs.path().to_str().unwrap().to_owned(), one.to_str().unwrap().to_owned()],
        ..IngestRequest::default()
    };
    let summary = ingest(&lake, &both, now(), &NoProgress).await.unwrap();
    assert_eq!((summary.events(), summary.files.known, summary.files.listed), (4, 1, 2));
    assert_eq!(records(&lake).await.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_log_file_elsewhere_is_the_same_log_file() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let name = key("eu-west-1", "2026-03-02T1000", "a");
    deliver(&logs.path().join("first"), &name, &events("a", 3));
    deliver(&logs.path().join("second/copy"), &name, &events("a", 3));
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.events(), summary.files.listed), (3, 1));
    let rows = rows(&lake, "events").await;
    assert!(rows.iter().all(|(path, _)| *path == name), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_shapes_and_other_files_are_told_apart_by_content() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let lines: String = events("lines", 5).iter().map(|event| format!("{event}\n")).collect();
    put(logs.path(), "export.txt", lines.as_bytes());
    put(logs.path(), "list.json.zst", &zstd::encode_all(json!(events("zst", 2)).to_string().as_bytes(), 1).unwrap());
    put(logs.path(), "README", b"not a log file\n");
    put(logs.path(), "empty.json.gz", b"");
    put(logs.path(), "picture.png", &[0x89, b'P', b'N', b'G', 0, 1, 2, 3]);
    put(logs.path(), "aggregated.json", br#"[{"eventVersion":"1.0","accountId":"111122223333","eventId":"1","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"eu-west-1","eventSource":"s3.amazonaws.com","timeWindow":{},"summary":{}}]"#);
    let summary = take(&lake, logs.path()).await;
    assert_eq!(summary.events(), 7, "{summary:?}");
    assert_eq!((summary.files.taken, summary.files.skipped, summary.files.failed), (2, 4, 0), "{summary:?}");
    assert_eq!(summary.quarantined, 0);
    let again = take(&lake, logs.path()).await;
    assert_eq!((again.files.known, again.files.skipped), (6, 0), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_inside_its_source_is_no_source() {
    let logs = tempfile::tempdir().unwrap();
    let lake = open(&logs.path().join("lake")).await;
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 3));
    take(&lake, logs.path()).await;
    let again = take(&lake, logs.path()).await;
    assert_eq!((again.files.listed, again.files.known), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_source_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    for (source, words) in
        [("/no/such/folder", "no folder or file"), ("gs://bucket/x", "no source"), ("s3://", "names no bucket")]
    {
        let error = ingest(&lake, &IngestRequest::of(source), now(), &NoProgress).await.unwrap_err();
        assert!(error.message().contains(words), "{source}: {error}");
        assert!(error.advice().is_some());
    }
    assert!(ingest(&lake, &IngestRequest::default(), now(), &NoProgress).await.is_err());
    assert!(!folder.path().join("stores").exists(), "nothing is written before something must be");
}
