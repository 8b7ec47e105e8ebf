//! How do records become a batch of a store's rows?

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use trailmere_model::{Error, Result, StoreType, extra_columns, published_columns, storage_schema};
use trailmere_store::Verified;

use super::ScannedRecord;
use super::column::Column;
use super::insight;
use super::keys::slot_of;
use super::tape::{ABSENT, NodeKind};

/// A batch's text columns count in 32 bits; no batch may come near.
const MAX_BATCH_BYTES: usize = 1 << 30;
/// What a row takes in offsets and fixed-width columns, near enough.
const ROW_BYTES: usize = 512;

/// Rows of one store type under construction, in the columns of [`storage_schema`].
pub struct EventBuilder {
    store_type: StoreType,
    schema: SchemaRef,
    columns: Vec<(Origin, Column)>,
    scratch: String,
    rows: usize,
    bytes: usize,
    verified: Option<Verified>,
}

/// Where a column's value comes from.
enum Origin {
    /// The record's field of this slot.
    Field(usize),
    /// A field of this slot, or a detail that the trail form of an Insights event nests.
    Insight(usize, &'static str),
    EventTime,
    EventCategory(usize),
    EventJson,
    Path,
    Ingested,
    Verified,
}

impl EventBuilder {
    /// An empty builder.
    pub fn new(store_type: StoreType) -> Self {
        let schema = storage_schema(store_type);
        let known = published_columns(store_type).iter().chain(extra_columns(store_type));
        let stored = known.filter(|column| schema.column_with_name(column.name).is_some());
        let columns =
            stored.map(|column| (origin(store_type, column.name, column.display), Column::new(&column.column_type)));
        let (columns, scratch) = (columns.collect(), String::new());
        Self { store_type, columns, schema, scratch, rows: 0, bytes: 0, verified: None }
    }

    /// Says how the log file of the rows to come stands to its digest; NULL if nobody asked.
    pub fn set_verified(&mut self, verified: Option<Verified>) {
        self.verified = verified;
    }

    /// Appends a record, with the key of its log file and the time of ingestion in microseconds. Fails, and appends
    /// nothing, if the record is for another type of store or the batch is full.
    pub fn append(&mut self, record: &ScannedRecord<'_>, log_file: &str, ingested: i64) -> Result<()> {
        if record.store_type() != self.store_type {
            let message =
                format!("a record for {} stores cannot go to a {} store", record.store_type(), self.store_type);
            return Err(Error::internal(message));
        }
        let added = 2 * record.json().len() + log_file.len() + ROW_BYTES;
        if self.bytes + added > MAX_BATCH_BYTES {
            return Err(Error::limit("the batch is full").hint("finish it and append the record to the next one"));
        }
        let (json, slots, scratch) = (record.json, record.slots, &mut self.scratch);
        for (origin, column) in &mut self.columns {
            match origin {
                Origin::Field(slot) => column.append(json, slots.at(*slot), scratch),
                Origin::EventTime => column.append_time(record.event_time),
                Origin::EventJson => column.append_str(json.text),
                Origin::Path => column.append_str(log_file),
                Origin::Ingested => column.append_time(ingested),
                Origin::Verified => match self.verified {
                    Some(verified) => column.append_str(verified.as_str()),
                    None => column.append_nulls(1),
                },
                Origin::EventCategory(slot) => match json.kind(slots.at(*slot)) {
                    None | Some(NodeKind::Null) => column.append_str(record.category.as_str()),
                    Some(_) => column.append(json, slots.at(*slot), scratch),
                },
                Origin::Insight(slot, name) => match slots.at(*slot) {
                    ABSENT => insight::append_detail(column, name, (json, slots), scratch),
                    value => column.append(json, value, scratch),
                },
            }
        }
        self.rows += 1;
        self.bytes += added;
        Ok(())
    }

    /// The number of rows appended.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no row was appended.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes the rows take in memory.
    pub fn estimated_bytes(&self) -> usize {
        self.bytes
    }

    /// The type of store that the rows are for.
    pub fn store_type(&self) -> StoreType {
        self.store_type
    }

    /// Takes the rows, in the order of their appending, and starts over.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut().map(|(_, column)| column.finish()).collect::<Result<Vec<_>>>()?;
        self.rows = 0;
        self.bytes = 0;
        RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|error| Error::internal("the columns of a batch do not fit their schema").source(error))
    }
}

fn origin(store_type: StoreType, name: &'static str, display: &'static str) -> Origin {
    // Every column's spelling has a slot; the first one is never asked for in vain.
    let slot = slot_of(display).unwrap_or_default();
    match name {
        trailmere_model::EVENTTIME => Origin::EventTime,
        trailmere_model::EVENTJSON => Origin::EventJson,
        trailmere_model::PATH => Origin::Path,
        trailmere_model::INGESTED => Origin::Ingested,
        trailmere_model::VERIFIED => Origin::Verified,
        "eventcategory" => Origin::EventCategory(slot),
        _ if store_type == StoreType::Insights && name.starts_with("insight") => Origin::Insight(slot, name),
        _ => Origin::Field(slot),
    }
}
