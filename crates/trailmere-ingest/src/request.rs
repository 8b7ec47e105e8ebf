//! What can be asked of an ingestion?

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::verify::{Moved, PublicKeys};

/// Memory that rows and log files under way may take, by default; the process takes about half as much again.
pub const DEFAULT_MEMORY: usize = 704 << 20;

/// What to ingest, where to, and how.
#[derive(Clone, Debug)]
pub struct IngestRequest {
    /// Folders, files, `s3://bucket/prefix`, or `-` for standard input.
    pub sources: Vec<String>,
    /// Names, ids or ARNs of event data stores; empty means all that are ingesting, or default ones.
    pub stores: Vec<String>,
    /// Copies history instead of taking what a store would have taken live.
    pub import: Option<ImportOptions>,
    /// Looks for new log files again and again, this far apart.
    pub follow: Option<Duration>,
    /// How far back a follower looks for log files that were delivered late.
    pub look_back: Duration,
    /// Whether events that are in the store already, by account and event ID, are left out.
    pub dedupe: Dedupe,
    /// Bytes that rows and log files under way may take.
    pub memory: usize,
    /// Threads that decode, and as many that encode; 0 means as many as there are cores.
    pub threads: usize,
    /// Holds each log file against CloudTrail's digests, which are looked for in the same sources.
    pub verify: Option<VerifyOptions>,
}

/// What log files are verified by.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// The keys that digests are signed with.
    pub public_keys: PublicKeys,
    /// Where a copy in a folder comes from: `bucket` or `bucket/prefix`; else as the newest digest says.
    pub bucket: Option<String>,
    /// What is done about digests that are not where they were delivered.
    pub moved: Moved,
}

impl Default for IngestRequest {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            stores: Vec::new(),
            import: None,
            follow: None,
            look_back: Duration::from_secs(24 * 3600),
            dedupe: Dedupe::Count,
            memory: DEFAULT_MEMORY,
            threads: 0,
            verify: None,
        }
    }
}

impl IngestRequest {
    /// A request for one source into the stores that are ingesting.
    pub fn of(source: impl Into<String>) -> Self {
        Self { sources: vec![source.into()], ..Self::default() }
    }

    pub(crate) fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            threads => threads,
        }
    }
}

/// What is done about an event that was delivered more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// It is taken each time, and counted where this run has seen it among its last million or two of events.
    #[default]
    Count,
    /// It is left out if a row of the same account, event ID and day is in the store or came earlier in this run.
    ///
    /// What another ingester commits while this one runs may be missed; compaction finds it.
    Remove,
}

/// What to copy of a source's history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Events before this are left out; so are log files delivered more than a day before it.
    pub start: Option<DateTime<Utc>>,
    /// Events at or after this are left out; so are log files delivered more than a day after it.
    pub end: Option<DateTime<Utc>>,
    /// Only these accounts; empty means all.
    pub accounts: Vec<String>,
    /// Only these regions; empty means all.
    pub regions: Vec<String>,
    /// Whether the stores' selectors choose.
    pub selectors: ImportSelectors,
    /// The import to go on with; everything else is then taken from it.
    #[serde(skip)]
    pub resume: Option<Resume>,
}

/// Whether an import asks a store's selectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportSelectors {
    /// Events are chosen as in any ingestion.
    #[default]
    Apply,
    /// All events are copied, as Lake does, whatever the selectors and the region of the store.
    Ignore,
}

/// An import to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Everything that is not taken yet.
    Rest(Uuid),
    /// Only the log files that failed.
    Failed(Uuid),
}
