//! What goes from the threads that decode to the one that puts batches together?

use arrow::array::RecordBatch;
use trailmere_model::StoreType;
use trailmere_store::{FileOutcome, LedgerEntry, Quarantined};

use super::plan::Task;

/// Rows, and the log files that ended with them.
#[derive(Default)]
pub(crate) struct Parcel {
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
    pub(crate) rejected_bytes: usize,
    pub(crate) raw_bytes: u64,
    /// By target.
    pub(crate) counts: Vec<Counts>,
    /// The hash of each record taken, and the targets that took it.
    pub(crate) taken: Vec<(u64, u64)>,
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

impl Counts {
    /// Whether any event of the target's type was in the file.
    pub(crate) fn is_touched(&self) -> bool {
        self.events + self.filtered + self.expired + self.duplicate + self.repeated > 0
    }
}

impl FileResult {
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
            quarantined: self.rejected.len() as u64,
            bytes_in: file.size,
            raw_bytes: self.raw_bytes,
            ingested,
            taken,
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
