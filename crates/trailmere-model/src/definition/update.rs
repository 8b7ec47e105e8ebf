//! What of a store can be changed, and what never?

use chrono::{DateTime, Utc};

use super::{BillingMode, EventDataStore, Refusal};
use crate::{AdvancedEventSelectors, Error, Result, Retention};

/// What to change; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateStore {
    /// A new name.
    pub name: Option<String>,
    /// Other selectors, of the same type of store.
    pub selectors: Option<AdvancedEventSelectors>,
    /// Whether to take events of every region.
    pub multi_region: Option<bool>,
    /// Whether to take events of a whole organization.
    pub organization_enabled: Option<bool>,
    /// Another retention; events that are older expire.
    pub retention: Option<Retention>,
    /// Whether to refuse deletion.
    pub termination_protection: Option<bool>,
    /// A key, if there was none.
    pub kms_key_id: Option<String>,
    /// Extendable billing, if it was fixed.
    pub billing_mode: Option<BillingMode>,
}

impl EventDataStore {
    /// Changes the store, wholly or, refused, not at all.
    pub fn update(&mut self, wanted: UpdateStore, now: DateTime<Utc>) -> Result<()> {
        self.check_active()?;
        let changed = self.changed(wanted).map_err(|error| error.at(self.place()))?;
        *self = EventDataStore { updated: now, ..changed };
        Ok(())
    }

    fn changed(&self, wanted: UpdateStore) -> Result<EventDataStore> {
        if wanted == UpdateStore::default() {
            return Err(Refusal::InvalidParameter
                .because("there is nothing to change")
                .hint("give at least one change"));
        }
        let mut changed = self.clone();
        changed.billing_mode = self.changed_billing(wanted.billing_mode)?;
        changed.kms_key_id = self.changed_key(wanted.kms_key_id)?;
        if let Some(selectors) = wanted.selectors {
            changed.selectors = Some(self.changed_selectors(selectors)?);
        }
        if let Some(retention) = wanted.retention {
            changed.billing_mode.check_retention(retention)?;
            changed.retention = retention;
        }
        changed.name = wanted.name.unwrap_or(changed.name);
        changed.multi_region = wanted.multi_region.unwrap_or(changed.multi_region);
        changed.organization_enabled = wanted.organization_enabled.unwrap_or(changed.organization_enabled);
        changed.termination_protection = wanted.termination_protection.unwrap_or(changed.termination_protection);
        changed.check()?;
        Ok(changed)
    }

    fn changed_billing(&self, wanted: Option<BillingMode>) -> Result<BillingMode> {
        match (self.billing_mode, wanted) {
            (BillingMode::Extendable, Some(BillingMode::Fixed)) => Err(Refusal::InvalidParameter
                .because(format!("the billing mode cannot go back to `{}`", BillingMode::Fixed))
                .hint("set the retention instead")),
            (current, wanted) => Ok(wanted.unwrap_or(current)),
        }
    }

    fn changed_key(&self, wanted: Option<String>) -> Result<Option<String>> {
        match (&self.kms_key_id, wanted) {
            (Some(current), Some(wanted)) if *current != wanted => Err(Refusal::InvalidParameter
                .because(format!("the key `{current}` cannot be changed once set"))
                .hint("create another store with the new key")),
            (current, wanted) => Ok(wanted.or_else(|| current.clone())),
        }
    }

    fn changed_selectors(&self, selectors: AdvancedEventSelectors) -> Result<AdvancedEventSelectors> {
        let store_type = selectors.validate()?;
        if store_type == self.store_type {
            return Ok(selectors);
        }
        Err(Refusal::InvalidEventSelectors
            .because(format!("a store of {} events cannot become one of {store_type} events", self.store_type))
            .hint("create another store for them"))
    }

    pub(super) fn place(&self) -> String {
        format!("event data store `{}`", self.name)
    }

    pub(super) fn refuse(&self, refusal: Refusal, message: impl Into<String>) -> Error {
        refusal.because(message).at(self.place())
    }
}
