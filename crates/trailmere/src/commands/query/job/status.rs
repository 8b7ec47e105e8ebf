//! `trailmere query status` and `wait`: how is it going?

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_engine::{JobRecord, JobStatus, Origin};
use trailmere_model::Error;

use super::{Named, code};
use crate::arguments::Global;
use crate::commands::query::duration;
use crate::context::now;

/// One query.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    query: Named,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Waiting for a query.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    #[command(flatten)]
    query: Named,
    /// Wait no longer than this: 30s, 10m, 1h
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How often a waited-for query is looked at, at first and later.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_secs(2);

pub(super) async fn status(global: &Global, status: Status) -> Result<ExitCode> {
    let (jobs, id) = status.query.open(global).await?;
    print(&jobs.get(id, now()).await?, status.json)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn wait(global: &Global, wait: Wait) -> Result<ExitCode> {
    let (jobs, id) = wait.query.open(global).await?;
    let mut pause = FIRST_LOOK;
    let mut waited = Duration::ZERO;
    loop {
        let record = jobs.get(id, now()).await?;
        if !record.is_live() {
            print(&record, wait.json)?;
            return Ok(code(&record));
        }
        if wait.timeout.is_some_and(|timeout| waited >= timeout) {
            return Err(Error::limit(format!("the query `{id}` is {} still", record.status)).into());
        }
        tokio::time::sleep(pause).await;
        waited += pause;
        pause = (pause * 3 / 2).min(LOOK);
    }
}

fn print(record: &JobRecord, json: bool) -> Result<()> {
    match json {
        true => println!("{}", serde_json::to_string_pretty(record)?),
        false => print!("{}", describe(record)),
    }
    Ok(())
}

/// One line a fact.
fn describe(record: &JobRecord) -> String {
    let mut lines = vec![("id", record.id.to_string()), ("status", record.status.to_string())];
    lines.extend(record.error.iter().map(|error| ("error", error.replace('\n', "\n          "))));
    lines.push(("asked", format!("{} by {}", record.created.format("%Y-%m-%d %H:%M:%S"), record.who)));
    if let Origin::Schedule { name, slot } = &record.origin {
        lines.push(("schedule", format!("{name}, due {}", slot.format("%Y-%m-%d %H:%M:%S"))));
    }
    if !record.stores.is_empty() {
        lines.push(("stores", record.stores.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ")));
    }
    let cost = &record.statistics;
    if record.status.is_final() {
        let (matched, scanned) = (HumanCount(cost.events_matched), HumanCount(cost.events_scanned));
        lines.push(("rows", HumanCount(cost.total_results_count).to_string()));
        lines.push(("events", format!("{matched} matched of {scanned} scanned, {}", HumanBytes(cost.bytes_scanned))));
        lines.push(("time", format!("{} ms", cost.execution_time_in_millis)));
    }
    if let Some(delivery) = &record.delivery {
        lines.push(("delivery", delivery.status.to_string()));
        lines.extend(delivery.error.iter().map(|error| ("", error.replace('\n', "\n          "))));
        lines.push(("to", delivery.folder.clone()));
        if !delivery.files.is_empty() {
            let bytes = HumanBytes(delivery.files.iter().map(|file| file.bytes).sum());
            lines.push(("files", format!("{}, {bytes}", delivery.files.len())));
        }
    } else if record.status == JobStatus::Finished && record.origin != Origin::Interactive {
        lines.push(("results", format!("trailmere query results {}", record.id)));
    }
    lines.push(("sql", record.sql.replace('\n', "\n          ")));
    lines.iter().map(|(name, text)| format!("{name:<9} {text}\n")).collect()
}
