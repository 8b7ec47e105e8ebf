//! How fast do a day's sorted rows become a Parquet file, on one core?
//!
//! On `testdata/logs`, or on the folder that `TRAILMERE_BENCH_LOGS` names. Bytes are those of raw JSON.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, lexsort_to_indices, take_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use object_store::memory::InMemory;
use trailmere_ingest::decode::{Decoder, EventBuilder, Input, RecordSink, Rejected, ScannedRecord};
use trailmere_model::time::calendarday;
use trailmere_model::{CreateStore, EventDataStore, Result, SelectorChoice, StoreType, sort_columns};
use trailmere_store::{Lake, SortedRows, Table};
use uuid::Uuid;

/// More rows than a file has are not needed.
const MOST_BYTES: usize = 256 << 20;

struct Rows(EventBuilder);

impl RecordSink for Rows {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let is_wanted = record.store_type() == StoreType::CloudTrail && self.0.estimated_bytes() < MOST_BYTES;
        if is_wanted { self.0.append(record, "a log file", 0) } else { Ok(()) }
    }

    fn rejected(&mut self, _: &Rejected<'_>) -> Result<()> {
        Ok(())
    }
}

fn log_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => log_files(&path, found),
            false => found.extend(Some(path).filter(|path| path.to_string_lossy().ends_with(".json.gz"))),
        }
    }
}

/// The rows of the day that has most, sorted as in a file.
fn busiest_day(folder: &Path) -> (i64, RecordBatch) {
    let mut files = Vec::new();
    log_files(folder, &mut files);
    let (mut decoder, mut rows) = (Decoder::default(), Rows(EventBuilder::new(StoreType::CloudTrail)));
    for file in files {
        decoder.read(Input::Bytes(&std::fs::read(file).unwrap()), &mut rows);
    }
    let rows = rows.0.finish().unwrap();
    let times = rows.column_by_name("eventtime").unwrap().as_primitive::<TimestampMicrosecondType>();
    let mut days: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (row, time) in (0..).zip(times.values()) {
        days.entry(calendarday(*time)).or_default().push(row);
    }
    let (day, positions) = days.into_iter().max_by_key(|(_, rows)| rows.len()).unwrap();
    let rows = take_record_batch(&rows, &UInt32Array::from(positions)).unwrap();
    let column = |name: &&str| SortColumn { values: rows.column_by_name(name).unwrap().clone(), options: None };
    let order: Vec<SortColumn> = sort_columns(StoreType::CloudTrail).iter().map(column).collect();
    (day, take_record_batch(&rows, &lexsort_to_indices(&order, None).unwrap()).unwrap())
}

fn table() -> Table {
    let lake = Lake::with_object_store(Arc::new(InMemory::new()), "memory");
    let selectors = SelectorChoice::Everything(StoreType::CloudTrail);
    let wanted = CreateStore { name: "events".to_owned(), selectors, ..CreateStore::default() };
    let store = EventDataStore::create(wanted, Uuid::nil(), chrono::DateTime::UNIX_EPOCH).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(lake.table(&store)).unwrap()
}

fn encode(criterion: &mut Criterion) {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs");
    let folder = std::env::var_os("TRAILMERE_BENCH_LOGS").map_or_else(beside, PathBuf::from);
    let (table, (day, rows)) = (table(), busiest_day(&folder));
    let mut group = criterion.benchmark_group("encode");
    let json = rows.column_by_name("eventjson").unwrap().as_string::<i32>();
    group.throughput(Throughput::Bytes(json.iter().flatten().map(|json| json.len() as u64).sum()));
    let encode_rows = || table.encode(day, SortedRows::of_batch(StoreType::CloudTrail, &rows));
    group.bench_function("day", |bencher| {
        bencher.iter(|| black_box(encode_rows().unwrap().size()));
    });
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
