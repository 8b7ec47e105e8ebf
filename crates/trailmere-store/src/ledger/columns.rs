//! How do entries become columns and come back?

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int64Array, Int64Builder, ListArray, ListBuilder, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use trailmere_model::{Error, Result};

use crate::failure;
use crate::ledger::entry::{FileOutcome, FileState, LedgerEntry, Quarantined, Verified, etag_hash};

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

/// The youngest column: parts written before it lack it.
const VERIFIED: &str = "verified";

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
    fields.push(Field::new(VERIFIED, DataType::Utf8, true));
    fields
}

/// Rows in the order of their keys: alike ones side by side take little room.
pub(crate) fn ledger_rows(entries: &[LedgerEntry], sequence: u64) -> Result<RecordBatch> {
    let mut entries: Vec<&LedgerEntry> = entries.iter().collect();
    entries.sort_by(|a, b| a.log_file.cmp(&b.log_file));
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
    columns.push(Arc::new(entries.iter().map(|entry| entry.verified.map(Verified::as_str)).collect::<StringArray>()));
    let mut taken = ListBuilder::new(Int64Builder::new());
    for entry in &entries {
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

/// A part of the ledger in today's columns, whenever it was written.
pub(crate) fn completed(rows: RecordBatch) -> Result<RecordBatch> {
    if rows.column_by_name("taken").is_none() || rows.column_by_name(VERIFIED).is_some() {
        return Ok(rows);
    }
    let column = |field: &Arc<Field>| {
        let stored = rows.column_by_name(field.name()).cloned();
        stored.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
    };
    let columns = STORED.fields().iter().map(column).collect();
    RecordBatch::try_new(STORED.clone(), columns)
        .map_err(|error| failure::arrow(error, "complete the ledger's columns"))
}

/// The columns of a part that say how each log file went; the others are for SQL only.
pub(crate) struct States<'a> {
    log_files: &'a StringArray,
    etags: &'a StringArray,
    outcomes: &'a StringArray,
    sizes: &'a Int64Array,
    sequences: &'a Int64Array,
    ingested: &'a TimestampMicrosecondArray,
    taken: &'a ListArray,
}

impl<'a> States<'a> {
    pub(crate) fn of(rows: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            log_files: text(rows, "log_file")?,
            etags: text(rows, "etag")?,
            outcomes: text(rows, "outcome")?,
            sizes: numbers(rows, "size")?,
            sequences: numbers(rows, "sequence")?,
            ingested: column(rows, "ingested")?.as_primitive_opt().ok_or_else(|| wrong("ingested"))?,
            taken: column(rows, "taken")?.as_list_opt().ok_or_else(|| wrong("taken"))?,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.log_files.len()
    }

    pub(crate) fn log_file(&self, row: usize) -> &'a str {
        self.log_files.value(row)
    }

    pub(crate) fn state(&self, row: usize) -> Result<FileState> {
        let taken = self.taken.is_valid(row).then(|| self.taken.value(row));
        let hashes = taken.as_ref().and_then(|hashes| hashes.as_primitive_opt::<Int64Type>());
        Ok(FileState {
            outcome: FileOutcome::parse(self.outcomes.value(row)).ok_or_else(|| wrong("outcome"))?,
            size: unsigned(self.sizes.value(row)),
            ingested: self.ingested.value(row),
            sequence: unsigned(self.sequences.value(row)),
            // The bits of a hash, not its value.
            taken: hashes.map(|hashes| hashes.values().iter().map(|bits| *bits as u64).collect()).unwrap_or_default(),
            etag_hash: etag_hash(self.etags.is_valid(row).then(|| self.etags.value(row))),
        })
    }
}

fn text<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column(rows, name)?.as_string_opt().ok_or_else(|| wrong(name))
}

fn numbers<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a Int64Array> {
    column(rows, name)?.as_primitive_opt().ok_or_else(|| wrong(name))
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

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
