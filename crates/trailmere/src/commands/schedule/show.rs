//! `trailmere schedule show`: all that a schedule says, and where it stands.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use trailmere_engine::Engine;
use trailmere_engine::schedules::{Question, Schedule, ScheduleState, Task};

use super::list::does;
use crate::context::now;

/// One schedule.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(engine: &Engine, show: Show) -> Result<ExitCode> {
    let schedule = engine.schedules().find(&show.name).await?;
    let state = engine.schedules().state(schedule.id).await?;
    if show.json {
        println!("{}", serde_json::to_string_pretty(&json!({ "schedule": schedule, "state": state }))?);
        return Ok(ExitCode::SUCCESS);
    }
    for (name, value) in lines(&schedule, &state) {
        println!("{name:<14} {value}");
    }
    if let Task::Query(query) = &schedule.task
        && let Question::Sql(sql) = &query.question
    {
        println!("\n{}", sql.trim());
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(schedule: &Schedule, state: &ScheduleState) -> Vec<(&'static str, String)> {
    let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut lines = vec![("name", schedule.name.clone()), ("does", does(&schedule.task))];
    if let Task::Query(query) = &schedule.task {
        lines.extend(query.parameters.iter().map(|(name, given)| ("parameter", format!("{name} = {}", given.value))));
        lines.extend(query.store.iter().map(|store| ("store", store.clone())));
        lines.extend(query.deliver.iter().map(|place| ("delivers to", place.clone())));
        lines.extend(query.timeout.iter().map(|timeout| ("timeout", timeout.to_string())));
    }
    lines.push(("when", schedule.cadence.to_string()));
    if !schedule.settle.is_zero() {
        lines.push(("settles for", schedule.settle.to_string()));
    }
    lines.push(("missed slots", schedule.catch_up.to_string()));
    let alerting = &schedule.alerting;
    lines.extend(alerting.effective_condition().map(|condition| ("alert when", condition.to_string())));
    lines.extend(alerting.notify.iter().map(|notify| ("tells", notify.to.to_string())));
    if !alerting.notify.is_empty() {
        let by = if alerting.dedupe_by.is_empty() { "all rows".to_string() } else { alerting.dedupe_by.join(", ") };
        lines.push(("told once in", format!("{}, by {by}", alerting.dedupe_window)));
    }
    let next = schedule.next_run(state, now()).map_or("never".to_string(), time);
    lines.push(("next run", if schedule.enabled { next } else { "disabled".to_string() }));
    lines.extend(state.settled.map(|settled| ("settled", time(settled))));
    lines.extend(state.last_success.map(|success| ("looked up to", time(success))));
    lines.extend(state.lease.iter().map(|lease| ("at work", format!("{}, {}", lease.holder, time(lease.slot)))));
    if !state.outbox.is_empty() {
        lines.push(("unsent", state.outbox.len().to_string()));
    }
    lines
}
