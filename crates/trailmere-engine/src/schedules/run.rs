//! What does one run do: ask the question or maintain the lake, and see whether that is an alert?
//!
//! A question is a query job like any other: recorded, with its rows kept and, if asked for, delivered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use trailmere_model::{Error, Kind, Result};
use trailmere_store::{MaintainOptions, MaintainReport};
use uuid::Uuid;

use super::alert::{Fires, Report};
use super::answer::{self, Cover};
use super::condition::Condition;
use super::definition::{QueryTask, Schedule, Task};
use super::findings::{Findings, Gatherer};
use crate::engine::Engine;
use crate::export::{Delivery, DeliveryStatus};
use crate::jobs::{Clock, ExpiredJobs, JobRecord, JobRequest, JobStatus, Origin};

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The id of its query, if it asked one.
    pub(crate) query_id: Option<Uuid>,
    /// What it has to say.
    pub(crate) report: Report,
    /// What it did, if it was not a question, or what went wrong beside it.
    pub(crate) note: Option<String>,
}

/// A run that is to be done.
pub(crate) struct Work<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) schedule: &'a Schedule,
    pub(crate) cover: Cover,
    /// The time that the statement sees as now.
    pub(crate) now: DateTime<Utc>,
    /// The real time.
    pub(crate) wall: Clock,
    /// Who runs it.
    pub(crate) who: &'a str,
    /// The query that is being worked on, for whoever breaks the run off.
    pub(crate) asking: Mutex<Option<Uuid>>,
}

/// Bytes of a result that an SQL condition may look at.
const MOST_RESULT_BYTES: usize = 256 << 20;

/// How often storage that is not there for a moment is asked again, and how long is waited before.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);

impl Work<'_> {
    /// Does the work; what storage refuses for a moment is tried again.
    pub(crate) async fn perform(&self) -> Result<Outcome> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match self.once().await {
                Err(error) if error.kind() == Kind::Unavailable => tokio::time::sleep(wait).await,
                done => return done,
            }
            wait *= 2;
        }
        self.once().await
    }

    /// Cancels what was broken off, so that its record does not say that it runs.
    pub(crate) async fn cancel(&self) {
        let asking = self.asking().take();
        if let Some(id) = asking {
            // It may have ended at this moment.
            let _ = self.engine.jobs().cancel(id, (self.wall)()).await;
        }
    }

    async fn once(&self) -> Result<Outcome> {
        match &self.schedule.task {
            Task::Query(task) => self.ask(task).await,
            Task::Maintain { dedupe } => {
                let options = MaintainOptions { dedupe: *dedupe, ..MaintainOptions::default() };
                let report = self.engine.lake().maintain(self.now, &options).await?;
                let queries = self.engine.jobs().expire(self.now).await?;
                maintained(&report, &queries)
            }
        }
    }

    async fn ask(&self, task: &QueryTask) -> Result<Outcome> {
        let asked = answer::put(self.engine, task, self.cover, self.now).await?;
        let job = JobRequest {
            sql: asked.sql,
            request: asked.request,
            delivery: task.deliver.as_deref().map(Delivery::new).transpose()?,
            origin: Origin::Schedule { name: self.schedule.name.clone(), slot: self.cover.end },
            who: self.who.to_owned(),
        };
        let jobs = self.engine.jobs();
        let id = jobs.submit(job, self.wall).await?.id;
        *self.asking() = Some(id);
        let record = jobs.work(id, self.wall).await;
        *self.asking() = None;
        let record = record?;
        finished(&record)?;
        let report = self.report(id).await?;
        Ok(Outcome { query_id: Some(id), report, note: undelivered(&record) })
    }

    /// Reads the kept rows.
    async fn report(&self, id: Uuid) -> Result<Report> {
        let alerting = &self.schedule.alerting;
        let condition = alerting.effective_condition();
        let mut rows = self.engine.jobs().results(id, 0..u64::MAX, (self.wall)()).await?;
        let columns = rows.columns.clone();
        let mut gatherer = Gatherer::new(&columns, &alerting.dedupe_by)?;
        let mut kept = Kept { wanted: matches!(condition, Some(Condition::Sql(_))), ..Kept::default() };
        while let Some(batch) = rows.next_batch().await? {
            gatherer.add(&batch);
            kept.add(batch)?;
        }
        let findings = gatherer.finish();
        let fires = match &condition {
            None => Fires::No,
            Some(Condition::Changed) => Fires::IfChanged,
            Some(Condition::Rows(comparison, limit)) => fires(comparison.holds(findings.rows, *limit)),
            Some(Condition::Sql(sql)) => {
                fires(answer::holds(self.engine, sql, &columns, kept.batches, self.now).await?)
            }
        };
        Ok(Report { findings, fires })
    }

    fn asking(&self) -> std::sync::MutexGuard<'_, Option<Uuid>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query that did not come to its end has no findings.
fn finished(record: &JobRecord) -> Result<()> {
    let why = record.error.clone().unwrap_or_else(|| format!("the query is {}", record.status));
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let error = match record.status {
        JobStatus::Finished => return Ok(()),
        JobStatus::Cancelled => Error::cancelled("somebody has cancelled the query"),
        JobStatus::TimedOut => Error::limit(why),
        _ => Error::invalid(why),
    };
    Err(error.at(format!("query `{}`", record.id)))
}

/// A delivery that failed does not undo what was found; it is said, and can be taken up again.
fn undelivered(record: &JobRecord) -> Option<String> {
    let delivery = record.delivery.as_ref().filter(|delivery| delivery.status != DeliveryStatus::Success)?;
    let why = delivery.error.as_deref().unwrap_or("it was broken off");
    Some(format!("not delivered: {why}; `trailmere query deliver {}` tries again", record.id))
}

/// The batches of a result, if they are needed.
#[derive(Default)]
struct Kept {
    wanted: bool,
    bytes: usize,
    batches: Vec<RecordBatch>,
}

impl Kept {
    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        if !self.wanted {
            return Ok(());
        }
        self.bytes += batch.get_array_memory_size();
        if self.bytes > MOST_RESULT_BYTES {
            let most = MOST_RESULT_BYTES >> 20;
            return Err(Error::limit(format!("the result is larger than the {most} MiB that a condition can look at"))
                .hint("count or group in the statement itself, so that its result is small"));
        }
        self.batches.push(batch);
        Ok(())
    }
}

fn fires(holds: bool) -> Fires {
    if holds { Fires::Yes } else { Fires::No }
}

/// Says what maintenance did; a store that could not be maintained is a failure, after the others were.
fn maintained(report: &MaintainReport, queries: &ExpiredJobs) -> Result<Outcome> {
    let failed: Vec<String> = report
        .stores
        .iter()
        .filter_map(|store| store.failure.as_ref().map(|failure| format!("{}: {failure}", store.name)))
        .collect();
    if !failed.is_empty() {
        return Err(Error::invalid(format!("maintenance failed for {}", failed.join("; "))));
    }
    let expired: u64 = report.stores.iter().map(|store| store.expired.events).sum();
    let duplicates: u64 = report.stores.iter().map(|store| store.duplicates.events).sum();
    let compacted: u64 = report.stores.iter().map(|store| store.compacted.files_before).sum();
    let unused: u64 = report.stores.iter().map(|store| store.unused.files).sum();
    let note = format!(
        "{} stores maintained: {expired} expired and {duplicates} duplicate events removed, {compacted} files compacted, \
         {unused} unused files and {} files of results deleted",
        report.stores.len(),
        queries.result_files
    );
    let report = Report { findings: Findings::default(), fires: Fires::No };
    Ok(Outcome { query_id: None, report, note: Some(note) })
}
