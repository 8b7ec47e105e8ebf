//! What has a round done so far?

use std::collections::BTreeMap;

use trailmere_model::Error;

use super::choose::{Again, Listed};
use super::parcel::{Counts, End, FileResult};
use super::plan::Plan;
use super::unit::{Settled, Stage};
use super::worker::bits;
use crate::import::Prefixes;
use crate::summary::{Failure, IngestSummary, StoreCounts};

/// What a round has done, and what it leaves to another one.
pub(crate) struct Tally {
    summary: IngestSummary,
    /// By target.
    counts: Vec<Counts>,
    stored: BTreeMap<usize, (u64, u64)>,
    /// Log files that overlapped with what another ingester took, and the targets they are for.
    pub(crate) again: Vec<Again>,
    pub(crate) prefixes: Prefixes,
    /// Why not everything was listed.
    pub(crate) trouble: Option<Error>,
    /// All that failed, for an import to retry.
    pub(crate) failed: Vec<Failure>,
}

impl Tally {
    pub(super) fn new(targets: usize) -> Self {
        Self {
            summary: IngestSummary::default(),
            counts: vec![Counts::default(); targets],
            stored: BTreeMap::new(),
            again: Vec::new(),
            prefixes: Prefixes::default(),
            trouble: None,
            failed: Vec::new(),
        }
    }

    pub(super) fn add_listed(&mut self, listed: Listed) {
        self.trouble = self.trouble.take().or(listed.trouble);
        let files = &mut self.summary.files;
        files.listed += listed.files.listed;
        files.known += listed.files.known;
        files.pruned += listed.files.pruned;
        files.failed += listed.files.failed;
        files.changed += listed.files.changed;
        self.prefixes.add(listed.prefixes);
        for failure in listed.failures {
            self.fail(failure);
        }
    }

    /// Counts a batch that was committed.
    pub(super) fn settle(&mut self, stage: &Stage<'_>, settled: Settled) {
        let mut events = 0;
        for target in bits(settled.done) {
            for file in settled.files.iter().filter(|file| file.task.wanted >> target & 1 == 1) {
                self.counts[target].add(file.counts[target]);
                events += file.counts[target].events;
            }
        }
        for (target, (files, bytes)) in settled.stored {
            let stored = self.stored.entry(target).or_default();
            *stored = (stored.0 + files, stored.1 + bytes);
        }
        let mut files = 0;
        for (position, file) in settled.files.iter().enumerate() {
            let among = settled.again.get(&position).copied().unwrap_or(0);
            // A file is counted with its first commit; one that overlapped everywhere, in the next round.
            let is_settled = among == 0 || file.task.wanted & settled.done != 0;
            if is_settled && !file.task.is_counted {
                self.count_file(file);
                files += 1;
            }
            if among != 0 {
                let is_counted = is_settled || file.task.is_counted;
                self.again.push(Again { file: file.task.file.clone(), among, is_counted });
            }
        }
        stage.progress.committed(files, events);
    }

    fn count_file(&mut self, file: &FileResult) {
        let summary = &mut self.summary;
        match &file.end {
            End::Whole => summary.files.taken += 1,
            End::Skipped(_) => summary.files.skipped += 1,
            End::Broken { .. } => summary.files.failed += 1,
        }
        summary.records += file.records;
        summary.quarantined += file.rejected_records;
        summary.unclaimed += file.unclaimed;
        summary.bytes_in += file.task.file.size;
        summary.raw_bytes += file.raw_bytes;
        if let Some(verified) = file.verified {
            summary.verification.get_or_insert_default().count(verified);
        }
        let location = &file.task.file.location;
        let End::Broken { reason, .. } = &file.end else { return self.prefixes.done(location) };
        let events = file.counts.iter().map(|counts| counts.events).max().unwrap_or(0);
        self.fail(Failure { location: location.clone(), reason: reason.clone(), events });
    }

    fn fail(&mut self, failure: Failure) {
        self.summary.failed(failure.clone());
        self.failed.push(failure);
    }

    /// Adds a later round over what was left.
    pub(crate) fn then(&mut self, later: Tally) {
        for (counts, more) in self.counts.iter_mut().zip(&later.counts) {
            counts.add(*more);
        }
        for (target, (files, bytes)) in later.stored {
            let stored = self.stored.entry(target).or_default();
            *stored = (stored.0 + files, stored.1 + bytes);
        }
        self.summary.add(later.summary);
        self.prefixes.add(later.prefixes);
        self.failed.extend(later.failed);
        self.again = later.again;
        self.trouble = self.trouble.take().or(later.trouble);
    }

    /// The summary, with the names of the stores.
    pub(crate) fn summary(&self, plan: &Plan) -> IngestSummary {
        let mut summary = self.summary.clone();
        if let Some(cover) = &plan.cover {
            let verification = summary.verification.get_or_insert_default();
            verification.digests = cover.digests;
            verification.invalid_digests = cover.faults.clone();
        }
        for (index, target) in plan.targets.iter().enumerate() {
            let Some(opened) = target.opened() else { continue };
            let counts = self.counts[index];
            let (stored_files, stored_bytes) = self.stored.get(&index).copied().unwrap_or_default();
            summary.stores.push(StoreCounts {
                name: opened.store.name,
                id: opened.store.id,
                created: opened.is_new,
                events: counts.events,
                filtered: counts.filtered,
                expired: counts.expired,
                duplicate: counts.duplicate,
                repeated: counts.repeated,
                raw_bytes: counts.raw_bytes,
                stored_bytes,
                stored_files,
            });
        }
        summary
    }
}

impl Counts {
    fn add(&mut self, more: Counts) {
        self.events += more.events;
        self.filtered += more.filtered;
        self.expired += more.expired;
        self.duplicate += more.duplicate;
        self.repeated += more.repeated;
        self.raw_bytes += more.raw_bytes;
    }
}
