//! Does the end of each file say what the log says: columns, rows, order?

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use object_store::path::Path;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::ParquetMetaData;
use trailmere_model::{EventDataStore, Result, VERIFIED, sort_columns, storage_schema};

use super::catalog::said;
use super::table::Sound;
use super::{Ailment, Examination, Finding};
use crate::failure;
use crate::ranges::StoredFile;
use crate::snapshot::DataFile;

/// Files looked at at the same time.
const READERS: usize = 16;

/// What a file's footer says.
struct Footer {
    schema: SchemaRef,
    metadata: Arc<ParquetMetaData>,
}

/// Looks at the footers of a store's files; gives the files that can be read.
pub(super) async fn examine(
    sound: &Sound,
    store: &EventDataStore,
    examination: &mut Examination,
) -> Result<Vec<DataFile>> {
    // Collected first: a closure held across an await would tie the future to one lifetime, and it could not be spawned.
    let reads: Vec<_> = sound.files.iter().map(|file| read(sound, file)).collect();
    let mut footers = futures::stream::iter(reads).buffered(READERS);
    let mut readable = Vec::with_capacity(sound.files.len());
    for file in &sound.files {
        let Some(footer) = footers.next().await else { break };
        match footer {
            Ok(footer) => {
                let findings = compare(file, store, &footer);
                if findings.is_empty() {
                    readable.push(file.clone());
                }
                examination.findings.extend(findings.into_iter().map(|finding| finding.of(&store.name)));
            }
            Err(error) => {
                let finding = Ailment::FileUnreadable.found(&file.path, said(&error));
                examination.findings.push(finding.of(&store.name));
            }
        }
    }
    Ok(readable)
}

async fn read(sound: &Sound, file: &DataFile) -> Result<Footer> {
    let reader =
        StoredFile { store: sound.table.inner.store.clone(), path: Path::from(file.path.as_str()), size: file.size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await;
    let builder = builder.map_err(|error| failure::parquet(error, "read the file's footer"))?;
    Ok(Footer { schema: builder.schema().clone(), metadata: builder.metadata().clone() })
}

fn compare(file: &DataFile, store: &EventDataStore, footer: &Footer) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(seen) = foreign_column(store, &footer.schema) {
        findings.push(Ailment::FileSchema.found(&file.path, seen));
    }
    let rows = u64::try_from(footer.metadata.file_metadata().num_rows()).unwrap_or(0);
    if rows != file.rows {
        findings.push(Ailment::FileRows.found(&file.path, format!("it has {rows} rows, the log says {}", file.rows)));
    }
    if let Some(seen) = unsorted(store, footer) {
        findings.push(Ailment::FileOrder.found(&file.path, seen));
    }
    findings
}

/// A file that is older than the youngest column lacks it, and nothing else.
fn foreign_column(store: &EventDataStore, schema: &SchemaRef) -> Option<String> {
    let promised = storage_schema(store.store_type);
    let missing = promised.fields().iter().find(|field| match schema.field_with_name(field.name()) {
        Ok(there) => there.data_type() != field.data_type(),
        Err(_) => field.name() != VERIFIED,
    });
    if let Some(field) = missing {
        return Some(format!("column `{}` is missing or of another type", field.name()));
    }
    let added = schema.fields().iter().find(|field| promised.field_with_name(field.name()).is_err())?;
    Some(format!("column `{}` is none of a {} store", added.name(), store.store_type))
}

/// A file says by which columns it is sorted; one whose first sort column has missing values may say fewer.
fn unsorted(store: &EventDataStore, footer: &Footer) -> Option<String> {
    let schema = footer.metadata.file_metadata().schema_descr();
    for (index, group) in footer.metadata.row_groups().iter().enumerate() {
        let Some(sorting) = group.sorting_columns() else {
            return Some(format!("row group {index} does not say how it is sorted"));
        };
        for (said, expected) in sorting.iter().zip(sort_columns(store.store_type)) {
            let column = usize::try_from(said.column_idx).ok().filter(|index| *index < schema.num_columns());
            let name = column.map(|column| schema.column(column).path().string());
            if said.descending || name.as_deref() != Some(*expected) {
                return Some(format!("row group {index} is not sorted by `{expected}`"));
            }
        }
    }
    None
}
