//! What every command needs: the lake, and the clock that nobody else reads.

use chrono::{DateTime, Utc};
use trailmere_engine::{Engine, EngineOptions};
use trailmere_model::Result;
use trailmere_store::{Lake, LakeOptions};

use crate::arguments::Global;
use crate::settings::lake_location;

/// The time: read here and handed down.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Opens the lake that the arguments, the environment or the settings name.
pub(crate) async fn open_lake(global: &Global) -> Result<Lake> {
    let options = LakeOptions { durable: !global.no_sync };
    Lake::open(&lake_location(global.lake.as_deref())?, options).await
}

/// An engine over the lake, with a memory limit in bytes if one was asked for.
pub(crate) fn engine(lake: Lake, memory_limit: Option<usize>) -> Result<Engine> {
    let mut options = EngineOptions::default();
    options.memory_limit = memory_limit.unwrap_or(options.memory_limit);
    Engine::new(lake, options)
}
