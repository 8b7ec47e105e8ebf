//! What does one run do: ask the question or maintain the lake, and see whether that is an alert?

use std::time::Duration;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use trailmere_model::{Error, Kind, Result};
use trailmere_store::{MaintainOptions, MaintainReport};

use super::alert::{Fires, Report};
use super::answer::{self, Cover};
use super::condition::Condition;
use super::definition::{QueryTask, Schedule, Task};
use super::findings::{Findings, Gatherer};
use crate::engine::Engine;

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The id of its query, if one was recorded.
    pub(crate) query_id: Option<String>,
    /// What it has to say.
    pub(crate) report: Report,
    /// What it did, if it was not a question.
    pub(crate) note: Option<String>,
}

/// Bytes of a result that an SQL condition may look at.
const MOST_RESULT_BYTES: usize = 256 << 20;

/// How often storage that is not there for a moment is asked again, and how long is waited before.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Does a schedule's work for the time it covers; what storage refuses for a moment is tried again.
pub(crate) async fn perform(engine: &Engine, schedule: &Schedule, cover: Cover, now: DateTime<Utc>) -> Result<Outcome> {
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match once(engine, schedule, cover, now).await {
            Err(error) if error.kind() == Kind::Unavailable => tokio::time::sleep(wait).await,
            done => return done,
        }
        wait *= 2;
    }
    once(engine, schedule, cover, now).await
}

async fn once(engine: &Engine, schedule: &Schedule, cover: Cover, now: DateTime<Utc>) -> Result<Outcome> {
    match &schedule.task {
        Task::Query(task) => ask(engine, schedule, task, cover, now).await,
        Task::Maintain { dedupe } => {
            let options = MaintainOptions { dedupe: *dedupe, ..MaintainOptions::default() };
            let report = engine.lake().maintain(now, &options).await?;
            maintained(&report)
        }
    }
}

async fn ask(
    engine: &Engine,
    schedule: &Schedule,
    task: &QueryTask,
    cover: Cover,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let asked = answer::put(engine, task, cover, now).await?;
    let condition = schedule.alerting.effective_condition();
    let mut run = engine.query(&asked.sql, &asked.request).await?;
    let columns = run.columns.clone();
    let mut gatherer = Gatherer::new(&columns, &schedule.alerting.dedupe_by)?;
    let mut kept = Kept { wanted: matches!(condition, Some(Condition::Sql(_))), ..Kept::default() };
    while let Some(batch) = run.next_batch().await? {
        gatherer.add(&batch);
        kept.add(batch)?;
    }
    let findings = gatherer.finish();
    let fires = match &condition {
        None => Fires::No,
        Some(Condition::Changed) => Fires::IfChanged,
        Some(Condition::Rows(comparison, limit)) => fires(comparison.holds(findings.rows, *limit)),
        Some(Condition::Sql(sql)) => fires(answer::holds(engine, sql, &columns, kept.batches, now).await?),
    };
    Ok(Outcome { query_id: None, report: Report { findings, fires }, note: None })
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
fn maintained(report: &MaintainReport) -> Result<Outcome> {
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
         {unused} unused files deleted",
        report.stores.len()
    );
    let report = Report { findings: Findings::default(), fires: Fires::No };
    Ok(Outcome { query_id: None, report, note: Some(note) })
}
