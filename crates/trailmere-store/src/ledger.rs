//! Which log files have been taken, and how did each go?
//!
//! The ledger is a list of immutable parts, named by a head that the table's newest commit names. So a batch of events
//! and the entries of its log files become visible together or not at all.

mod columns;
mod entry;
mod head;
mod index;
mod parts;
mod streams;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use object_store::ObjectStore;
use object_store::path::Path;
use trailmere_model::Result;

use columns::States;
pub use columns::{ledger_schema, quarantine_schema};
pub use entry::{FileOutcome, FileState, LedgerEntry, Quarantined, Verified};
pub(crate) use head::{Head, Part};
use index::{Segment, Segments};
pub(crate) use parts::{Addition, LEDGER_FOLDER, extend};
use streams::Streams;

use crate::state::HeadName;

/// The log files taken up to some commit. Clones share their memory.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Arc<dyn ObjectStore>,
    table: Path,
    head: Arc<Head>,
    segments: Segments,
    newest: Arc<BTreeMap<String, String>>,
}

impl Ledger {
    /// The ledger of a table that nothing was ingested into.
    pub(crate) fn empty(store: Arc<dyn ObjectStore>, table: Path) -> Self {
        Self { store, table, head: Arc::default(), segments: Segments::default(), newest: Arc::default() }
    }

    /// How many commits with a ledger there have been; [`Append::ledger_sequence`](crate::Append) wants it.
    pub fn sequence(&self) -> u64 {
        self.head.sequence
    }

    /// How a log file went when it was last taken.
    pub fn state(&self, log_file: &str) -> Option<FileState> {
        self.segments.state(log_file)
    }

    /// How many log files are known.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether nothing was ingested yet.
    pub fn is_empty(&self) -> bool {
        self.segments.len() == 0
    }

    /// The last key, in key order, of each stream of log files (all of one account, folder and region), by stream.
    ///
    /// A follower lists from there on, with a look-back for late ones.
    pub fn newest(&self) -> impl Iterator<Item = (&str, &str)> {
        self.newest.iter().map(|(stream, key)| (stream.as_str(), key.as_str()))
    }

    /// Reads all entries, earlier ones of the same log file included, as rows of [`ledger_schema`].
    pub async fn entries(&self) -> Result<Vec<RecordBatch>> {
        parts::read_all(self.store.as_ref(), &self.table, &self.head.ledger, &ledger_schema()).await
    }

    /// Reads all that was rejected, as rows of [`quarantine_schema`].
    pub async fn quarantine(&self) -> Result<Vec<RecordBatch>> {
        parts::read_all(self.store.as_ref(), &self.table, &self.head.quarantine, &quarantine_schema()).await
    }

    /// The head that lists the parts.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The ledger that `name` names; only parts that are not in memory yet are read.
    pub(crate) async fn advance(self, name: HeadName) -> Result<Self> {
        if name.sequence == self.head.sequence && name.id == self.head.id {
            return Ok(self);
        }
        let head = head::read(self.store.as_ref(), &self.table, name).await?;
        self.with_head(head).await
    }

    async fn with_head(mut self, head: Head) -> Result<Self> {
        let seen = self.head.sequence;
        let wanted: Vec<&Part> = head.ledger.iter().filter(|part| part.last_sequence > seen).collect();
        let batches = parts::read_each(self.store.as_ref(), &self.table, &wanted).await?;
        let mut segment = Segment::default();
        let mut newest = Streams::default();
        for batch in &batches {
            let states = States::of(batch)?;
            for row in 0..states.len() {
                let state = states.state(row)?;
                if state.sequence > seen {
                    newest.see(states.log_file(row));
                    segment.insert(states.log_file(row), state);
                }
            }
        }
        newest.add_to(&mut self.newest);
        self.segments.push(segment);
        self.head = Arc::new(head);
        Ok(self)
    }

    /// The ledger after a commit of this process: what was added is known without reading it again.
    pub(crate) fn with_commit(mut self, head: Head, entries: &[LedgerEntry]) -> Self {
        let mut segment = Segment::default();
        let mut newest = Streams::default();
        for entry in entries {
            newest.see(&entry.log_file);
            segment.insert(&entry.log_file, entry.state(head.sequence));
        }
        newest.add_to(&mut self.newest);
        self.segments.push(segment);
        self.head = Arc::new(head);
        self
    }
}

/// The columns of a ledger, or of a quarantine, in SQL.
pub(crate) fn published(schema: &SchemaRef, rows: &RecordBatch) -> Result<RecordBatch> {
    let indices: Vec<usize> =
        schema.fields().iter().filter_map(|field| rows.schema_ref().index_of(field.name()).ok()).collect();
    rows.project(&indices).map_err(|error| crate::failure::arrow(error, "choose the columns of the ledger"))
}

#[cfg(test)]
mod tests;
