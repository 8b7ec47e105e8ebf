//! How do the many small files that steady ingestion leaves become a few that are quick to read?
//!
//! The same rows, sorted anew, in fewer files of the same day; a reader sees the ones or the others.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use deltalake::protocol::DeltaOperation;
use serde::Serialize;
use trailmere_model::time::calendarday;
use trailmere_model::{Error, Result, StoreType, sort_columns, storage_schema};

use crate::commit::{attempts, is_collision, pause, too_busy};
use crate::encode::EncodedFile;
use crate::failure;
use crate::rows::{self, Changes, Replacement};
use crate::snapshot::DataFile;
use crate::table::Table;

/// The rows of one file, as delivered. All of them are in memory at once, three times over.
const TARGET_RAW_BYTES: u64 = 128 << 20;

/// Fewer files of a day that still gets events are not worth the writing.
const MANY_FILES: usize = 4;

/// How long a day gets events: CloudTrail delivers within minutes, and seldom later than this.
const OPEN_FOR: TimeDelta = TimeDelta::days(2);

/// What a file's events are guessed to have been, if another program wrote it.
const GUESSED_RATIO: u64 = 8;

/// What a compaction did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Small files that went.
    pub files_before: u64,
    /// Files that hold their rows now.
    pub files_after: u64,
    /// The bytes of those that went.
    pub bytes_before: u64,
    /// The bytes of those that came; 0 in a dry run.
    pub bytes_after: u64,
}

impl Table {
    /// Puts small files of the same day together.
    pub async fn compact(&self, now: DateTime<Utc>) -> Result<Compacted> {
        let mut done = Compacted::default();
        let mut attempt = 0;
        loop {
            let (files, delta) = self.files_and_state().await.map_err(|error| error.at(self.place()))?;
            let Some(group) = groups(&files, now).into_iter().next() else { return Ok(done) };
            let merged = self.merge(&group).await.map_err(|error| error.at(self.place()))?;
            let added = std::slice::from_ref(&merged);
            let replacement = Replacement { removed: &group, added, changes: Changes::Layout, said: None };
            let operation = DeltaOperation::Optimize {
                predicate: None,
                target_size: i64::try_from(TARGET_RAW_BYTES).unwrap_or(i64::MAX),
            };
            match self.replace(&delta, replacement, operation, now).await {
                Ok(()) => {
                    attempt = 0;
                    done.count(&group, added);
                }
                Err(error) if is_collision(&error) && attempt < attempts().end => {
                    attempt += 1;
                    tokio::time::sleep(pause(attempt)).await;
                }
                Err(error) if is_collision(&error) => return Err(too_busy().at(self.place())),
                Err(error) => return Err(self.failed(error, "compact").at(self.place())),
            }
        }
    }

    /// Says what [`Table::compact`] would do.
    pub async fn compactible(&self, now: DateTime<Utc>) -> Result<Compacted> {
        let mut planned = Compacted::default();
        for group in groups(&self.snapshot().await?.files, now) {
            planned.count(&group, &[]);
            planned.files_after += 1;
        }
        Ok(planned)
    }

    async fn merge(&self, group: &[DataFile]) -> Result<DataFile> {
        let mut parts = Vec::with_capacity(group.len());
        for file in group {
            parts.push((file.clone(), self.fetch(file).await?));
        }
        let table = self.clone();
        let encode = move || merge_rows(&table, parts);
        let encoded = tokio::task::spawn_blocking(encode).await.map_err(failure::task)??;
        self.upload(encoded).await
    }
}

impl Compacted {
    fn count(&mut self, removed: &[DataFile], added: &[DataFile]) {
        self.files_before += removed.len() as u64;
        self.files_after += added.len() as u64;
        self.bytes_before += removed.iter().map(|file| file.size).sum::<u64>();
        self.bytes_after += added.iter().map(|file| file.size).sum::<u64>();
    }
}

/// Small files of a day, smallest first, as many as fit. A file at least half as large as it can get stays as it is, so
/// that no row is written again more often than files double.
fn groups(files: &[DataFile], now: DateTime<Utc>) -> Vec<Vec<DataFile>> {
    let open_since = calendarday((now - OPEN_FOR).timestamp_micros());
    let mut days: BTreeMap<i64, Vec<&DataFile>> = BTreeMap::new();
    for file in files.iter().filter(|file| raw_bytes(file) < TARGET_RAW_BYTES / 2) {
        days.entry(file.day).or_default().push(file);
    }
    let mut groups = Vec::new();
    for mut small in days.into_values() {
        small.sort_by_key(|file| raw_bytes(file));
        let mut group: Vec<DataFile> = Vec::new();
        let mut bytes = 0;
        for file in small {
            if bytes + raw_bytes(file) > TARGET_RAW_BYTES {
                groups.push(std::mem::take(&mut group));
                bytes = 0;
            }
            bytes += raw_bytes(file);
            group.push(file.clone());
        }
        groups.push(group);
    }
    groups.retain(|group| is_worthwhile(group, open_since));
    groups
}

/// While a day's events still come in, few files wait for more, so that no row is written again too often; of a day that is
/// over, one file is left.
fn is_worthwhile(group: &[DataFile], open_since: i64) -> bool {
    let is_open = group.iter().any(|file| file.day >= open_since);
    group.len() >= if is_open { MANY_FILES } else { 2 }
}

fn raw_bytes(file: &DataFile) -> u64 {
    if file.raw_bytes > 0 { file.raw_bytes } else { file.size * GUESSED_RATIO }
}

fn merge_rows(table: &Table, parts: Vec<(DataFile, Bytes)>) -> Result<EncodedFile> {
    let mut batches = Vec::new();
    let mut day = None;
    for (file, bytes) in parts {
        day = Some(file.day);
        batches.extend(rows::decode(&file, bytes, Ok)?);
    }
    let rows = concat_batches(&storage_schema(table.store_type()), &batches);
    let rows = rows.map_err(|error| failure::arrow(error, "put files together"))?;
    drop(batches);
    let day = day.ok_or_else(|| Error::internal("no files were to be put together"))?;
    table.encode_again(day, &sorted(table.store_type(), &rows)?)
}

/// Missing values come last, as ingestion sorts them.
fn sorted(store_type: StoreType, rows: &RecordBatch) -> Result<RecordBatch> {
    let options = Some(SortOptions { descending: false, nulls_first: false });
    let columns: Vec<SortColumn> = sort_columns(store_type)
        .iter()
        .filter_map(|name| Some(SortColumn { values: rows.column_by_name(name)?.clone(), options }))
        .collect();
    let failed = |error| failure::arrow(error, "sort the events");
    let order = lexsort_to_indices(&columns, None).map_err(failed)?;
    take_record_batch(rows, &order).map_err(failed)
}
