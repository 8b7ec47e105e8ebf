//! `trailmere query results`: the kept rows, in every format, page by page.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_engine::JobRows;
use trailmere_model::Error;
use trailmere_shell::printers::{Format, Printer};

use super::Named;
use crate::arguments::Global;
use crate::commands::query::destination::Destination;
use crate::commands::query::{choose_format, format, stdout_printer};
use crate::context::now;

/// Rows of a query.
#[derive(Debug, Args)]
pub(crate) struct Results {
    #[command(flatten)]
    query: Named,
    /// table, vertical, auto, csv, tsv, json, jsonl, markdown, parquet, arrow [default: auto on a terminal, else csv]
    #[arg(long, value_parser = format)]
    format: Option<&'static Format>,
    /// Write the rows to a file or s3://bucket/key; its ending says the format unless --format does
    #[arg(long, short, value_name = "FILE|s3://…")]
    output: Option<String>,
    /// Print at most this many rows
    #[arg(long)]
    limit: Option<u64>,
    /// Leave out so many rows first
    #[arg(long, default_value_t = 0)]
    offset: u64,
}

pub(super) async fn run(global: &Global, results: Results) -> Result<ExitCode> {
    let format = choose_format(results.format, results.output.as_deref())?;
    if format.binary && results.output.is_none() && std::io::stdout().is_terminal() {
        let error = Error::invalid(format!("`{}` is not for a terminal", format.name));
        return Err(error.hint("add `--output FILE`").into());
    }
    let (jobs, id) = results.query.open(global).await?;
    let end = results.limit.map_or(u64::MAX, |limit| results.offset.saturating_add(limit));
    let mut rows = jobs.results(id, results.offset..end, now()).await?;
    match &results.output {
        None => print(&mut rows, stdout_printer(format).as_mut()).await?,
        Some(path) => {
            let mut destination = Destination::open(path).await?;
            let mut printer = format.printer(destination.writer()?, Default::default());
            print(&mut rows, printer.as_mut()).await?;
            drop(printer);
            destination.finish().await?;
        }
    }
    if end < rows.total {
        let left = rows.total - end;
        eprintln!("{left} of {} rows are left; the next page: --offset {end}", rows.total);
    }
    if rows.record.status == trailmere_engine::JobStatus::TimedOut {
        eprintln!("the query is TIMED_OUT: these are the rows that it had found until then");
    }
    Ok(ExitCode::SUCCESS)
}

async fn print(rows: &mut JobRows, printer: &mut dyn Printer) -> Result<()> {
    printer.start(&rows.columns)?;
    while let Some(batch) = rows.next_batch().await? {
        printer.rows(&batch)?;
    }
    Ok(printer.finish()?)
}
