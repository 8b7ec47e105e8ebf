//! What does one ingestion do, from the request to the summary?

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use trailmere_model::{Error, Result};
use trailmere_store::Lake;

use crate::follow;
use crate::import;
use crate::pipeline::{self, Feed, Plan, Round, Tally};
use crate::progress::Progress;
use crate::request::IngestRequest;
use crate::source::{Pruning, Source};
use crate::summary::IngestSummary;
use crate::verify::Cover;

/// After this many rounds in which other ingesters took part of the batches, something is wrong.
const MAX_ROUNDS: usize = 200;

/// Takes the events of log files into a lake, each of them exactly once: a log file that is in the ledger is passed over,
/// and its events become visible together with its entry there, or not at all.
///
/// `now` decides about retention and is when the rows were ingested. With [`IngestRequest::follow`] it comes back only
/// when [`Progress::is_stopped`] says so, or with an error.
pub async fn ingest(
    lake: &Lake,
    request: &IngestRequest,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let begun = Instant::now();
    check(request)?;
    let summary = if request.import.is_some() {
        import::run(lake, request, now, progress).await
    } else if let Some(interval) = request.follow {
        follow::run(lake, request, (now, interval), progress).await
    } else {
        let sources = open(request).await?;
        let pruning = Pruning::outside(lake.location());
        take_all(lake, request, now, (&sources, pruning, progress)).await.map(|(_, summary)| summary)
    };
    Ok(IngestSummary { elapsed: begun.elapsed(), ..summary? })
}

fn check(request: &IngestRequest) -> Result<()> {
    let resumes = request.import.as_ref().is_some_and(|import| import.resume.is_some());
    if request.sources.is_empty() && !resumes {
        return Err(
            Error::invalid("no source is given").hint("a source is a folder, a file, s3://bucket/prefix, or `-`")
        );
    }
    if request.import.is_some() && request.follow.is_some() {
        return Err(Error::invalid("an import has an end, a follower has none").hint("import first, then follow"));
    }
    if request.verify.is_some() && request.follow.is_some() {
        return Err(Error::invalid(
            "a follower is ahead of the digests: they come up to an hour after their log files",
        )
        .hint("follow without verifying, and run `trailmere verify logs` later"));
    }
    Ok(())
}

/// Opens the sources of a request.
pub(crate) async fn open(request: &IngestRequest) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for source in &request.sources {
        sources.push(Source::open(source).await?);
    }
    Ok(sources)
}

/// Takes all of some sources.
pub(crate) async fn take_all(
    lake: &Lake,
    request: &IngestRequest,
    now: DateTime<Utc>,
    from: (&[Source], Pruning, &dyn Progress),
) -> Result<(Tally, IngestSummary)> {
    let (sources, pruning, progress) = from;
    let targets = pipeline::targets(lake, request, now, &[]).await?;
    let cover = Cover::of(request, now).await?;
    let plan = Plan { cover, ..Plan::new(targets, request, now) };
    let round = Round { lake, request, plan: Arc::new(plan), progress };
    let tally = take(&round, Feed::All { sources, pruning, cursors: None }).await?;
    let summary = tally.summary(&round.plan);
    Ok((tally, summary))
}

/// Takes what a feed lists, and again what overlapped with another ingester, until nothing is left.
pub(crate) async fn take(round: &Round<'_>, feed: Feed<'_>) -> Result<Tally> {
    let mut tally = pipeline::run(round, feed).await?;
    for _ in 0..MAX_ROUNDS {
        let again = std::mem::take(&mut tally.again);
        if again.is_empty() {
            return tally.trouble.take().map_or(Ok(tally), Err);
        }
        tally.then(pipeline::run(round, Feed::Again(again)).await?);
    }
    Err(Error::unavailable("other ingesters took the same log files again and again")
        .hint("run it again when they are done"))
}
