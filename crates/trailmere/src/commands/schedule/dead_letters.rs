//! `trailmere schedule dead-letters`: what could not be sent, and sending it again.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;
use trailmere_engine::Engine;
use trailmere_engine::schedules::Scheduler;
use trailmere_model::Error;
use uuid::Uuid;

use crate::commands::scheduler::{Timing, local_actions, say};
use crate::commands::table::print_table;
use crate::exit;

/// Dead letters.
#[derive(Debug, Args)]
pub(super) struct DeadLetters {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List them (the default)
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send them again, all or some; what arrives is a dead letter no more
    Replay {
        /// Ids, or their beginnings
        ids: Vec<String>,
        #[command(flatten)]
        timing: Timing,
    },
}

pub(super) async fn run(engine: &Engine, command: DeadLetters) -> Result<ExitCode> {
    match command.action {
        None => list(engine, false).await,
        Some(Action::List { json }) => list(engine, json).await,
        Some(Action::Replay { ids, timing }) => replay(engine, &ids, &timing).await,
    }
}

async fn list(engine: &Engine, json: bool) -> Result<ExitCode> {
    let letters = engine.schedules().dead_letters().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&letters)?);
        return Ok(ExitCode::SUCCESS);
    }
    if letters.is_empty() {
        println!("no dead letters");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = letters
        .iter()
        .map(|letter| {
            let notice = &letter.notice;
            vec![
                notice.id.to_string(),
                notice.message.schedule.clone(),
                notice.message.scheduled_time.format("%Y-%m-%d %H:%M:%S").to_string(),
                notice.notify.to.to_string(),
                notice.attempts.to_string(),
                notice.error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print_table(&["ID", "SCHEDULE", "SLOT", "TO", "TRIES", "WHY"], &rows);
    Ok(ExitCode::SUCCESS)
}

async fn replay(engine: &Engine, wanted: &[String], timing: &Timing) -> Result<ExitCode> {
    let ids = resolve(engine, wanted).await?;
    let slots = timing.slots();
    let mut options = timing.options(engine);
    options.local_actions = local_actions(engine, None);
    let scheduler = Scheduler::new(engine, options, timing.clock(&slots), CancellationToken::new(), &say);
    let (sent, failed) = scheduler.replay(&ids).await?;
    println!("{sent} sent, {failed} still dead");
    Ok(if failed > 0 { exit::FAILED } else { ExitCode::SUCCESS })
}

async fn resolve(engine: &Engine, wanted: &[String]) -> Result<Vec<Uuid>> {
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let all: Vec<Uuid> = engine.schedules().dead_letters().await?.into_iter().map(|letter| letter.notice.id).collect();
    let mut ids = vec![];
    for text in wanted {
        let fitting: Vec<Uuid> =
            all.iter().copied().filter(|id| id.to_string().starts_with(&text.to_lowercase())).collect();
        match fitting.as_slice() {
            [id] => ids.push(*id),
            [] => {
                return Err(Error::not_found(format!("there is no dead letter `{text}`"))
                    .hint("`trailmere schedule dead-letters` shows all")
                    .into());
            }
            _ => return Err(Error::invalid(format!("`{text}` begins several ids")).hint("write more of it").into()),
        }
    }
    Ok(ids)
}
