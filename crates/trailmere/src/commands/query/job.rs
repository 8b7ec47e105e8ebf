//! `trailmere query start|status|wait|results|cancel|deliver|list`: queries that run by themselves, and their records.

mod deliver;
mod list;
mod results;
mod start;
mod status;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use trailmere_engine::{JobRecord, JobStatus, Jobs};
use uuid::Uuid;

use crate::arguments::Global;
use crate::context::{engine, now, open_lake};

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Start a query that runs by itself; prints its id at once
    Start(Box<start::Start>),
    /// Show how a query is going, what it has cost, where its rows go
    Status(status::Status),
    /// Wait until a query, and its delivery, has ended
    Wait(status::Wait),
    /// Print the rows of a query that has ended
    Results(results::Results),
    /// Cancel a query that waits or runs, or its delivery
    Cancel(Named),
    /// Deliver the rows of a finished query, or take up a delivery that broke off
    Deliver(Box<deliver::Deliver>),
    /// List the queries of the last days, newest first
    List(list::List),
    /// Do the work on a started query (what `start` starts)
    #[command(hide = true)]
    Work(start::Work),
}

/// A query that was started.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// The query's id, or its beginning
    id: String,
}

pub(super) async fn run(global: &Global, job: Job) -> Result<ExitCode> {
    match job {
        Job::Start(start) => start::run(global, *start).await,
        Job::Status(status) => status::status(global, status).await,
        Job::Wait(wait) => status::wait(global, wait).await,
        Job::Results(results) => results::run(global, results).await,
        Job::Cancel(named) => {
            let (jobs, id) = named.open(global).await?;
            println!("{}", jobs.cancel(id, now()).await?.status);
            Ok(ExitCode::SUCCESS)
        }
        Job::Deliver(deliver) => deliver::run(global, *deliver).await,
        Job::List(list) => list::run(global, list).await,
        Job::Work(work) => start::work(global, work).await,
    }
}

impl Named {
    /// The jobs of the lake, and the query that is meant.
    async fn open(&self, global: &Global) -> Result<(Jobs, Uuid)> {
        let jobs = engine(open_lake(global).await?, None)?.jobs();
        let id = jobs.resolve(&self.id, now()).await?;
        Ok((jobs, id))
    }
}

/// Done, and what was to be delivered is.
fn is_success(record: &JobRecord) -> bool {
    let delivered = record.delivery.as_ref().is_none_or(|d| d.status == trailmere_engine::DeliveryStatus::Success);
    record.status == JobStatus::Finished && delivered
}

/// Success for scripts, or not.
fn code(record: &JobRecord) -> ExitCode {
    if is_success(record) { ExitCode::SUCCESS } else { crate::exit::FAILED }
}
