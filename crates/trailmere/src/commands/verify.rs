//! `trailmere verify`: is it what it was when it was delivered?

mod logs;
mod results;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::arguments::Global;
pub(crate) use logs::read_public_keys;

/// Checks by signatures.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Validate delivered log files against CloudTrail's digest files
    Logs(logs::Logs),
    /// Verify a signed export of query results, Trailmere's or Lake's own
    Results(results::Results),
}

pub(crate) async fn run(global: &Global, command: Verify) -> Result<ExitCode> {
    match command.what {
        What::Logs(logs) => logs::run(logs).await,
        What::Results(results) => results::run(global, results).await,
    }
}
