//! How are rows and log files put together into batches, one being filled while another is written?
//!
//! Log files come in the order of their delivery. So a batch leaves rows of the newest day to the next one, and each day
//! gets one file: opening a file costs a question as much as thousands of rows do. What is written is committed once no
//! rows of its log files are left, or when there is much of it.

use std::collections::HashSet;
use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc::Receiver;
use trailmere_model::Result;
use trailmere_model::time::calendarday;

use super::duplicates::Duplicates;
use super::parcel::{Chunk, Parcel, Row};
use super::tally::Tally;
use super::unit::{Settled, Stage, Unit};
use crate::request::IngestRequest;

/// One part of so many of the memory budget is for the batch being filled. The one being written has as much, sorted
/// copies of it and what encoders hold take the rest.
const BATCH_SHARE: usize = 4;
/// More log files than this are committed early.
const BATCH_FILES: usize = 20_000;
/// So many batches may be written before one is committed.
const UNCOMMITTED_BATCHES: usize = 16;
/// A batch of which this part is rows of days that are over leaves the others to the next one.
const OVER_SHARE: usize = 4;
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
    let mut writing: Option<Writing<'_>> = None;
    let mut is_closed = false;
    loop {
        if writing.is_none() && (filling.is_full() || (is_closed && !filling.is_empty())) {
            writing = Some(write(stage, filling.take(is_closed)));
        }
        tokio::select! {
            written = finish(&mut writing), if writing.is_some() => {
                writing = None;
                match written? {
                    Written::Settled(settled) => {
                        duplicates.committed();
                        tally.settle(stage, settled);
                    }
                    Written::Held(unit) => filling.give_back(unit),
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

type Writing<'a> = Pin<Box<dyn Future<Output = Result<Written>> + Send + 'a>>;

enum Written {
    Settled(Settled),
    /// Rows are uploaded, but some log file of theirs goes on, or has rows that wait.
    Held(Unit),
}

/// What is written at once.
struct Batch {
    chunks: Vec<Chunk>,
    unit: Unit,
    /// Whether nothing is left of its log files, so that they can be committed.
    is_whole: bool,
}

fn write<'a>(stage: &'a Stage<'_>, batch: Batch) -> Writing<'a> {
    let Batch { chunks, mut unit, is_whole } = batch;
    Box::pin(async move {
        stage.store(chunks, &mut unit).await?;
        if is_whole { stage.commit(unit).await.map(Written::Settled) } else { Ok(Written::Held(unit)) }
    })
}

async fn finish(writing: &mut Option<Writing<'_>>) -> Result<Written> {
    match writing {
        Some(writing) => writing.await,
        None => std::future::pending().await,
    }
}

/// The batch being filled.
#[derive(Default)]
struct Filling {
    limit: usize,
    chunks: Vec<Chunk>,
    bytes: usize,
    unit: Unit,
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
        self.unit.files.extend(parcel.files);
    }

    fn is_full(&self) -> bool {
        (self.bytes >= self.limit && !self.chunks.is_empty())
            || (self.unit.files.len() >= BATCH_FILES && self.open.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.unit.files.is_empty() && self.unit.data.is_empty()
    }

    /// Takes what is written next: the rows of days that are over, or everything.
    fn take(&mut self, is_last: bool) -> Batch {
        let is_due = self.uncommitted >= UNCOMMITTED_BATCHES * self.limit || self.unit.files.len() >= BATCH_FILES;
        let today = self.today().filter(|_| !is_last && !is_due);
        let (chunks, left) = match today {
            Some(today) => split(std::mem::take(&mut self.chunks), today),
            None => (std::mem::take(&mut self.chunks), vec![]),
        };
        self.uncommitted += self.bytes;
        self.bytes = left.iter().map(|chunk| chunk.bytes).sum();
        self.uncommitted -= self.bytes;
        self.chunks = left;
        let is_whole = self.open.is_empty() && self.chunks.is_empty();
        if is_whole {
            self.uncommitted = 0;
        }
        Batch { chunks, unit: std::mem::take(&mut self.unit), is_whole }
    }

    /// The day of which log files still come, if enough rows are of days before it.
    fn today(&self) -> Option<i64> {
        let reached = self.reached.iter().copied().min()??;
        let today = calendarday((reached - LATENESS).timestamp_micros());
        let is_over = |row: &&Row| row.is_before(today);
        let over = |chunk: &Chunk| chunk.bytes / chunk.rows.len().max(1) * chunk.rows.iter().filter(is_over).count();
        let bytes: usize = self.chunks.iter().map(over).sum();
        (bytes > 0 && bytes >= self.limit / OVER_SHARE).then_some(today)
    }

    fn give_back(&mut self, held: Unit) {
        self.unit.files.extend(held.files);
        for (target, files) in held.data {
            self.unit.data.entry(target).or_default().extend(files);
        }
    }
}

/// The rows of days before this one, and the others.
fn split(chunks: Vec<Chunk>, today: i64) -> (Vec<Chunk>, Vec<Chunk>) {
    let (mut over, mut left) = (vec![], vec![]);
    for chunk in chunks {
        let (before, since) = chunk.split(today);
        over.extend(before);
        left.extend(since);
    }
    (over, left)
}

#[cfg(test)]
mod tests;
