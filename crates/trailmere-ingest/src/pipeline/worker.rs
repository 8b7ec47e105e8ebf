//! How do the records of one log file after the other become rows, on a thread of their own?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{Sender, UnboundedSender};
use trailmere_model::time::calendarday;
use trailmere_model::{Error, Result, StoreType};
use xxhash_rust::xxh3::xxh3_64;

use super::duplicates::Duplicates;
use super::parcel::{Chunk, End, FileResult, Parcel, Row};
use super::plan::{Plan, Task};
use super::target::Choice;
use super::verify::{Checked, verify};
use crate::decode::{Decoder, EventBuilder, FileReport, Input, RecordSink, Rejected, ScannedRecord};
use crate::progress::{Decoded, Step};
use crate::source::{Body, open};
use crate::verify::Standing;

/// A parcel goes out when its rows take about this much, at the end of a log file.
const PARCEL_BYTES: usize = 8 << 20;
/// Or this part of a batch: days end within parcels, and what waits for the next batch keeps whole ones in memory.
const PARCELS_IN_BATCH: usize = 16;
const LEAST_PARCEL_BYTES: usize = 64 << 10;
/// A log file that alone is so many times as large is cut into several parcels.
const CUT: usize = 2;
/// Many log files without rows make a parcel, too.
const PARCEL_FILES: usize = 1024;
/// A log file whose bytes, if they had to come over the network, are here.
pub(crate) struct Fetched {
    pub(crate) task: Task,
    /// `None` for a file on this machine, which is opened by who reads it.
    pub(crate) body: Option<Result<Body>>,
    /// Lets the next files be fetched once this one is read.
    pub(crate) _room: Option<tokio::sync::OwnedSemaphorePermit>,
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) duplicates: Arc<Duplicates>,
    pub(crate) news: UnboundedSender<News>,
    pub(crate) parcels: Sender<Parcel>,
    pub(crate) numbers: Arc<AtomicU64>,
    pub(crate) parcel_bytes: usize,
}

/// What a thread has to tell whoever listens to the ingestion.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    Decoded(Decoded),
    Step(Step),
}

/// About how large parcels are, for batches of so many bytes.
pub(crate) fn parcel_bytes(batch: usize) -> usize {
    (batch / PARCELS_IN_BATCH).clamp(LEAST_PARCEL_BYTES, PARCEL_BYTES)
}

/// Reads log files until `next` has no more, as the thread of this number.
pub(crate) fn work(thread: usize, shared: &Shared, mut next: impl FnMut() -> Option<Fetched>) -> Result<()> {
    let mut decoder = Decoder::default();
    let mut worker = Worker::new(thread, shared);
    while let Some(fetched) = next() {
        worker.read(&mut decoder, fetched)?;
        if worker.is_due() {
            worker.send(None)?;
        }
    }
    worker.send(None)
}

struct Worker<'s> {
    thread: usize,
    shared: &'s Shared,
    builders: [Option<Building>; 5],
    files: Vec<FileResult>,
    /// The log file at hand.
    current: Option<FileResult>,
}

/// Whether a log file is let in.
enum Entry {
    Admitted(Body),
    Refused(End),
}

/// Rows of one type under construction.
struct Building {
    events: EventBuilder,
    rows: Vec<Row>,
}

impl<'s> Worker<'s> {
    fn new(thread: usize, shared: &'s Shared) -> Self {
        Self { thread, shared, builders: Default::default(), files: Vec::new(), current: None }
    }

    fn read(&mut self, decoder: &mut Decoder, fetched: Fetched) -> Result<()> {
        let Fetched { task, body, _room } = fetched;
        let body = body.unwrap_or_else(|| open(&task.file));
        self.tell(News::Step(Step::Fetched));
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let key = task.file.key.clone();
        self.current = Some(FileResult::begin(number, task, self.shared.plan.targets.len()));
        let body = match &self.shared.plan.cover {
            Some(cover) => body.and_then(|body| verify(cover, &key, body)),
            None => body.map(Checked::unasked),
        };
        let end = match body.map(|checked| self.enter(checked)) {
            Ok(Entry::Refused(end)) => end,
            Ok(Entry::Admitted(body)) => self.decode(decoder, body)?,
            Err(error) => End::unreadable(&error),
        };
        let Some(mut file) = self.current.take() else { return Err(Error::internal("the log file at hand was lost")) };
        file.end = end;
        file.forget_taken();
        let (records, bytes_in, raw_bytes) = (file.records, file.task.file.size, file.raw_bytes);
        self.tell(News::Decoded(Decoded { files: 1, records, bytes_in, raw_bytes }));
        self.files.push(file);
        Ok(())
    }

    /// Lets a log file in, unless it is not what its digest says.
    fn enter(&mut self, checked: Checked) -> Entry {
        let Some(file) = &mut self.current else { return Entry::Admitted(checked.body) };
        file.verified = checked.standing.as_ref().map(Standing::verified);
        match (&checked.standing, &checked.body) {
            (Some(Standing::Invalid(why)), Body::Whole(bytes)) => {
                Entry::Refused(file.refuse(why, bytes, self.shared.plan.now.timestamp_micros()))
            }
            (Some(Standing::Invalid(why)), Body::Pieces(_)) => {
                Entry::Refused(file.refuse(why, &[], self.shared.plan.now.timestamp_micros()))
            }
            _ => Entry::Admitted(checked.body),
        }
    }

    fn decode(&mut self, decoder: &mut Decoder, body: Body) -> Result<End> {
        match body {
            Body::Whole(bytes) => {
                let report = decoder.read(Input::Bytes(&bytes), self);
                self.finish(report)
            }
            Body::Pieces(mut reader) => {
                let report = decoder.read(Input::Reader(&mut reader), self);
                self.finish(report)
            }
        }
    }

    fn finish(&mut self, report: FileReport) -> Result<End> {
        let file = self.current.as_mut().ok_or_else(|| Error::internal("the log file at hand was lost"))?;
        file.finish(report)
    }

    fn tell(&self, news: News) {
        // Nobody listens any more if the ingestion has failed elsewhere; that is said there.
        let _ = self.shared.news.send(news);
    }

    fn bytes(&self) -> usize {
        self.builders.iter().flatten().map(|building| building.events.estimated_bytes()).sum()
    }

    fn is_due(&self) -> bool {
        self.files.len() >= PARCEL_FILES || self.bytes() >= self.shared.parcel_bytes
    }

    /// Sends everything; waits while there is no room.
    fn send(&mut self, open: Option<u64>) -> Result<()> {
        let mut parcel =
            Parcel { thread: self.thread, chunks: Vec::new(), files: std::mem::take(&mut self.files), open };
        for building in self.builders.iter_mut().flatten().filter(|building| !building.events.is_empty()) {
            let store_type = building.events.store_type();
            let batch = building.events.finish()?;
            let rows = std::mem::take(&mut building.rows);
            parcel.chunks.push(Chunk { store_type, bytes: batch.get_array_memory_size(), batch, rows });
        }
        if parcel.chunks.is_empty() && parcel.files.is_empty() {
            return Ok(());
        }
        self.tell(News::Step(Step::Decoded));
        self.shared.parcels.blocking_send(parcel).map_err(|_| Error::cancelled("the ingestion ended while decoding"))
    }

    /// The targets that take an event, a bit each.
    fn choose(&mut self, record: &ScannedRecord<'_>, hash: u64) -> u64 {
        let plan = &self.shared.plan;
        let Some(file) = &mut self.current else { return 0 };
        let targets = &plan.by_type[record.store_type() as usize];
        if targets.is_empty() {
            file.unclaimed += 1;
        }
        let is_in_range = plan.is_in_range(record.event_time());
        let (wanted, mut taking) = (file.task.wanted, 0);
        for target in targets.iter().copied().filter(|target| wanted >> target & 1 == 1) {
            let counts = &mut file.counts[target];
            let choice = if is_in_range { plan.targets[target].choose(record) } else { Choice::Filtered };
            match choice {
                Choice::Expired => counts.expired += 1,
                Choice::Filtered => counts.filtered += 1,
                Choice::Take if was_taken(&mut file.task, target, hash) => {
                    counts.repeated += 1;
                    file.taken.push((hash, 1 << target));
                }
                Choice::Take => taking |= 1 << target,
            }
        }
        taking
    }

    fn leave_duplicates_out(&mut self, record: &ScannedRecord<'_>, day: i64, mut taking: u64) -> Result<u64> {
        let duplicates = self.shared.duplicates.find(&self.shared.plan, record, (day, taking))?;
        let Some(file) = &mut self.current else { return Ok(taking) };
        for target in bits(duplicates.found) {
            file.counts[target].duplicate += 1;
        }
        if duplicates.are_left_out {
            taking &= !duplicates.found;
        }
        Ok(taking)
    }

    fn append(&mut self, record: &ScannedRecord<'_>, row: Row) -> Result<()> {
        let store_type = record.store_type();
        let building = self.builders[store_type as usize].get_or_insert_with(|| Building::new(store_type));
        let Some(file) = &self.current else { return Ok(()) };
        let ingested = self.shared.plan.now.timestamp_micros();
        building.events.set_verified(file.verified);
        building.events.append(record, &file.task.file.key, ingested)?;
        building.rows.push(row);
        Ok(())
    }
}

impl Building {
    fn new(store_type: StoreType) -> Self {
        Self { events: EventBuilder::new(store_type), rows: Vec::new() }
    }
}

impl RecordSink for Worker<'_> {
    fn record(&mut self, record: &ScannedRecord<'_>) -> Result<()> {
        let hash = xxh3_64(record.json().as_bytes());
        let taking = self.choose(record, hash);
        if taking == 0 {
            return Ok(());
        }
        let day = calendarday(record.event_time());
        let taking = self.leave_duplicates_out(record, day, taking)?;
        if taking == 0 {
            return Ok(());
        }
        self.append(record, Row { day, targets: taking })?;
        let Some(file) = &mut self.current else { return Ok(()) };
        file.taken.push((hash, taking));
        for target in bits(taking) {
            file.counts[target].events += 1;
            file.counts[target].raw_bytes += record.json().len() as u64;
        }
        let number = file.number;
        if self.bytes() >= CUT * self.shared.parcel_bytes {
            self.send(Some(number))?;
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<()> {
        let Some(file) = &mut self.current else { return Ok(()) };
        file.reject(rejected, self.shared.plan.now.timestamp_micros());
        Ok(())
    }
}

/// Whether a target took this very record from an earlier, shorter copy of the file.
fn was_taken(task: &mut Task, target: usize, hash: u64) -> bool {
    let before = task.taken.iter_mut().find(|(index, _)| *index == target);
    match before.and_then(|(_, counts)| counts.get_mut(&hash)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

/// The positions of the bits that are set.
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let bit = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(bit)
    })
}
