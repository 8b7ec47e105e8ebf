//! How many events has a store lost on purpose, so that the rest can be held against its ledger?
//!
//! Expiry and the removal of duplicates count what they remove in application transactions of their commits: these
//! outlive the log's old commits, and become visible with the removal or not at all.

use deltalake::DeltaTableError;
use deltalake::kernel::{Action, Transaction};
use deltalake::table::state::DeltaTableState;
use trailmere_model::Result;

use crate::failure;
use crate::state;
use crate::table::Table;

/// Why events were removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    Expired,
    Duplicate,
}

/// How many events were removed, ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) expired: u64,
    pub(crate) duplicates: u64,
}

impl Removal {
    /// The Delta application id whose version is the number of events removed.
    fn application(self) -> &'static str {
        match self {
            Removal::Expired => "trailmere.expired",
            Removal::Duplicate => "trailmere.duplicates",
        }
    }
}

impl Removed {
    pub(crate) fn total(self) -> u64 {
        self.expired + self.duplicates
    }
}

impl Table {
    /// How many events were removed from the store.
    pub(crate) async fn removed(&self) -> Result<Removed> {
        let (_, delta) = state::load(&self.inner).await?;
        let failed = |error| failure::delta(error, "read how many events were removed");
        let expired = self.count_of(&delta, Removal::Expired).await.map_err(failed)?;
        let duplicates = self.count_of(&delta, Removal::Duplicate).await.map_err(failed)?;
        Ok(Removed { expired, duplicates })
    }

    /// What a commit says that removes so many more.
    pub(crate) async fn removal(
        &self,
        delta: &DeltaTableState,
        removal: Removal,
        events: u64,
    ) -> std::result::Result<Action, DeltaTableError> {
        let total = self.count_of(delta, removal).await?.saturating_add(events);
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        Ok(Action::Txn(Transaction::new(removal.application(), total)))
    }

    async fn count_of(&self, delta: &DeltaTableState, removal: Removal) -> std::result::Result<u64, DeltaTableError> {
        let count = delta.transaction_version(self.inner.log.as_ref(), removal.application()).await?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }
}
