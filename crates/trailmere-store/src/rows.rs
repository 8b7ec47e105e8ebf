//! How are the rows of stored files read back, and files exchanged for others, by expiry and compaction alike?

use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use deltalake::DeltaTableError;
use deltalake::kernel::{Action, Remove};
use deltalake::protocol::DeltaOperation;
use deltalake::table::state::DeltaTableState;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use trailmere_model::{CALENDARDAY, Error, Result, VERIFIED};

use crate::failure;
use crate::snapshot::{DataFile, relative};
use crate::state;
use crate::table::Table;

const READ_ROWS: usize = 16 << 10;

/// Whether an exchange of files changes what is stored, or only how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Rows are gone.
    Data,
    /// The same rows lie in other files.
    Layout,
}

/// Files that take the place of others.
#[derive(Clone, Debug)]
pub(crate) struct Replacement<'a> {
    pub(crate) removed: &'a [DataFile],
    pub(crate) added: &'a [DataFile],
    pub(crate) changes: Changes,
    /// What else the commit says.
    pub(crate) said: Option<Action>,
}

impl Table {
    /// The newest files, and the state of the table that has them.
    pub(crate) async fn files_and_state(&self) -> Result<(Arc<Vec<DataFile>>, DeltaTableState)> {
        let (tip, delta) = state::load(&self.inner).await?;
        Ok((tip.snapshot(&self.inner).files, delta))
    }

    /// Reads a file's bytes.
    pub(crate) async fn fetch(&self, file: &DataFile) -> Result<Bytes> {
        let path = Path::parse(&file.path)
            .map_err(|error| Error::corrupt(format!("`{}` is no path", file.path)).source(error))?;
        let fetched = async { self.inner.store.get(&path).await?.bytes().await };
        fetched.await.map_err(|error| failure::storage(error, format!("read `{path}`")))
    }

    /// Commits an exchange of files; all of it becomes visible at once.
    pub(crate) async fn replace(
        &self,
        delta: &DeltaTableState,
        replacement: Replacement<'_>,
        operation: DeltaOperation,
        now: DateTime<Utc>,
    ) -> Result<(), DeltaTableError> {
        let (table, millis) = (&self.inner.path, now.timestamp_millis());
        let changes_data = replacement.changes == Changes::Data;
        let mut actions: Vec<Action> = Vec::with_capacity(replacement.removed.len() + replacement.added.len());
        actions.extend(
            replacement
                .removed
                .iter()
                .map(|file| Action::Remove(Remove { data_change: changes_data, ..remove(table, file, millis) })),
        );
        for file in replacement.added {
            let mut add = file.add(table, millis);
            add.data_change = changes_data;
            actions.push(Action::Add(add));
        }
        actions.extend(replacement.said);
        self.write_actions(delta, actions, operation).await
    }
}

/// Decodes a file, each batch of rows going through `keep`.
pub(crate) fn decode(
    file: &DataFile,
    bytes: Bytes,
    keep: impl Fn(RecordBatch) -> Result<RecordBatch>,
) -> Result<Vec<RecordBatch>> {
    let place = |error: Error| error.at(format!("`{}`", file.path));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .and_then(|builder| builder.with_batch_size(READ_ROWS).build())
        .map_err(|error| place(failure::parquet(error, "read the file")))?;
    let mut kept = Vec::new();
    for rows in reader {
        let rows =
            rows.map_err(|error| place(Error::corrupt(format!("cannot read the file: {error}")).source(error)))?;
        kept.push(completed(rows).and_then(&keep).map_err(place)?);
    }
    Ok(kept)
}

/// Rows in today's columns, whenever their file was written: the youngest column may be missing.
pub(crate) fn completed(rows: RecordBatch) -> Result<RecordBatch> {
    if rows.column_by_name(VERIFIED).is_some() {
        return Ok(rows);
    }
    let added = Arc::new(Field::new(VERIFIED, DataType::Utf8, true));
    let fields: Vec<_> = rows.schema_ref().fields().iter().cloned().chain([added]).collect();
    let columns = rows.columns().iter().cloned().chain([new_null_array(&DataType::Utf8, rows.num_rows())]).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| crate::failure::arrow(error, "complete the columns of a file"))
}

fn remove(table: &Path, file: &DataFile, millis: i64) -> Remove {
    Remove {
        path: relative(table, &file.path).to_owned(),
        deletion_timestamp: Some(millis),
        extended_file_metadata: Some(true),
        partition_values: Some([(CALENDARDAY.to_owned(), Some(file.day.to_string()))].into()),
        size: i64::try_from(file.size).ok(),
        ..Remove::default()
    }
}
