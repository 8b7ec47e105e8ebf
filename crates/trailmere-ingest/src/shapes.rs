//! In what shapes do people have CloudTrail records on disk, and where are the records in each?
//!
//! A shape is recognised by content, never by name. Shapes may nest: a line of a log export holds a CloudWatch Logs
//! batch, its message an EventBridge event, its detail the record.

mod classify;
mod file;
mod resync;

use trailmere_model::Error;

use crate::decode::{FileEnd, FileReport, Level, RecordSink, Rejected};
use crate::inflate::RawText;

use file::FileReader;

/// What a file is, by the first thing recognised in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is in it.
    Empty,
    /// `{"Records":[…]}`: a log file as CloudTrail delivers it.
    Records,
    /// `[…]`.
    Array,
    /// One record, one per line, or records back to back.
    Objects,
    /// Lines of a time and a record: an export of CloudWatch Logs.
    LogLines,
    /// `{"Events":[{"CloudTrailEvent":"…"}…]}`: what `lookup-events` prints.
    LookupEvents,
    /// EventBridge events, the record in `detail`.
    EventBridge,
    /// `{"logEvents":[{"message":"…"}…]}`: a CloudWatch Logs subscription.
    CloudWatchLogs,
    /// `{"events":[{"message":"…"}…]}`: what `filter-log-events` prints.
    FilterLogEvents,
    /// `{"QueryResultRows":[…]}`: results of a Lake query, with the `eventJson` column.
    ResultRows,
    /// Notices of new log files; see [`FileReport::notices`].
    Notices,
    /// A digest file: no events.
    Digest,
    /// Aggregated data events, which no store takes.
    Aggregated,
    /// Nothing of CloudTrail's.
    Unknown,
}

/// A notice (from SNS) that log files were delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The bucket.
    pub bucket: String,
    /// The keys of the log files in it.
    pub keys: Vec<String>,
}

/// Reads a file's text to its end, or as far as it can be read.
pub(crate) fn read(
    text: &mut RawText<'_>,
    levels: &mut [Level],
    record_bytes: usize,
    sink: &mut dyn RecordSink,
) -> FileReport {
    let mut out = Output::new(sink);
    let halted = FileReader::new(text, levels, record_bytes, &mut out).read();
    let mut report = out.report;
    if let (0, 0, Some(shape)) = (report.events, report.rejected, out.skipped) {
        // A list of aggregated events is above all no list of events.
        report.shape = shape;
    }
    report.raw_bytes = text.total_bytes();
    report.end = match (halted, text.take_failure()) {
        (Err(Halt::Stopped(error)), _) => FileEnd::Stopped(error),
        (_, Some(error)) | (Err(Halt::Cut(error)), None) => {
            FileEnd::Cut(error.at(format!("byte {} of the text", report.raw_bytes)))
        }
        (Ok(()) | Err(Halt::Foreign), None) => FileEnd::Whole,
    };
    report
}

/// Why reading stops before the end.
pub(crate) enum Halt {
    Cut(Error),
    /// The file is none of ours; the rest is of no interest.
    Foreign,
    Stopped(Error),
}

/// Without any event among this many records, a file is none of CloudTrail's.
const HOPELESS_REJECTS: u64 = 1_000;

/// Where records go, and what is counted.
pub(crate) struct Output<'s> {
    sink: &'s mut dyn RecordSink,
    report: FileReport,
    /// Where the record at hand begins.
    offset: u64,
    /// Within a CloudWatch Logs control message, nothing is a record.
    control: bool,
    /// What was skipped last.
    skipped: Option<Shape>,
}

impl<'s> Output<'s> {
    fn new(sink: &'s mut dyn RecordSink) -> Self {
        let report = FileReport {
            shape: Shape::Empty,
            end: FileEnd::Whole,
            records: 0,
            events: 0,
            rejected: 0,
            skipped: 0,
            raw_bytes: 0,
            notices: Vec::new(),
        };
        Self { sink, report, offset: 0, control: false, skipped: None }
    }

    /// Notes a shape; the first one names the file.
    fn saw(&mut self, shape: Shape) {
        if matches!(self.report.shape, Shape::Empty | Shape::Unknown) {
            self.report.shape = shape;
        }
    }

    fn skip(&mut self, shape: Shape) {
        self.saw(shape);
        self.report.records += 1;
        self.report.skipped += 1;
        self.skipped = Some(shape);
    }

    fn reject(&mut self, bytes: &[u8], reason: impl Into<String>) -> Result<(), Halt> {
        self.saw(Shape::Unknown);
        let rejected = Rejected { index: self.report.records, offset: self.offset, reason: reason.into(), bytes };
        self.report.records += 1;
        self.report.rejected += 1;
        self.sink.rejected(&rejected).map_err(Halt::Stopped)?;
        if self.report.events == 0 && self.report.rejected >= HOPELESS_REJECTS {
            let message = format!("no event among the first {} records; the rest was not read", self.report.records);
            return Err(Halt::Cut(Error::invalid(message).hint("check that this is a CloudTrail log file")));
        }
        Ok(())
    }
}
