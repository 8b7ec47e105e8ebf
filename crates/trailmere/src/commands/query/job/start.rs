//! `trailmere query start`: a query that goes on when the terminal is closed.

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use trailmere_engine::{JobRequest, Origin, Parameter, QueryRequest};
use trailmere_model::Error;
use trailmere_store::Lake;
use uuid::Uuid;

use super::deliver::Shape;
use crate::arguments::Global;
use crate::commands::query::{bytes, duration, parameter, parameters};
use crate::context::{engine, now, open_lake, who};
use crate::settings::query_settings;

/// What to start.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The SQL, one statement
    #[arg(required_unless_present = "file", allow_hyphen_values = true)]
    sql: Option<String>,
    /// Read the SQL from a file
    #[arg(long, short, conflicts_with = "sql")]
    file: Option<String>,
    /// What `events`, `insights` and `$EDS_ID` mean: a store's name, id or ARN
    #[arg(long)]
    store: Option<String>,
    /// The value of a `$NAME` in the statement; bound, never pasted. NAME:TYPE=VALUE gives it a type
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, Option<String>, String)>,
    /// Deliver the result to a folder or bucket: signed files below AWSLogs/<account>/CloudTrail-Lake/Query/
    #[arg(long, value_name = "DIR|s3://…")]
    deliver: Option<String>,
    #[command(flatten)]
    shape: Shape,
    /// Stop the query after this time: 30s, 10m, 1h [default: 1h]
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    /// Memory that the query may hold before it spills, and fail where it can't [default: 4GB]
    #[arg(long, value_parser = bytes)]
    memory_limit: Option<usize>,
    /// Print the record as JSON instead of the id
    #[arg(long)]
    json: bool,
}

/// The work on one query.
#[derive(Debug, Args)]
pub(crate) struct Work {
    id: Uuid,
    #[arg(long, value_parser = bytes)]
    memory_limit: Option<usize>,
}

pub(super) async fn run(global: &Global, start: Start) -> Result<ExitCode> {
    let sql = match (&start.sql, &start.file) {
        (_, Some(file)) => std::fs::read_to_string(file)
            .map_err(|e| Error::not_found("the SQL file can't be read").at(file.clone()).source(e))?,
        (sql, None) => sql.clone().unwrap_or_default(),
    };
    let lake = open_lake(global).await?;
    let engine = engine(lake.clone(), start.memory_limit)?;
    let sql = match engine.split(&sql).as_slice() {
        [] => return Err(Error::invalid("there is no statement").hint("give SQL, or `--file FILE`").into()),
        [only] => only.text.to_string(),
        several => {
            return Err(Error::invalid(format!("there are {} statements; a started query is one", several.len()))
                .hint("start them one by one")
                .into());
        }
    };
    let timeout = Some(start.timeout.unwrap_or(query_settings()?.timeout));
    let values: Vec<Parameter> = parameters(&start.param);
    let request = QueryRequest { store: start.store.clone(), parameters: values, now: now(), timeout };
    let delivery = match &start.deliver {
        Some(to) => Some(start.shape.delivery(to)?),
        None => None,
    };
    let job = JobRequest { sql, request, delivery, origin: Origin::Started, who: who() };
    let record = engine.jobs().submit(job, now).await?;
    if let Err(error) = spawn(global, &lake, record.id, start.memory_limit) {
        // Nobody will work on it.
        let _ = engine.jobs().cancel(record.id, now()).await;
        return Err(error.into());
    }
    match start.json {
        true => println!("{}", serde_json::to_string_pretty(&record)?),
        false => println!("{}", record.id),
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts this program again, in a process group of its own that no terminal's signals reach.
fn spawn(global: &Global, lake: &Lake, id: Uuid, memory_limit: Option<usize>) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::unavailable("the query's process can't be started").source(e);
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("--lake").arg(lake.location());
    if global.no_sync {
        command.arg("--no-sync");
    }
    command.args(["query", "work", &id.to_string()]);
    if let Some(bytes) = memory_limit {
        command.arg("--memory-limit").arg(bytes.to_string());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(drop).map_err(failed)
}

pub(super) async fn work(global: &Global, work: Work) -> Result<ExitCode> {
    // A terminal that is closed hangs up on all that it has started; whoever listens does not die of it.
    #[cfg(unix)]
    let _deaf = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    let engine = engine(open_lake(global).await?, work.memory_limit)?;
    let record = engine.jobs().work(work.id, now).await?;
    Ok(super::code(&record))
}
