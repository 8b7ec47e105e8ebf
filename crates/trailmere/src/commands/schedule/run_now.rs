//! `trailmere schedule run-now`: a run outside of the slots.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;
use trailmere_engine::Engine;
use trailmere_engine::schedules::{RunStatus, Scheduler};

use crate::commands::scheduler::{Timing, local_actions, say};
use crate::exit;

/// What to run.
#[derive(Debug, Args)]
pub(super) struct RunNow {
    /// Its name
    name: String,
    /// Print the run as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    timing: Timing,
}

pub(super) async fn run(engine: &Engine, run: RunNow) -> Result<ExitCode> {
    let schedule = engine.schedules().find(&run.name).await?;
    let slots = run.timing.slots();
    let mut options = run.timing.options(engine);
    options.local_actions = local_actions(engine, None);
    let scheduler = Scheduler::new(engine, options, run.timing.clock(&slots), CancellationToken::new(), &say);
    let record = tokio::select! {
        record = scheduler.run_now(&schedule) => record?,
        _ = tokio::signal::ctrl_c() => return Err(trailmere_model::Error::cancelled("the run was cancelled").into()),
    };
    if run.json {
        println!("{}", serde_json::to_string_pretty(&record)?);
    }
    let failed = record.status == RunStatus::Failed || scheduler.tally().undeliverable > 0;
    Ok(if failed { exit::FAILED } else { ExitCode::SUCCESS })
}
