//! `trailmere maintain`: what is past retention goes, and what nothing refers to.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_store::MaintainOptions;

use crate::arguments::Global;
use crate::context::{now, open_lake};

/// Upkeep of a lake.
#[derive(Debug, Args)]
pub(crate) struct Maintain {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(global: &Global, command: Maintain) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let options = MaintainOptions { dry_run: command.dry_run, ..MaintainOptions::default() };
    let report = lake.maintain(now(), &options).await?;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}
