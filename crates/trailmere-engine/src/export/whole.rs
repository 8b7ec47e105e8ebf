//! How does a whole store, or a range of time, get out of the lake as plain files?

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use trailmere_model::{Error, Result};
use trailmere_store::open_export_store;

use super::columns::unique_schema;
use super::delivery::{DeliveredFile, DeliveryFormat};
use super::encode::Shape;
use super::files::{Files, Target};
use super::source::{Rows, places};
use crate::engine::Engine;
use crate::options::QueryRequest;

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The store: its name, id or ARN.
    pub store: String,
    /// Events from then on.
    pub start: Option<DateTime<Utc>>,
    /// Events before.
    pub end: Option<DateTime<Utc>>,
    /// A folder or `s3://bucket/prefix`.
    pub to: String,
    /// Columns whose values become folders.
    pub partition_by: Vec<String>,
    /// No file gets larger than this many bytes.
    pub part_bytes: u64,
    /// What time it is.
    pub now: DateTime<Utc>,
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// Events.
    pub events: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl ExportReport {
    pub(super) fn add(&mut self, rows: u64, bytes: u64) {
        self.events += rows;
        self.files += 1;
        self.bytes += bytes;
    }
}

impl ExportRequest {
    /// `SELECT …` of the events that are meant, with this behind it.
    pub(super) async fn statement(&self, engine: &Engine, columns: &str, order: &str) -> Result<String> {
        let store = engine.lake().find_store(&self.store).await?;
        let time = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut sql = format!("SELECT {columns} FROM \"{}\"", store.id);
        let start = self.start.as_ref().map(|start| format!("eventtime >= '{}'", time(start)));
        let end = self.end.as_ref().map(|end| format!("eventtime < '{}'", time(end)));
        let conditions: Vec<String> = start.into_iter().chain(end).collect();
        if !conditions.is_empty() {
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        if !order.is_empty() {
            sql.push_str(&format!(" ORDER BY {order}"));
        }
        Ok(sql)
    }

    pub(super) fn query(&self) -> QueryRequest {
        QueryRequest { store: None, parameters: vec![], now: self.now, timeout: None }
    }
}

impl Engine {
    /// Writes the events of a store to files of a format.
    pub async fn export(&self, request: &ExportRequest, format: DeliveryFormat) -> Result<ExportReport> {
        check_range(request)?;
        let by: Vec<String> =
            request.partition_by.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        let sql = request.statement(self, "*", &by.join(", ")).await?;
        let run = self.query(&sql, &request.query()).await?;
        let columns = run.columns.clone();
        let partition = places(&unique_schema(&columns), &request.partition_by)?;
        let kept: Vec<_> =
            columns.iter().enumerate().filter(|(i, _)| !partition.contains(i)).map(|(_, c)| c.clone()).collect();
        let shape = Shape { format, schema: unique_schema(&kept), columns: kept, comment: None };
        let (store, folder) = open_export_store(&request.to).await?;
        let target = Target { store, folder, limit: request.part_bytes, written: 0 };
        let mut files = Files::new(Rows::Run(Box::new(run)), shape, &columns, &partition, target);
        let mut report = ExportReport::default();
        while let Some(DeliveredFile { rows, bytes, .. }) = files.next_file().await? {
            report.add(rows, bytes);
        }
        Ok(report)
    }
}

/// A range that is none.
pub(super) fn check_range(request: &ExportRequest) -> Result<()> {
    match (request.start, request.end) {
        (Some(start), Some(end)) if start >= end => Err(Error::invalid("the start must be before the end")),
        _ => Ok(()),
    }
}
