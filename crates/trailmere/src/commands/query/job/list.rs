//! `trailmere query list`: who asked what, when, and what it cost.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_engine::{JobFilter, JobRecord, JobStatus};
use uuid::Uuid;

use crate::arguments::Global;
use crate::commands::ingest::moment;
use crate::context::{engine, now, open_lake};

/// Which queries.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that ask this store: its name, id or ARN
    #[arg(long)]
    store: Option<String>,
    /// Only those in this state: QUEUED, RUNNING, FINISHED, FAILED, CANCELLED, TIMED_OUT
    #[arg(long)]
    status: Option<JobStatus>,
    /// Asked from this time on [default: 7 days ago]
    #[arg(long, value_parser = moment)]
    start: Option<DateTime<Utc>>,
    /// Asked before this time
    #[arg(long, value_parser = moment)]
    end: Option<DateTime<Utc>>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// The page after the one that ended with this id
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const HEADS: [&str; 7] = ["ID", "STATUS", "ASKED", "BY", "ROWS", "SCANNED", "SQL"];

/// Characters of a statement in the list.
const SQL_CHARS: usize = 60;

pub(super) async fn run(global: &Global, list: List) -> Result<ExitCode> {
    let jobs = engine(open_lake(global).await?, None)?.jobs();
    let List { store, status, start, end, after, .. } = list;
    let filter = JobFilter { store, status, start, end, limit: Some(list.limit), after };
    let page = jobs.list(&filter, now()).await?;
    if list.json {
        println!("{}", serde_json::to_string_pretty(&page.jobs)?);
    } else if page.jobs.is_empty() {
        println!("no queries");
    } else {
        let rows: Vec<[String; 7]> = page.jobs.iter().map(row).collect();
        let heads = HEADS.map(String::from);
        let width = |column: usize| rows.iter().chain([&heads]).map(|r| r[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
        for row in [&heads].into_iter().chain(&rows) {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("{}", cells.join("  ").trim_end());
        }
    }
    if let Some(next) = page.next {
        eprintln!("there are more; the next page: --after {next}");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(record: &JobRecord) -> [String; 7] {
    let sql = record.sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let sql = match sql.char_indices().nth(SQL_CHARS) {
        Some((end, _)) => format!("{}…", &sql[..end]),
        None => sql,
    };
    [
        record.id.to_string(),
        record.status.to_string(),
        record.created.format("%Y-%m-%d %H:%M:%S").to_string(),
        record.who.clone(),
        HumanCount(record.statistics.total_results_count).to_string(),
        HumanBytes(record.statistics.bytes_scanned).to_string(),
        sql,
    ]
}
