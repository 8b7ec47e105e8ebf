//! Columns that were decoded before, within a stated size.
//!
//! Data files never change, so what was read of one holds as long as it exists; the least recently used goes first.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::decoded::Decoded;
use super::input::Input;

/// One input of one row group of one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The file's path.
    pub(crate) file: Arc<str>,
    /// The row group.
    pub(crate) group: usize,
    /// What was read of it.
    pub(crate) input: Input,
}

/// Decoded columns of data files.
pub(crate) struct KeptColumns {
    /// Bytes that may be kept.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    columns: HashMap<Place, Entry>,
    /// Bytes that are kept.
    size: usize,
    /// Counts uses: what was used at a smaller count was used earlier.
    clock: u64,
    /// What was read of a column piece by piece.
    pieces: HashMap<Place, Pieces>,
    /// Counts statements.
    statement: u64,
}

struct Pieces {
    /// Which statement began with it.
    since: u64,
    /// Parts of the whole, added up.
    read: f32,
}

struct Entry {
    decoded: Arc<Decoded>,
    size: usize,
    used: u64,
}

/// How much is read of a column in pieces before all of it is read, once, to be kept.
const WORN: f32 = 0.01;

/// Columns of which pieces were read; beyond it, all are forgotten.
const MOST_PIECES: usize = 100_000;

impl KeptColumns {
    /// Keeps up to so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        KeptColumns { limit, state: Mutex::default() }
    }

    /// What is kept of a place.
    pub(crate) fn get(&self, place: &Place) -> Option<Arc<Decoded>> {
        let mut state = self.lock();
        state.clock += 1;
        let clock = state.clock;
        let entry = state.columns.get_mut(place)?;
        entry.used = clock;
        Some(Arc::clone(&entry.decoded))
    }

    /// Keeps values, if they are no large part of what may be kept.
    pub(crate) fn put(&self, place: Place, decoded: Arc<Decoded>) {
        let size = decoded.size();
        if size > self.limit / 8 {
            return;
        }
        let mut state = self.lock();
        state.clock += 1;
        let entry = Entry { decoded, size, used: state.clock };
        state.pieces.remove(&place);
        if let Some(before) = state.columns.insert(place, entry) {
            state.size -= before.size;
        }
        state.size += size;
        if state.size > self.limit {
            state.shrink(self.limit - self.limit / 4);
        }
    }

    /// The number of a statement that begins.
    pub(crate) fn next_statement(&self) -> u64 {
        let mut state = self.lock();
        state.statement += 1;
        state.statement
    }

    /// The number of the statement that began last.
    pub(crate) fn statement(&self) -> u64 {
        self.lock().statement
    }

    /// Notes that a statement reads a part of a column, and says whether reading all of it would pay by now: not in the
    /// first statement that does, and not while all that was read of it is little.
    pub(crate) fn is_worn(&self, place: &Place, part: f32, statement: u64) -> bool {
        let mut state = self.lock();
        if state.pieces.len() > MOST_PIECES {
            state.pieces.clear();
        }
        let pieces = state.pieces.entry(place.clone()).or_insert(Pieces { since: statement, read: 0.0 });
        pieces.read += part;
        pieces.since != statement && pieces.read >= WORN
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whatever a panicking thread left is a cache still.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets go what was not used for the longest time.
    fn shrink(&mut self, limit: usize) {
        let mut used: Vec<(u64, Place)> = self.columns.iter().map(|(place, e)| (e.used, place.clone())).collect();
        used.sort_unstable_by_key(|(used, _)| *used);
        for (_, place) in used {
            if self.size <= limit {
                return;
            }
            if let Some(entry) = self.columns.remove(&place) {
                self.size -= entry.size;
            }
        }
    }
}

impl fmt::Debug for KeptColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        write!(f, "KeptColumns({} columns, {} of {} bytes)", state.columns.len(), state.size, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    fn place(group: usize) -> Place {
        Place { file: Arc::from("a"), group, input: Input::Partition(0) }
    }

    fn decoded() -> Arc<Decoded> {
        Arc::new(Decoded::Plain(Arc::new(Int64Array::from(vec![0; 128]))))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let size = decoded().size();
        let kept = KeptColumns::new(size * 10);
        for group in 0..10 {
            kept.put(place(group), decoded());
        }
        assert!(kept.get(&place(0)).is_some());
        kept.put(place(10), decoded());
        assert!(kept.get(&place(0)).is_some(), "used last");
        assert!(kept.get(&place(1)).is_none(), "used first");
        assert!(kept.get(&place(10)).is_some());
        assert!(kept.lock().size <= size * 10);
    }

    #[test]
    fn what_is_read_in_pieces_is_worth_reading_whole_at_last() {
        let kept = KeptColumns::new(1000);
        let first = kept.next_statement();
        assert_eq!(kept.statement(), first);
        let answers = |group, part| [first, first, 7, 8].map(|statement| kept.is_worn(&place(group), part, statement));
        assert_eq!(answers(0, 0.003), [false, false, false, true]);
        assert_eq!(answers(1, 1.0), [false, false, true, true]);
    }
}
