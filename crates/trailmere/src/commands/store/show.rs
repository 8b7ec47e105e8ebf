//! `trailmere store show`: the definition, and what is in the store.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use trailmere_model::EventDataStore;
use trailmere_model::log_key::LogKey;
use trailmere_store::{Ledger, Snapshot};

use crate::arguments::Global;
use crate::commands::table::print_table;
use crate::context::open_lake;

/// One store.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Name, id, unique beginning of an id, or ARN
    store: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, show: Show) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let store = lake.find_store(&show.store).await?;
    let table = lake.table(&store).await?;
    let contents = Contents::of(&table.snapshot().await?);
    let deliveries = deliveries(&table.ledger().await?);
    if show.json {
        let mut value = serde_json::to_value(&store)?;
        value["contents"] = contents.json();
        value["newestDeliveries"] = serde_json::to_value(&deliveries)?;
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", describe(&store));
    println!("{}", contents.describe());
    if !deliveries.is_empty() {
        println!("\nnewest deliveries");
        let rows: Vec<Vec<String>> = deliveries.iter().map(Delivery::row).collect();
        print_table(&["ACCOUNT", "REGION", "EVENTS", "DELIVERED", "LOG FILE"], &rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest log file of an account, a region and a kind of events: a watermark of what has been delivered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    account: String,
    region: String,
    kind: &'static str,
    delivered: Option<DateTime<Utc>>,
    log_file: String,
}

fn deliveries(ledger: &Ledger) -> Vec<Delivery> {
    let delivery = |key: &str| {
        let log = LogKey::parse(key).filter(|log| log.folder.has_events())?;
        let delivered = log.file_time();
        Some(Delivery {
            account: log.account,
            region: log.region,
            kind: log.folder.as_str(),
            delivered,
            log_file: key.to_string(),
        })
    };
    let mut found: Vec<Delivery> = ledger.newest().filter_map(|(_, key)| delivery(key)).collect();
    found.sort_by(|a, b| (&a.account, &a.region, a.kind).cmp(&(&b.account, &b.region, b.kind)));
    found
}

impl Delivery {
    fn row(&self) -> Vec<String> {
        let time = self.delivered.map_or("-".to_string(), |time| time.format("%Y-%m-%d %H:%M UTC").to_string());
        vec![self.account.clone(), self.region.clone(), self.kind.to_string(), time, self.log_file.clone()]
    }
}

/// What the log says of a store's data.
struct Contents {
    events: u64,
    files: usize,
    bytes: u64,
    days: Option<(i64, i64)>,
    version: u64,
}

impl Contents {
    fn of(snapshot: &Snapshot) -> Self {
        let days = snapshot.files.iter().map(|f| f.day);
        Contents {
            events: snapshot.files.iter().map(|f| f.rows).sum(),
            files: snapshot.files.len(),
            bytes: snapshot.files.iter().map(|f| f.size).sum(),
            days: days.clone().min().zip(days.max()),
            version: snapshot.version,
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({ "events": self.events, "files": self.files, "bytes": self.bytes, "version": self.version,
                "firstDay": self.days.map(|d| d.0), "lastDay": self.days.map(|d| d.1) })
    }

    fn describe(&self) -> String {
        let days = self.days.map_or("none".to_string(), |(first, last)| format!("{first} to {last}"));
        format!(
            "events            {}\ndays              {days}\ndata files        {} ({} bytes)\nversion           {}",
            self.events, self.files, self.bytes, self.version
        )
    }
}

/// A definition for people.
pub(super) fn describe(store: &EventDataStore) -> String {
    let selectors = match &store.selectors {
        None => "every event of its type".to_string(),
        Some(selectors) => serde_json::to_string(selectors).unwrap_or_default(),
    };
    let tags: Vec<String> = store.tags.iter().map(|t| format!("{}={}", t.key, t.value)).collect();
    let regions = if store.multi_region { "every region".to_string() } else { store.region.clone() };
    let mut lines = vec![
        ("name", store.name.clone()),
        ("id", store.id.to_string()),
        ("arn", store.arn.clone()),
        ("type", store.store_type.to_string()),
        ("status", store.status.to_string()),
        ("retention", store.retention.to_string()),
        ("billing mode", store.billing_mode.as_str().to_string()),
        ("regions", regions),
        ("protected", if store.termination_protection { "yes" } else { "no" }.to_string()),
        ("selectors", selectors),
        ("created", store.created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ("updated", store.updated.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    ];
    if !tags.is_empty() {
        lines.push(("tags", tags.join(", ")));
    }
    if let Some(key) = &store.kms_key_id {
        lines.push(("kms key", key.clone()));
    }
    if let Some(when) = store.delete_after {
        lines.push(("gone after", when.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)));
    }
    let lines: Vec<String> = lines.into_iter().map(|(name, value)| format!("{name:<17} {value}")).collect();
    lines.join("\n")
}
