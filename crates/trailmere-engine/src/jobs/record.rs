//! What is kept of a query: who asked what and when, how it went, what it cost, where its rows went.

use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};
use trailmere_sql::{OutputColumn, type_name};
use uuid::Uuid;

use crate::export::{DeliveredFile, Delivery, DeliveryStatus};
use crate::options::{Parameter, QueryRequest};
use crate::statistics::QueryStatistics;

/// A statement to run as a job.
#[derive(Clone, Debug)]
pub struct JobRequest {
    /// The statement.
    pub sql: String,
    /// What it is asked with. Its `now` is what the statement sees as now; its timeout counts from the start of the run.
    pub request: QueryRequest,
    /// Where the result goes when it is there, if anywhere.
    pub delivery: Option<Delivery>,
    /// Why it is asked.
    pub origin: Origin,
    /// Who asks: a name for the record.
    pub who: String,
}

/// Why a query is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Origin {
    /// Somebody waits for the rows; they are not kept.
    Interactive,
    /// Started to be looked at later.
    Started,
    /// Due by a schedule.
    Schedule {
        /// The schedule's name.
        name: String,
        /// The time that it was due at.
        slot: DateTime<Utc>,
    },
}

/// The state of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Waits until fewer queries run.
    Queued,
    /// Runs.
    Running,
    /// Its rows are there.
    Finished,
    /// It failed, or its worker died.
    Failed,
    /// Somebody has cancelled it.
    Cancelled,
    /// It took longer than it may; the rows found until then are kept, and not delivered.
    TimedOut,
}

impl JobStatus {
    /// All states.
    pub const ALL: [JobStatus; 6] = [
        JobStatus::Queued,
        JobStatus::Running,
        JobStatus::Finished,
        JobStatus::Failed,
        JobStatus::Cancelled,
        JobStatus::TimedOut,
    ];

    /// Lake's word.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::Queued => "QUEUED",
            JobStatus::Running => "RUNNING",
            JobStatus::Finished => "FINISHED",
            JobStatus::Failed => "FAILED",
            JobStatus::Cancelled => "CANCELLED",
            JobStatus::TimedOut => "TIMED_OUT",
        }
    }

    /// Whether nothing more will happen to the query itself.
    pub fn is_final(self) -> bool {
        !matches!(self, JobStatus::Queued | JobStatus::Running)
    }
}

impl std::fmt::Display for JobStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for JobStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = JobStatus::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            let all = JobStatus::ALL.map(JobStatus::as_str).join(", ");
            Error::invalid(format!("`{text}` is no status of a query")).hint(format!("it is one of {all}"))
        })
    }
}

/// An event data store that a statement has asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedStore {
    /// Its id.
    pub id: Uuid,
    /// Its name then.
    pub name: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
}

/// What a query has cost, in Lake's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStatistics {
    /// Events that passed the filters at their scan.
    pub events_matched: u64,
    /// Events read after pruning.
    pub events_scanned: u64,
    /// Bytes read from data files: what Lake bills.
    pub bytes_scanned: u64,
    /// From the start of the run to its end.
    pub execution_time_in_millis: u64,
    /// Rows of the result.
    pub total_results_count: u64,
}

impl From<&QueryStatistics> for JobStatistics {
    fn from(cost: &QueryStatistics) -> Self {
        JobStatistics {
            events_matched: cost.events_matched,
            events_scanned: cost.events_scanned,
            bytes_scanned: cost.bytes_scanned,
            execution_time_in_millis: cost.elapsed.as_millis() as u64,
            total_results_count: cost.rows,
        }
    }
}

/// A column of a kept result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobColumn {
    /// Its heading.
    pub name: String,
    /// Trino's name of its type.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// What is known of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryRecord {
    /// Where and how.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The folder of this query below it: `…/AWSLogs/<account>/CloudTrail-Lake/Query/YYYY/MM/DD/<id>`.
    pub folder: String,
    /// How it went.
    pub status: DeliveryStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The files that are there, in their order.
    #[serde(default)]
    pub files: Vec<DeliveredFile>,
    /// When the sign file was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<DateTime<Utc>>,
}

/// All that is kept of a query, but its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// Its id: a UUID that begins with the time it was asked.
    pub id: Uuid,
    /// Its state.
    pub status: JobStatus,
    /// The statement.
    pub sql: String,
    /// Who asked.
    pub who: String,
    /// Why.
    pub origin: Origin,
    /// The stores that the statement names.
    pub stores: Vec<AskedStore>,
    /// When it was asked.
    pub created: DateTime<Utc>,
    /// When it began to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<DateTime<Utc>>,
    /// What it has cost.
    pub statistics: JobStatistics,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The columns of the result; none as long as it has not begun to run, and none of one whose rows are not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<JobColumn>,
    /// Where the result goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryRecord>,
    /// What the statement was asked with.
    pub asked: Asked,
}

/// What a statement was asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// What `events` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Values of `$name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What the statement sees as now.
    pub now: DateTime<Utc>,
    /// How long it may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_millis: Option<u64>,
}

impl Asked {
    pub(crate) fn new(request: &QueryRequest) -> Self {
        Asked {
            store: request.store.clone(),
            parameters: request.parameters.clone(),
            now: request.now,
            timeout_millis: request.timeout.map(|timeout| timeout.as_millis() as u64),
        }
    }

    pub(crate) fn request(&self) -> QueryRequest {
        QueryRequest {
            store: self.store.clone(),
            parameters: self.parameters.clone(),
            now: self.now,
            timeout: self.timeout_millis.map(Duration::from_millis),
        }
    }
}

impl JobRecord {
    pub(crate) fn new(job: &JobRequest, stores: Vec<AskedStore>, created: DateTime<Utc>) -> Self {
        let id = new_id(created);
        let delivery = job.delivery.as_ref().map(|delivery| DeliveryRecord {
            delivery: delivery.clone(),
            folder: delivery.folder(stores.first(), created, id),
            status: DeliveryStatus::Pending,
            error: None,
            files: vec![],
            completed: None,
        });
        JobRecord {
            id,
            status: JobStatus::Queued,
            sql: job.sql.clone(),
            who: job.who.clone(),
            origin: job.origin.clone(),
            stores,
            created,
            started: None,
            finished: None,
            statistics: JobStatistics::default(),
            error: None,
            columns: vec![],
            delivery,
            asked: Asked::new(&job.request),
        }
    }

    /// The columns with their types, as a printer needs them.
    pub fn output_columns(&self) -> Result<Vec<OutputColumn>> {
        let column = |column: &JobColumn| {
            let ty = type_name::parse(&column.type_name).map_err(|e| {
                Error::corrupt(format!("`{}` is no type", column.type_name))
                    .at(format!("query `{}`", self.id))
                    .source(e)
            })?;
            Ok(OutputColumn { name: column.name.clone(), ty })
        };
        self.columns.iter().map(column).collect()
    }

    /// Whether anything may still happen: to the query, or to its delivery.
    pub fn is_live(&self) -> bool {
        !self.status.is_final() || (self.status == JobStatus::Finished && self.is_being_delivered())
    }

    pub(crate) fn is_being_delivered(&self) -> bool {
        self.delivery.as_ref().is_some_and(|delivery| delivery.status == DeliveryStatus::Pending)
    }
}

pub(crate) fn kept_columns(columns: &[OutputColumn]) -> Vec<JobColumn> {
    columns.iter().map(|c| JobColumn { name: c.name.clone(), type_name: c.ty.to_string() }).collect()
}

/// A UUID of version 7: ids sort by time, and the day of a record is in its id.
fn new_id(now: DateTime<Utc>) -> Uuid {
    let random = Uuid::new_v4().into_bytes();
    let mut bytes = [0; 10];
    // Bytes 6 and 8 of a random UUID hold its version and variant.
    bytes.copy_from_slice(&[&random[..6], &random[10..14]].concat());
    uuid::Builder::from_unix_timestamp_millis(now.timestamp_millis().max(0) as u64, &bytes).into_uuid()
}

/// When a query of this id was asked; nothing for an id that is none of ours.
pub(crate) fn asked_at(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds as i64, nanos)
}

/// `YYYYMMDD` of a time.
pub(crate) fn day(time: DateTime<Utc>) -> i64 {
    i64::from(time.year()) * 10_000 + i64::from(time.month()) * 100 + i64::from(time.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_their_time_and_sort_by_it() {
        let early = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let late = early + chrono::Duration::milliseconds(1);
        let (a, b) = (new_id(early), new_id(late));
        assert_eq!(asked_at(a), Some(early));
        assert!(a < b && a.to_string() < b.to_string());
        assert_ne!(new_id(early), a);
        assert_eq!(day(early), 20_231_114);
        assert_eq!(asked_at(Uuid::new_v4()), None);
    }

    #[test]
    fn states_have_lakes_words() {
        for status in JobStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(status.as_str().to_lowercase().parse::<JobStatus>().unwrap(), status);
        }
        assert!("DONE".parse::<JobStatus>().unwrap_err().to_string().contains("TIMED_OUT"));
    }
}
