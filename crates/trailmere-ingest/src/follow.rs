//! How are new log files taken as they come, at a cost that does not grow with those that have come?

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use trailmere_model::{Kind, Result};
use trailmere_store::Lake;

use crate::ingest::{open, take};
use crate::pipeline::{self, Feed, Known, Plan, Round};
use crate::progress::Progress;
use crate::request::IngestRequest;
use crate::source::{Cursors, Pruning, Source};
use crate::summary::IngestSummary;

/// How often a sleeping follower asks whether it is to stop.
const NAP: Duration = Duration::from_millis(100);
/// After so many rounds in a row that failed, the follower fails.
const MAX_TROUBLES: u32 = 10;

/// Takes all of the sources, then what is new, round after round.
pub(crate) async fn run(
    lake: &Lake,
    request: &IngestRequest,
    pace: (DateTime<Utc>, Duration),
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let (started, begun) = (pace.0, Instant::now());
    let sources = open(request).await?;
    let mut follower = Follower {
        lake,
        request,
        sources,
        progress,
        cursors: Cursors::new(request.look_back),
        known: Vec::new(),
        rounds: 0,
    };
    let mut summary = IngestSummary::default();
    let mut troubles = 0;
    loop {
        // Time passes as it does outside, counted from the time that was handed in.
        let now = started + chrono::Duration::from_std(begun.elapsed()).unwrap_or_default();
        match follower.round(now).await {
            Ok(round) => {
                summary.add(round);
                troubles = 0;
                progress.caught_up(&IngestSummary { elapsed: begun.elapsed(), ..summary.clone() });
            }
            Err(error) if error.kind() == Kind::Unavailable && troubles < MAX_TROUBLES => {
                troubles += 1;
                progress.trouble(&error);
            }
            Err(error) => return Err(error),
        }
        if nap(pace.1, progress).await == Woken::ToStop {
            return Ok(summary);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Woken {
    ToGoOn,
    ToStop,
}

async fn nap(interval: Duration, progress: &dyn Progress) -> Woken {
    let until = Instant::now() + interval;
    loop {
        if progress.is_stopped() {
            return Woken::ToStop;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Woken::ToGoOn;
        }
        tokio::time::sleep(left.min(NAP)).await;
    }
}

struct Follower<'a> {
    lake: &'a Lake,
    request: &'a IngestRequest,
    sources: Vec<Source>,
    progress: &'a dyn Progress,
    cursors: Cursors,
    /// The stores of the last round: their ledgers need not be read again from the start.
    known: Vec<Known>,
    rounds: u64,
}

impl Follower<'_> {
    async fn round(&mut self, now: DateTime<Utc>) -> Result<IngestSummary> {
        let targets = pipeline::targets(self.lake, self.request, now, &self.known).await?;
        let plan = Arc::new(Plan::new(targets, self.request, now));
        let round = Round { lake: self.lake, request: self.request, plan: plan.clone(), progress: self.progress };
        let (sources, pruning, cursors) =
            (self.sources.as_slice(), Pruning::outside(self.lake.location()), &mut self.cursors);
        let feed = match self.rounds {
            0 => Feed::All { sources, pruning, cursors: Some(cursors) },
            _ => Feed::Recent { sources, pruning, cursors },
        };
        let tally = take(&round, feed).await.map_err(|error| error.at("following its sources"));
        self.known = plan.targets.iter().filter_map(|target| target.known()).collect();
        let tally = tally?;
        self.rounds += 1;
        Ok(tally.summary(&plan))
    }
}
