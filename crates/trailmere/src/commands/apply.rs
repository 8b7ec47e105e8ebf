//! `trailmere apply`: a lake's stores, saved queries and schedules, as a file says.

mod change;
mod file;
mod plan;
mod stores;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_model::Error;

use crate::arguments::Global;
use crate::context::{engine, now, open_lake};
use change::Change;

/// Making a lake what a file says.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// A TOML file with [[store]], [[query]], [[schedule]] and [maintenance]
    file: String,
    /// Say what would be changed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
    /// Also delete schedules and saved queries of your own that the file does not name; stores are never deleted
    #[arg(long)]
    prune: bool,
}

pub(crate) async fn run(global: &Global, command: Apply) -> Result<ExitCode> {
    let file = file::read(&command.file)?;
    let engine = engine(open_lake(global).await?, None)?;
    let now = now();
    let surplus = if command.prune { plan::Surplus::Deleted } else { plan::Surplus::Kept };
    let changes = plan::plan(&engine, file, surplus, now).await?;
    if changes.is_empty() {
        println!("nothing to change");
        return Ok(ExitCode::SUCCESS);
    }
    for change in &changes {
        println!("{change}");
    }
    if command.dry_run {
        println!("dry run: nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    if !command.yes && !confirmed()? {
        println!("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    for change in &changes {
        change.make(&engine, now).await?;
    }
    println!("{} changed", changes.len());
    warn(&engine, &changes).await;
    Ok(ExitCode::SUCCESS)
}

fn confirmed() -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::invalid("nobody is there to be asked")
            .hint("add `--yes`, or look first with `--dry-run`")
            .into());
    }
    print!("make these changes? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Says which schedules could not be run as the lake is now.
async fn warn(engine: &trailmere_engine::Engine, changes: &[Change]) {
    for schedule in changes.iter().filter_map(Change::schedule) {
        if let Err(error) = engine.check_schedule(schedule, now()).await {
            eprintln!("warning: schedule {} can't be run now: {}", schedule.name, error.message());
        }
    }
}
