//! What came of an ingestion: taken, left out, rejected, failed?

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use trailmere_store::Verified;
use uuid::Uuid;

use crate::import::ImportReport;
use crate::verify::Ratio;

/// Failures beyond this many are counted, not listed.
const MAX_FAILURES: usize = 100;

/// What an ingestion did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IngestSummary {
    /// Log files.
    pub files: FileCounts,
    /// Records found in the log files that were read.
    pub records: u64,
    /// Records that are no events, now in the quarantine.
    pub quarantined: u64,
    /// Events for which no event data store was there or named.
    pub unclaimed: u64,
    /// What each event data store got.
    pub stores: Vec<StoreCounts>,
    /// Bytes read, as delivered.
    pub bytes_in: u64,
    /// Bytes of JSON in them.
    pub raw_bytes: u64,
    /// Log files that could not be read to their end, the first hundred.
    pub failures: Vec<Failure>,
    /// What the import says, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportReport>,
    /// What came of holding the log files against their digests, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub elapsed: Duration,
}

/// How log files stand to CloudTrail's digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Log files that are what a valid digest says.
    pub verified: u64,
    /// Log files that no valid digest names.
    pub unverified: u64,
    /// Log files that are not what a valid digest says: nothing of them was taken.
    pub invalid: u64,
    /// Digest files.
    pub digests: Ratio,
    /// What is wrong with the invalid digests.
    pub invalid_digests: Vec<String>,
}

impl Verification {
    pub(crate) fn count(&mut self, verified: Verified) {
        match verified {
            Verified::Verified => self.verified += 1,
            Verified::Unverified => self.unverified += 1,
            Verified::Invalid => self.invalid += 1,
        }
    }

    fn add(&mut self, later: Self) {
        self.verified += later.verified;
        self.unverified += later.unverified;
        self.invalid += later.invalid;
        self.digests.add(later.digests);
        self.invalid_digests.extend(later.invalid_digests);
    }

    fn is_good(&self) -> bool {
        self.invalid == 0 && self.digests.invalid == 0
    }
}

/// What became of the log files of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileCounts {
    /// All that the source has, as far as it was looked at.
    pub listed: u64,
    /// Read to their end now.
    pub taken: u64,
    /// In the ledger already.
    pub known: u64,
    /// Left out by the import's time range, accounts or regions, by their keys.
    pub pruned: u64,
    /// Digests, aggregated events and other things that hold no records.
    pub skipped: u64,
    /// Read as far as they go, or not at all; a whole copy will be taken.
    pub failed: u64,
    /// Of those in the ledger, changed since: the new content was not taken.
    pub changed: u64,
}

/// What one event data store got.
#[derive(Clone, Debug, Serialize)]
pub struct StoreCounts {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Uuid,
    /// Whether this ingestion made it.
    pub created: bool,
    /// Events taken.
    pub events: u64,
    /// Events that the selectors, the region or the import's time range did not choose.
    pub filtered: u64,
    /// Events older than the retention.
    pub expired: u64,
    /// Events that were there already: left out if that was asked, else among `events` too.
    pub duplicate: u64,
    /// Events of a log file that was taken in part before.
    pub repeated: u64,
    /// Bytes of JSON of the events taken.
    pub raw_bytes: u64,
    /// Bytes of the files written.
    pub stored_bytes: u64,
    /// Files written.
    pub stored_files: u64,
}

/// A log file that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its path or URL.
    pub location: String,
    /// Why.
    pub reason: String,
    /// How many events it gave all the same.
    pub events: u64,
}

/// How an ingestion went as a whole, for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything was read and understood.
    Good,
    /// Done, but something was rejected or could not be read.
    Rejects,
}

impl IngestSummary {
    /// Whether all was well.
    pub fn outcome(&self) -> Outcome {
        let is_good = self.quarantined == 0 && self.files.failed == 0 && self.files.changed == 0;
        let is_verified = self.verification.as_ref().is_none_or(Verification::is_good);
        if is_good && is_verified { Outcome::Good } else { Outcome::Rejects }
    }

    /// Events taken, into all stores.
    pub fn events(&self) -> u64 {
        self.stores.iter().map(|store| store.events).sum()
    }

    /// Megabytes of JSON a second.
    pub fn megabytes_per_second(&self) -> f64 {
        self.raw_bytes as f64 / 1e6 / self.elapsed.as_secs_f64().max(1e-6)
    }

    /// Adds what a later round of a follower did.
    pub(crate) fn add(&mut self, later: IngestSummary) {
        self.files.add(later.files);
        self.records += later.records;
        self.quarantined += later.quarantined;
        self.unclaimed += later.unclaimed;
        self.bytes_in += later.bytes_in;
        self.raw_bytes += later.raw_bytes;
        let mut stores: BTreeMap<Uuid, StoreCounts> = self.stores.drain(..).map(|store| (store.id, store)).collect();
        for store in later.stores {
            match stores.get_mut(&store.id) {
                Some(known) => known.add(&store),
                None => drop(stores.insert(store.id, store)),
            }
        }
        self.stores = stores.into_values().collect();
        self.stores.sort_by(|a, b| a.name.cmp(&b.name));
        for failure in later.failures {
            self.failed(failure);
        }
        if let Some(verification) = later.verification {
            self.verification.get_or_insert_default().add(verification);
        }
    }

    pub(crate) fn failed(&mut self, failure: Failure) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push(failure);
        }
    }
}

impl FileCounts {
    fn add(&mut self, later: Self) {
        self.listed += later.listed;
        self.taken += later.taken;
        self.known += later.known;
        self.pruned += later.pruned;
        self.skipped += later.skipped;
        self.failed += later.failed;
        self.changed += later.changed;
    }
}

impl StoreCounts {
    fn add(&mut self, later: &Self) {
        self.created |= later.created;
        self.events += later.events;
        self.filtered += later.filtered;
        self.expired += later.expired;
        self.duplicate += later.duplicate;
        self.repeated += later.repeated;
        self.raw_bytes += later.raw_bytes;
        self.stored_bytes += later.stored_bytes;
        self.stored_files += later.stored_files;
    }
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}
