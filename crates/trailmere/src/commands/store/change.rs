//! `trailmere store update`, `delete`, `restore`, `start-ingestion`, `stop-ingestion`.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{ArgAction, Args};
use trailmere_model::{BillingMode, EventDataStore, Retention, UpdateStore};

use super::create::{read_selectors, retention};
use super::show::describe;
use crate::arguments::Global;
use crate::context::{now, open_lake};

/// A store to act on.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Name, id, unique beginning of an id, or ARN
    store: String,
}

/// What to change.
#[derive(Debug, Args)]
pub(super) struct Update {
    /// Name, id, unique beginning of an id, or ARN
    store: String,
    /// A new name
    #[arg(long)]
    name: Option<String>,
    /// Other selectors of the same type of store
    #[arg(long, value_name = "JSON|FILE")]
    selectors: Option<String>,
    /// Days to keep events, or `forever`
    #[arg(long, value_name = "DAYS|forever", value_parser = retention)]
    retention: Option<Retention>,
    /// From FIXED_RETENTION_PRICING to EXTENDABLE_RETENTION_PRICING
    #[arg(long)]
    billing_mode: Option<BillingMode>,
    /// Refuse deletion
    #[arg(long, conflicts_with = "no_termination_protection")]
    termination_protection: bool,
    /// Allow deletion
    #[arg(long)]
    no_termination_protection: bool,
    /// Events of every region: true or false
    #[arg(long, action = ArgAction::Set)]
    multi_region: Option<bool>,
    /// Events of a whole organization: true or false
    #[arg(long, action = ArgAction::Set)]
    organization: Option<bool>,
    /// A KMS key id, if there was none
    #[arg(long)]
    kms_key_id: Option<String>,
}

pub(super) async fn update(global: &Global, update: Update) -> Result<ExitCode> {
    let wanted = UpdateStore {
        name: update.name,
        selectors: update.selectors.as_deref().map(read_selectors).transpose()?,
        multi_region: update.multi_region,
        organization_enabled: update.organization,
        retention: update.retention,
        termination_protection: match (update.termination_protection, update.no_termination_protection) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        kms_key_id: update.kms_key_id,
        billing_mode: update.billing_mode,
    };
    act(global, Named { store: update.store }, |store, now| store.update(wanted.clone(), now)).await
}

/// Changes the store's definition, and shows it.
pub(super) async fn act(
    global: &Global,
    named: Named,
    action: impl Fn(&mut EventDataStore, DateTime<Utc>) -> trailmere_model::Result<()>,
) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let store = lake.find_store(&named.store).await?;
    let now = now();
    let changed = lake.change_store(store.id, |store| action(store, now)).await?;
    println!("{}", describe(&changed));
    Ok(ExitCode::SUCCESS)
}
