//! `trailmere verify`: is it what it was when it was delivered?

mod logs;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

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
}

pub(crate) async fn run(command: Verify) -> Result<ExitCode> {
    match command.what {
        What::Logs(logs) => logs::run(logs).await,
    }
}
