//! How does an ingestion tell what it is doing, without knowing who listens?

use trailmere_model::Error;

use crate::summary::IngestSummary;

/// Listens to an ingestion. All calls may come from any thread; none may block.
pub trait Progress: Send + Sync {
    /// A log file to be taken was found, of so many bytes.
    fn found(&self, _bytes: u64) {}

    /// All log files have been found.
    fn all_found(&self) {}

    /// So much more was decoded.
    fn decoded(&self, _amount: Decoded) {}

    /// So many more log files, with so many events, are in the lake for good.
    fn committed(&self, _files: u64, _events: u64) {}

    /// A store was made because events came that no store was there for.
    fn store_created(&self, _name: &str) {}

    /// A step was reached; tests kill the process here.
    fn step(&self, _step: Step) {}

    /// A follower has taken all there was; `so_far` counts from its start.
    fn caught_up(&self, _so_far: &IngestSummary) {}

    /// A follower's round failed, and will be tried again.
    fn trouble(&self, _error: &Error) {}

    /// Asked now and then: whether to end after what is under way.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// What was decoded since the last call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Log files read to their end.
    pub files: u64,
    /// Records found in them.
    pub records: u64,
    /// Bytes as delivered.
    pub bytes_in: u64,
    /// Bytes of JSON.
    pub raw_bytes: u64,
}

/// The steps between listing a source and the end of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A log file that is not in the ledger was handed on to be read.
    Listed,
    /// A log file's bytes are here.
    Fetched,
    /// Rows were built.
    Decoded,
    /// A default store was made.
    StoreCreated,
    /// Rows were sorted and encoded.
    Encoded,
    /// A file of rows was uploaded.
    Uploaded,
    /// A batch is about to be committed.
    Committing,
    /// A batch was committed.
    Committed,
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
