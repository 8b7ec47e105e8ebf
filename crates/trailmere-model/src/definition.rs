//! What is an event data store: its name, type, selectors, retention, state, and what it refuses?

mod create;
mod identity;
mod refusal;
mod states;
mod tags;
mod update;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AdvancedEventSelectors, CompiledSelectors, Error, Result, Retention, StoreType};

pub use create::{CreateStore, SelectorChoice};
pub use identity::{parse_store_arn, store_arn, validate_store_name};
pub use refusal::Refusal;
pub use states::{RESTORE_WINDOW_DAYS, StoreStatus, StoreUse};
pub use tags::{MAX_TAGS, Tag, validate_tags};
pub use update::UpdateStore;

/// An event data store, as the catalog keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDataStore {
    /// The id, which is also the end of the ARN and a table name in SQL.
    pub id: Uuid,
    /// `arn:aws:cloudtrail:<region>:<account>:eventdatastore/<id>`.
    pub arn: String,
    /// The name, unique among the stores of a lake.
    pub name: String,
    /// What it holds; never changes.
    pub store_type: StoreType,
    /// Which events it takes; `None` means every event of its type.
    pub selectors: Option<AdvancedEventSelectors>,
    /// Whether it takes events of every region.
    pub multi_region: bool,
    /// The region it was created in.
    pub region: String,
    /// The account it was created in.
    pub account: String,
    /// Whether it takes events of a whole organization.
    pub organization_enabled: bool,
    /// How AWS would bill it; decides range and default of the retention.
    pub billing_mode: BillingMode,
    /// How long it keeps events.
    pub retention: Retention,
    /// Whether it refuses to be deleted.
    pub termination_protection: bool,
    /// Its state.
    pub status: StoreStatus,
    /// The key it was created with; kept and shown, not used.
    pub kms_key_id: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// When its definition last changed.
    pub updated: DateTime<Utc>,
    /// When it will be gone, once deletion is pending.
    pub delete_after: Option<DateTime<Utc>>,
    /// The state that a restore returns to, once deletion is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_to: Option<StoreStatus>,
    /// Whether a first ingest made it by itself.
    pub is_default: bool,
}

impl EventDataStore {
    /// The selectors, ready to be asked; those of a store without any take every event of its type.
    pub fn compiled_selectors(&self) -> CompiledSelectors {
        match &self.selectors {
            Some(selectors) => selectors.compile(),
            None => CompiledSelectors::everything(self.store_type),
        }
    }

    /// Whether events of a region belong here.
    pub fn takes_region(&self, region: &str) -> bool {
        self.multi_region || self.region == region
    }
}

/// AWS's two ways to bill a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BillingMode {
    /// `EXTENDABLE_RETENTION_PRICING`: the default since November 2023.
    #[default]
    #[serde(rename = "EXTENDABLE_RETENTION_PRICING")]
    Extendable,
    /// `FIXED_RETENTION_PRICING`.
    #[serde(rename = "FIXED_RETENTION_PRICING")]
    Fixed,
}

impl BillingMode {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            BillingMode::Extendable => "EXTENDABLE_RETENTION_PRICING",
            BillingMode::Fixed => "FIXED_RETENTION_PRICING",
        }
    }

    /// The retention of a store that is created without one.
    pub fn default_retention(self) -> Retention {
        match self {
            BillingMode::Extendable => Retention::Days(366),
            BillingMode::Fixed => Retention::Days(2557),
        }
    }

    /// The days of retention that can be asked for.
    pub fn retention_days(self) -> std::ops::RangeInclusive<u32> {
        match self {
            BillingMode::Extendable => 7..=3653,
            BillingMode::Fixed => 7..=2557,
        }
    }

    /// Refuses a number of days out of range. `Forever`, which AWS has not, is always possible.
    pub fn check_retention(self, retention: Retention) -> Result<()> {
        let range = self.retention_days();
        match retention {
            Retention::Days(days) if !range.contains(&days) => {
                let (least, most) = range.into_inner();
                Err(Refusal::InvalidParameter
                    .because(format!("a retention of {days} days is out of range: {least} to {most} with `{self}`"))
                    .hint("`forever` keeps everything"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for BillingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BillingMode {
    type Err = Error;

    /// Reads AWS's name, in any case, or its first word.
    fn from_str(text: &str) -> Result<Self> {
        let named = |mode: &BillingMode| {
            let name = mode.as_str();
            name.eq_ignore_ascii_case(text)
                || name.split('_').next().is_some_and(|word| word.eq_ignore_ascii_case(text))
        };
        [BillingMode::Extendable, BillingMode::Fixed].into_iter().find(named).ok_or_else(|| {
            Refusal::InvalidParameter
                .because(format!("`{text}` is no billing mode"))
                .hint("`EXTENDABLE_RETENTION_PRICING` or `FIXED_RETENTION_PRICING`")
        })
    }
}

#[cfg(test)]
mod tests;
