//! How do tests come by a store, rows of it, and what a lake holds?

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array};
use arrow::compute::concat_batches;
use chrono::{DateTime, Utc};
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use trailmere_model::{CreateStore, EventDataStore, Retention, SelectorChoice, StoreType, storage_schema};
use trailmere_store::{Append, DataFile, EncodedFile, FileOutcome, Lake, LedgerEntry, SortedRows, Table};
use uuid::Uuid;

/// 2024-03-01T00:00:00Z.
pub(crate) const DAY: i64 = 20_240_301;
pub(crate) const MIDNIGHT: i64 = 1_709_251_200_000_000;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(MIDNIGHT).unwrap()
}

pub(crate) fn definition(name: &str) -> EventDataStore {
    let wanted = CreateStore {
        name: name.to_owned(),
        selectors: SelectorChoice::Everything(StoreType::CloudTrail),
        retention: Some(Retention::Forever),
        termination_protection: Some(false),
        ..CreateStore::default()
    };
    EventDataStore::create(wanted, Uuid::new_v4(), now()).unwrap()
}

/// A lake with one store.
pub(crate) async fn lake_with_store(lake: Lake) -> (Lake, EventDataStore) {
    let store = definition("events");
    lake.create_store(&store).await.unwrap();
    (lake, store)
}

/// Rows of these ids, a second apart from the time on.
pub(crate) fn rows(ids: &[String], first: i64) -> RecordBatch {
    let schema = storage_schema(StoreType::CloudTrail);
    let times =
        TimestampMicrosecondArray::from_iter_values((0_i64..).zip(ids).map(|(index, _)| first + index * 1_000_000));
    let text = |values: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "eventtime" => Arc::new(times.clone()) as ArrayRef,
        "eventid" => text(ids.to_vec()),
        "eventsource" => text(vec!["s3.amazonaws.com".to_owned(); ids.len()]),
        "eventname" => text(vec!["GetObject".to_owned(); ids.len()]),
        "eventjson" => text(ids.iter().map(|id| format!("{{\"eventID\":\"{id}\"}}")).collect()),
        _ => new_null_array(field.data_type(), ids.len()),
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

pub(crate) fn encoded(table: &Table, day: i64, rows: RecordBatch) -> trailmere_model::Result<EncodedFile> {
    table.encode(day, SortedRows::of_batch(StoreType::CloudTrail, &rows))
}

pub(crate) fn entry(log_file: &str, events: u64) -> LedgerEntry {
    LedgerEntry {
        log_file: log_file.to_owned(),
        size: 10,
        etag: None,
        outcome: FileOutcome::Complete,
        reason: None,
        records: events,
        events,
        filtered: 0,
        expired: 0,
        duplicate: 0,
        quarantined: 0,
        bytes_in: 10,
        raw_bytes: 100,
        ingested: MIDNIGHT,
        taken: Vec::new(),
        verified: None,
    }
}

/// The events of a log file in these tests.
pub(crate) fn ids(log_file: &str) -> Vec<String> {
    (0..3).map(|event| format!("{log_file}-{event}")).collect()
}

/// A batch of some log files that the ledger does not know yet, uploaded.
pub(crate) async fn batch(table: &Table, log_files: &[&str]) -> trailmere_model::Result<Option<Append>> {
    let ledger = table.ledger().await?;
    let new: Vec<&&str> = log_files.iter().filter(|file| ledger.state(file).is_none()).collect();
    if new.is_empty() {
        return Ok(None);
    }
    let ids: Vec<String> = new.iter().flat_map(|file| ids(file)).collect();
    let file = table.upload(encoded(table, DAY, rows(&ids, MIDNIGHT))?).await?;
    let entries = new.iter().map(|file| entry(file, 3)).collect();
    Ok(Some(Append { files: vec![file], ledger: entries, ledger_sequence: ledger.sequence(), ..Append::default() }))
}

/// How often each event id is stored.
pub(crate) async fn stored(lake: &Lake, table: &Table) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for file in table.snapshot().await.unwrap().files.iter() {
        let rows = read(lake, file).await;
        assert_eq!(rows.num_rows() as u64, file.rows);
        for id in rows.column_by_name("eventid").unwrap().as_string::<i32>().iter().flatten() {
            *counts.entry(id.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

pub(crate) async fn read(lake: &Lake, file: &DataFile) -> RecordBatch {
    let path = object_store::path::Path::parse(&file.path).unwrap();
    let bytes = lake.object_store().get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, file.size);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Each event of the log files is stored, once, and nothing else is.
pub(crate) async fn assert_once(lake: &Lake, table: &Table, log_files: &[&str]) {
    let expected: BTreeMap<String, usize> = log_files.iter().flat_map(|file| ids(file)).map(|id| (id, 1)).collect();
    assert_eq!(stored(lake, table).await, expected);
    let ledger = table.ledger().await.unwrap();
    assert_eq!(ledger.len(), log_files.len());
    assert!(log_files.iter().all(|file| ledger.state(file).is_some()));
}

pub(crate) fn null_rows(rows: &RecordBatch, column: &str) -> usize {
    rows.column_by_name(column).unwrap().null_count()
}
