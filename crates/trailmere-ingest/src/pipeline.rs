//! How do the log files of a source get into the lake? One round: list, fetch, decode, sort, encode, upload, commit.
//!
//! ```text
//! list ─► choose ─► fetch ─► decode (threads) ─► assemble ─► sort, encode (threads) ─► upload ─► commit
//!          ledger   bytes     rows by type        batch of                               events and ledger at once
//!          keys     budget    and log file        whole files
//! ```
//!
//! Everything waits for room in what comes after it, so memory depends on the budget and not on the source. Dropping
//! the future ends all of it; what was not committed is as if it had never been read.

mod assemble;
mod choose;
mod crew;
mod duplicates;
mod parcel;
mod plan;
mod sort;
mod tally;
mod target;
mod unit;
mod verify;
mod window;
mod worker;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trailmere_model::{Error, Result};
use trailmere_store::Lake;

pub(crate) use choose::Feed;
pub(crate) use plan::Plan;
pub(crate) use tally::Tally;
pub use target::default_store_name;
pub(crate) use target::{Known, targets};

use crate::progress::Progress;
use crate::request::IngestRequest;
use crate::source::{WHOLE_BYTES, fetch};
use crew::Crew;
use duplicates::Duplicates;
use plan::Task;
use unit::{Stage, blocking};
use worker::{Fetched, News, Shared};

/// Listed files that may wait to be looked at.
const LISTED_AHEAD: usize = 1024;
/// Chosen files that may wait to be fetched.
const CHOSEN_AHEAD: usize = 32;
/// Objects fetched at the same time.
const FETCHES: usize = 24;
/// Permits are counted in these.
const PERMIT_BYTES: u64 = 1024;
/// Bytes of objects that may wait to be decoded, of the whole budget.
const FETCHED_SHARE: usize = 16;
/// Parcels that may wait to be put together.
const PARCELS_AHEAD: usize = 1;

/// What a round works with.
pub(crate) struct Round<'a> {
    pub(crate) lake: &'a Lake,
    pub(crate) request: &'a IngestRequest,
    pub(crate) plan: Arc<Plan>,
    pub(crate) progress: &'a dyn Progress,
}

/// Takes everything that `feed` lists, and says what came of it.
pub(crate) async fn run(round: &Round<'_>, feed: Feed<'_>) -> Result<Tally> {
    let threads = round.request.thread_count();
    let (to_fetch, tasks) = channel(CHOSEN_AHEAD);
    let (to_decode, fetched) = channel(threads * 2);
    let (parcels, parcelled) = channel(PARCELS_AHEAD);
    let (news, told) = unbounded_channel();
    let duplicates = Arc::new(Duplicates::new());
    let stage = Stage {
        lake: round.lake.clone(),
        plan: round.plan.clone(),
        progress: round.progress,
        encoders: Crew::new(threads)?,
        threads,
    };
    let shared = Shared {
        plan: round.plan.clone(),
        duplicates: duplicates.clone(),
        news,
        parcels,
        numbers: Arc::new(AtomicU64::new(0)),
        parcel_bytes: worker::parcel_bytes(assemble::batch_bytes(round.request)),
    };
    let (listed, (), (), (), mut tally) = tokio::try_join!(
        feed.choose(round, to_fetch),
        fetch_all(round, tasks, to_decode),
        decode(shared, threads, fetched),
        listen(round.progress, told),
        assemble::assemble(&stage, round.request, &duplicates, parcelled),
    )?;
    tally.add_listed(listed);
    Ok(tally)
}

/// Gets the log files that are in buckets, several at a time; those on this machine are read by who decodes them.
async fn fetch_all(round: &Round<'_>, tasks: Receiver<Task>, to: Sender<Fetched>) -> Result<()> {
    let kilobytes = (round.request.memory / FETCHED_SHARE) as u64 / PERMIT_BYTES;
    let kilobytes = kilobytes.max(2 * WHOLE_BYTES / PERMIT_BYTES);
    let room = Arc::new(Semaphore::new(usize::try_from(kilobytes).unwrap_or(Semaphore::MAX_PERMITS)));
    let tasks = futures::stream::unfold(tasks, |mut tasks| async move { Some((tasks.recv().await?, tasks)) });
    let fetching = tasks.then(|task| reserve(task, room.clone())).map(|(task, permit)| async move {
        let body = fetch(&task.file).await.transpose();
        Fetched { body, task, _room: permit }
    });
    let mut fetching = std::pin::pin!(fetching.buffer_unordered(FETCHES));
    while let Some(fetched) = fetching.next().await {
        if to.send(fetched).await.is_err() {
            // Whoever decodes has failed and says so.
            return Ok(());
        }
    }
    Ok(())
}

async fn reserve(task: Task, room: Arc<Semaphore>) -> (Task, Option<OwnedSemaphorePermit>) {
    if !task.file.is_remote() {
        return (task, None);
    }
    let kilobytes = task.file.size.min(WHOLE_BYTES).div_ceil(PERMIT_BYTES).max(1);
    let permit = room.acquire_many_owned(u32::try_from(kilobytes).unwrap_or(u32::MAX)).await;
    (task, permit.ok())
}

/// Decodes on so many threads.
async fn decode(shared: Shared, threads: usize, fetched: Receiver<Fetched>) -> Result<()> {
    let fetched = Arc::new(Mutex::new(fetched));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let (shared, fetched) = (shared.clone(), fetched.clone());
            blocking(move || {
                worker::work(thread, &shared, || fetched.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv())
            })
        })
        .collect();
    drop(shared);
    drop(fetched);
    futures::future::try_join_all(workers).await.map(drop)
}

/// Passes on what the threads tell.
async fn listen(progress: &dyn Progress, mut told: UnboundedReceiver<News>) -> Result<()> {
    while let Some(news) = told.recv().await {
        match news {
            News::Decoded(amount) => progress.decoded(amount),
            News::Step(step) => progress.step(step),
        }
    }
    Ok(())
}

/// A channel whose other end is gone: somebody else has failed and says why.
fn ended() -> Error {
    Error::cancelled("the ingestion ended early")
}
