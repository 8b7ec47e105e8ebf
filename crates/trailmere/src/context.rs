//! What every command needs: the lake, and the clock that nobody else reads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use trailmere_engine::{Engine, EngineOptions};
use trailmere_model::Result;
use trailmere_store::{Lake, LakeOptions};

use crate::arguments::Global;
use crate::settings::{key_passphrase, lake_location, query_settings};

/// The time: read here and handed down.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Opens the lake that the arguments, the environment or the settings name.
pub(crate) async fn open_lake(global: &Global) -> Result<Lake> {
    let options = LakeOptions { durable: !global.no_sync };
    Lake::open(&lake_location(global.lake.as_deref())?, options).await
}

/// An engine over the lake, with a memory limit in bytes if one was asked for; the rest is as the settings say.
pub(crate) fn engine(lake: Lake, memory_limit: Option<usize>) -> Result<Engine> {
    let settings = query_settings()?;
    let mut options = EngineOptions::default();
    options.memory_limit = memory_limit.or(settings.memory_limit).unwrap_or(options.memory_limit);
    let jobs = &mut options.jobs;
    jobs.concurrency = settings.concurrency.unwrap_or(jobs.concurrency);
    jobs.results_days = settings.results_days.unwrap_or(jobs.results_days);
    jobs.records_days = settings.records_days.unwrap_or(jobs.records_days);
    jobs.beat = seconds("TRAILMERE_QUERY_BEAT").unwrap_or(jobs.beat);
    jobs.patience = seconds("TRAILMERE_QUERY_PATIENCE").unwrap_or(jobs.patience);
    jobs.key_passphrase = key_passphrase()?;
    Engine::new(lake, options)
}

/// Times that only tests change: how often a worker gives a sign of life, and how long it may be silent.
fn seconds(variable: &str) -> Option<Duration> {
    let seconds: f64 = std::env::var(variable).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Who asks, for the records of queries: `user@machine`.
pub(crate) fn who() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let user = user.filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_string());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .ok()
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    match machine.as_deref().map(str::trim).filter(|machine| !machine.is_empty()) {
        Some(machine) => format!("{user}@{machine}"),
        None => user,
    }
}
