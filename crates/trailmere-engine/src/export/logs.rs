//! How do events go back to the layout in which CloudTrail delivers them, each record byte for byte as it came?

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use flate2::Compression;
use flate2::write::GzEncoder;
use object_store::ObjectStoreExt;
use sha2::{Digest, Sha256};
use trailmere_model::{Error, Result};
use trailmere_store::open_export_store;

use super::files::join;
use super::keys::hex;
use super::whole::{ExportReport, ExportRequest, check_range};
use crate::engine::Engine;

/// Bytes of records in a file, before compression, unless they are to be fewer.
const FILE_BYTES: usize = 32 << 20;

/// The columns that say where a record belongs, and the record.
const COLUMNS: &str = "date_format(eventtime, '%Y%m%dT%H%iZ'), coalesce(recipientaccountid, '000000000000'), \
                       coalesce(awsregion, 'us-east-1'), eventjson";
const ORDER: &str = "2, 3, calendarday, eventtime, eventid";

/// Writes the events of a store as delivered log files.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogExport;

/// A log file while it is filled.
struct LogFile {
    /// Account, region and day.
    place: [String; 3],
    /// The minute of its first record.
    minute: String,
    gzip: GzEncoder<Vec<u8>>,
    hash: Sha256,
    records: u64,
    raw_bytes: usize,
}

impl LogExport {
    /// Writes `AWSLogs/<account>/CloudTrail/<region>/YYYY/MM/DD/….json.gz` below the place of the request.
    pub async fn run(self, engine: &Engine, request: &ExportRequest) -> Result<ExportReport> {
        check_range(request)?;
        let sql = request.statement(engine, COLUMNS, ORDER).await?;
        let mut run = engine.query(&sql, &request.query()).await?;
        let mut report = ExportReport::default();
        let mut open: Option<LogFile> = None;
        while let Some(batch) = run.next_batch().await? {
            for row in 0..batch.num_rows() {
                let [minute, account, region, record] = cells(&batch, row)?;
                let place = [account, region, minute.get(..8).unwrap_or_default()];
                if open.as_ref().is_some_and(|file| file.place != place || file.raw_bytes >= FILE_BYTES)
                    && let Some(full) = open.take()
                {
                    close(full, request, &mut report).await?;
                }
                let file = match &mut open {
                    Some(file) => file,
                    None => open.insert(LogFile::new(place, minute)),
                };
                file.push(record)?;
            }
        }
        if let Some(last) = open.take() {
            close(last, request, &mut report).await?;
        }
        Ok(report)
    }
}

fn cells(batch: &RecordBatch, row: usize) -> Result<[&str; 4]> {
    let mut cells = [""; 4];
    for (i, cell) in cells.iter_mut().enumerate() {
        let texts = batch.column(i).as_string_view_opt();
        let texts = texts.ok_or_else(|| Error::internal("the records of an export are no text"))?;
        if texts.is_valid(row) {
            *cell = texts.value(row);
        }
    }
    Ok(cells)
}

impl LogFile {
    fn new(place: [&str; 3], minute: &str) -> Self {
        LogFile {
            place: place.map(str::to_string),
            minute: minute.to_string(),
            gzip: GzEncoder::new(vec![], Compression::default()),
            hash: Sha256::new(),
            records: 0,
            raw_bytes: 0,
        }
    }

    fn push(&mut self, record: &str) -> Result<()> {
        let before = if self.records == 0 { "{\"Records\":[" } else { "," };
        for text in [before, record] {
            self.gzip.write_all(text.as_bytes()).map_err(unwritten)?;
            self.hash.update(text.as_bytes());
        }
        self.records += 1;
        self.raw_bytes += record.len();
        Ok(())
    }
}

/// The unique part of the name comes from the content, so that an export that is repeated writes the same files again.
async fn close(file: LogFile, request: &ExportRequest, report: &mut ExportReport) -> Result<()> {
    let mut gzip = file.gzip;
    gzip.write_all(b"]}").map_err(unwritten)?;
    let bytes = gzip.finish().map_err(unwritten)?;
    let [account, region, day] = &file.place;
    let unique = hex(&file.hash.finalize()[..8]);
    let (year, month_day) = day.split_at_checked(4).unwrap_or((day, ""));
    let (month, day) = month_day.split_at_checked(2).unwrap_or((month_day, ""));
    let minute = &file.minute;
    let name = format!(
        "AWSLogs/{account}/CloudTrail/{region}/{year}/{month}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
    );
    report.add(file.records, bytes.len() as u64);
    let (store, folder) = open_export_store(&request.to).await?;
    store.put(&join(&folder, &name)?, bytes.into()).await.map_err(unwritten)?;
    Ok(())
}

fn unwritten(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("a log file can't be written").source(e)
}
