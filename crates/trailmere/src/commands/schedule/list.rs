//! `trailmere schedule list`: what runs when, and how it went last.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use trailmere_engine::Engine;
use trailmere_engine::schedules::{Question, RunStatus, Schedule, ScheduleState, Task};

use crate::commands::table::print_table;
use crate::context::now;

/// All schedules.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(engine: &Engine, list: List) -> Result<ExitCode> {
    let schedules = engine.schedules();
    let mut found = vec![];
    for schedule in schedules.list().await? {
        let state = schedules.state(schedule.id).await?;
        found.push((schedule, state));
    }
    if list.json {
        let entries: Vec<_> = found.iter().map(|(schedule, state)| entry(schedule, state)).collect();
        println!("{}", serde_json::to_string_pretty(&entries)?);
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        println!("no schedules");
        println!("hint: `trailmere schedule add NAME --query detect-root-use --every 1h --notify https://…`");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = found.iter().map(|(schedule, state)| row(schedule, state)).collect();
    print_table(&["NAME", "DOES", "WHEN", "LAST SLOT", "OUTCOME", "NEXT RUN"], &rows);
    Ok(ExitCode::SUCCESS)
}

fn entry(schedule: &Schedule, state: &ScheduleState) -> serde_json::Value {
    json!({ "schedule": schedule, "settled": state.settled, "lastSuccess": state.last_success,
            "lastRun": state.runs.last(), "running": state.lease, "unsent": state.outbox.len(),
            "nextRun": schedule.next_run(state, now()) })
}

fn row(schedule: &Schedule, state: &ScheduleState) -> Vec<String> {
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M").to_string();
    let last = state.runs.iter().rev().find(|run| !run.by_hand);
    let outcome = last.map_or("-".to_string(), |run| match (run.status, run.alert) {
        (RunStatus::Failed, _) => "failed".to_string(),
        (RunStatus::Finished, true) => format!("{} rows, alert", run.rows),
        (RunStatus::Finished, false) => format!("{} rows", run.rows),
    });
    let next = match schedule.next_run(state, now()) {
        _ if !schedule.enabled => "disabled".to_string(),
        Some(next) => time(next),
        None => "never".to_string(),
    };
    let slot = last.map_or("-".to_string(), |run| time(run.scheduled_time));
    vec![schedule.name.clone(), does(&schedule.task), schedule.cadence.to_string(), slot, outcome, next]
}

/// What a schedule does, in a few words.
pub(super) fn does(task: &Task) -> String {
    match task {
        Task::Maintain { dedupe: false } => "maintenance".to_string(),
        Task::Maintain { dedupe: true } => "maintenance, duplicates too".to_string(),
        Task::Query(query) => match &query.question {
            Question::Saved(name) => name.clone(),
            Question::Sql(sql) => {
                let words: Vec<&str> = sql.split_whitespace().collect();
                let text = words.join(" ");
                match text.char_indices().nth(40) {
                    Some((end, _)) => format!("{}…", &text[..end]),
                    None => text,
                }
            }
        },
    }
}
