//! How are rows and log files put together into batches, one being filled while another is written?

use std::collections::HashSet;
use std::pin::Pin;

use tokio::sync::mpsc::Receiver;
use trailmere_model::Result;

use super::duplicates::Duplicates;
use super::parcel::{Chunk, Parcel};
use super::tally::Tally;
use super::unit::{Settled, Stage, Unit};
use crate::request::IngestRequest;

/// One part of so many of the memory budget is for the batch being filled. The one being written has as much, sorted
/// copies of it and what encoders hold take the rest.
const BATCH_SHARE: usize = 4;
/// More log files than this are committed early.
const BATCH_FILES: usize = 20_000;

/// Takes parcels until there are no more; every log file is committed with all its rows or not at all.
pub(super) async fn assemble(
    stage: &Stage<'_>,
    request: &IngestRequest,
    duplicates: &Duplicates,
    mut parcels: Receiver<Parcel>,
) -> Result<Tally> {
    let mut filling = Filling { limit: request.memory / BATCH_SHARE, ..Filling::default() };
    let mut tally = Tally::new(stage.plan.targets.len());
    let mut writing: Option<Writing<'_>> = None;
    let mut is_closed = false;
    loop {
        if writing.is_none() && (filling.is_full() || (is_closed && !filling.is_empty())) {
            writing = Some(write(stage, filling.take(), filling.open.is_empty()));
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
    /// Rows are uploaded, but some log file of theirs goes on.
    Held(Unit),
}

fn write<'a>(stage: &'a Stage<'_>, batch: (Vec<Chunk>, Unit), is_whole: bool) -> Writing<'a> {
    let (chunks, mut unit) = batch;
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
}

impl Filling {
    fn add(&mut self, parcel: Parcel) {
        for file in &parcel.files {
            self.open.remove(&file.number);
        }
        self.open.extend(parcel.open);
        self.bytes += parcel.chunks.iter().map(|chunk| chunk.bytes).sum::<usize>();
        self.chunks.extend(parcel.chunks);
        self.unit.files.extend(parcel.files);
    }

    fn is_full(&self) -> bool {
        (self.bytes >= self.limit && !self.chunks.is_empty())
            || (self.unit.files.len() >= BATCH_FILES && self.open.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.unit.files.is_empty() && self.unit.data.is_empty()
    }

    fn take(&mut self) -> (Vec<Chunk>, Unit) {
        self.bytes = 0;
        (std::mem::take(&mut self.chunks), std::mem::take(&mut self.unit))
    }

    fn give_back(&mut self, held: Unit) {
        self.unit.files.extend(held.files);
        for (target, files) in held.data {
            self.unit.data.entry(target).or_default().extend(files);
        }
    }
}
