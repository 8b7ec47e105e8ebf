//! One file per command.

pub(crate) mod apply;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod ingest;
pub(crate) mod keys;
pub(crate) mod maintain;
pub(crate) mod query;
pub(crate) mod quickstart;
pub(crate) mod saved;
pub(crate) mod schedule;
pub(crate) mod scheduler;
pub(crate) mod shell;
pub(crate) mod store;
mod table;
pub(crate) mod verify;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::{Arguments, Command};

/// Runs the command that was asked for.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let global = &arguments.global;
    match arguments.command {
        Command::Quickstart(command) => quickstart::run(global, command).await,
        Command::Ingest(command) => ingest::run(global, *command).await,
        Command::Query(command) => query::run(global, *command).await,
        Command::Shell(command) => shell::run(global, command).await,
        Command::Store(command) => store::run(global, command).await,
        Command::Saved(command) => saved::run(global, command).await,
        Command::Schedule(command) => schedule::run(global, command).await,
        Command::Scheduler(command) => scheduler::run(global, command).await,
        Command::Apply(command) => apply::run(global, command).await,
        Command::Export(command) => export::run(global, *command).await,
        Command::Verify(command) => verify::run(global, command).await,
        Command::Keys(command) => keys::run(global, command).await,
        Command::Doctor(command) => doctor::run(global, command).await,
        Command::Maintain(command) => maintain::run(global, command).await,
        Command::Completions(command) => completions::run(command),
    }
}
