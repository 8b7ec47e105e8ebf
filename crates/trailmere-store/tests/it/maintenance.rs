//! Does maintenance remove what it should, and nothing else?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use proptest::prelude::*;
use trailmere_model::{EventDataStore, Kind, Retention, is_expired};
use trailmere_store::testing::{Extent, Fault, FlakyStore};
use trailmere_store::{Append, Committed, Compacted, Expired, Lake, LakeOptions, MaintainOptions, Table};

use crate::events::{
    DAY, MIDNIGHT, assert_once, batch, definition, encoded, entry, lake_with_store, now, read, rows, stored,
};

const HOUR: i64 = 3_600_000_000;

fn memory() -> Lake {
    Lake::with_object_store(Arc::new(InMemory::new()), "memory")
}

fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

/// Long after everything these tests write, whatever the clock of the storage says.
fn later() -> DateTime<Utc> {
    Utc::now() + Duration::from_secs(30 * 24 * 60 * 60)
}

async fn take(table: &Table, log_file: &str, times: &[i64]) {
    let mut files = Vec::new();
    for time in times {
        let day = trailmere_model::time::calendarday(*time);
        files.push(
            table.upload(encoded(table, day, rows(&[format!("{log_file}@{time}")], *time)).unwrap()).await.unwrap(),
        );
    }
    let ledger = vec![entry(log_file, times.len() as u64)];
    let append = Append { files, ledger, ledger_sequence: u64::MAX, ..Append::default() };
    assert!(matches!(table.commit(append).await.unwrap(), Committed::Done { .. }));
}

async fn paths(lake: &Lake) -> BTreeSet<String> {
    let listed: Vec<_> = lake.object_store().list(None).try_collect().await.unwrap();
    listed.into_iter().map(|file| file.location.to_string()).collect()
}

#[tokio::test]
async fn whole_files_go_and_straddling_ones_are_cut_exactly() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let old: Vec<String> = (0..3).map(|event| format!("old{event}")).collect();
    let mixed: Vec<String> = (0..10).map(|event| format!("mixed{event}")).collect();
    let mut files = Vec::new();
    for (ids, first) in [(&old, MIDNIGHT), (&mixed, MIDNIGHT + HOUR)] {
        files.push(table.upload(encoded(&table, DAY, rows(ids, first)).unwrap()).await.unwrap());
    }
    table.commit(Append { files, ledger: vec![entry("a", 13)], ..Append::default() }).await.unwrap();

    // Five seconds into the second file, whose events are a second apart; the one at the cutoff stays.
    let now = at(MIDNIGHT + HOUR + 5_000_000 + 7 * 24 * HOUR);
    let plan = table.expirable(Retention::Days(7), now).await.unwrap();
    assert_eq!((plan.files_removed, plan.files_rewritten, plan.events), (1, 1, 13));
    let expired = table.expire(Retention::Days(7), now).await.unwrap();
    assert_eq!((expired.files_removed, expired.files_rewritten, expired.events), (1, 1, 8));
    let left: Vec<String> = stored(&lake, &table).await.into_keys().collect();
    assert_eq!(left, mixed[5..]);
    assert_eq!(stored(&lake, &lake.table(&store).await.unwrap()).await.len(), 5);
    assert_eq!(table.expire(Retention::Days(7), now).await.unwrap(), Expired::default(), "twice removes nothing more");
    assert_eq!(table.expire(Retention::Forever, at(i64::MAX / 2)).await.unwrap(), Expired::default());
    assert!(table.ledger().await.unwrap().state("a").is_some(), "what is expired is not taken again");
}

#[tokio::test]
async fn ingestion_goes_on_while_events_expire() {
    let (lake, store) = lake_with_store(memory()).await;
    let (ingester, keeper) = (lake.table(&store).await.unwrap(), lake.table(&store).await.unwrap());
    take(&ingester, "old", &[MIDNIGHT, MIDNIGHT + HOUR]).await;
    // Prepared before the expiry, committed after it.
    let append = batch(&ingester, &["new"]).await.unwrap().unwrap();
    let now = at(MIDNIGHT + HOUR + 7 * 24 * HOUR);
    assert_eq!(keeper.expire(Retention::Days(7), now).await.unwrap().events, 1);
    assert!(matches!(ingester.commit(append).await.unwrap(), Committed::Done { .. }));
    assert_eq!(stored(&lake, &keeper).await.len(), 4);
}

#[tokio::test]
async fn files_of_no_use_go_when_they_are_old_enough() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
    let (lake, store) = lake_with_store(lake).await;
    lake.change_store(store.id, |store| {
        store.retention = Retention::Days(7);
        Ok(())
    })
    .await
    .unwrap();
    let store = lake.find_store("events").await.unwrap();
    let table = lake.table(&store).await.unwrap();
    table.commit(batch(&table, &["a", "b"]).await.unwrap().unwrap()).await.unwrap();
    for file in 0..20 {
        take(&table, &format!("file{file}"), &[MIDNIGHT + 30 * 24 * HOUR]).await;
    }
    let orphan = table.upload(encoded(&table, DAY, rows(&["orphan".to_owned()], MIDNIGHT)).unwrap()).await.unwrap();
    std::fs::write(folder.path().join("stores").join(store.id.to_string()).join("notes.txt"), "not ours").unwrap();
    let expired = table.expire(Retention::Days(7), at(MIDNIGHT + 20 * 24 * HOUR)).await.unwrap();
    assert_eq!(expired.files_removed, 1);

    let before = paths(&lake).await;
    let fresh = lake.maintain(now(), &MaintainOptions::default()).await.unwrap();
    assert_eq!((fresh.stores[0].unused.files, fresh.stores[0].compacted.files_before), (0, 20));
    assert!(before.is_subset(&paths(&lake).await), "all is younger than a day");

    // The definition is left out of it: nothing else may expire at this hour.
    lake.change_store(store.id, |store| {
        store.retention = Retention::Forever;
        Ok(())
    })
    .await
    .unwrap();
    let before = paths(&lake).await;
    let dry = lake.maintain(later(), &MaintainOptions { dry_run: true, ..MaintainOptions::default() }).await.unwrap();
    assert_eq!(paths(&lake).await, before, "a dry run does nothing");
    let report = lake.maintain(later(), &MaintainOptions::default()).await.unwrap();
    assert_eq!(report.stores[0].failure, None);
    assert_eq!(report.stores[0].unused, dry.stores[0].unused);
    let after = paths(&lake).await;
    let gone: BTreeSet<&String> = before.difference(&after).collect();
    let (log, gone): (BTreeSet<&String>, BTreeSet<&String>) =
        gone.into_iter().partition(|path| path.contains("_delta_log"));
    assert_eq!(log.len() as u64, report.stores[0].log.removed.files);
    assert_eq!(gone.len() as u64, report.stores[0].unused.files);
    assert!(gone.contains(&orphan.path));
    assert!(gone.iter().any(|path| path.contains("/_ledger/")), "old heads and merged parts");
    assert!(gone.iter().all(|path| !path.ends_with("notes.txt")));
    assert_eq!(stored(&lake, &table).await.len(), 20);
    let reopened = lake.table(&store).await.unwrap().ledger().await.unwrap();
    assert_eq!(reopened.len(), 22);
    assert_eq!(reopened.entries().await.unwrap().iter().map(|rows| rows.num_rows()).sum::<usize>(), 22);
    assert_eq!(lake.maintain(later(), &MaintainOptions::default()).await.unwrap().stores[0].unused.files, 0);
}

#[tokio::test]
async fn small_files_of_a_day_become_one_with_the_same_rows() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    for file in 0..9 {
        take(&table, &format!("log{file}"), &[MIDNIGHT + (9 - file) * HOUR, MIDNIGHT + 24 * HOUR]).await;
    }
    take(&table, "lonely", &[MIDNIGHT + 48 * HOUR]).await;
    let before = stored(&lake, &table).await;
    let planned = table.compactible(now()).await.unwrap();
    assert_eq!((planned.files_before, planned.files_after), (18, 2));
    let done = table.compact(now()).await.unwrap();
    assert_eq!((done.files_before, done.files_after, done.bytes_before), (18, 2, planned.bytes_before));
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    let files: Vec<_> = snapshot.files.iter().map(|file| (file.day, file.rows)).collect();
    assert_eq!(files, [(DAY, 9), (DAY + 1, 9), (DAY + 2, 1)]);
    assert_eq!(stored(&lake, &table).await, before);
    let merged = read(&lake, &snapshot.files[0]).await;
    let times = merged.column_by_name("eventtime").unwrap();
    assert!(times.as_primitive::<TimestampMicrosecondType>().values().is_sorted());
    assert_eq!(table.compact(now()).await.unwrap(), Compacted::default());
    assert_eq!(table.ledger().await.unwrap().len(), 10);
}

#[tokio::test]
async fn few_files_wait_while_their_day_gets_events() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    for file in 0..3 {
        take(&table, &format!("log{file}"), &[MIDNIGHT + file * HOUR]).await;
    }
    assert_eq!(table.compact(at(MIDNIGHT + 30 * HOUR)).await.unwrap(), Compacted::default());
    let done = table.compact(at(MIDNIGHT + 4 * 24 * HOUR)).await.unwrap();
    assert_eq!((done.files_before, done.files_after), (3, 1), "the day is over");
    assert_eq!(stored(&lake, &table).await.len(), 3);
}

/// Rows of these events, as one log file delivered at this time.
fn delivered(account: &str, ids: &[Option<&str>], ingested: i64) -> RecordBatch {
    let plain = rows(&vec![String::new(); ids.len()], MIDNIGHT);
    let schema = plain.schema();
    let columns = schema.fields().iter().zip(plain.columns()).map(|(field, column)| match field.name().as_str() {
        "eventid" => Arc::new(StringArray::from(ids.to_vec())) as ArrayRef,
        "recipientaccountid" => Arc::new(StringArray::from(vec![account; ids.len()])),
        "_ingested" => Arc::new(TimestampMicrosecondArray::from_value(ingested, ids.len())),
        _ => column.clone(),
    });
    RecordBatch::try_new(plain.schema(), columns.collect()).unwrap()
}

#[tokio::test]
async fn of_events_that_are_there_twice_the_first_stays() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let batches = [
        delivered("1", &[Some("a"), Some("b"), None], 20),
        delivered("1", &[Some("b"), Some("c"), Some("c"), None], 10),
        delivered("2", &[Some("a")], 30),
        delivered("1", &[Some("a"), Some("c")], 40),
    ];
    let mut files = Vec::new();
    for rows in &batches {
        files.push(table.upload(encoded(&table, DAY, rows.clone()).unwrap()).await.unwrap());
    }
    let next = rows(&["a".to_owned()], MIDNIGHT + 24 * HOUR);
    files.push(table.upload(encoded(&table, DAY + 1, next).unwrap()).await.unwrap());
    table.commit(Append { files, ledger: vec![entry("log", 13)], ..Append::default() }).await.unwrap();

    let found = table.duplicates().await.unwrap();
    assert_eq!((found.events, found.files_rewritten), (4, 3));
    assert_eq!(table.remove_duplicates(now()).await.unwrap(), found);
    let mut left = Vec::new();
    for file in lake.table(&store).await.unwrap().snapshot().await.unwrap().files.iter().filter(|file| file.day == DAY)
    {
        let rows = read(&lake, file).await;
        let text = |name: &str| rows.column_by_name(name).unwrap().as_string::<i32>().clone();
        let ingested = rows.column_by_name("_ingested").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
        let (accounts, ids) = (text("recipientaccountid"), text("eventid"));
        for row in 0..rows.num_rows() {
            let id = ids.is_valid(row).then(|| ids.value(row).to_owned());
            left.push((accounts.value(row).to_owned(), id, ingested.value(row)));
        }
    }
    left.sort();
    let row = |account: &str, id: Option<&str>, ingested| (account.to_owned(), id.map(str::to_owned), ingested);
    let expected = [
        row("1", None, 10),
        row("1", None, 20),
        row("1", Some("a"), 20),
        row("1", Some("b"), 10),
        row("1", Some("c"), 10),
        row("2", Some("a"), 30),
    ];
    assert_eq!(left, expected);
    assert_eq!(table.remove_duplicates(now()).await.unwrap().events, 0);
    let options = MaintainOptions { dedupe: true, ..MaintainOptions::default() };
    assert_eq!(lake.maintain(now(), &options).await.unwrap().stores[0].failure, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ingestion_and_maintenance_go_on_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let open = || async { Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap() };
    let (lake, store) = lake_with_store(open().await).await;
    let files: Vec<String> = (0..30).map(|file| format!("file{file}")).collect();
    let mut tasks = Vec::new();
    for half in files.chunks(15) {
        let (lake, store, half) = (open().await, store.clone(), half.to_vec());
        tasks.push(tokio::spawn(async move {
            let table = lake.table(&store).await.unwrap();
            for file in &half {
                while let Some(append) = batch(&table, &[file]).await.unwrap() {
                    if matches!(table.commit(append).await.unwrap(), Committed::Done { .. }) {
                        break;
                    }
                }
            }
        }));
    }
    let keeper = lake.table(&store).await.unwrap();
    let mut compacted = 0;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        compacted += keeper.compact(now()).await.unwrap().files_before;
        keeper.expire(Retention::Days(7), now()).await.unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(compacted > 0);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
}

async fn deleted_store(lake: &Lake, name: &str) -> EventDataStore {
    let store = definition(name);
    lake.create_store(&store).await.unwrap();
    let table = lake.table(&store).await.unwrap();
    table.commit(batch(&table, &["a"]).await.unwrap().unwrap()).await.unwrap();
    lake.change_store(store.id, |store| store.delete(now())).await.unwrap()
}

#[tokio::test]
async fn a_store_goes_after_its_days_of_pending_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
    let store = deleted_store(&lake, "events").await;
    let kept = definition("kept");
    lake.create_store(&kept).await.unwrap();
    let due = store.delete_after.unwrap();
    let options = MaintainOptions::default();
    let early = lake.maintain(due - Duration::from_secs(1), &options).await.unwrap();
    assert!(early.removed.is_empty());
    let dry = lake.maintain(due, &MaintainOptions { dry_run: true, ..options.clone() }).await.unwrap();
    assert_eq!(dry.removed.len(), 1);
    assert_eq!(lake.stores().await.unwrap().len(), 2);
    let report = lake.maintain(due, &options).await.unwrap();
    assert_eq!(report.removed, dry.removed);
    assert_eq!(lake.stores().await.unwrap(), [kept]);
    assert!(!folder.path().join("stores").join(store.id.to_string()).exists());
    let error = lake.change_store(store.id, |store| store.restore(now())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    lake.create_store(&definition("events")).await.unwrap();
}

#[tokio::test]
async fn whichever_call_fails_the_next_maintenance_finishes() {
    let before = Arc::new(InMemory::new());
    let lake = Lake::with_object_store(before.clone(), "memory");
    let gone = deleted_store(&lake, "gone").await;
    let (_, store) = lake_with_store(lake.clone()).await;
    // One file goes, and the other four are put together.
    let times: Vec<i64> = (0..5).map(|hours| MIDNIGHT + hours * HOUR).collect();
    take(&lake.table(&store).await.unwrap(), "log", &times).await;
    let store = lake
        .change_store(store.id, |store| {
            store.retention = Retention::Days(7);
            Ok(())
        })
        .await
        .unwrap();
    let now = at(MIDNIGHT + HOUR + 7 * 24 * HOUR);
    let expected: Vec<String> = times[1..].iter().map(|time| format!("log@{time}")).collect();
    for fault in [Fault::Before, Fault::After] {
        for nth in 1.. {
            let case = format!("call {nth} {fault:?}");
            let flaky = FlakyStore::new(Arc::new(before.fork()));
            let lake = Lake::with_object_store(Arc::new(flaky.clone()), "flaky");
            flaky.fail(nth, fault, Extent::FromThenOn);
            let _ = lake.maintain(now, &MaintainOptions::default()).await;
            let calls = flaky.calls();
            flaky.heal();
            let report = lake.maintain(now, &MaintainOptions::default()).await.unwrap();
            assert_eq!(report.stores[0].failure, None, "{case}");
            let table = lake.table(&store).await.unwrap();
            assert_eq!(stored(&lake, &table).await.into_keys().collect::<Vec<_>>(), expected, "{case}");
            assert_eq!(table.snapshot().await.unwrap().files.len(), 1, "{case}");
            let gone = format!("stores/{}", gone.id);
            assert!(!paths(&lake).await.iter().any(|path| path.starts_with(&gone)), "{case}");
            if nth > calls {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_table_without_a_definition_goes_when_it_is_old() {
    let flaky = FlakyStore::new(Arc::new(InMemory::new()));
    let lake = Lake::with_object_store(Arc::new(flaky.clone()), "flaky");
    flaky.fail(12, Fault::Before, Extent::FromThenOn);
    lake.create_store(&definition("events")).await.unwrap_err();
    flaky.heal();
    assert!(
        paths(&lake).await.iter().any(|path| path.starts_with("stores/")),
        "the double failed too early for this test"
    );
    let young = lake.maintain(Utc::now(), &MaintainOptions::default()).await.unwrap();
    assert_eq!(young.abandoned.files, 0);
    let old = lake.maintain(later(), &MaintainOptions::default()).await.unwrap();
    assert!(old.abandoned.files > 0);
    assert!(!paths(&lake).await.iter().any(|path| path.starts_with("stores/")));
}

#[tokio::test]
async fn a_store_that_cannot_be_read_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
    let broken = definition("broken");
    lake.create_store(&broken).await.unwrap();
    let (lake, store) = lake_with_store(lake).await;
    let table = lake.table(&store).await.unwrap();
    table.commit(batch(&table, &["a"]).await.unwrap().unwrap()).await.unwrap();
    let log = folder.path().join("stores").join(broken.id.to_string()).join("_delta_log/00000000000000000000.json");
    std::fs::write(log, "{ this is no commit").unwrap();
    let report = lake.maintain(now(), &MaintainOptions::default()).await.unwrap();
    let failures: Vec<_> = report.stores.iter().map(|store| (store.name.as_str(), store.failure.is_some())).collect();
    assert_eq!(failures, [("broken", true), ("events", false)]);
    assert_once(&lake, &table, &["a"]).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Expiry removes what the model's arithmetic calls expired, whatever lies in which file.
    #[test]
    fn expiry_agrees_with_the_arithmetic(files in proptest::collection::vec(proptest::collection::vec(0..200_i64, 1..5), 1..6), cut in 0..200_i64) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let (lake, store) = lake_with_store(memory()).await;
            let table = lake.table(&store).await.unwrap();
            let time = |hours: i64| MIDNIGHT + hours * HOUR;
            for (index, hours) in files.iter().enumerate() {
                let times: Vec<i64> = hours.iter().map(|hours| time(*hours)).collect();
                take(&table, &index.to_string(), &times).await;
            }
            let retention = Retention::Days(7);
            let now = at(time(cut) + 7 * 24 * HOUR);
            table.expire(retention, now).await.unwrap();
            let expected: BTreeSet<String> = files
                .iter()
                .enumerate()
                .flat_map(|(index, hours)| hours.iter().map(move |hours| (index, time(*hours))))
                .filter(|(_, time)| !is_expired(*time, retention, now.timestamp_micros()))
                .map(|(index, time)| format!("{index}@{time}"))
                .collect();
            let left: BTreeSet<String> = stored(&lake, &table).await.into_keys().collect();
            assert_eq!(left, expected);
        });
    }
}

/// A store with more commits than need a checkpoint, and what its log files gave.
async fn store_with_a_long_log(lake: Lake) -> (Lake, EventDataStore, Vec<String>) {
    let (lake, store) = lake_with_store(lake).await;
    let files: Vec<String> = (0..12).map(|file| format!("file{file}")).collect();
    let table = lake.table(&store).await.unwrap();
    for file in &files {
        table.commit(batch(&table, &[file]).await.unwrap().unwrap()).await.unwrap();
    }
    (lake, store, files)
}

#[tokio::test]
async fn the_log_gets_a_checkpoint_and_loses_what_that_replaces() {
    let (lake, store, files) = store_with_a_long_log(memory()).await;
    let young = lake.maintain(Utc::now(), &MaintainOptions::default()).await.unwrap().stores.remove(0).log;
    assert!(young.checkpoint.is_some() && young.removed.files == 0, "{young:?}");
    let before = paths(&lake).await;
    let dry = lake.maintain(later(), &MaintainOptions { dry_run: true, ..MaintainOptions::default() }).await.unwrap();
    assert_eq!(paths(&lake).await, before, "a dry run does nothing");
    let done = lake.maintain(later(), &MaintainOptions::default()).await.unwrap().stores.remove(0).log;
    assert_eq!(done, dry.stores[0].log);
    assert!(done.removed.files >= 12, "{done:?}");
    let log = format!("stores/{}/_delta_log/", store.id);
    let commits =
        paths(&lake).await.into_iter().filter(|path| path.starts_with(&log) && path.ends_with(".json")).count();
    assert!(commits <= 2, "{commits} commits are left");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let table = lake.table(&store).await.unwrap();
    assert_once(&lake, &table, &files).await;
    table.commit(batch(&table, &["next"]).await.unwrap().unwrap()).await.unwrap();
    assert_once(&lake, &lake.table(&store).await.unwrap(), &[files, vec!["next"]].concat()).await;
}

#[tokio::test]
async fn whichever_call_fails_the_log_stays_readable() {
    let before = Arc::new(InMemory::new());
    let (_, store, files) = store_with_a_long_log(Lake::with_object_store(before.clone(), "memory")).await;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    // Every ninth call: each step makes several, and both faults are met.
    for nth in (1..).step_by(9) {
        let flaky = FlakyStore::new(Arc::new(before.fork()));
        let lake = Lake::with_object_store(Arc::new(flaky.clone()), "flaky");
        flaky.fail(nth, if nth % 2 == 0 { Fault::Before } else { Fault::After }, Extent::FromThenOn);
        let _ = lake.maintain(later(), &MaintainOptions::default()).await;
        let calls = flaky.calls();
        flaky.heal();
        assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
        let report = lake.maintain(later(), &MaintainOptions::default()).await.unwrap();
        assert_eq!(report.stores[0].failure, None, "call {nth}");
        assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
        if nth > calls {
            break;
        }
    }
}

#[tokio::test]
async fn a_query_that_has_begun_finds_its_files_after_upkeep() {
    let (lake, store, files) = store_with_a_long_log(memory()).await;
    let begun = lake.table(&store).await.unwrap();
    let snapshot = begun.snapshot().await.unwrap();
    let options = MaintainOptions { dedupe: true, ..MaintainOptions::default() };
    let report = lake.maintain(Utc::now(), &options).await.unwrap();
    assert_eq!(report.stores[0].compacted.files_before, 12);
    let mut rows = 0;
    for file in snapshot.files.iter() {
        rows += read(&lake, file).await.num_rows();
    }
    assert_eq!(rows, 3 * files.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ingestion_goes_on_under_the_whole_upkeep() {
    let folder = tempfile::tempdir().unwrap();
    let open = || async { Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap() };
    let (lake, store) = lake_with_store(open().await).await;
    let files: Vec<String> = (0..24).map(|file| format!("file{file}")).collect();
    let ingestion = {
        let (lake, store, files) = (open().await, store.clone(), files.clone());
        tokio::spawn(async move {
            let table = lake.table(&store).await.unwrap();
            for file in &files {
                while let Some(append) = batch(&table, &[file]).await.unwrap() {
                    if matches!(table.commit(append).await.unwrap(), Committed::Done { .. }) {
                        break;
                    }
                }
            }
        })
    };
    let keeper = open().await;
    while !ingestion.is_finished() {
        let options = MaintainOptions { dedupe: true, ..MaintainOptions::default() };
        assert_eq!(keeper.maintain(Utc::now(), &options).await.unwrap().stores[0].failure, None);
    }
    ingestion.await.unwrap();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
    assert!(lake.examine(Utc::now(), trailmere_store::Depth::Quick).await.unwrap().is_healthy());
}
