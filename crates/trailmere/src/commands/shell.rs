//! `trailmere shell`: the interactive shell, over the lake or over a folder of logs.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_shell::ShellOptions;
use trailmere_store::{Lake, LakeOptions};

use super::ingest::ingest_into;
use crate::arguments::Global;
use crate::context::{engine, now, open_lake, who};
use crate::exit::describe;
use crate::settings::query_settings;

/// The shell.
#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// Look into this folder, file or s3:// prefix of logs, through a lake that is thrown away afterwards
    source: Option<String>,
    /// What `events` and `insights` mean: a store's name, id or ARN
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(global: &Global, command: Shell) -> Result<ExitCode> {
    // Lives until the shell is left.
    let throwaway;
    let lake = match &command.source {
        None => open_lake(global).await?,
        Some(source) => {
            throwaway = tempfile::Builder::new().prefix("trailmere-").tempdir()?;
            let folder = throwaway.path().to_string_lossy();
            let lake = Lake::open(&folder, LakeOptions { durable: false }).await?;
            ingest_into(&lake, source).await?;
            lake
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    let greeting = format!("Trailmere {version} · lake {} · \\? for help, ctrl-D to leave\n", lake.location());
    // A lake that is thrown away needs no records.
    let recorded = command.source.is_none() && query_settings()?.record;
    let options = ShellOptions { store: command.store, who: recorded.then(who), clock: now, describe, greeting };
    trailmere_shell::run(engine(lake, None)?, options).await?;
    Ok(ExitCode::SUCCESS)
}
