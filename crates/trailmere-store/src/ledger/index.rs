//! How are the states of millions of log files held in little memory, and shared between a cache and its users?
//!
//! Newer states lie in newer segments, and a segment never changes; so a handle taken earlier stays as it was.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use crate::ledger::entry::{FileOutcome, FileState};

/// Looking a file up asks every segment; beyond this many, small neighbours become one.
const MAX_SEGMENTS: usize = 12;

#[derive(Clone, Copy, Debug)]
struct Compact {
    size: u64,
    etag_hash: u64,
    ingested: i64,
    sequence: u64,
    outcome: FileOutcome,
}

/// States that became known together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segment {
    states: HashMap<u128, Compact, BuildHasherDefault<Identity>>,
    taken: HashMap<u128, Arc<[u64]>>,
}

impl Segment {
    pub(crate) fn insert(&mut self, log_file: &str, state: FileState) {
        let compact = Compact {
            size: state.size,
            etag_hash: state.etag_hash,
            ingested: state.ingested,
            sequence: state.sequence,
            outcome: state.outcome,
        };
        let taken = (!state.taken.is_empty()).then_some(state.taken);
        self.put(xxh3_128(log_file.as_bytes()), compact, taken);
    }

    fn put(&mut self, key: u128, compact: Compact, taken: Option<Arc<[u64]>>) {
        if self.states.get(&key).is_some_and(|known| known.sequence > compact.sequence) {
            return;
        }
        self.states.insert(key, compact);
        match taken {
            Some(taken) => self.taken.insert(key, taken),
            None => self.taken.remove(&key),
        };
    }

    fn absorb(&mut self, newer: &Self) {
        self.states.reserve(newer.states.len());
        for (key, compact) in &newer.states {
            self.put(*key, *compact, newer.taken.get(key).cloned());
        }
    }

    fn state(&self, key: u128) -> Option<FileState> {
        let compact = self.states.get(&key)?;
        Some(FileState {
            outcome: compact.outcome,
            size: compact.size,
            ingested: compact.ingested,
            sequence: compact.sequence,
            taken: self.taken.get(&key).cloned().unwrap_or_default(),
            etag_hash: compact.etag_hash,
        })
    }
}

/// Segments, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments {
    segments: Vec<Arc<Segment>>,
    len: usize,
}

impl Segments {
    pub(crate) fn state(&self, log_file: &str) -> Option<FileState> {
        let key = xxh3_128(log_file.as_bytes());
        self.segments.iter().rev().find_map(|segment| segment.state(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, segment: Segment) {
        if segment.states.is_empty() {
            return;
        }
        let known = |key: &&u128| self.segments.iter().any(|older| older.states.contains_key(*key));
        self.len += segment.states.len() - segment.states.keys().filter(known).count();
        self.segments.push(Arc::new(segment));
        while self.segments.len() > MAX_SEGMENTS {
            self.merge_smallest();
        }
    }

    fn merge_smallest(&mut self) {
        let sizes: Vec<usize> = self.segments.iter().map(|segment| segment.states.len()).collect();
        let Some((index, _)) = sizes.windows(2).map(|pair| pair[0] + pair[1]).enumerate().min_by_key(|(_, size)| *size)
        else {
            return;
        };
        let newer = self.segments.remove(index + 1);
        if let Some(older) = self.segments.get_mut(index) {
            Arc::make_mut(older).absorb(&newer);
        }
    }
}

/// Keys are hashes already.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}
