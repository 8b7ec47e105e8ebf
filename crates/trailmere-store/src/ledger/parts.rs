//! How is the ledger written in immutable parts, and kept to a few of them?

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use trailmere_model::{Error, Result};
use uuid::Uuid;

use crate::failure;
use crate::ledger::columns;
use crate::ledger::entry::{LedgerEntry, Quarantined};
use crate::ledger::head::{Head, Part};
use crate::ledger::published;
use crate::table::put;

/// The folder below a table's root; other programs leave names with an underscore alone.
pub(crate) const LEDGER_FOLDER: &str = "_ledger";

/// So many parts of one level become one of the next.
const FAN_IN: usize = 16;

/// Parts are not merged beyond this.
const MAX_MERGED_BYTES: u64 = 64 << 20;

/// Parts read at the same time.
const READERS: usize = 16;

/// What a commit adds to the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addition<'a> {
    pub(crate) ledger: &'a [LedgerEntry],
    pub(crate) quarantine: &'a [Quarantined],
}

/// Writes the parts and the head that follow `head`; nobody sees them until a commit names the head.
pub(crate) async fn extend(store: &dyn ObjectStore, table: &Path, head: &Head, addition: Addition<'_>) -> Result<Head> {
    let id = (Uuid::new_v4().as_u128() as u64) >> 1;
    let mut next = head.next(id);
    if !addition.ledger.is_empty() {
        let rows = columns::ledger_rows(addition.ledger, next.sequence)?;
        next.ledger.push(write(store, table, "ledger", &[rows], Level::new(next.sequence)).await?);
    }
    if !addition.quarantine.is_empty() {
        let rows = columns::quarantine_rows(addition.quarantine, next.sequence)?;
        next.quarantine.push(write(store, table, "quarantine", &[rows], Level::new(next.sequence)).await?);
    }
    next.ledger = merge(store, table, "ledger", next.ledger).await?;
    next.quarantine = merge(store, table, "quarantine", next.quarantine).await?;
    next.write(store, table).await?;
    Ok(next)
}

struct Level {
    level: u32,
    first_sequence: u64,
    last_sequence: u64,
}

impl Level {
    fn new(sequence: u64) -> Self {
        Self { level: 0, first_sequence: sequence, last_sequence: sequence }
    }
}

async fn merge(store: &dyn ObjectStore, table: &Path, family: &str, mut parts: Vec<Part>) -> Result<Vec<Part>> {
    while let Some((start, end)) = mergeable(&parts) {
        let Some(run) = parts.get(start..end) else { break };
        let merged: Vec<&Part> = run.iter().collect();
        let rows = read_each(store, table, &merged).await?;
        let level = Level {
            level: run.iter().map(|part| part.level).max().unwrap_or(0) + 1,
            first_sequence: run.iter().map(|part| part.first_sequence).min().unwrap_or(0),
            last_sequence: run.iter().map(|part| part.last_sequence).max().unwrap_or(0),
        };
        let part = write(store, table, family, &rows, level).await?;
        parts.splice(start..end, [part]);
    }
    Ok(parts)
}

/// Parts are in order and levels never rise along the list, so parts of one level lie side by side.
fn mergeable(parts: &[Part]) -> Option<(usize, usize)> {
    let level = parts.last()?.level;
    let start = parts.iter().position(|part| part.level <= level)?;
    let bytes: u64 = parts.get(start..)?.iter().map(|part| part.bytes).sum();
    (parts.len() - start >= FAN_IN && bytes <= MAX_MERGED_BYTES).then_some((start, parts.len()))
}

async fn write(
    store: &dyn ObjectStore,
    table: &Path,
    family: &str,
    rows: &[RecordBatch],
    level: Level,
) -> Result<Part> {
    let name = format!("{family}-{}.parquet", Uuid::new_v4());
    let bytes = encode(rows).map_err(|error| failure::parquet(error, format!("encode `{name}`")))?;
    let path = path(table, &name);
    let size = bytes.len() as u64;
    put(store, &path, bytes).await.map_err(|error| failure::storage(error, format!("write `{path}`")))?;
    Ok(Part {
        name,
        rows: rows.iter().map(|rows| rows.num_rows() as u64).sum(),
        bytes: size,
        level: level.level,
        first_sequence: level.first_sequence,
        last_sequence: level.last_sequence,
    })
}

fn encode(rows: &[RecordBatch]) -> parquet::errors::Result<Bytes> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
    let schema = rows.first().map(RecordBatch::schema).unwrap_or_else(columns::empty_schema);
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    for rows in rows {
        writer.write(rows)?;
    }
    writer.into_inner().map(Bytes::from)
}

/// Reads parts, those of SQL's columns only.
pub(crate) async fn read_all(
    store: &dyn ObjectStore,
    table: &Path,
    parts: &[Part],
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>> {
    let parts: Vec<&Part> = parts.iter().collect();
    read_each(store, table, &parts).await?.iter().map(|rows| published(schema, rows)).collect()
}

/// Reads parts in their order.
pub(crate) async fn read_each(store: &dyn ObjectStore, table: &Path, parts: &[&Part]) -> Result<Vec<RecordBatch>> {
    // Collected first: a closure held across an await would tie the future to one lifetime, and it could not be spawned.
    let reads: Vec<_> = parts.iter().map(|part| read(store, path(table, &part.name))).collect();
    let batches: Vec<Vec<RecordBatch>> = futures::stream::iter(reads).buffered(READERS).try_collect().await?;
    Ok(batches.into_iter().flatten().collect())
}

async fn read(store: &dyn ObjectStore, path: Path) -> Result<Vec<RecordBatch>> {
    let fetched = async { store.get(&path).await?.bytes().await };
    let bytes = fetched.await.map_err(|error| failure::storage(error, format!("read `{path}`")))?;
    let place = |error: Error| error.at(format!("`{path}`"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .and_then(|builder| builder.with_batch_size(64 << 10).build())
        .map_err(|error| place(failure::parquet(error, "read a part of the ledger")))?;
    let rows = reader.collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|error| {
        place(Error::corrupt(format!("a part of the ledger cannot be read: {error}")).source(error))
    })?;
    rows.into_iter().map(|rows| columns::completed(rows).map_err(place)).collect()
}

fn path(table: &Path, name: &str) -> Path {
    Path::from_iter(table.parts().chain([LEDGER_FOLDER.into(), name.into()]))
}
