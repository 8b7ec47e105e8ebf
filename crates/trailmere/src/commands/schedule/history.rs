//! `trailmere schedule history`: the last runs.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_engine::Engine;
use trailmere_engine::schedules::{NoticeStatus, RunRecord, RunStatus};

use crate::commands::table::print_table;

/// The runs of a schedule.
#[derive(Debug, Args)]
pub(super) struct History {
    /// Its name
    name: String,
    /// Show at most so many, the newest
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(engine: &Engine, history: History) -> Result<ExitCode> {
    let schedule = engine.schedules().find(&history.name).await?;
    let runs = engine.schedules().state(schedule.id).await?.runs;
    let shown: Vec<&RunRecord> = runs.iter().rev().take(history.limit).collect();
    if history.json {
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(ExitCode::SUCCESS);
    }
    if shown.is_empty() {
        println!("{} has not run yet", schedule.name);
        println!("hint: `trailmere scheduler --once` runs what is due, `trailmere scheduler` goes on doing so");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = shown.into_iter().map(row).collect();
    print_table(&["SLOT", "COVERS FROM", "STATUS", "ROWS", "ALERT", "TOLD", "TOOK", "QUERY", "NOTE"], &rows);
    Ok(ExitCode::SUCCESS)
}

fn row(run: &RunRecord) -> Vec<String> {
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    let status = match run.status {
        RunStatus::Finished if run.by_hand => "finished, by hand",
        RunStatus::Finished => "finished",
        RunStatus::Failed => "failed",
    };
    let alert = match (run.alert, run.repeated) {
        (_, true) => "told before",
        (true, false) => "yes",
        (false, false) => "no",
    };
    let count = |status: NoticeStatus| run.notices.iter().filter(|notice| notice.status == status).count();
    let mut told = vec![];
    for (status, word) in
        [(NoticeStatus::Sent, "sent"), (NoticeStatus::Pending, "pending"), (NoticeStatus::Dead, "dead")]
    {
        if count(status) > 0 {
            told.push(format!("{} {word}", count(status)));
        }
    }
    let took = (run.finished - run.started).num_milliseconds();
    vec![
        time(run.scheduled_time),
        time(run.last_success_time),
        status.to_string(),
        run.rows.to_string(),
        alert.to_string(),
        if told.is_empty() { "-".to_string() } else { told.join(", ") },
        format!("{took} ms"),
        run.query_id.map_or("-".to_string(), |id| id.to_string()),
        run.note.clone().unwrap_or_default(),
    ]
}
