//! What makes a new store, and what does it get where nothing is asked for?

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{BillingMode, EventDataStore, Refusal, StoreStatus, Tag, identity, states, tags};
use crate::{AdvancedEventSelectors, Result, Retention, StoreType};

/// What to create; what is `None` gets Lake's default.
#[derive(Clone, Debug, Default)]
pub struct CreateStore {
    /// The name; required.
    pub name: String,
    /// Which events to take.
    pub selectors: SelectorChoice,
    /// Whether to take events of every region. Default: true, but false for events from outside AWS.
    pub multi_region: Option<bool>,
    /// Whether to take events of a whole organization. Default: false.
    pub organization_enabled: Option<bool>,
    /// The billing mode. Default: extendable.
    pub billing_mode: Option<BillingMode>,
    /// The retention. Default: 366 days, or 2557 with fixed billing.
    pub retention: Option<Retention>,
    /// Whether to refuse deletion. Default: true.
    pub termination_protection: Option<bool>,
    /// Whether to take events from now on. Default: true.
    pub start_ingestion: Option<bool>,
    /// A key to remember.
    pub kms_key_id: Option<String>,
    /// The tags.
    pub tags: Vec<Tag>,
    /// The region. Default: `us-east-1`.
    pub region: Option<String>,
    /// The account. Default: `000000000000`.
    pub account: Option<String>,
    /// Whether a first ingest makes it by itself.
    pub is_default: bool,
}

/// Which events a new store takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SelectorChoice {
    /// Lake's default: management events.
    #[default]
    Default,
    /// Every event of a type of store, which selectors cannot say.
    Everything(StoreType),
    /// What the selectors choose.
    Chosen(AdvancedEventSelectors),
}

impl EventDataStore {
    /// Makes a store from what was asked for, or says what of it cannot be.
    pub fn create(wanted: CreateStore, id: Uuid, now: DateTime<Utc>) -> Result<Self> {
        let place = format!("event data store `{}`", wanted.name);
        build(wanted, id, now).map_err(|error| error.at(place))
    }
}

fn build(wanted: CreateStore, id: Uuid, now: DateTime<Utc>) -> Result<EventDataStore> {
    let (store_type, selectors) = choose(wanted.selectors)?;
    let billing_mode = wanted.billing_mode.unwrap_or_default();
    let start = wanted.start_ingestion.unwrap_or(true);
    if !start && !states::can_pause(store_type) {
        return Err(Refusal::InvalidCategory
            .because(format!("a store of {store_type} events cannot be created without ingestion"))
            .hint("only stores of CloudTrail events and of configuration items can be"));
    }
    let region = wanted.region.unwrap_or_else(|| "us-east-1".to_owned());
    let account = wanted.account.unwrap_or_else(|| "000000000000".to_owned());
    let store = EventDataStore {
        id,
        arn: identity::store_arn(&region, &account, id),
        name: wanted.name,
        store_type,
        selectors,
        multi_region: wanted.multi_region.unwrap_or(store_type != StoreType::ActivityAuditLog),
        region,
        account,
        organization_enabled: wanted.organization_enabled.unwrap_or(false),
        billing_mode,
        retention: wanted.retention.unwrap_or_else(|| billing_mode.default_retention()),
        termination_protection: wanted.termination_protection.unwrap_or(true),
        status: if start { StoreStatus::Enabled } else { StoreStatus::StoppedIngestion },
        kms_key_id: wanted.kms_key_id,
        tags: tags::merge(&[], &wanted.tags),
        created: now,
        updated: now,
        delete_after: None,
        restore_to: None,
        is_default: wanted.is_default,
    };
    store.check()?;
    billing_mode.check_retention(store.retention)?;
    Ok(store)
}

fn choose(choice: SelectorChoice) -> Result<(StoreType, Option<AdvancedEventSelectors>)> {
    let selectors = match choice {
        SelectorChoice::Everything(store_type) => return Ok((store_type, None)),
        SelectorChoice::Default => AdvancedEventSelectors::default_management(),
        SelectorChoice::Chosen(selectors) => selectors,
    };
    Ok((selectors.validate()?, Some(selectors)))
}

impl EventDataStore {
    /// What must hold after creation and after every update.
    pub(super) fn check(&self) -> Result<()> {
        identity::validate_store_name(&self.name)?;
        identity::check_region(&self.region)?;
        identity::check_account(&self.account)?;
        if let Some(key) = &self.kms_key_id {
            identity::check_kms_key(key)?;
        }
        tags::validate_tags(&self.tags)?;
        if self.store_type == StoreType::ActivityAuditLog && (self.multi_region || self.organization_enabled) {
            return Err(Refusal::InvalidParameter
                .because("a store of events from outside AWS belongs to one region and one account")
                .hint("create it with neither multi-region nor organization"));
        }
        Ok(())
    }
}
