//! Does an import copy what was asked, and can it be gone on with and retried?

use std::sync::atomic::{AtomicU64, Ordering};

use trailmere_ingest::{
    Dedupe, ImportOptions, ImportSelectors, ImportStatus, Progress, Resume, Step, find_import, imports,
};
use trailmere_model::{CreateStore, EventDataStore};
use uuid::Uuid;

use super::*;

fn importing(source: &Path, options: ImportOptions) -> IngestRequest {
    IngestRequest { import: Some(options), ..request(source) }
}

fn logs() -> tempfile::TempDir {
    let logs = tempfile::tempdir().unwrap();
    for (day, region) in
        [("01", "eu-west-1"), ("02", "eu-west-1"), ("03", "eu-west-1"), ("05", "eu-west-1"), ("02", "us-east-1")]
    {
        let time = format!("2026-03-{day}T10:00:00Z");
        let mut records = vec![event(&format!("{region}-{day}"), &time)];
        // Delivered late: of the day before.
        records.push(event(
            &format!("{region}-{day}-late"),
            &time.replace(
                &format!("03-{day}"),
                &format!("03-{:02}", day.parse::<u32>().unwrap() - 1).replace("03-00", "02-28"),
            ),
        ));
        deliver(logs.path(), &key(region, &format!("2026-03-{day}T1005"), day), &records);
    }
    logs
}

fn range(start: &str, end: &str) -> ImportOptions {
    ImportOptions { start: Some(start.parse().unwrap()), end: Some(end.parse().unwrap()), ..ImportOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_range_chooses_events_and_prunes_keys() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), logs());
    let lake = open(folder.path()).await;
    let options = ImportOptions {
        regions: vec!["eu-west-1".to_owned()],
        ..range("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
    };
    let summary = ingest(&lake, &importing(logs.path(), options), now(), &NoProgress).await.unwrap();
    assert_eq!(ids(&records(&lake).await), ["eu-west-1-02", "eu-west-1-03-late"]);
    // Of the 5th and of the other region not even the folders are looked into.
    assert_eq!((summary.files.listed, summary.files.taken), (3, 3), "{summary:?}");
    let report = summary.import.unwrap();
    assert_eq!(report.status, ImportStatus::Completed);
    let statistics = report.statistics;
    assert_eq!((statistics.prefixes_found, statistics.prefixes_completed), (3, 3));
    assert_eq!((statistics.files_completed, statistics.events_completed, statistics.failed_entries), (3, 2, 0));
    assert!(report.to_string().contains("3 of 3 prefixes completed"), "{report}");
    assert_eq!(imports(&lake).await.unwrap()[0].id, report.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn selectors_are_ignored_on_request_and_retention_is_not() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let store = EventDataStore::create(
        CreateStore { name: "management".to_owned(), start_ingestion: Some(false), ..CreateStore::default() },
        Uuid::new_v4(),
        now(),
    );
    lake.create_store(&store.unwrap()).await.unwrap();
    let mut data = event("data", "2026-03-02T10:00:00Z");
    data["eventCategory"] = "Data".into();
    let all = [event("a", "2026-03-02T10:00:00Z"), data, event("old", "2024-03-02T10:00:00Z")];
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "a"), &all);
    let options = ImportOptions { selectors: ImportSelectors::Ignore, ..ImportOptions::default() };
    let named = IngestRequest { stores: vec!["management".to_owned()], ..importing(logs.path(), options) };
    let summary = ingest(&lake, &named, now(), &NoProgress).await.unwrap();
    assert_eq!(ids(&records(&lake).await), ["a", "data"], "into a stopped store, too");
    assert_eq!((summary.stores[0].expired, summary.stores[0].filtered), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_can_be_retried_alone() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), logs());
    let lake = open(folder.path()).await;
    let broken = key("eu-west-1", "2026-03-04T1005", "x");
    put(logs.path(), &broken, &gzip(&json!({ "Records": events("x", 9) }).to_string())[..30]);
    let summary = ingest(&lake, &importing(logs.path(), ImportOptions::default()), now(), &NoProgress).await.unwrap();
    let report = summary.import.unwrap();
    assert_eq!((report.status, report.statistics.failed_entries), (ImportStatus::Failed, 1));
    assert_eq!((report.statistics.prefixes_found, report.statistics.prefixes_completed), (6, 5));
    let import = find_import(&lake, report.id).await.unwrap();
    assert!(import.failures[0].location.ends_with(&broken));

    deliver(logs.path(), &broken, &events("x", 9));
    let retry = ImportOptions { resume: Some(Resume::Failed(report.id)), ..ImportOptions::default() };
    let retry = IngestRequest { sources: Vec::new(), ..importing(logs.path(), retry) };
    let summary = ingest(&lake, &retry, now(), &NoProgress).await.unwrap();
    assert_eq!((summary.events(), summary.files.listed), (9, 1), "only what failed is looked at");
    let report = summary.import.unwrap();
    assert_eq!(report.status, ImportStatus::Completed);
    let s = report.statistics;
    assert_eq!((s.files_completed, s.events_completed, s.prefixes_completed, s.failed_entries), (6, 19, 6, 0));
}

/// Stops after so many files were handed on to be read.
struct Stopping(AtomicU64);

impl Progress for Stopping {
    fn step(&self, step: Step) {
        if step == Step::Listed {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_import_can_be_gone_on_with() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), logs());
    let lake = open(folder.path()).await;
    let first = importing(logs.path(), ImportOptions::default());
    let summary = ingest(&lake, &first, now(), &Stopping(AtomicU64::new(2))).await.unwrap();
    let report = summary.import.unwrap();
    assert_eq!((report.status, summary.files.taken), (ImportStatus::Stopped, 2));
    assert_eq!(records(&lake).await.len(), 4);

    let rest = ImportOptions { resume: Some(Resume::Rest(report.id)), ..ImportOptions::default() };
    let rest = IngestRequest { sources: Vec::new(), dedupe: Dedupe::Remove, ..importing(logs.path(), rest) };
    let summary = ingest(&lake, &rest, now(), &NoProgress).await.unwrap();
    assert_eq!((summary.files.known, summary.files.taken), (2, 3));
    let report = summary.import.unwrap();
    assert_eq!(
        (report.status, report.statistics.files_completed, report.statistics.events_completed),
        (ImportStatus::Completed, 5, 10)
    );
    assert_eq!(records(&lake).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_cannot_be_is_refused() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), logs());
    let lake = open(folder.path()).await;
    let backwards = importing(logs.path(), range("2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z"));
    assert!(ingest(&lake, &backwards, now(), &NoProgress).await.is_err());
    let unknown = ImportOptions { resume: Some(Resume::Rest(Uuid::nil())), ..ImportOptions::default() };
    let error = ingest(&lake, &importing(logs.path(), unknown), now(), &NoProgress).await.unwrap_err();
    assert!(error.message().contains("no import"), "{error}");
}
