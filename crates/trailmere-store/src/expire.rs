//! How are events removed that their store's retention no longer keeps?
//!
//! Files with nothing else are removed; files that also hold younger events are written anew without the expired ones.
//! Both happen in one Delta commit, so that a reader sees the state before or after, never both or neither.

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use deltalake::protocol::DeltaOperation;
use serde::Serialize;
use trailmere_model::time::calendarday;
use trailmere_model::{EVENTTIME, Error, Result, Retention, retention_cutoff, storage_schema};

use crate::balance::Removal;
use crate::commit::{attempts, is_collision, pause, too_busy};
use crate::failure;
use crate::rows::{self, Changes, Replacement};
use crate::snapshot::DataFile;
use crate::stats::StatValue;
use crate::table::Table;

/// What an expiry removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Files with nothing but expired events.
    pub files_removed: u64,
    /// Files that also hold younger events, written anew.
    pub files_rewritten: u64,
    /// Expired events; at most so many in a dry run, where files are not opened.
    pub events: u64,
    /// Bytes of the files that go, less those that are written.
    pub bytes: u64,
}

/// The files that hold expired events.
#[derive(Debug, Default)]
struct Plan {
    whole: Vec<DataFile>,
    straddling: Vec<DataFile>,
}

impl Table {
    /// Removes the events that are past their retention at `now`.
    pub async fn expire(&self, retention: Retention, now: DateTime<Utc>) -> Result<Expired> {
        let Some(cutoff) = retention_cutoff(retention, now.timestamp_micros()) else { return Ok(Expired::default()) };
        for attempt in attempts() {
            if let Some(expired) = self.try_expire(cutoff, now).await.map_err(|error| error.at(self.place()))? {
                return Ok(expired);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(too_busy().at(self.place()))
    }

    /// Says what [`Table::expire`] would remove, by the files' statistics alone.
    pub async fn expirable(&self, retention: Retention, now: DateTime<Utc>) -> Result<Expired> {
        let Some(cutoff) = retention_cutoff(retention, now.timestamp_micros()) else { return Ok(Expired::default()) };
        let plan = plan(&self.snapshot().await?.files, cutoff);
        Ok(Expired {
            files_removed: plan.whole.len() as u64,
            files_rewritten: plan.straddling.len() as u64,
            events: plan.whole.iter().chain(&plan.straddling).map(|file| file.rows).sum(),
            bytes: plan.whole.iter().map(|file| file.size).sum(),
        })
    }

    async fn try_expire(&self, cutoff: i64, now: DateTime<Utc>) -> Result<Option<Expired>> {
        let (files, delta) = self.files_and_state().await?;
        let plan = plan(&files, cutoff);
        if plan.whole.is_empty() && plan.straddling.is_empty() {
            return Ok(Some(Expired::default()));
        }
        let mut written = Vec::new();
        for file in &plan.straddling {
            written.extend(self.rewrite(file, cutoff).await?);
        }
        let expired = counted(&plan, &written);
        let removed: Vec<DataFile> = plan.whole.iter().chain(&plan.straddling).cloned().collect();
        let predicate = format!("{EVENTTIME} < timestamp '{}'", trailmere_model::time::format_timestamp(cutoff));
        let operation = DeltaOperation::Delete { predicate: Some(predicate) };
        let said = self.removal(&delta, Removal::Expired, expired.events).await;
        let said = said.map(Some).map_err(|error| self.failed(error, "remove expired events from"))?;
        let replacement = Replacement { removed: &removed, added: &written, changes: Changes::Data, said };
        match self.replace(&delta, replacement, operation, now).await {
            Ok(()) => Ok(Some(expired)),
            Err(error) if is_collision(&error) => Ok(None),
            Err(error) => Err(self.failed(error, "remove expired events from")),
        }
    }

    /// The file without its expired rows; none if nothing is left.
    async fn rewrite(&self, file: &DataFile, cutoff: i64) -> Result<Option<DataFile>> {
        let bytes = self.fetch(file).await?;
        let (table, file) = (self.clone(), file.clone());
        let encode = move || {
            let rows = rows::decode(&file, bytes, |rows| unexpired(rows, cutoff))?;
            let rows = concat_batches(&storage_schema(table.store_type()), &rows);
            let rows = rows.map_err(|error| failure::arrow(error, "put together what is kept"))?;
            if rows.num_rows() == 0 { Ok(None) } else { table.encode_again(file.day, &rows).map(Some) }
        };
        match tokio::task::spawn_blocking(encode).await.map_err(failure::task)?? {
            Some(encoded) => self.upload(encoded).await.map(Some),
            None => Ok(None),
        }
    }
}

fn plan(files: &[DataFile], cutoff: i64) -> Plan {
    let mut plan = Plan::default();
    for file in files {
        let (first, last) = times(file);
        match (first, last) {
            (_, Some(last)) if last < cutoff => plan.whole.push(file.clone()),
            (Some(first), _) if first >= cutoff => {}
            // Without statistics, the day tells which files need no look.
            (None, _) if file.day > calendarday(cutoff) => {}
            _ => plan.straddling.push(file.clone()),
        }
    }
    plan
}

/// The first and last event; no last one if rows without a time, which never expire, are among them.
fn times(file: &DataFile) -> (Option<i64>, Option<i64>) {
    let Some(column) = file.stats.column(EVENTTIME) else { return (None, None) };
    let time = |value: &Option<StatValue>| match value {
        Some(StatValue::Timestamp(micros)) => Some(*micros),
        _ => None,
    };
    let last = if column.null_count == Some(0) { time(&column.max) } else { None };
    (time(&column.min), last)
}

fn unexpired(rows: RecordBatch, cutoff: i64) -> Result<RecordBatch> {
    let times = rows.column_by_name(EVENTTIME).and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    let times = times.ok_or_else(|| Error::corrupt(format!("column `{EVENTTIME}` is missing or of another type")))?;
    let keep: BooleanArray =
        (0..times.len()).map(|row| Some(times.is_null(row) || times.value(row) >= cutoff)).collect();
    filter_record_batch(&rows, &keep).map_err(|error| failure::arrow(error, "choose what is kept"))
}

fn counted(plan: &Plan, written: &[DataFile]) -> Expired {
    let gone = || plan.whole.iter().chain(&plan.straddling);
    let rows: u64 = gone().map(|file| file.rows).sum();
    let bytes: u64 = gone().map(|file| file.size).sum();
    Expired {
        files_removed: (plan.whole.len() + plan.straddling.len() - written.len()) as u64,
        files_rewritten: written.len() as u64,
        events: rows - written.iter().map(|file| file.rows).sum::<u64>(),
        bytes: bytes.saturating_sub(written.iter().map(|file| file.size).sum()),
    }
}
