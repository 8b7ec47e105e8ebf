//! How are rows and log files put together into batches, one being filled while another is written?
//!
//! Log files come in the order of their delivery. So a batch leaves rows of the newest day to the next one, and the few that
//! come late for days before, and each day gets one file: opening a file costs a question as much as thousands of rows do.
//! What is written is committed once no rows of its log files are left, or when there is much of it.

mod writing;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc::Receiver;
use trailmere_model::Result;
use trailmere_model::time::calendarday;

use super::duplicates::Duplicates;
use super::parcel::{Chunk, FileResult, Parcel};
use super::tally::Tally;
use super::unit::Stage;
use crate::request::IngestRequest;
use writing::Writing;

/// One part of so many of the memory budget is for the batch being filled. The one being written has as much, sorted
/// copies of it and what encoders hold take the rest.
const BATCH_SHARE: usize = 4;
/// More log files than this are committed early.
const BATCH_FILES: usize = 20_000;
/// So many batches may be written before one is committed.
const UNCOMMITTED_BATCHES: usize = 16;
/// A batch of which this part is rows of days that are over leaves the others to the next one.
const OVER_SHARE: usize = 4;
/// Rows of a day that are less than this part of a batch wait for more.
const LITTLE_SHARE: usize = 32;
/// Log files come so much after their events, or after others that were delivered later.
const LATENESS: TimeDelta = TimeDelta::minutes(30);

/// About how much memory the rows of a batch take.
pub(super) fn batch_bytes(request: &IngestRequest) -> usize {
    request.memory / BATCH_SHARE
}

/// Takes parcels until there are no more; every log file is committed with all its rows or not at all.
pub(super) async fn assemble(
    stage: &Stage<'_>,
    request: &IngestRequest,
    duplicates: &Duplicates,
    mut parcels: Receiver<Parcel>,
) -> Result<Tally> {
    let mut filling = Filling::new(batch_bytes(request), stage.threads);
    let mut tally = Tally::new(stage.plan.targets.len());
    let mut writing = Writing::new(stage, filling.limit);
    let mut is_closed = false;
    loop {
        while writing.has_room() && (filling.is_full() || (is_closed && !filling.is_empty())) {
            writing.write(filling.take(is_closed));
        }
        tokio::select! {
            settled = writing.next(), if !writing.is_idle() => {
                if let Some(settled) = settled? {
                    duplicates.committed();
                    tally.settle(stage, settled);
                }
            }
            parcel = parcels.recv(), if !is_closed && !filling.is_full() => match parcel {
                Some(parcel) => filling.add(parcel),
                None => is_closed = true,
            },
            else => break,
        }
    }
    Ok(tally)
}

/// What is written at once.
struct Batch {
    chunks: Vec<Chunk>,
    bytes: usize,
    /// The log files to commit, if nothing is left of them.
    whole: Option<Vec<FileResult>>,
}

/// The batch being filled.
#[derive(Default)]
struct Filling {
    limit: usize,
    chunks: Vec<Chunk>,
    bytes: usize,
    /// Log files that ended, and are not committed.
    files: Vec<FileResult>,
    /// Log files of which rows are here or uploaded, and more are to come.
    open: HashSet<u64>,
    /// Of each thread that decodes, when the newest of its log files was delivered; it goes on from there.
    reached: Vec<Option<DateTime<Utc>>>,
    /// Of rows that are written and not committed.
    uncommitted: usize,
}

impl Filling {
    /// Takes parcels of so many threads.
    fn new(limit: usize, threads: usize) -> Self {
        Self { limit, reached: vec![None; threads], ..Self::default() }
    }

    fn add(&mut self, parcel: Parcel) {
        for file in &parcel.files {
            self.open.remove(&file.number);
        }
        self.open.extend(parcel.open);
        self.bytes += parcel.chunks.iter().map(|chunk| chunk.bytes).sum::<usize>();
        self.chunks.extend(parcel.chunks);
        if let Some(reached) = self.reached.get_mut(parcel.thread) {
            let times = parcel.files.iter().filter_map(|file| file.task.file.delivered());
            *reached = times.chain(*reached).max();
        }
        self.files.extend(parcel.files);
    }

    fn is_full(&self) -> bool {
        (self.bytes >= self.limit && !self.chunks.is_empty())
            || (self.files.len() >= BATCH_FILES && self.open.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.files.is_empty()
    }

    /// Takes what is written next: the rows of days that are over, or everything.
    fn take(&mut self, is_last: bool) -> Batch {
        let is_due = self.uncommitted >= UNCOMMITTED_BATCHES * self.limit || self.files.len() >= BATCH_FILES;
        let over = if is_last || is_due { vec![] } else { self.over() };
        let (chunks, left) = match over.is_empty() {
            false => split(std::mem::take(&mut self.chunks), &over),
            true => (std::mem::take(&mut self.chunks), vec![]),
        };
        let left_bytes = left.iter().map(|chunk| chunk.bytes).sum();
        let bytes = std::mem::replace(&mut self.bytes, left_bytes).saturating_sub(left_bytes);
        self.chunks = left;
        self.uncommitted += bytes;
        let is_whole = self.open.is_empty() && self.chunks.is_empty();
        if is_whole {
            self.uncommitted = 0;
        }
        Batch { chunks, bytes, whole: is_whole.then(|| std::mem::take(&mut self.files)) }
    }

    /// The days that are over and have many rows, if these are enough to write them.
    fn over(&self) -> Vec<i64> {
        let Some(reached) = self.reached.iter().copied().min().flatten() else { return vec![] };
        let today = calendarday((reached - LATENESS).timestamp_micros());
        let mut days: BTreeMap<i64, usize> = BTreeMap::new();
        for chunk in &self.chunks {
            let row_bytes = chunk.bytes / chunk.rows.len().max(1);
            for row in chunk.rows.iter().filter(|row| row.targets != 0 && row.day < today) {
                *days.entry(row.day).or_default() += row_bytes;
            }
        }
        days.retain(|_, bytes| *bytes > 0 && *bytes >= self.limit / LITTLE_SHARE);
        let is_enough = days.values().sum::<usize>() >= self.limit / OVER_SHARE;
        if is_enough { days.into_keys().collect() } else { vec![] }
    }
}

/// The rows of these days, and the others.
fn split(chunks: Vec<Chunk>, days: &[i64]) -> (Vec<Chunk>, Vec<Chunk>) {
    let (mut over, mut left) = (vec![], vec![]);
    for chunk in chunks {
        let (of_days, others) = chunk.split(days);
        over.extend(of_days);
        left.extend(others);
    }
    (over, left)
}

#[cfg(test)]
mod tests;
