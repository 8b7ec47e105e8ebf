//! `trailmere verify`: is it what it claims to be?

mod results;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::arguments::Global;

/// Verification.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Verify a signed export of query results, Trailmere's or Lake's own
    Results(results::Results),
}

pub(crate) async fn run(global: &Global, command: Verify) -> Result<ExitCode> {
    match command.what {
        What::Results(results) => results::run(global, results).await,
    }
}
