//! How does a query become a record: asked, waited for, run, kept, delivered, cancelled, looked at later?
//!
//! A job is a document of the lake (`catalog/query-<day>/<id>/<version>.json`); each step of its life is a version,
//! written only if nobody else has written it. So of a worker that ends, somebody that cancels and somebody that finds
//! the worker dead, exactly one wins, and the worker sees that it was overtaken by looking for the version after its own.
//!
//! ```text
//! QUEUED ─► RUNNING ─► FINISHED (─► delivery PENDING ─► SUCCESS | FAILED …) | FAILED | CANCELLED | TIMED_OUT
//! ```
//!
//! * [`Jobs::run`] asks and works in this process, to the end. [`Jobs::submit`] only asks (QUEUED), and [`Jobs::work`]
//!   does the work, in another process if need be. A statement that does not plan fails at once and leaves no record;
//!   one that fails later gives `Ok` with a record that says FAILED and why.
//! * [`Jobs::note`] records a query that somebody has watched, afterwards, in one small write.
//! * [`Jobs::get`], [`Jobs::list`], [`Jobs::results`] and [`Jobs::cancel`] work from any process that opens the lake.
//!   Whoever looks at a job whose worker gives no sign of life settles it: FAILED, `worker lost`.
//! * Ids are UUIDs that begin with the time, so that the day of a record, and its folder, is in its id.

mod expire;
mod hand_over;
mod keep;
mod list;
mod queue;
mod record;
mod rows;
mod settle;
mod work;

use std::time::Duration;

use chrono::{DateTime, Utc};
use trailmere_model::{Error, Result};
use trailmere_store::{Document, Documents, Lake};
use uuid::Uuid;

use crate::engine::Engine;
use crate::export::DeliveryStatus;
use crate::statistics::QueryStatistics;

pub use expire::ExpiredJobs;
pub use list::{JobFilter, JobPage};
pub use record::{AskedStore, DeliveryRecord, JobColumn, JobRecord, JobRequest, JobStatistics, JobStatus, Origin};
pub use rows::JobRows;

pub(crate) use record::day;
pub(crate) use rows::PartRows;
pub(crate) use work::{Held, Stop, error_message};

/// Reads the time; only the binary has one.
pub type Clock = fn() -> DateTime<Utc>;

/// How queries are run as jobs.
#[derive(Clone, Debug)]
pub struct JobOptions {
    /// Jobs of a lake that may run at the same time, in all processes together; others wait.
    pub concurrency: usize,
    /// For how many days rows are kept.
    pub results_days: u32,
    /// For how many days records are kept.
    pub records_days: u32,
    /// How often a worker gives a sign of life.
    pub beat: Duration,
    /// How long a worker may be silent before its job counts as lost.
    pub patience: Duration,
    /// How often a worker looks whether it was cancelled, and, while it waits, whether it may run.
    pub poll: Duration,
    /// How often a delivery is tried, with growing pauses.
    pub delivery_attempts: u32,
    /// Opens the lake's signing key, if that is kept encrypted.
    pub key_passphrase: Option<String>,
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            concurrency: std::thread::available_parallelism().map_or(2, usize::from),
            results_days: 7,
            records_days: 90,
            beat: Duration::from_secs(10),
            patience: Duration::from_secs(40),
            poll: Duration::from_millis(300),
            delivery_attempts: 5,
            key_passphrase: None,
        }
    }
}

/// The queries of a lake that are jobs, and the records of all. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Jobs {
    engine: Engine,
}

/// How a query went that somebody has watched.
#[derive(Clone, Debug)]
pub struct Noted<'a> {
    /// The stores that it has asked.
    pub stores: Vec<AskedStore>,
    /// What it has cost.
    pub statistics: QueryStatistics,
    /// Why it ended before its last row, if it did.
    pub error: Option<&'a Error>,
    /// When it was asked.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub finished: DateTime<Utc>,
}

impl Jobs {
    pub(crate) fn new(engine: &Engine) -> Self {
        Jobs { engine: engine.clone() }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    fn lake(&self) -> &Lake {
        self.engine.lake()
    }

    pub(crate) fn options(&self) -> &JobOptions {
        &self.engine.options().jobs
    }

    fn documents(&self) -> Documents {
        self.lake().documents()
    }

    /// Runs a statement as a job in this process: waits for its turn, runs it, keeps its rows, delivers them.
    ///
    /// # Errors
    /// A statement that does not plan, and a lake that cannot be written. A query that fails is a record that says so.
    pub async fn run(&self, job: JobRequest, clock: Clock) -> Result<JobRecord> {
        let record = self.submit(job, clock).await?;
        self.work(record.id, clock).await
    }

    /// Records a statement as QUEUED, once it is known to plan. Somebody must [`Jobs::work`] on it soon.
    pub async fn submit(&self, job: JobRequest, clock: Clock) -> Result<JobRecord> {
        if let Some(delivery) = &job.delivery {
            delivery.check()?;
        }
        let (_, stores) = self.engine.plan(&job.sql, &job.request).await?;
        let record = JobRecord::new(&job, stores, clock());
        // Its place first: a record without one counts as lost.
        self.lake().live_jobs().enter(record.id).await?;
        self.documents().create(&kind(record.created), &record.id.to_string(), &record).await?;
        Ok(record)
    }

    /// Records a query that somebody has watched; its rows are not kept.
    pub async fn note(&self, job: &JobRequest, noted: Noted<'_>) -> Result<JobRecord> {
        let mut record = JobRecord::new(job, noted.stores, noted.started);
        record.status = match noted.error {
            None => JobStatus::Finished,
            Some(error) if error.kind() == trailmere_model::Kind::Cancelled => JobStatus::Cancelled,
            Some(_) => JobStatus::Failed,
        };
        record.statistics = (&noted.statistics).into();
        record.error = noted.error.map(work::error_message);
        (record.started, record.finished) = (Some(noted.started), Some(noted.finished));
        self.lake().hasty_documents().create(&kind(record.created), &record.id.to_string(), &record).await?;
        Ok(record)
    }

    /// The record of a query. A job whose worker is dead is settled first.
    pub async fn get(&self, id: Uuid, now: DateTime<Utc>) -> Result<JobRecord> {
        let found = self.read(id).await?;
        Ok(self.settle(found, now).await?.value)
    }

    /// Cancels a query that waits or runs, or a delivery that is under way; its worker, wherever it is, stops.
    ///
    /// # Errors
    /// A query that has ended.
    pub async fn cancel(&self, id: Uuid, now: DateTime<Utc>) -> Result<JobRecord> {
        self.get(id, now).await?;
        let cancel = |record: &mut JobRecord| {
            if !record.is_live() {
                return Err(Error::invalid(format!("the query `{id}` is {} and can't be cancelled", record.status)));
            }
            match &mut record.delivery {
                Some(delivery) if record.status.is_final() => delivery.status = DeliveryStatus::Cancelled,
                delivery => {
                    record.status = JobStatus::Cancelled;
                    record.finished = Some(now);
                    if let Some(delivery) = delivery {
                        delivery.status = DeliveryStatus::Cancelled;
                    }
                }
            }
            Ok(())
        };
        let time = record::asked_at(id).ok_or_else(|| unknown(id))?;
        Ok(self.documents().change(&kind(time), &id.to_string(), cancel).await?.value)
    }

    /// The id that a text means: a whole id, or its beginning if only one query of the last days has it.
    pub async fn resolve(&self, text: &str, now: DateTime<Utc>) -> Result<Uuid> {
        match Uuid::try_parse(text) {
            Ok(id) => Ok(id),
            Err(_) => self.with_prefix(text, now).await,
        }
    }

    async fn read(&self, id: Uuid) -> Result<Document<JobRecord>> {
        let time = record::asked_at(id).ok_or_else(|| unknown(id))?;
        self.documents().get(&kind(time), &id.to_string()).await?.ok_or_else(|| unknown(id))
    }
}

/// What all records begin with.
const KIND: &str = "query-";

/// The kind of document that the records of a day are.
fn kind(time: DateTime<Utc>) -> String {
    format!("{KIND}{}", record::day(time))
}

fn unknown(id: impl std::fmt::Display) -> Error {
    Error::not_found(format!("there is no query `{id}`")).hint("`trailmere query list` shows those of the last days")
}
