//! `trailmere store create`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_model::{
    AdvancedEventSelectors, BillingMode, CreateStore, Error, EventDataStore, Retention, SelectorChoice, StoreType, Tag,
};
use uuid::Uuid;

use super::show::describe;
use crate::arguments::Global;
use crate::context::{now, open_lake};

/// What to create.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// 3 to 128 letters, digits, `.`, `_`, `-`
    name: String,
    /// Advanced (or basic) event selectors: JSON, a file, or file://FILE; `all` takes every event [default: management events]
    #[arg(long, value_name = "JSON|FILE|all")]
    selectors: Option<String>,
    /// Days to keep events, by event time, or `forever` [default: 366, or 2557 with fixed billing]
    #[arg(long, value_name = "DAYS|forever", value_parser = retention)]
    retention: Option<Retention>,
    /// EXTENDABLE_RETENTION_PRICING or FIXED_RETENTION_PRICING
    #[arg(long)]
    billing_mode: Option<BillingMode>,
    /// Let the store be deleted without further ado
    #[arg(long)]
    no_termination_protection: bool,
    /// Tags
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = tag)]
    tags: Vec<Tag>,
    /// Take events of every region (the default)
    #[arg(long, conflicts_with = "single_region")]
    multi_region: bool,
    /// Take events of this region only
    #[arg(long, value_name = "REGION")]
    single_region: Option<String>,
    /// Take events of a whole organization
    #[arg(long)]
    organization: bool,
    /// Account id for the ARN
    #[arg(long)]
    account: Option<String>,
    /// Remember a KMS key id (kept and shown; encryption is the bucket's or the disk's business)
    #[arg(long)]
    kms_key_id: Option<String>,
    /// Don't take events yet
    #[arg(long)]
    stopped: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, create: Create) -> Result<ExitCode> {
    let wanted = CreateStore {
        name: create.name,
        selectors: create.selectors.as_deref().map_or(Ok(SelectorChoice::Default), choice)?,
        multi_region: create.single_region.is_some().then_some(false).or(create.multi_region.then_some(true)),
        organization_enabled: create.organization.then_some(true),
        billing_mode: create.billing_mode,
        retention: create.retention,
        termination_protection: create.no_termination_protection.then_some(false),
        start_ingestion: create.stopped.then_some(false),
        kms_key_id: create.kms_key_id,
        tags: create.tags,
        region: create.single_region,
        account: create.account,
        is_default: false,
    };
    let store = EventDataStore::create(wanted, Uuid::new_v4(), now())?;
    let lake = open_lake(global).await?;
    lake.create_store(&store).await?;
    println!("{}", if create.json { serde_json::to_string_pretty(&store)? } else { describe(&store) });
    Ok(ExitCode::SUCCESS)
}

fn choice(text: &str) -> Result<SelectorChoice, Error> {
    match text {
        "all" => Ok(SelectorChoice::Everything(StoreType::CloudTrail)),
        _ => Ok(SelectorChoice::Chosen(read_selectors(text)?)),
    }
}

/// Selectors as the AWS CLI takes them: JSON itself, `file://FILE`, or just a file.
pub(super) fn read_selectors(text: &str) -> Result<AdvancedEventSelectors, Error> {
    let trimmed = text.trim_start();
    if trimmed.starts_with('[') || trimmed.starts_with('{') {
        return AdvancedEventSelectors::parse(text);
    }
    let file = text.strip_prefix("file://").unwrap_or(text);
    let json = std::fs::read_to_string(file).map_err(|e| {
        Error::not_found("the selectors can't be read")
            .at(file)
            .source(e)
            .hint("give JSON, or the name of a file that holds it")
    })?;
    AdvancedEventSelectors::parse(&json).map_err(|e| match e.place() {
        Some(_) => e,
        None => e.at(file),
    })
}

pub(super) fn retention(text: &str) -> Result<Retention, String> {
    match text {
        "forever" => Ok(Retention::Forever),
        days => days.parse().map(Retention::Days).map_err(|_| "give a number of days, or `forever`".to_string()),
    }
}

pub(super) fn tag(text: &str) -> Result<Tag, String> {
    let (key, value) = text.split_once('=').ok_or("give KEY=VALUE")?;
    Ok(Tag::new(key, value))
}
