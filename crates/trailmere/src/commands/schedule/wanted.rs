//! What does a user say of a schedule, on the command line or in a file, and which schedule is that?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use trailmere_engine::Delivery;
use trailmere_engine::schedules::{
    Alerting, Cadence, CatchUp, Condition, Failures, GivenParameter, Notify, Period, QueryTask, Question, Schedule,
    Task,
};
use trailmere_model::{Error, Result};

/// A schedule as it is asked for; what is `None` gets the default.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) query: Option<String>,
    pub(crate) sql: Option<String>,
    pub(crate) maintain: Option<Maintain>,
    pub(crate) every: Option<Period>,
    pub(crate) cron: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) parameters: BTreeMap<String, GivenParameter>,
    pub(crate) store: Option<String>,
    pub(crate) deliver: Option<String>,
    pub(crate) timeout: Option<Period>,
    pub(crate) settle: Option<Period>,
    pub(crate) catch_up: Option<CatchUp>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) alert_when: Option<Condition>,
    pub(crate) notify: Vec<Notify>,
    pub(crate) dedupe_by: Vec<String>,
    pub(crate) dedupe_window: Option<Period>,
    pub(crate) failures: Option<Failures>,
    pub(crate) enabled: Option<bool>,
}

/// How the lake is maintained.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Maintain {
    pub(crate) dedupe: bool,
}

impl Wanted {
    /// The schedule that is meant.
    pub(crate) fn schedule(self, now: DateTime<Utc>) -> Result<Schedule> {
        let place = format!("schedule `{}`", self.name);
        let task = self.task().map_err(|error| error.at(place.clone()))?;
        let cadence = self.cadence().map_err(|error| error.at(place))?;
        let mut schedule = Schedule::new(&self.name, task, cadence, now);
        schedule.settle = self.settle.unwrap_or_default();
        schedule.catch_up = self.catch_up.unwrap_or_default();
        schedule.from = self.from.unwrap_or(now);
        schedule.enabled = self.enabled.unwrap_or(true);
        schedule.alerting = Alerting {
            condition: self.alert_when,
            notify: self.notify,
            dedupe_by: self.dedupe_by,
            dedupe_window: self.dedupe_window.unwrap_or(schedule.alerting.dedupe_window),
            failures: self.failures.unwrap_or_default(),
        };
        schedule.validate()?;
        Ok(schedule)
    }

    fn task(&self) -> Result<Task> {
        let question = match (&self.query, &self.sql, self.maintain) {
            (Some(name), None, None) => Question::Saved(name.clone()),
            (None, Some(sql), None) => Question::Sql(sql.clone()),
            (None, None, Some(maintain)) => return Ok(Task::Maintain { dedupe: maintain.dedupe }),
            _ => {
                return Err(Error::invalid("a schedule does one thing")
                    .hint("name a saved query, give SQL, or say that it maintains the lake"));
            }
        };
        Ok(Task::Query(QueryTask {
            question,
            parameters: self.parameters.clone(),
            store: self.store.clone(),
            deliver: self.deliver.as_deref().map(Delivery::new).transpose()?.map(|delivery| delivery.to),
            timeout: self.timeout,
        }))
    }

    fn cadence(&self) -> Result<Cadence> {
        match (self.every, &self.cron) {
            (Some(period), None) if self.zone.is_none() => Cadence::every(period),
            (None, Some(expression)) => Cadence::cron(expression, self.zone.as_deref()),
            (Some(_), None) => Err(Error::invalid("a time zone is for cron").hint("`--every` counts in UTC")),
            (Some(_), Some(_)) => Err(Error::invalid("a schedule has either a period or a cron expression")),
            (None, None) => Err(Error::invalid("nothing says when it runs")
                .hint("say every `1h`, or a cron expression `0 7 * * MON-FRI`")),
        }
    }
}

/// What clap needs of our own parsers: the message with its advice in one line.
pub(crate) fn parsed<T: std::str::FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| match error.advice() {
        Some(hint) => format!("{}; {hint}", error.message()),
        None => error.message().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::ingest::moment;

    #[test]
    fn a_schedule_does_one_thing_at_some_time() {
        let hourly = || Wanted { name: "a".into(), every: Some(Period::seconds(3_600)), ..Wanted::default() };
        let now = moment("2026-03-01").unwrap();
        assert!(hourly().schedule(now).is_err());
        assert!(Wanted { query: Some("q".into()), ..hourly() }.schedule(now).is_ok());
        assert!(Wanted { query: Some("q".into()), sql: Some("SELECT 1".into()), ..hourly() }.schedule(now).is_err());
        assert!(Wanted { query: Some("q".into()), every: None, ..hourly() }.schedule(now).is_err());
        assert!(Wanted { query: Some("q".into()), zone: Some("UTC".into()), ..hourly() }.schedule(now).is_err());
        let condition = Some("rows > 0".parse().unwrap());
        let maintain = Some(Maintain::default());
        assert!(Wanted { maintain, alert_when: condition, ..hourly() }.schedule(now).is_err(), "it has no rows");
    }
}
