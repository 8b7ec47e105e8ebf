//! `trailmere completions`: completions for the user's shell.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;

/// Completions for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(command: Completions) -> Result<ExitCode> {
    clap_complete::generate(command.shell, &mut Arguments::command(), "trailmere", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
