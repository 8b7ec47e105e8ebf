//! Which state is a store in, which may follow, and what may be done in each?

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{EventDataStore, Refusal};
use crate::{Result, StoreType};

/// Days between deletion and the end, in which a store can be restored.
pub const RESTORE_WINDOW_DAYS: i64 = 7;

/// The state of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StoreStatus {
    /// Made, not yet ready.
    Created,
    /// Takes events.
    Enabled,
    /// Deleted, and can be restored for some days.
    PendingDeletion,
    /// About to take events.
    StartingIngestion,
    /// About to stop taking events.
    StoppingIngestion,
    /// Can be read, and takes no events but imported ones.
    StoppedIngestion,
}

impl StoreStatus {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreStatus::Created => "CREATED",
            StoreStatus::Enabled => "ENABLED",
            StoreStatus::PendingDeletion => "PENDING_DELETION",
            StoreStatus::StartingIngestion => "STARTING_INGESTION",
            StoreStatus::StoppingIngestion => "STOPPING_INGESTION",
            StoreStatus::StoppedIngestion => "STOPPED_INGESTION",
        }
    }
}

impl fmt::Display for StoreStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What else uses a store, as far as the caller knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUse {
    /// Imports into it that are not at their end.
    pub running_imports: usize,
    /// Channels that deliver into it.
    pub channels: usize,
}

/// Whether ingestion into a store of this type can be stopped and started.
pub(super) fn can_pause(store_type: StoreType) -> bool {
    matches!(store_type, StoreType::CloudTrail | StoreType::Configuration)
}

impl EventDataStore {
    /// Whether an ingest brings events here.
    pub fn accepts_ingestion(&self) -> bool {
        self.status == StoreStatus::Enabled
    }

    /// Takes events again.
    pub fn start_ingestion(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.pause_or_resume(StoreStatus::StoppedIngestion, StoreStatus::Enabled, now)
    }

    /// Takes no more events; those it has can be read.
    pub fn stop_ingestion(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.pause_or_resume(StoreStatus::Enabled, StoreStatus::StoppedIngestion, now)
    }

    fn pause_or_resume(&mut self, from: StoreStatus, to: StoreStatus, now: DateTime<Utc>) -> Result<()> {
        if !can_pause(self.store_type) {
            let message = format!("ingestion of {} events cannot be stopped or started", self.store_type);
            return Err(self.refuse(Refusal::InvalidCategory, message));
        }
        if self.status != from {
            let message = format!("the store is `{}`, and must be `{from}` to become `{to}`", self.status);
            return Err(self.refuse(Refusal::InvalidStatus, message));
        }
        self.set_status(to, now);
        Ok(())
    }

    /// Puts the store out of use, to be gone after some days.
    pub fn delete(&mut self, now: DateTime<Utc>) -> Result<()> {
        if !matches!(self.status, StoreStatus::Enabled | StoreStatus::StoppedIngestion) {
            let message = format!("the store is `{}` and cannot be deleted", self.status);
            return Err(self.refuse(Refusal::InvalidStatus, message));
        }
        if self.termination_protection {
            let error = self.refuse(Refusal::TerminationProtected, "the store is protected from deletion");
            return Err(error.hint("turn its termination protection off first"));
        }
        self.restore_to = Some(self.status);
        self.delete_after = Some(now + Duration::days(RESTORE_WINDOW_DAYS));
        self.set_status(StoreStatus::PendingDeletion, now);
        Ok(())
    }

    /// Takes a deletion back, into the state before it.
    pub fn restore(&mut self, now: DateTime<Utc>) -> Result<()> {
        if self.status != StoreStatus::PendingDeletion {
            let message = format!("the store is `{}` and needs no restoring", self.status);
            return Err(self.refuse(Refusal::InvalidStatus, message));
        }
        if self.is_gone(now) {
            let message = format!("the store can no longer be restored: {RESTORE_WINDOW_DAYS} days have passed");
            return Err(self.refuse(Refusal::InvalidStatus, message));
        }
        let before = self.restore_to.take().unwrap_or(StoreStatus::StoppedIngestion);
        self.delete_after = None;
        self.set_status(before, now);
        Ok(())
    }

    /// Whether its days of pending deletion are over, so that it can be removed for good.
    pub fn is_gone(&self, now: DateTime<Utc>) -> bool {
        self.status == StoreStatus::PendingDeletion && self.delete_after.is_none_or(|end| end <= now)
    }

    /// Refuses what a pending deletion rules out: queries, changes.
    pub fn check_active(&self) -> Result<()> {
        if self.status != StoreStatus::PendingDeletion {
            return Ok(());
        }
        let error = self.refuse(Refusal::Inactive, "the store is to be deleted");
        Err(error.hint("restore it first"))
    }

    /// Refuses an import where AWS does: into a store of another type than CloudTrail events, or in another state.
    pub fn check_import(&self) -> Result<()> {
        if self.store_type != StoreType::CloudTrail {
            let message = format!("a store of {} events takes no imports", self.store_type);
            return Err(self.refuse(Refusal::InvalidCategory, message));
        }
        if !matches!(self.status, StoreStatus::Enabled | StoreStatus::StoppedIngestion) {
            let message = format!("the store is `{}` and takes no imports", self.status);
            return Err(self.refuse(Refusal::InvalidStatus, message));
        }
        Ok(())
    }

    /// Refuses to change a store under a running import.
    pub fn check_update_use(&self, used: StoreUse) -> Result<()> {
        if used.running_imports == 0 {
            return Ok(());
        }
        Err(self.refuse(Refusal::OngoingImport, "an import into the store is running").hint("wait for it, or stop it"))
    }

    /// Refuses to delete a store under a running import, or one that a channel delivers into.
    pub fn check_delete_use(&self, used: StoreUse) -> Result<()> {
        self.check_update_use(used)?;
        if used.channels == 0 {
            return Ok(());
        }
        Err(self
            .refuse(Refusal::ChannelExists, "a channel delivers into the store")
            .hint("give the channel another destination"))
    }

    fn set_status(&mut self, status: StoreStatus, now: DateTime<Utc>) {
        self.status = status;
        self.updated = now;
    }
}
