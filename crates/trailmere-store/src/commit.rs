//! How do a batch of events and the entries of its log files become visible together or not at all?
//!
//! The ledger's new parts and head are written first, under names that nobody knows. One Delta commit then adds the
//! files and names the head. A second ingester that commits in between has named another head, and Delta refuses ours,
//! because both carry a transaction of the same application. Then everything is looked at anew.

use std::time::Duration;

use deltalake::DeltaTableError;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, FinalizedCommit, PostCommit, TransactionError};
use deltalake::kernel::{Action, Transaction};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use trailmere_model::{CALENDARDAY, Error, Result};

use crate::ledger::{Addition, Head, Ledger, LedgerEntry, Quarantined, extend};
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

/// What the table was when a commit was prepared.
struct Base {
    delta: DeltaTableState,
    ledger: Ledger,
}

impl Table {
    /// The log files taken so far.
    pub async fn ledger(&self) -> Result<Ledger> {
        let mut state = self.inner.state.lock().await;
        state.refresh(&self.inner).await?;
        state.ledger(&self.inner).await.map_err(|error| error.at(self.place()))
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
        let base = self.base().await?;
        if append.is_empty() {
            return Ok(Some(Committed::Done { version: base.delta.version() }));
        }
        let taken = overlap(&base.ledger, append);
        if !taken.is_empty() {
            return Ok(Some(Committed::Overlap { taken }));
        }
        let store = self.inner.store.as_ref();
        let addition = Addition { ledger: &append.ledger, quarantine: &append.quarantine };
        let head = extend(store, &self.inner.path, base.ledger.head(), addition).await?;
        match self.write_commit(&base.delta, append, &head).await {
            Ok(post) => {
                let version = post.version;
                self.remember(post, base.ledger, head, &append.ledger).await;
                Ok(Some(Committed::Done { version }))
            }
            Err(error) => self.settle(error, head.name()).await,
        }
    }

    async fn base(&self) -> Result<Base> {
        let mut state = self.inner.state.lock().await;
        state.refresh(&self.inner).await?;
        let ledger = state.ledger(&self.inner).await?;
        Ok(Base { delta: state.delta()?.clone(), ledger })
    }

    async fn write_commit(
        &self,
        delta: &DeltaTableState,
        append: &Append,
        head: &Head,
    ) -> Result<PostCommit, DeltaTableError> {
        let written = append.ledger.iter().map(|entry| entry.ingested).max().unwrap_or(0) / 1000;
        let actions = append.files.iter().map(|file| Action::Add(file.add(&self.inner.path, written))).collect();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![CALENDARDAY.to_owned()]),
            predicate: None,
        };
        let properties = CommitProperties::default().with_application_transactions(transactions(head.name())?);
        self.write_actions(delta, actions, operation, properties).await
    }

    /// Writes a commit on top of a state of the table, as far as no commit after that state speaks against it.
    pub(crate) async fn write_actions(
        &self,
        delta: &DeltaTableState,
        actions: Vec<Action>,
        operation: DeltaOperation,
        properties: CommitProperties,
    ) -> Result<PostCommit, DeltaTableError> {
        // Cleaning the log up lists all of it: only when a checkpoint has made some of it superfluous.
        let is_checkpoint = (delta.version() + 2).is_multiple_of(u64::from(CHECKPOINT_COMMITS));
        let properties = properties.with_cleanup_expired_logs(Some(is_checkpoint));
        let commit =
            CommitBuilder::from(properties).with_actions(actions).build(Some(delta), self.inner.log.clone(), operation);
        commit.into_prepared_commit_future().await?.await
    }

    /// Checkpoint and clean-up may fail: the batch is in, and the next commit does them again.
    async fn remember(&self, post: PostCommit, ledger: Ledger, head: Head, entries: &[LedgerEntry]) {
        let finished: Result<FinalizedCommit, _> = post.await;
        if let Ok(finished) = finished {
            let name = head.name();
            let ledger = ledger.with_commit(head, entries);
            self.inner.state.lock().await.committed(finished.snapshot(), Some(name), Some(ledger));
        }
    }

    /// After a failure: was it ours that is there? Was it only a collision? Or is it a real failure?
    async fn settle(&self, error: DeltaTableError, ours: HeadName) -> Result<Option<Committed>> {
        let base = match self.base().await {
            Ok(base) => base,
            // It cannot even be looked at; the first failure says why.
            Err(_) => return Err(self.failed(error, "commit to")),
        };
        if base.ledger.head().has(ours) {
            return Ok(Some(Committed::Done { version: base.delta.version() }));
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
    let chance = (uuid::Uuid::new_v4().as_u128() % 1000) as u32;
    longest / 2 + longest * chance / 2000
}

/// How often a commit is tried.
pub(crate) fn attempts() -> std::ops::Range<u32> {
    0..ATTEMPTS
}
