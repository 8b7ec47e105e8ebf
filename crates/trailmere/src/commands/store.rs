//! `trailmere store`: event data stores.

mod change;
mod create;
mod list;
mod show;
mod test_selectors;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::arguments::Global;

/// Event data stores.
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create an event data store
    Create(Box<create::Create>),
    /// List the stores
    List(list::List),
    /// Show one store: definition, counts, days, accounts
    Show(show::Show),
    /// Change a store
    Update(Box<change::Update>),
    /// Delete a store: it is PENDING_DELETION for 7 days, then `maintain` removes it
    Delete(change::Named),
    /// Take back a deletion
    Restore(change::Named),
    /// Take events again
    StartIngestion(change::Named),
    /// Take no more events
    StopIngestion(change::Named),
    /// Show, before anything is stored, what selectors would keep of a folder of logs
    TestSelectors(test_selectors::TestSelectors),
}

pub(crate) async fn run(global: &Global, command: Store) -> Result<ExitCode> {
    match command.action {
        Action::Create(create) => create::run(global, *create).await,
        Action::List(list) => list::run(global, list).await,
        Action::Show(show) => show::run(global, show).await,
        Action::Update(update) => change::update(global, *update).await,
        Action::Delete(named) => change::act(global, named, |store, now| store.delete(now)).await,
        Action::Restore(named) => change::act(global, named, |store, now| store.restore(now)).await,
        Action::StartIngestion(named) => change::act(global, named, |store, now| store.start_ingestion(now)).await,
        Action::StopIngestion(named) => change::act(global, named, |store, now| store.stop_ingestion(now)).await,
        Action::TestSelectors(test) => test_selectors::run(global, test).await,
    }
}
