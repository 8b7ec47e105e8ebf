//! Is a log file to be read, and for which event data stores?

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use trailmere_model::StoreType;
use trailmere_store::{FileOutcome, FileState};

use super::target::{Opened, Target};
use crate::request::{Dedupe, IngestRequest};
use crate::source::LogFile;
use crate::verify::Cover;

/// What a round of ingestion goes by.
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    /// The positions of the targets of each type.
    pub(crate) by_type: [Vec<usize>; 5],
    pub(crate) now: DateTime<Utc>,
    /// The event times that an import wants, in microseconds: from, and before.
    pub(crate) range: (i64, i64),
    pub(crate) dedupe: Dedupe,
    /// What log files are verified by, if that was asked for.
    pub(crate) cover: Option<Cover>,
}

/// A log file to be read.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) file: LogFile,
    /// The targets that want it, a bit each.
    pub(crate) wanted: u64,
    /// What targets took of it before, when it was cut short: how often each record, by its hash.
    pub(crate) taken: Vec<(usize, HashMap<u64, u32>)>,
    /// The sequence of each target's ledger when this was decided.
    pub(crate) sequences: Arc<[u64]>,
    /// Whether an earlier round has counted it already.
    pub(crate) is_counted: bool,
}

/// What the ledgers say of a log file.
pub(crate) enum Verdict {
    Read(Box<Task>),
    /// Everything of it is taken.
    Known,
    /// It was taken, and is another file by now.
    Changed {
        then: u64,
    },
    /// It was cut short, and is still the same.
    StillBroken,
}

impl Plan {
    pub(crate) fn new(targets: Vec<Target>, request: &IngestRequest, now: DateTime<Utc>) -> Self {
        let of_type = |store_type| {
            let numbered = targets.iter().enumerate();
            numbered.filter(|(_, target)| target.store_type == store_type).map(|(index, _)| index).collect()
        };
        let by_type = StoreType::ALL.map(of_type);
        let import = request.import.as_ref();
        let micros = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_micros());
        let range = (
            micros(import.and_then(|import| import.start)).unwrap_or(i64::MIN),
            micros(import.and_then(|import| import.end)).unwrap_or(i64::MAX),
        );
        Self { targets, by_type, now, range, dedupe: request.dedupe, cover: None }
    }

    pub(crate) fn is_in_range(&self, event_time: i64) -> bool {
        (self.range.0..self.range.1).contains(&event_time)
    }

    /// Decides on a log file that `among` (a bit each) of the targets may want.
    pub(crate) fn decide(&self, file: LogFile, among: u64, is_counted: bool) -> Verdict {
        let opened: Vec<Option<Opened>> = self.targets.iter().map(Target::opened).collect();
        let states: Vec<Option<FileState>> =
            opened.iter().map(|target| target.as_ref()?.ledger.state(&file.key)).collect();
        let mut task = Task {
            wanted: 0,
            taken: Vec::new(),
            sequences: opened
                .iter()
                .map(|target| target.as_ref().map_or(0, |target| target.ledger.sequence()))
                .collect(),
            is_counted,
            file,
        };
        let mut other = Verdict::Known;
        for (index, state) in states.iter().enumerate().filter(|(index, _)| among >> index & 1 == 1) {
            match state {
                None if was_there_before(opened[index].as_ref(), &states) => {}
                None => task.wanted |= 1 << index,
                Some(state) if state.outcome == FileOutcome::Complete => {
                    if state.size != task.file.size {
                        other = Verdict::Changed { then: state.size };
                    }
                }
                Some(state) if state.is_same(task.file.size, task.file.etag.as_deref()) => other = Verdict::StillBroken,
                Some(state) => {
                    task.wanted |= 1 << index;
                    task.taken.push((index, counted(&state.taken)));
                }
            }
        }
        let is_wanted =
            opened.iter().enumerate().any(|(index, target)| target.is_some() && task.wanted >> index & 1 == 1);
        // A store that is not there yet wants what another one wants, too: else its type was looked for before.
        if is_wanted || (task.wanted != 0 && states.iter().all(Option::is_none)) {
            return Verdict::Read(Box::new(task));
        }
        other
    }
}

/// Whether a store that ingestion makes by itself would have been made by this file if it held events for it: the file
/// was taken into another store when this one was not there.
fn was_there_before(store: Option<&Opened>, states: &[Option<FileState>]) -> bool {
    let Some(store) = store.filter(|opened| opened.store.is_default) else { return false };
    let created = store.store.created.timestamp_micros();
    states.iter().flatten().any(|state| state.outcome == FileOutcome::Complete && state.ingested <= created)
}

fn counted(hashes: &[u64]) -> HashMap<u64, u32> {
    let mut counts = HashMap::with_capacity(hashes.len());
    for hash in hashes {
        *counts.entry(*hash).or_insert(0) += 1;
    }
    counts
}
