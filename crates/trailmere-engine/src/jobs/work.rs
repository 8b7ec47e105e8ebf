//! Who does the work on a job, and what ends it?

use std::time::Duration;

use tokio::task::JoinHandle;
use trailmere_model::{Error, Result};
use trailmere_store::{Document, LiveJobs};
use uuid::Uuid;

use super::keep::{columns, keep};
use super::record::{JobRecord, JobStatistics, JobStatus, day};
use super::{Clock, Jobs, kind};
use crate::query::QueryRun;

/// Lake's longest error message.
const MESSAGE_CHARS: usize = 1_000;

/// A job in the hands of its worker: the record as last written, by which it is known whether somebody else has.
pub(crate) struct Held {
    pub(crate) jobs: Jobs,
    pub(crate) record: JobRecord,
    version: u64,
}

/// Why a worker stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Somebody else has written the record: cancelled, or given up for lost.
    Overtaken,
    /// The lake can't be read or written.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl Held {
    /// Writes the next version of the record.
    pub(crate) async fn write(&mut self, change: impl FnOnce(&mut JobRecord)) -> Result<(), Stop> {
        let mut next = self.record.clone();
        change(&mut next);
        let (kind, id) = (kind(next.created), next.id.to_string());
        match self.jobs.documents().put_next(&kind, &id, self.version, &next).await {
            Ok(version) => {
                (self.version, self.record) = (version, next);
                Ok(())
            }
            Err(error) => match self.successor().await? {
                Some(_) => Err(Stop::Overtaken),
                None => Err(Stop::Failed(error)),
            },
        }
    }

    /// What somebody else has written meanwhile.
    async fn successor(&self) -> Result<Option<Document<JobRecord>>> {
        let (kind, id) = (kind(self.record.created), self.record.id.to_string());
        let next = self.jobs.documents().next::<JobRecord>(&kind, &id, self.version).await?;
        Ok(next.and_then(|next| Some(Document { id, version: next.version, value: next.value? })))
    }

    /// Ends when somebody else has written the record.
    pub(crate) async fn overtaken(&self) {
        loop {
            tokio::time::sleep(self.jobs.options().poll).await;
            // A lake that can't be read for a moment is no reason to stop.
            if let Ok(Some(_)) = self.successor().await {
                return;
            }
        }
    }

    /// A cancelled query's cost is not known to who cancels it.
    async fn add_cost(&self, cost: JobStatistics) -> Result<()> {
        let Some(mut found) = self.successor().await? else { return Ok(()) };
        if found.value.status == JobStatus::Cancelled {
            found.value.statistics = cost;
            let kind = kind(found.value.created);
            self.jobs.documents().put_next(&kind, &found.id, found.version, &found.value).await?;
        }
        Ok(())
    }
}

/// Gives signs of life until it is dropped.
pub(crate) struct Beats(JoinHandle<()>);

impl Beats {
    pub(crate) fn start(live: LiveJobs, id: Uuid, every: Duration) -> Self {
        Beats(tokio::spawn(async move {
            loop {
                // One that can't be given is made up for by the next.
                let _ = live.beat(id).await;
                tokio::time::sleep(every).await;
            }
        }))
    }
}

impl Drop for Beats {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Jobs {
    /// Does the work on a job that was submitted: waits for its turn, runs it, keeps its rows, delivers them.
    pub async fn work(&self, id: Uuid, clock: Clock) -> Result<JobRecord> {
        let mut held = self.hold(id).await?;
        if held.record.status != JobStatus::Queued {
            return Ok(held.record);
        }
        let live = self.lake().live_jobs();
        let beats = Beats::start(live.clone(), id, self.options().beat);
        let done = work(&mut held, clock).await;
        let done = match done {
            Ok(()) if held.record.is_live() => crate::export::deliver(&mut held, clock).await,
            done => done,
        };
        drop(beats);
        live.leave(id).await?;
        match done {
            Ok(()) => Ok(held.record),
            Err(Stop::Overtaken) => Ok(self.read(id).await?.value),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    pub(super) async fn hold(&self, id: Uuid) -> Result<Held> {
        let found = self.read(id).await?;
        Ok(Held { jobs: self.clone(), record: found.value, version: found.version })
    }
}

async fn work(held: &mut Held, clock: Clock) -> Result<(), Stop> {
    while !held.jobs.may_run(held.record.id, clock()).await? {
        // It ends when somebody overtakes, and is dropped when it is time to look at the queue again.
        if tokio::time::timeout(held.jobs.options().poll * 2, held.overtaken()).await.is_ok() {
            return Err(Stop::Overtaken);
        }
    }
    held.write(|record| {
        record.status = JobStatus::Running;
        record.started = Some(clock());
    })
    .await?;
    let request = held.record.asked.request();
    let sql = held.record.sql.clone();
    let started = tokio::select! {
        started = held.jobs.engine.query(&sql, &request) => started,
        () = held.overtaken() => return Err(Stop::Overtaken),
    };
    match started {
        Ok(run) => finish(held, run, clock).await,
        Err(error) => fail(held, &error, clock).await,
    }
}

async fn finish(held: &mut Held, mut run: QueryRun, clock: Clock) -> Result<(), Stop> {
    let files = held.jobs.lake().results(day(held.record.created), held.record.id);
    // What a worker before may have left, should this be a second one.
    files.remove().await?;
    let end = tokio::select! {
        end = keep(&mut run, &files) => Some(end),
        () = held.overtaken() => None,
    };
    let cost = JobStatistics::from(&run.statistics());
    let (columns, overdue) = (columns(&run.columns), run.is_overdue());
    drop(run);
    let status = match &end {
        None => {
            held.add_cost(cost).await?;
            files.remove().await?;
            return Err(Stop::Overtaken);
        }
        Some(Ok(())) => JobStatus::Finished,
        Some(Err(error)) if overdue && error.kind() == trailmere_model::Kind::Limit => JobStatus::TimedOut,
        Some(Err(_)) => JobStatus::Failed,
    };
    if status == JobStatus::Failed {
        files.remove().await?;
    }
    let error = end.and_then(Result::err);
    held.write(|record| {
        record.status = status;
        record.finished = Some(clock());
        record.statistics = cost;
        record.error = error.as_ref().map(error_message);
        record.columns = columns;
        drop_delivery(record);
    })
    .await
}

async fn fail(held: &mut Held, error: &Error, clock: Clock) -> Result<(), Stop> {
    held.write(|record| {
        record.status = JobStatus::Failed;
        record.finished = Some(clock());
        record.error = Some(error_message(error));
        drop_delivery(record);
    })
    .await
}

/// What has no whole result is not delivered.
fn drop_delivery(record: &mut JobRecord) {
    if record.status != JobStatus::Finished
        && let Some(delivery) = &mut record.delivery
    {
        delivery.status = crate::export::DeliveryStatus::Failed;
        delivery.error = Some(format!("the query is {}", record.status));
    }
}

/// What a record says of an error, cut to Lake's longest message.
pub(crate) fn error_message(error: &Error) -> String {
    let mut text = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        text.push_str(&format!("\nbecause: {cause}"));
    }
    text.chars().take(MESSAGE_CHARS).collect()
}
