//! How do a batch of events and the entries of its log files become visible together or not at all?
//!
//! The ledger's new parts and head are written first, under names that nobody knows. One Delta commit then adds the
//! files and names the head, in two application transactions. It is written as the version that follows the one the
//! batch was compared with, if there is no such version yet; else everything is looked at anew.

use std::collections::HashMap;
use std::time::Duration;

use deltalake::kernel::transaction::{CommitBuilder, CommitData, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Transaction};
use deltalake::logstore::CommitOrBytes;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaTable, DeltaTableError, checkpoints};
use trailmere_model::{CALENDARDAY, Error, Result};
use uuid::Uuid;

use crate::ledger::{Addition, Ledger, LedgerEntry, Quarantined, extend};
use crate::snapshot::DataFile;
use crate::state::{HEAD_APP, HeadName, LEDGER_APP};
use crate::table::{CHECKPOINT_COMMITS, Table};

/// How often a commit is tried again when others commit to the same table.
const ATTEMPTS: u32 = 40;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a batch adds.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// Files that were uploaded.
    pub files: Vec<DataFile>,
    /// The log files that their events came from, and those that gave none.
    pub ledger: Vec<LedgerEntry>,
    /// Records that were rejected.
    pub quarantine: Vec<Quarantined>,
    /// [`Ledger::sequence`] of the ledger that the batch was decided on: whatever was taken later overlaps.
    pub ledger_sequence: u64,
}

impl Append {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.ledger.is_empty() && self.quarantine.is_empty()
    }
}

/// How a commit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// The batch is in the table's `version`.
    Done {
        /// The table's version.
        version: u64,
    },
    /// Another ingester took these log files meanwhile; nothing was committed. Read the ledger, and do the batch again
    /// without them.
    Overlap {
        /// The log files, in the batch's order.
        taken: Vec<String>,
    },
}

impl Table {
    /// The log files taken so far.
    pub async fn ledger(&self) -> Result<Ledger> {
        self.base().await.map(|(_, ledger)| ledger).map_err(|error| error.at(self.place()))
    }

    /// Makes a batch visible, whole or not at all, however many ingesters there are and whatever fails.
    ///
    /// After an error it is unknown whether the batch is in: read the ledger again before doing anything twice.
    pub async fn commit(&self, append: Append) -> Result<Committed> {
        let _turn = self.inner.commits.lock().await;
        for attempt in attempts() {
            if let Some(committed) = self.try_commit(&append).await.map_err(|error| error.at(self.place()))? {
                return Ok(committed);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(too_busy().at(self.place()))
    }

    async fn try_commit(&self, append: &Append) -> Result<Option<Committed>> {
        let (base, ledger) = self.base().await?;
        if append.is_empty() {
            return Ok(Some(Committed::Done { version: base }));
        }
        let taken = overlap(&ledger, append);
        if !taken.is_empty() {
            return Ok(Some(Committed::Overlap { taken }));
        }
        let addition = Addition { ledger: &append.ledger, quarantine: &append.quarantine };
        let head = extend(self.inner.store.as_ref(), &self.inner.path, ledger.head(), addition).await?;
        let name = head.name();
        match self.write_append(base, append, name).await {
            Ok(()) => {
                self.inner.state.lock().await.committed(base, &append.files, head, &append.ledger);
                self.tidy_log(base + 1).await;
                Ok(Some(Committed::Done { version: base + 1 }))
            }
            Err(error) => self.settle(error, name).await,
        }
    }

    /// The newest version, and its ledger.
    async fn base(&self) -> Result<(u64, Ledger)> {
        self.inner.state.lock().await.ledger(&self.inner).await
    }

    /// Writes the commit that follows the version that the batch was compared with, or none: any commit that came
    /// between, of whatever kind, makes this one look again.
    async fn write_append(&self, base: u64, append: &Append, head: HeadName) -> Result<(), DeltaTableError> {
        let written = append.ledger.iter().map(|entry| entry.ingested).max().unwrap_or(0) / 1000;
        let actions = append.files.iter().map(|file| Action::Add(file.add(&self.inner.path, written))).collect();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![CALENDARDAY.to_owned()]),
            predicate: None,
        };
        let bytes = CommitData::new(actions, operation, HashMap::new(), transactions(head)?).get_bytes()?;
        let entry = CommitOrBytes::LogBytes(bytes);
        self.inner.log.write_commit_entry(base + 1, entry, Uuid::new_v4()).await.map_err(DeltaTableError::from)
    }

    /// Writes a commit on top of a state of the table, as far as no commit after that state speaks against it.
    pub(crate) async fn write_actions(
        &self,
        delta: &DeltaTableState,
        actions: Vec<Action>,
        operation: DeltaOperation,
    ) -> Result<(), DeltaTableError> {
        let properties =
            CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false));
        let commit =
            CommitBuilder::from(properties).with_actions(actions).build(Some(delta), self.inner.log.clone(), operation);
        let version = commit.into_prepared_commit_future().await?.await?.version;
        self.tidy_log(version).await;
        Ok(())
    }

    /// Now and then writes a checkpoint, and deletes commits that it has made superfluous long ago.
    ///
    /// It may fail: what was committed is in, and a later commit does it again.
    async fn tidy_log(&self, version: u64) {
        if !(version + 1).is_multiple_of(u64::from(CHECKPOINT_COMMITS)) {
            return;
        }
        let mut table = DeltaTable::new(self.inner.log.clone());
        if table.load_version(version).await.is_ok() && checkpoints::create_checkpoint(&table, None).await.is_ok() {
            let _ = checkpoints::cleanup_metadata(&table, None).await;
        }
    }

    /// After a failure: was it ours that is there? Was it only a collision? Or is it a real failure?
    async fn settle(&self, error: DeltaTableError, ours: HeadName) -> Result<Option<Committed>> {
        // If it cannot even be looked at, the first failure says why.
        let Ok((version, ledger)) = self.base().await else { return Err(self.failed(error, "commit to")) };
        if ledger.head().has(ours) {
            return Ok(Some(Committed::Done { version }));
        }
        if is_collision(&error) { Ok(None) } else { Err(self.failed(error, "commit to")) }
    }
}

fn overlap(ledger: &Ledger, append: &Append) -> Vec<String> {
    let is_later = |entry: &&LedgerEntry| {
        ledger.state(&entry.log_file).is_some_and(|state| state.sequence > append.ledger_sequence)
    };
    append.ledger.iter().filter(is_later).map(|entry| entry.log_file.clone()).collect()
}

fn transactions(head: HeadName) -> Result<Vec<Transaction>, DeltaTableError> {
    let signed = |number: u64| i64::try_from(number).map_err(|error| DeltaTableError::Generic(error.to_string()));
    Ok(vec![Transaction::new(LEDGER_APP, signed(head.sequence)?), Transaction::new(HEAD_APP, signed(head.id)?)])
}

/// Whether another commit came between, so that trying again on what it left can help.
pub(crate) fn is_collision(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => matches!(
            source,
            TransactionError::CommitConflict(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::MaxCommitAttempts(_)
        ),
        _ => false,
    }
}

pub(crate) fn too_busy() -> Error {
    Error::unavailable(format!("others committed first, {ATTEMPTS} times in a row"))
        .hint("run it again, with fewer writers at once")
}

/// Longer with each attempt; which of two writers waits longer is left to chance.
pub(crate) fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt.min(8)).min(LONGEST_PAUSE);
    let chance = (Uuid::new_v4().as_u128() % 1000) as u32;
    longest / 2 + longest * chance / 2000
}

/// How often a commit is tried.
pub(crate) fn attempts() -> std::ops::Range<u32> {
    0..ATTEMPTS
}
