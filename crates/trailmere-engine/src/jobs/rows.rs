//! How are the kept rows of a query read again, page by page?

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use object_store::ObjectStore;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::async_reader::ParquetRecordBatchStream;
use trailmere_model::{Error, Result};
use trailmere_sql::OutputColumn;
use trailmere_store::{ResultPart, StoredFile};
use uuid::Uuid;

use super::Jobs;
use super::record::{JobRecord, JobStatus, Origin, day};

/// Rows of a kept result, in order.
pub struct JobRows {
    /// The query.
    pub record: JobRecord,
    /// The columns of the rows.
    pub columns: Vec<OutputColumn>,
    /// Rows that the result has in all.
    pub total: u64,
    rows: PartRows,
}

impl std::fmt::Debug for JobRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobRows({}, {} rows)", self.record.id, self.total)
    }
}

impl Jobs {
    /// The rows of a result in a range, as far as it has them.
    ///
    /// # Errors
    /// A query that still waits or runs, whose rows were not kept or are past their time.
    pub async fn results(&self, id: Uuid, range: Range<u64>, now: DateTime<Utc>) -> Result<JobRows> {
        let record = self.get(id, now).await?;
        check_kept(&record)?;
        let columns = record.output_columns()?;
        let parts = self.lake().results(day(record.created), id).list().await?;
        let total = parts.last().map_or(0, |part| part.rows.end);
        if total == 0 && record.statistics.total_results_count > 0 {
            return Err(Error::not_found(format!("the results of the query `{id}` are past their time"))
                .hint(format!("results are kept for {} days; run it again", self.options().results_days)));
        }
        let rows = PartRows::new(self.lake().object_store(), parts, range);
        Ok(JobRows { record, columns, total, rows })
    }
}

impl JobRows {
    /// The next rows; `None` after the last of the range.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        self.rows.next_batch().await
    }
}

fn check_kept(record: &JobRecord) -> Result<()> {
    let id = record.id;
    match record.status {
        JobStatus::Queued | JobStatus::Running => {
            Err(Error::unavailable(format!("the query `{id}` is {}", record.status))
                .hint(format!("`trailmere query wait {id}` waits for its end")))
        }
        _ if record.origin == Origin::Interactive => {
            Err(Error::not_found(format!("the rows of the query `{id}` were shown and not kept"))
                .hint("`trailmere query start` keeps them"))
        }
        JobStatus::Failed | JobStatus::Cancelled => {
            let why = record.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
            Err(Error::not_found(format!("the query `{id}` is {} and has no results{why}", record.status)))
        }
        JobStatus::Finished | JobStatus::TimedOut => Ok(()),
    }
}

/// Rows of parts, in order.
pub(crate) struct PartRows {
    store: Arc<dyn ObjectStore>,
    parts: std::vec::IntoIter<ResultPart>,
    range: Range<u64>,
    open: Option<ParquetRecordBatchStream<StoredFile>>,
}

impl PartRows {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, parts: Vec<ResultPart>, range: Range<u64>) -> Self {
        PartRows { store, parts: parts.into_iter(), range, open: None }
    }

    pub(crate) async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(stream) = &mut self.open
                && let Some(batch) = stream.next().await
            {
                return batch.map(Some).map_err(unreadable);
            }
            self.open = None;
            let Some(part) = self.parts.next() else { return Ok(None) };
            let wanted = part.rows.start.max(self.range.start)..part.rows.end.min(self.range.end);
            if !wanted.is_empty() {
                self.open = Some(open(&self.store, &part, &wanted).await?);
            }
        }
    }
}

async fn open(
    store: &Arc<dyn ObjectStore>,
    part: &ResultPart,
    wanted: &Range<u64>,
) -> Result<ParquetRecordBatchStream<StoredFile>> {
    let (path, size) = (part.file.location.clone(), part.file.size);
    let reader = StoredFile { store: Arc::clone(store), path, size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(unreadable)?;
    builder
        .with_offset((wanted.start - part.rows.start) as usize)
        .with_limit((wanted.end - wanted.start) as usize)
        .build()
        .map_err(unreadable)
}

fn unreadable(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("the kept result can't be read").source(e)
}
