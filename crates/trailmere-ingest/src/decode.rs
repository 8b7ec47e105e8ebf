//! How does a delivered log file become rows of a store? This is the whole of the decoder's interface:
//!
//! ```text
//! Decoder::read(input, sink) ──► inflate ──► shape ──► each record scanned once, in place
//!    sink.record(&ScannedRecord)   what it is: event_time(), store_type(), with_facts(|facts| …), event_id(), json();
//!       │                          nothing was copied yet: filter, deduplicate, check retention here
//!       └► EventBuilder::append(&record, log_file, ingested)      one builder per store type (and day, and store)
//!            └► EventBuilder::finish() ──► RecordBatch             in storage_schema, unsorted
//!    sink.rejected(&Rejected)      what is not an event: index, offset, reason, bytes
//! ──► FileReport                   shape, counts, and whether the file was read to its end
//! ```
//!
//! A [`Decoder`] belongs to one thread and is used for one file after the other. An error from the sink stops the file.
//!
//! Rules that the formats leave open:
//! - of a key given twice, the last one counts; in a map it stands where the last one stood;
//! - invalid UTF-8 becomes U+FFFD, in `eventjson` too (a string column can hold nothing else); half a surrogate pair
//!   becomes U+FFFD in string columns, while `eventjson` and nested JSON text keep the escape as delivered;
//! - a record must be valid JSON otherwise (RFC 8259); one that is not is rejected, and reading goes on at the next event;
//! - top-level keys are case-sensitive, struct members are not (`ARN`, `arn`), map keys keep their case.

mod builder;
mod column;
mod compact;
mod insight;
mod keys;
mod record;
mod scan;
mod tape;
mod text;

use trailmere_model::{Error, Result};

pub use builder::EventBuilder;
pub use record::ScannedRecord;

pub use crate::inflate::Input;
pub use crate::shapes::{Notice, Shape};

pub(crate) use keys::{Key, Slots};
pub(crate) use record::category;
pub(crate) use scan::{Begin, Scan, Stop, space_length};
pub(crate) use tape::{ABSENT, Json, NodeKind};

use crate::inflate::Inflation;
use crate::shapes;

/// What takes the records of a file, in the order in which they stand in it.
pub trait RecordSink {
    /// Takes an event. An error stops the file: [`FileEnd::Stopped`].
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()>;

    /// Takes what is not an event. An error stops the file.
    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<()>;
}

/// A piece of a file that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<'a> {
    /// Its position among the records of its file, from 0.
    pub index: u64,
    /// Where it begins in the inflated text of its file.
    pub offset: u64,
    /// Why it is no event.
    pub reason: String,
    /// Its bytes as delivered; of one larger than [`DecoderOptions::record_bytes`], the beginning.
    pub bytes: &'a [u8],
}

/// What reading one file came to.
#[derive(Debug)]
pub struct FileReport {
    /// What the file is.
    pub shape: Shape,
    /// Whether it was read to its end.
    pub end: FileEnd,
    /// Everything that stands for a record: `events + rejected + skipped`.
    pub records: u64,
    /// Events handed to the sink.
    pub events: u64,
    /// What was rejected.
    pub rejected: u64,
    /// What is known and no event of any store: digests, aggregated events, notices, control messages.
    pub skipped: u64,
    /// The size of the inflated text, as far as it was read.
    pub raw_bytes: u64,
    /// Files that notices in this file announce.
    pub notices: Vec<Notice>,
}

/// How reading a file ended.
#[derive(Debug)]
pub enum FileEnd {
    /// All of it was read.
    Whole,
    /// It is cut short, corrupt or unreadable from some point on; everything before that was handed over.
    Cut(Error),
    /// The sink failed.
    Stopped(Error),
}

/// Limits of a decoder.
#[derive(Clone, Copy, Debug)]
pub struct DecoderOptions {
    /// A file whose inflated text is at most this large is inflated at once; a larger one comes in chunks.
    pub whole_bytes: usize,
    /// A larger record is rejected. CloudTrail's own have at most 1 MB.
    pub record_bytes: usize,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self { whole_bytes: 32 << 20, record_bytes: 16 << 20 }
    }
}

/// Reads delivered files; keeps its buffers from one to the next.
pub struct Decoder {
    options: DecoderOptions,
    inflation: Inflation,
    levels: Vec<Level>,
}

/// What scanning needs; records within strings within records need one more each.
pub(crate) struct Level {
    pub(crate) scan: Scan,
    pub(crate) slots: Slots,
}

/// A file, an SNS message in it, a CloudWatch Logs batch in that, its message: nobody nests deeper.
const LEVELS: usize = 5;

impl Decoder {
    /// A decoder with these limits.
    pub fn new(options: DecoderOptions) -> Self {
        let level = || Level { scan: Scan::default(), slots: Slots::new() };
        Self {
            options,
            inflation: Inflation::new(options.whole_bytes),
            levels: std::iter::repeat_with(level).take(LEVELS).collect(),
        }
    }

    /// Reads one file and hands its records to `sink`.
    pub fn read(&mut self, input: Input<'_>, sink: &mut dyn RecordSink) -> FileReport {
        let mut text = self.inflation.open(input);
        let report = shapes::read(&mut text, &mut self.levels, self.options.record_bytes, sink);
        self.inflation.close(text);
        for level in &mut self.levels {
            level.scan.shrink();
        }
        report
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DecoderOptions::default())
    }
}
