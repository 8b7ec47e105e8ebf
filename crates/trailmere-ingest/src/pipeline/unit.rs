//! How does a batch of whole log files get into the stores: sorted, encoded, uploaded, committed with its ledger?

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use trailmere_model::{Error, Result};
use trailmere_store::{Append, Committed, DataFile, Lake, LedgerEntry};

use super::crew::Crew;
use super::parcel::{Chunk, FileResult};
use super::plan::Plan;
use super::sort;
use super::target::Opened;
use crate::progress::{Progress, Step};

/// A file's rows take at most about this much memory before they are encoded. More than a batch of the default budget has:
/// opening a file costs a question as much as thousands of rows do, so a batch's rows of a day stay together.
const FILE_BYTES: usize = 256 << 20;

/// Log files read to their ends, with everything that came of them.
#[derive(Default)]
pub(crate) struct Unit {
    pub(crate) files: Vec<FileResult>,
    /// Files of rows that are uploaded and not committed, by target.
    pub(crate) data: BTreeMap<usize, Vec<DataFile>>,
}

/// What a committed unit leaves to be done and to be counted.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) files: Vec<FileResult>,
    /// For which targets, a bit each, the counts hold: their commits are done.
    pub(crate) done: u64,
    pub(crate) stored: BTreeMap<usize, (u64, u64)>,
    /// What must be done again, since another ingester took part of the batch: positions in `files`, and the targets, a bit each.
    pub(crate) again: BTreeMap<usize, u64>,
}

/// What the stages of a batch need.
pub(crate) struct Stage<'p> {
    pub(crate) lake: Lake,
    pub(crate) plan: Arc<Plan>,
    pub(crate) progress: &'p dyn Progress,
    pub(crate) encoders: Crew,
    pub(crate) threads: usize,
}

impl Stage<'_> {
    /// Sorts, encodes and uploads rows, and adds the files to a unit.
    pub(crate) async fn store(&self, chunks: Vec<Chunk>, unit: &mut Unit) -> Result<()> {
        let chunks = Arc::new(chunks);
        for (index, target) in self.plan.targets.iter().enumerate() {
            let is_for_it = |chunk: &Chunk| {
                chunk.store_type == target.store_type && chunk.rows.iter().any(|row| row.targets >> index & 1 == 1)
            };
            if !chunks.iter().any(is_for_it) {
                continue;
            }
            let opened = self.open(index).await?;
            let slices = self.sort(chunks.clone(), index).await?;
            let work = slices.into_iter().map(|slice| self.write(&opened, chunks.clone(), slice));
            let files: Vec<DataFile> =
                futures::stream::iter(work).buffer_unordered(self.threads + 2).try_collect().await?;
            unit.data.entry(index).or_default().extend(files);
        }
        Ok(())
    }

    /// The target's store, made if it is not there.
    async fn open(&self, index: usize) -> Result<Opened> {
        let target = &self.plan.targets[index];
        let is_there = target.opened().is_some();
        let opened = target.materialize(&self.lake, self.plan.now).await?;
        if !is_there && opened.is_new {
            self.progress.store_created(&opened.store.name);
            self.progress.step(Step::StoreCreated);
        }
        Ok(opened)
    }

    async fn sort(&self, chunks: Arc<Vec<Chunk>>, index: usize) -> Result<Vec<sort::Slice>> {
        let store_type = self.plan.targets[index].store_type;
        self.encoders.compute(move || sort::sort(store_type, &of_type(&chunks, store_type), index, FILE_BYTES)).await
    }

    async fn write(&self, opened: &Opened, chunks: Arc<Vec<Chunk>>, slice: sort::Slice) -> Result<DataFile> {
        let table = opened.table.clone();
        let store_type = table.store_type();
        let encode = move || table.encode(slice.day, sort::gather(store_type, &of_type(&chunks, store_type), &slice));
        let encoded = self.encoders.compute(encode).await?;
        self.progress.step(Step::Encoded);
        let uploaded = opened.table.upload(encoded).await?;
        self.progress.step(Step::Uploaded);
        Ok(uploaded)
    }

    /// Commits a unit to each of the stores that want its log files: events and ledger at once.
    pub(crate) async fn commit(&self, unit: Unit) -> Result<Settled> {
        let mut settled = Settled { files: unit.files, ..Settled::default() };
        self.make_stores(&settled.files).await?;
        let mut data = unit.data;
        for (index, target) in self.plan.targets.iter().enumerate() {
            let Some(opened) = target.opened() else { continue };
            let files = data.remove(&index).unwrap_or_default();
            let stored = (files.len() as u64, files.iter().map(|file| file.size).sum());
            let append = self.append(&settled.files, index, files);
            if append.ledger.is_empty() && append.files.is_empty() {
                settled.done |= 1 << index;
                continue;
            }
            self.progress.step(Step::Committing);
            match opened.table.commit(append).await? {
                Committed::Done { .. } => {
                    settled.done |= 1 << index;
                    settled.stored.insert(index, stored);
                    self.progress.step(Step::Committed);
                }
                Committed::Overlap { .. } => {
                    let wanted = |file: &FileResult| file.task.wanted >> index & 1 == 1 && file.is_for_ledger();
                    for position in (0..settled.files.len()).filter(|position| wanted(&settled.files[*position])) {
                        *settled.again.entry(position).or_default() |= 1 << index;
                    }
                    target.refresh().await?;
                }
            }
        }
        Ok(settled)
    }

    /// Makes the default stores that a unit's log files need, though no row went there: for what was rejected.
    async fn make_stores(&self, files: &[FileResult]) -> Result<()> {
        let is_touched = |index: usize| files.iter().any(|file| file.counts[index].is_touched());
        for index in (0..self.plan.targets.len()).filter(|index| is_touched(*index)) {
            self.open(index).await?;
        }
        let is_there = self.plan.targets.iter().any(|target| target.opened().is_some());
        if !is_there && !self.plan.targets.is_empty() && files.iter().any(|file| !file.rejected.is_empty()) {
            self.open(0).await?;
        }
        Ok(())
    }

    fn append(&self, files: &[FileResult], index: usize, data: Vec<DataFile>) -> Append {
        let mine = || files.iter().filter(|file| file.task.wanted >> index & 1 == 1 && file.is_for_ledger());
        let ingested = self.plan.now.timestamp_micros();
        let ledger: Vec<LedgerEntry> = mine().map(|file| file.entry(index, ingested)).collect();
        // What is rejected belongs to no type: it is kept once, in the first store that wants the file.
        let is_first = |file: &&FileResult| self.first_opened(file.task.wanted) == Some(index);
        let quarantine = mine().filter(is_first).flat_map(|file| file.rejected.iter().cloned()).collect();
        let sequences = mine().map(|file| file.task.sequences.get(index).copied().unwrap_or(0));
        Append { files: data, quarantine, ledger_sequence: sequences.min().unwrap_or(0), ledger }
    }

    fn first_opened(&self, wanted: u64) -> Option<usize> {
        super::worker::bits(wanted).find(|index| self.plan.targets[*index].opened().is_some())
    }
}

fn of_type(chunks: &[Chunk], store_type: trailmere_model::StoreType) -> Vec<&Chunk> {
    chunks.iter().filter(|chunk| chunk.store_type == store_type).collect()
}

/// Computes on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(compute: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(compute)
        .await
        .map_err(|error| Error::internal("a background task ended early").source(error))?
}
