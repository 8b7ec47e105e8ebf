//! What goes from the threads that decode to the one that puts batches together?

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use trailmere_model::{Error, Kind, Result, StoreType};
use trailmere_store::{FileOutcome, LedgerEntry, Quarantined, Verified};

use super::plan::Task;
use crate::decode::{FileEnd, FileReport, Rejected, Shape};

/// Of a log file that is mostly rejected, no more records than these are kept.
const MAX_REJECTED: usize = 20_000;
/// And no more bytes than these in whole records.
const REJECTED_BYTES: usize = 4 << 20;
const REJECTED_BEGINNING: usize = 256;

/// Rows, and the log files that ended with them.
#[derive(Default)]
pub(crate) struct Parcel {
    /// The number of the thread that decoded it.
    pub(crate) thread: usize,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) files: Vec<FileResult>,
    /// The number of the log file that goes on in the next parcel of the same thread.
    pub(crate) open: Option<u64>,
}

/// Rows of one type of store, in the order in which they came.
pub(crate) struct Chunk {
    pub(crate) store_type: StoreType,
    pub(crate) batch: RecordBatch,
    pub(crate) rows: Vec<Row>,
    /// About how much memory the rows take.
    pub(crate) bytes: usize,
}

/// Of a chunk that has fewer wanted rows than one of so many, these are copied: a few rows should not keep all in memory.
const FEW_ROWS: usize = 8;

impl Chunk {
    /// The rows of these days, and the others. Rows of a chunk that has both are not copied if they are many: in each of the
    /// two, those of the other go nowhere.
    pub(crate) fn split(self, days: &[i64]) -> (Option<Chunk>, Option<Chunk>) {
        let is_of_days = |row: &Row| days.contains(&row.day);
        let live = || self.rows.iter().filter(|row| row.targets != 0);
        if !live().any(is_of_days) {
            return (None, Some(self));
        }
        if live().all(is_of_days) {
            return (Some(self), None);
        }
        (self.only(&is_of_days), self.only(&|row| !is_of_days(row)))
    }

    fn only(&self, is_wanted: &dyn Fn(&Row) -> bool) -> Option<Chunk> {
        let wanted = |row: &Row| row.targets != 0 && is_wanted(row);
        let count = self.rows.iter().filter(|row| wanted(row)).count();
        if count * FEW_ROWS < self.rows.len() {
            let at: UInt32Array = (0..self.rows.len() as u32).filter(|at| wanted(&self.rows[*at as usize])).collect();
            if let Ok(batch) = take_record_batch(&self.batch, &at) {
                let rows = self.rows.iter().filter(|row| wanted(row)).copied().collect();
                return Some(Chunk { store_type: self.store_type, bytes: batch.get_array_memory_size(), batch, rows });
            }
        }
        let rows = self.rows.iter().map(|row| if wanted(row) { *row } else { Row { targets: 0, ..*row } });
        Some(Chunk { rows: rows.collect(), batch: self.batch.clone(), ..*self })
    }
}

/// Where a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// `YYYYMMDD`.
    pub(crate) day: i64,
    /// The targets, a bit each.
    pub(crate) targets: u64,
}

/// How a log file went.
#[derive(Debug)]
pub(crate) struct FileResult {
    pub(crate) number: u64,
    pub(crate) task: Task,
    pub(crate) end: End,
    pub(crate) records: u64,
    /// Events of types that no target is there for.
    pub(crate) unclaimed: u64,
    pub(crate) rejected: Vec<Quarantined>,
    pub(crate) rejected_records: u64,
    rejected_bytes: usize,
    pub(crate) raw_bytes: u64,
    /// By target.
    pub(crate) counts: Vec<Counts>,
    /// The hash of each record taken, and the targets that took it.
    pub(crate) taken: Vec<(u64, u64)>,
    /// How it stands to its digest, if that was asked for.
    pub(crate) verified: Option<Verified>,
}

/// How reading a log file ended.
#[derive(Debug)]
pub(crate) enum End {
    Whole,
    /// It holds no records: a digest, aggregated events, something else.
    Skipped(String),
    /// What is wrong with it, and whether the bytes are at fault rather than the way to them.
    Broken {
        reason: String,
        is_content: bool,
    },
}

/// What a target did with a log file's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) filtered: u64,
    pub(crate) expired: u64,
    pub(crate) duplicate: u64,
    pub(crate) repeated: u64,
    pub(crate) raw_bytes: u64,
}

impl End {
    /// Nothing of the file came.
    pub(crate) fn unreadable(error: &Error) -> Self {
        Self::Broken { reason: said(error), is_content: false }
    }
}

impl Counts {
    /// Whether any event of the target's type was in the file.
    pub(crate) fn is_touched(&self) -> bool {
        self.events + self.filtered + self.expired + self.duplicate + self.repeated > 0
    }
}

impl FileResult {
    /// A log file of which nothing was read yet.
    pub(crate) fn begin(number: u64, task: Task, targets: usize) -> Self {
        Self {
            number,
            task,
            end: End::Whole,
            records: 0,
            unclaimed: 0,
            rejected: Vec::new(),
            rejected_records: 0,
            rejected_bytes: 0,
            raw_bytes: 0,
            counts: vec![Counts::default(); targets],
            taken: Vec::new(),
            verified: None,
        }
    }

    /// Takes over what reading the file came to.
    pub(crate) fn finish(&mut self, report: FileReport) -> Result<End> {
        // Digests and the like stand for a record each, but hold none.
        self.records = report.events + report.rejected;
        self.raw_bytes = report.raw_bytes;
        let is_foreign = report.events == 0 && report.shape == Shape::Unknown;
        match report.end {
            FileEnd::Stopped(error) => Err(error.at(format!("log file `{}`", self.task.file.location))),
            FileEnd::Cut(error) if !(is_foreign && error.kind() == Kind::Invalid) => {
                let is_content = error.kind() != Kind::Unavailable;
                Ok(End::Broken { reason: said(&error), is_content })
            }
            _ if is_foreign => {
                // A picture or a read-me among the logs is no rejected event.
                self.rejected.clear();
                self.rejected_records = 0;
                self.records = 0;
                Ok(End::Skipped("it holds no CloudTrail records".to_owned()))
            }
            _ if report.events == 0 && report.rejected == 0 => Ok(End::Skipped(empty(report.shape).to_owned())),
            _ => Ok(End::Whole),
        }
    }

    /// Keeps what is no event; of a file with very many such, less of each, and in the end only their number.
    pub(crate) fn reject(&mut self, rejected: &Rejected<'_>, ingested: i64) {
        self.rejected_records += 1;
        if self.rejected.len() >= MAX_REJECTED {
            return;
        }
        let is_last = self.rejected.len() + 1 == MAX_REJECTED;
        let kept = if self.rejected_bytes > REJECTED_BYTES { REJECTED_BEGINNING } else { Quarantined::MAX_BYTES };
        let bytes = rejected.bytes[..rejected.bytes.len().min(kept)].to_vec();
        self.rejected_bytes += bytes.len();
        let reason = if is_last {
            "as many are rejected as are kept of a file; more may follow".to_owned()
        } else {
            rejected.reason.clone()
        };
        self.rejected.push(Quarantined {
            log_file: self.task.file.key.clone(),
            record: rejected.index,
            offset: rejected.offset,
            reason,
            bytes,
            ingested,
        });
    }

    /// Takes nothing of a file that is not what its digest says, and keeps its beginning.
    pub(crate) fn refuse(&mut self, why: &str, bytes: &[u8], ingested: i64) -> End {
        let reason = format!("it is not what CloudTrail delivered: {why}");
        self.rejected_records = 1;
        self.rejected.push(Quarantined {
            log_file: self.task.file.key.clone(),
            record: 0,
            offset: 0,
            reason: reason.clone(),
            bytes: bytes[..bytes.len().min(Quarantined::MAX_BYTES)].to_vec(),
            ingested,
        });
        End::Broken { reason, is_content: true }
    }

    /// Forgets which records were taken, of a log file that was read to its end: they tell only what the next copy of one
    /// that was not may leave out.
    pub(crate) fn forget_taken(&mut self) {
        if !matches!(self.end, End::Broken { .. }) {
            self.taken = Vec::new();
        }
    }

    /// Whether the ledger is to know of it: not if only the way to the file failed, and nothing came.
    pub(crate) fn is_for_ledger(&self) -> bool {
        !matches!(self.end, End::Broken { is_content: false, .. }) || self.records > 0
    }

    /// The ledger's entry for a target.
    pub(crate) fn entry(&self, target: usize, ingested: i64) -> LedgerEntry {
        let counts = self.counts[target];
        let file = &self.task.file;
        let (outcome, reason, is_content) = match &self.end {
            End::Whole => (FileOutcome::Complete, None, true),
            End::Skipped(reason) => (FileOutcome::Complete, Some(reason.clone()), true),
            End::Broken { reason, is_content } => {
                let outcome = if self.records > 0 { FileOutcome::Partial } else { FileOutcome::Failed };
                (outcome, Some(reason.clone()), *is_content)
            }
        };
        let took = |(hash, targets): &(u64, u64)| (targets >> target & 1 == 1).then_some(*hash);
        let taken = if outcome == FileOutcome::Complete { Vec::new() } else { self.all_taken(target, took) };
        LedgerEntry {
            log_file: file.key.clone(),
            // Without size and ETag the same copy is read again: nothing is wrong with it.
            size: if is_content { file.size } else { 0 },
            etag: file.etag.clone().filter(|_| is_content),
            outcome,
            reason,
            records: self.records,
            events: counts.events,
            filtered: counts.filtered,
            expired: counts.expired,
            duplicate: counts.duplicate,
            quarantined: self.rejected_records,
            bytes_in: file.size,
            raw_bytes: self.raw_bytes,
            ingested,
            taken,
            verified: self.verified,
        }
    }

    /// What was taken now and what was before: the copy after this one may be the whole one.
    fn all_taken(&self, target: usize, took: impl Fn(&(u64, u64)) -> Option<u64>) -> Vec<u64> {
        let before = self.task.taken.iter().filter(|(index, _)| *index == target);
        let repeated = before.flat_map(|(_, counts)| counts.iter());
        let repeated = repeated.flat_map(|(hash, count)| std::iter::repeat_n(*hash, *count as usize));
        self.taken.iter().filter_map(took).chain(repeated).collect()
    }
}

fn said(error: &Error) -> String {
    match error.place() {
        Some(place) => format!("{} ({place})", error.message()),
        None => error.message().to_owned(),
    }
}

fn empty(shape: Shape) -> &'static str {
    match shape {
        Shape::Digest => "it is a digest file",
        Shape::Aggregated => "it holds aggregated events, which no event data store takes",
        Shape::Notices => "it holds notices of new log files",
        Shape::Empty => "it is empty",
        _ => "it holds no events",
    }
}
