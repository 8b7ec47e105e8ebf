//! What is a schedule: what is asked, when, and who is told of what?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};
use trailmere_queries::validate_query_name;
use uuid::Uuid;

use super::cadence::Cadence;
use super::condition::Condition;
use super::due::{CatchUp, Timing};
use super::notify::Notify;
use super::period::Period;
use super::state::ScheduleState;

/// The parameter that is a run's slot: the end of the time that it covers.
pub const SCHEDULED_TIME: &str = "scheduled_time";

/// The parameter that is the slot of the last successful run: the beginning of the time that a run covers.
pub const LAST_SUCCESS_TIME: &str = "last_success_time";

/// Work that is done again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Tells it from an earlier one of the same name: its runs are not this one's.
    pub id: Uuid,
    /// The name.
    pub name: String,
    /// What is done.
    pub task: Task,
    /// When.
    pub cadence: Cadence,
    /// How long a run waits after its slot, for events that are delivered late.
    #[serde(default)]
    pub settle: Period,
    /// What becomes of missed slots.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Whether it runs at all.
    pub enabled: bool,
    /// Slots after this time are run.
    pub from: DateTime<Utc>,
    /// When somebody is told.
    #[serde(default)]
    pub alerting: Alerting,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: DateTime<Utc>,
}

/// What a schedule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    /// Asks a question.
    Query(QueryTask),
    /// Maintains the lake.
    #[serde(rename_all = "camelCase")]
    Maintain {
        /// Whether duplicate events are removed too.
        dedupe: bool,
    },
}

/// A question with what it needs to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryTask {
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
    /// Values of `$name`s, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, GivenParameter>,
    /// The store that `events` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Where results are delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<String>,
    /// How long a run may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// The statement of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// A saved query, as it is when the run begins.
    #[serde(rename = "query")]
    Saved(String),
    /// SQL.
    #[serde(rename = "sql")]
    Sql(String),
}

/// The value of a parameter: text, or `$scheduled_time` and `$last_success_time`, which are each run's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GivenParameter {
    /// Trino's name of its type, for SQL; a saved query declares types itself.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The text.
    pub value: String,
}

/// When somebody is told, and who.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alerting {
    /// What must hold of a result; `rows > 0` where somebody is to be told and nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Who is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Notify>,
    /// The columns that make a finding the same one; all rows together without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dedupe_by: Vec<String>,
    /// For how long the same finding is not told again.
    #[serde(default = "a_day")]
    pub dedupe_window: Period,
    /// Whether a run that fails is told too.
    #[serde(default)]
    pub failures: Failures,
}

/// Whether failures of runs are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failures {
    /// They are: a detection that can't run would be silent otherwise.
    #[default]
    Told,
    /// They stand in the history only.
    Silent,
}

fn a_day() -> Period {
    Period::seconds(86_400)
}

impl Alerting {
    /// The condition that counts.
    pub fn effective_condition(&self) -> Option<Condition> {
        let default = || Condition::Rows(super::condition::Comparison::More, 0);
        self.condition.clone().or_else(|| (!self.notify.is_empty()).then(default))
    }
}

impl Schedule {
    /// A schedule for a task, with defaults for all that is not said here.
    pub fn new(name: &str, task: Task, cadence: Cadence, now: DateTime<Utc>) -> Self {
        Schedule {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            task,
            cadence,
            settle: Period::default(),
            catch_up: CatchUp::default(),
            enabled: true,
            from: now,
            alerting: Alerting { dedupe_window: a_day(), ..Alerting::default() },
            created: now,
            updated: now,
        }
    }

    /// Refuses a schedule that could never do what it says.
    pub fn validate(&self) -> Result<()> {
        validate_query_name(&self.name).map_err(|_| {
            Error::invalid(format!("`{}` cannot be the name of a schedule", self.name))
                .hint("a name has 1 to 128 letters, digits, `.`, `_` and `-`, and begins with a letter or digit")
        })?;
        self.cadence.check().map_err(|error| error.at(self.place()))?;
        for notify in &self.alerting.notify {
            notify.validate().map_err(|error| error.at(self.place()))?;
        }
        match &self.task {
            Task::Query(QueryTask { question: Question::Sql(sql), .. }) if sql.trim().is_empty() => {
                Err(Error::invalid("there is no statement").at(self.place()))
            }
            Task::Maintain { .. } if self.alerting.condition.is_some() => {
                Err(Error::invalid("maintenance has no result that an alert could look at").at(self.place()))
            }
            _ => Ok(()),
        }
    }

    /// When it runs next, if it goes on as it did.
    pub fn next_run(&self, state: &ScheduleState, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let settled = self.settled(state);
        match self.timing().due(settled, now) {
            Some(slot) => Some(slot + self.settle.delta()),
            None => self.timing().next(settled, now),
        }
    }

    /// Up to when its slots are done with, or not its own: those before it was made, or while it was disabled.
    pub(crate) fn settled(&self, state: &ScheduleState) -> DateTime<Utc> {
        state.settled.map_or(self.from, |settled| settled.max(self.from))
    }

    /// From when on a run up to `end` covers time.
    pub(crate) fn begins(&self, end: DateTime<Utc>, state: &ScheduleState) -> DateTime<Utc> {
        self.timing().begins(end, state.last_success, self.from)
    }

    /// Whether two say the same, whoever made them and when.
    pub fn says_the_same(&self, other: &Schedule) -> bool {
        let bare = |schedule: &Schedule| Schedule {
            id: Uuid::nil(),
            from: DateTime::UNIX_EPOCH,
            created: DateTime::UNIX_EPOCH,
            updated: DateTime::UNIX_EPOCH,
            ..schedule.clone()
        };
        bare(self) == bare(other)
    }

    pub(crate) fn timing(&self) -> Timing<'_> {
        Timing { cadence: &self.cadence, settle: self.settle, catch_up: self.catch_up }
    }

    pub(crate) fn place(&self) -> String {
        format!("schedule `{}`", self.name)
    }
}
