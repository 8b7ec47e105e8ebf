//! What does the ledger say of a log file, and the quarantine of a rejected record?

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// How a log file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileOutcome {
    /// Read to its end: everything that can be taken of it is.
    Complete,
    /// Broken off: what came before is taken, a whole copy will add the rest.
    Partial,
    /// Nothing could be read: a whole copy will be taken.
    Failed,
}

impl FileOutcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Partial, Self::Failed];

    /// The outcome in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            FileOutcome::Complete => "complete",
            FileOutcome::Partial => "partial",
            FileOutcome::Failed => "failed",
        }
    }

    /// The outcome of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// How a log file stands to CloudTrail's signed digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verified {
    /// A valid digest says that this is what was delivered.
    Verified,
    /// No valid digest says anything of it.
    Unverified,
    /// It is not what a valid digest says: none of its events are taken.
    Invalid,
}

impl Verified {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Verified, Self::Unverified, Self::Invalid];

    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verified::Verified => "verified",
            Verified::Unverified => "unverified",
            Verified::Invalid => "invalid",
        }
    }

    /// That of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verified| verified.as_str() == word)
    }
}

/// One log file as it went in one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// The log file's key; what identifies it.
    pub log_file: String,
    /// Its size as listed, in bytes.
    pub size: u64,
    /// Its ETag as listed, if the source has such.
    pub etag: Option<String>,
    /// How it went.
    pub outcome: FileOutcome,
    /// Why it did not go well.
    pub reason: Option<String>,
    /// Records found.
    pub records: u64,
    /// Events taken into this store.
    pub events: u64,
    /// Events that the selectors did not choose.
    pub filtered: u64,
    /// Events older than the retention.
    pub expired: u64,
    /// Events that the store has already.
    pub duplicate: u64,
    /// Records that went to the quarantine.
    pub quarantined: u64,
    /// Bytes read from the source.
    pub bytes_in: u64,
    /// Bytes of JSON after inflating.
    pub raw_bytes: u64,
    /// When, in microseconds since 1970.
    pub ingested: i64,
    /// XXH3 of each record taken from a partial file, so that a whole copy adds only the rest.
    pub taken: Vec<u64>,
    /// How it stood to its digest, if that was asked for.
    pub verified: Option<Verified>,
}

impl LedgerEntry {
    /// What the ledger remembers of the entry, made by the commit of that sequence.
    pub(crate) fn state(&self, sequence: u64) -> FileState {
        FileState {
            outcome: self.outcome,
            size: self.size,
            ingested: self.ingested,
            sequence,
            taken: self.taken.as_slice().into(),
            etag_hash: etag_hash(self.etag.as_deref()),
        }
    }
}

/// How a log file went when it was last taken, as the ledger remembers it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileState {
    /// How it went.
    pub outcome: FileOutcome,
    /// Its size as listed then.
    pub size: u64,
    /// When, in microseconds since 1970.
    pub ingested: i64,
    /// The commit that took it; see [`Ledger::sequence`](crate::Ledger::sequence).
    pub sequence: u64,
    /// XXH3 of each record taken, if the file was partial.
    pub taken: Arc<[u64]>,
    pub(crate) etag_hash: u64,
}

impl FileState {
    /// Whether a listed file is the same copy as the one taken: same size and, where both have one, same ETag.
    pub fn is_same(&self, size: u64, etag: Option<&str>) -> bool {
        let hash = etag_hash(etag);
        self.size == size && (hash == 0 || self.etag_hash == 0 || hash == self.etag_hash)
    }
}

/// Memory has room for a hash of each ETag, not for the ETag; 0 is none.
pub(crate) fn etag_hash(etag: Option<&str>) -> u64 {
    etag.map_or(0, |etag| xxh3_64(etag.as_bytes()).max(1))
}

/// A record that is no event.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// The log file's key.
    pub log_file: String,
    /// The record's index in the file.
    pub record: u64,
    /// Where the record begins, in bytes of inflated text.
    pub offset: u64,
    /// Why it was rejected.
    pub reason: String,
    /// Its bytes, at most the first 64 KiB.
    pub bytes: Vec<u8>,
    /// When, in microseconds since 1970.
    pub ingested: i64,
}

impl Quarantined {
    /// More bytes of a record are not kept.
    pub const MAX_BYTES: usize = 64 << 10;
}
