//! `trailmere maintain`: what is past retention goes, and what nothing refers to.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_engine::ExpiredJobs;
use trailmere_store::{MaintainOptions, MaintainReport, StoreReport, Unused};

use super::query::duration;
use crate::arguments::Global;
use crate::context::{engine, now, open_lake};
use crate::exit;

/// Upkeep of a lake.
#[derive(Debug, Args)]
pub(crate) struct Maintain {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Also remove events that are there twice, by account and event ID (looks through every day)
    #[arg(long)]
    dedupe: bool,
    /// Delete files that have been of no use for so long; a query or an ingestion must not run longer
    #[arg(long, default_value = "24h", value_parser = safe_age)]
    unused_after: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(global: &Global, command: Maintain) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let options =
        MaintainOptions { dry_run: command.dry_run, dedupe: command.dedupe, unused_after: command.unused_after };
    let report = lake.maintain(now(), &options).await?;
    let jobs = engine(lake, None)?.jobs();
    let queries = if command.dry_run { jobs.expirable(now()).await? } else { jobs.expire(now()).await? };
    if command.json {
        let mut whole = serde_json::to_value(&report)?;
        whole["queries"] = serde_json::to_value(&queries)?;
        println!("{}", serde_json::to_string_pretty(&whole)?);
    } else {
        print!("{}", describe(&report, &queries));
    }
    let failed = report.stores.iter().any(|store| store.failure.is_some());
    Ok(if failed { exit::FAILED } else { ExitCode::SUCCESS })
}

/// Queries and batches of an ingestion take minutes; files that are younger may be theirs.
const LEAST_AGE: Duration = Duration::from_secs(3600);

fn safe_age(text: &str) -> Result<Duration, String> {
    let age = duration(text)?;
    if age < LEAST_AGE {
        return Err("files younger than an hour may be in use".to_owned());
    }
    Ok(age)
}

/// One line a thing that was done.
fn describe(report: &MaintainReport, queries: &ExpiredJobs) -> String {
    let mut lines = vec![];
    for store in &report.stores {
        lines.extend(store_lines(store));
    }
    for gone in &report.removed {
        lines.push(format!("{}: removed for good, {}", gone.name, unused(&gone.files)));
    }
    if report.abandoned.files > 0 {
        lines.push(format!("left behind by stores that are gone: {}", unused(&report.abandoned)));
    }
    if queries.result_files > 0 {
        let (files, bytes) = (HumanCount(queries.result_files), HumanBytes(queries.result_bytes));
        lines.push(format!("results of queries past their time: {files} files, {bytes}"));
    }
    if queries.record_days > 0 {
        lines.push(format!("records of queries past their time: {} days", queries.record_days));
    }
    if lines.is_empty() {
        lines.push("there was nothing to do".to_string());
    }
    if report.dry_run {
        lines.insert(0, "dry run: nothing was changed; this would have been done".to_string());
    }
    lines.join("\n") + "\n"
}

fn store_lines(store: &StoreReport) -> Vec<String> {
    let mut lines = vec![];
    let expired = &store.expired;
    if expired.events > 0 {
        lines.push(format!("{}: {} events past retention removed", store.name, HumanCount(expired.events)));
    }
    if store.duplicates.events > 0 {
        lines.push(format!("{}: {} duplicate events removed", store.name, HumanCount(store.duplicates.events)));
    }
    let compacted = &store.compacted;
    if compacted.files_before > 0 {
        let (before, after) = (HumanCount(compacted.files_before), HumanCount(compacted.files_after));
        lines.push(format!("{}: {before} small files put together into {after}", store.name));
    }
    if store.unused.files > 0 {
        lines.push(format!("{}: {} that nothing refers to", store.name, unused(&store.unused)));
    }
    if let Some(version) = store.log.checkpoint {
        lines.push(format!("{}: a checkpoint of version {version} in its Delta log", store.name));
    }
    if store.log.removed.files > 0 {
        lines.push(format!(
            "{}: {} of its Delta log that a checkpoint replaces",
            store.name,
            unused(&store.log.removed)
        ));
    }
    if let Some(failure) = &store.failure {
        lines.push(format!("{}: failed: {failure}", store.name));
    }
    lines
}

fn unused(files: &Unused) -> String {
    format!("{} files, {}", HumanCount(files.files), HumanBytes(files.bytes))
}
