//! How do entries become columns and come back?

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int64Array, Int64Builder, ListBuilder, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use trailmere_model::{Error, Result};

use crate::failure;
use crate::ledger::entry::{FileOutcome, LedgerEntry, Quarantined};

/// An entry with the commit that made it.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) entry: LedgerEntry,
    pub(crate) sequence: u64,
}

type Count = fn(&LedgerEntry) -> u64;

const COUNTS: [(&str, Count); 9] = [
    ("size", |entry| entry.size),
    ("records", |entry| entry.records),
    ("events", |entry| entry.events),
    ("filtered", |entry| entry.filtered),
    ("expired", |entry| entry.expired),
    ("duplicate", |entry| entry.duplicate),
    ("quarantined", |entry| entry.quarantined),
    ("bytes_in", |entry| entry.bytes_in),
    ("raw_bytes", |entry| entry.raw_bytes),
];

const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The columns of the ledger in SQL.
pub fn ledger_schema() -> SchemaRef {
    LEDGER.clone()
}

/// The columns of the quarantine in SQL.
pub fn quarantine_schema() -> SchemaRef {
    QUARANTINE.clone()
}

pub(crate) fn empty_schema() -> SchemaRef {
    Arc::new(Schema::empty())
}

static LEDGER: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(ledger_fields())));

static STORED: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = ledger_fields();
    fields.push(Field::new("taken", DataType::List(Arc::new(Field::new("item", DataType::Int64, true))), true));
    Arc::new(Schema::new(fields))
});

static QUARANTINE: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("log_file", DataType::Utf8, false),
        Field::new("record", DataType::Int64, false),
        Field::new("offset", DataType::Int64, false),
        Field::new("reason", DataType::Utf8, false),
        Field::new("bytes", DataType::Binary, false),
        Field::new("ingested", TIMESTAMP, false),
        Field::new("sequence", DataType::Int64, false),
    ]))
});

fn ledger_fields() -> Vec<Field> {
    let mut fields = vec![
        Field::new("log_file", DataType::Utf8, false),
        Field::new("etag", DataType::Utf8, true),
        Field::new("outcome", DataType::Utf8, false),
        Field::new("reason", DataType::Utf8, true),
    ];
    fields.extend(COUNTS.map(|(name, _)| Field::new(name, DataType::Int64, false)));
    fields.push(Field::new("ingested", TIMESTAMP, false));
    fields.push(Field::new("sequence", DataType::Int64, false));
    fields
}

pub(crate) fn ledger_rows(entries: &[LedgerEntry], sequence: u64) -> Result<RecordBatch> {
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(entries.iter().map(|entry| &entry.log_file))),
        Arc::new(entries.iter().map(|entry| entry.etag.as_deref()).collect::<StringArray>()),
        Arc::new(StringArray::from_iter_values(entries.iter().map(|entry| entry.outcome.as_str()))),
        Arc::new(entries.iter().map(|entry| entry.reason.as_deref()).collect::<StringArray>()),
    ];
    for (_, count) in COUNTS {
        columns.push(Arc::new(Int64Array::from_iter_values(entries.iter().map(|entry| signed(count(entry))))));
    }
    columns.push(Arc::new(TimestampMicrosecondArray::from_iter_values(entries.iter().map(|entry| entry.ingested))));
    columns.push(Arc::new(Int64Array::from_value(signed(sequence), entries.len())));
    let mut taken = ListBuilder::new(Int64Builder::new());
    for entry in entries {
        // The bits of a hash, not its value.
        entry.taken.iter().for_each(|hash| taken.values().append_value(*hash as i64));
        taken.append(!entry.taken.is_empty());
    }
    columns.push(Arc::new(taken.finish()));
    RecordBatch::try_new(STORED.clone(), columns).map_err(|error| failure::arrow(error, "write the ledger"))
}

pub(crate) fn quarantine_rows(rejected: &[Quarantined], sequence: u64) -> Result<RecordBatch> {
    let cut = |rejected: &Quarantined| rejected.bytes.iter().take(Quarantined::MAX_BYTES).copied().collect::<Vec<u8>>();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rejected.iter().map(|rejected| &rejected.log_file))),
        Arc::new(Int64Array::from_iter_values(rejected.iter().map(|rejected| signed(rejected.record)))),
        Arc::new(Int64Array::from_iter_values(rejected.iter().map(|rejected| signed(rejected.offset)))),
        Arc::new(StringArray::from_iter_values(rejected.iter().map(|rejected| &rejected.reason))),
        Arc::new(BinaryArray::from_iter_values(rejected.iter().map(cut))),
        Arc::new(TimestampMicrosecondArray::from_iter_values(rejected.iter().map(|rejected| rejected.ingested))),
        Arc::new(Int64Array::from_value(signed(sequence), rejected.len())),
    ];
    RecordBatch::try_new(QUARANTINE.clone(), columns).map_err(|error| failure::arrow(error, "write the quarantine"))
}

/// Reads the entries of a part of the ledger.
pub(crate) fn entries(rows: &RecordBatch) -> Result<Vec<Numbered>> {
    let text =
        |name: &str| column(rows, name).and_then(|values| values.as_string_opt::<i32>().ok_or_else(|| wrong(name)));
    let number = |name: &str| {
        column(rows, name).and_then(|values| values.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(name)))
    };
    let (log_files, etags, outcomes, reasons) = (text("log_file")?, text("etag")?, text("outcome")?, text("reason")?);
    let counts = COUNTS.map(|(name, _)| number(name));
    let [size, records, events, filtered, expired, duplicate, quarantined, bytes_in, raw_bytes] = counts;
    let (size, records, events, filtered, expired) = (size?, records?, events?, filtered?, expired?);
    let (duplicate, quarantined, bytes_in, raw_bytes) = (duplicate?, quarantined?, bytes_in?, raw_bytes?);
    let sequence = number("sequence")?;
    let ingested =
        column(rows, "ingested")?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| wrong("ingested"))?;
    let taken = column(rows, "taken")?.as_list_opt::<i32>().ok_or_else(|| wrong("taken"))?;
    let optional = |values: &StringArray, row: usize| values.is_valid(row).then(|| values.value(row).to_owned());
    let mut entries = Vec::with_capacity(rows.num_rows());
    for row in 0..rows.num_rows() {
        let count = |values: &Int64Array| u64::try_from(values.value(row)).unwrap_or(0);
        let hashes = taken.is_valid(row).then(|| taken.value(row));
        entries.push(Numbered {
            sequence: count(sequence),
            entry: LedgerEntry {
                log_file: log_files.value(row).to_owned(),
                etag: optional(etags, row),
                outcome: FileOutcome::parse(outcomes.value(row)).ok_or_else(|| wrong("outcome"))?,
                reason: optional(reasons, row),
                size: count(size),
                records: count(records),
                events: count(events),
                filtered: count(filtered),
                expired: count(expired),
                duplicate: count(duplicate),
                quarantined: count(quarantined),
                bytes_in: count(bytes_in),
                raw_bytes: count(raw_bytes),
                ingested: ingested.value(row),
                taken: hashes.map(|hashes| unsigned(&hashes)).unwrap_or_default(),
            },
        });
    }
    Ok(entries)
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).ok_or_else(|| wrong(name))
}

fn wrong(name: &str) -> Error {
    Error::corrupt(format!("column `{name}` of the ledger is missing or of another type"))
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn unsigned(hashes: &ArrayRef) -> Vec<u64> {
    hashes
        .as_primitive_opt::<Int64Type>()
        .map(|hashes| hashes.values().iter().map(|bits| *bits as u64).collect())
        .unwrap_or_default()
}
