//! `trailmere export`: a whole store, or a range of its time, as plain files.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_engine::{DeliveryFormat, ExportRequest, LogExport};
use trailmere_model::Error;

use super::ingest::moment;
use super::query::bytes;
use crate::arguments::Global;
use crate::context::{engine, now, open_lake};

/// What to export.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The store: its name, id or ARN
    store: String,
    /// Where to
    #[arg(long, value_name = "DIR|s3://…")]
    to: String,
    /// parquet (zstd), csv (gzip), jsonl (gzip), arrow, or logs: log files as CloudTrail delivers them
    #[arg(long, default_value = "parquet", value_parser = format)]
    format: Format,
    /// Events from this time on: 2026-03-01 or 2026-03-01T12:00:00Z
    #[arg(long, value_parser = moment)]
    start: Option<DateTime<Utc>>,
    /// Events before this time
    #[arg(long, value_parser = moment)]
    end: Option<DateTime<Utc>>,
    /// Make folders of the values of these columns: eventsource=s3.amazonaws.com/
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    partition_by: Vec<String>,
    /// No file gets larger than this
    #[arg(long, value_parser = bytes, default_value = "1GB", value_name = "SIZE")]
    part_size: usize,
    /// Memory that the export may hold before it spills [default: 4GB]
    #[arg(long, value_parser = bytes)]
    memory_limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Rows(DeliveryFormat),
    Logs,
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "logs" => Ok(Format::Logs),
        text => text
            .parse()
            .map(Format::Rows)
            .map_err(|e: Error| format!("{}; {} or logs", e.message(), e.advice().unwrap_or_default())),
    }
}

pub(crate) async fn run(global: &Global, export: Export) -> Result<ExitCode> {
    let engine = engine(open_lake(global).await?, export.memory_limit)?;
    let request = ExportRequest {
        store: export.store,
        start: export.start,
        end: export.end,
        to: export.to,
        partition_by: export.partition_by,
        part_bytes: export.part_size as u64,
        now: now(),
    };
    let report = match export.format {
        Format::Rows(format) => engine.export(&request, format).await?,
        Format::Logs if !request.partition_by.is_empty() => {
            return Err(Error::invalid("log files have folders of their own")
                .hint("leave out `--partition-by`")
                .into());
        }
        Format::Logs => LogExport.run(&engine, &request).await?,
    };
    if export.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let (events, files) = (HumanCount(report.events), HumanCount(report.files));
        println!("{events} events in {files} files, {}, to {}", HumanBytes(report.bytes), request.to);
    }
    Ok(ExitCode::SUCCESS)
}
