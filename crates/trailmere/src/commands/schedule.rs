//! `trailmere schedule`: queries that ask themselves, and who is told of what they find.

mod add;
mod dead_letters;
mod history;
mod list;
mod run_now;
mod show;
pub(crate) mod wanted;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use trailmere_engine::Engine;

use crate::arguments::Global;
use crate::context::{engine, now, open_lake};

/// Schedules.
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a schedule: what to ask, when, and whom to tell of what
    Add(Box<add::Add>),
    /// List the schedules, their last runs and when they are next due
    List(list::List),
    /// Show a schedule
    Show(show::Show),
    /// Run a schedule again as its slots come
    Enable(Named),
    /// Run a schedule no more until it is enabled
    Disable(Named),
    /// Run a schedule now, up to now, outside of its slots
    RunNow(run_now::RunNow),
    /// Show the last runs of a schedule
    History(history::History),
    /// Notifications that could not be sent
    DeadLetters(dead_letters::DeadLetters),
    /// Delete a schedule and what is known of its runs
    Delete(Named),
}

/// A schedule.
#[derive(Debug, Args)]
struct Named {
    /// Its name
    name: String,
}

pub(crate) async fn run(global: &Global, command: Schedule) -> Result<ExitCode> {
    let engine = engine(open_lake(global).await?, None)?;
    match command.action {
        Action::Add(add) => add::run(&engine, *add).await,
        Action::List(list) => list::run(&engine, list).await,
        Action::Show(show) => show::run(&engine, show).await,
        Action::Enable(named) => enable(&engine, &named.name, Running::Yes).await,
        Action::Disable(named) => enable(&engine, &named.name, Running::No).await,
        Action::RunNow(run) => run_now::run(&engine, run).await,
        Action::History(history) => history::run(&engine, history).await,
        Action::DeadLetters(dead) => dead_letters::run(&engine, dead).await,
        Action::Delete(named) => {
            engine.schedules().delete(&named.name).await?;
            println!("deleted {}", named.name);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Whether a schedule is to run.
#[derive(Clone, Copy, PartialEq)]
enum Running {
    Yes,
    No,
}

async fn enable(engine: &Engine, name: &str, running: Running) -> Result<ExitCode> {
    let now = now();
    let schedules = engine.schedules();
    let changed = schedules.change(name, |schedule| {
        let enabled = running == Running::Yes;
        if enabled && !schedule.enabled {
            // The slots that passed meanwhile are nobody's any more; their time is the next run's.
            schedule.from = schedule.from.max(now);
        }
        if enabled != schedule.enabled {
            schedule.updated = now;
        }
        schedule.enabled = enabled;
    });
    let schedule = changed.await?;
    println!("{} is {}", schedule.name, if schedule.enabled { "enabled" } else { "disabled" });
    Ok(ExitCode::SUCCESS)
}
