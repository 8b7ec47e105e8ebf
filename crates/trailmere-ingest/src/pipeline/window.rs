//! In which order are listed log files read? By time of delivery, as far as a window of them allows.
//!
//! Listings go account by account and region by region. Read like that, each batch would hold events of every day, and
//! leave a small file for each: read in the order of delivery, batches fill one large file a day.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Utc};

use super::plan::Task;

/// Log files that may wait for those of earlier times.
const WINDOW_FILES: usize = 1 << 16;

/// Log files that wait to be read.
#[derive(Default)]
pub(super) struct Window {
    waiting: BinaryHeap<Reverse<Waiting>>,
    numbers: u64,
}

impl Window {
    pub(super) fn push(&mut self, task: Box<Task>) {
        // What has no time of delivery comes last.
        let time = task.file.delivered().unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.waiting.push(Reverse(Waiting { time, number: self.numbers, task }));
        self.numbers += 1;
    }

    /// The first one of the earliest time.
    pub(super) fn pop(&mut self) -> Option<Box<Task>> {
        self.waiting.pop().map(|Reverse(waiting)| waiting.task)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WINDOW_FILES
    }
}

/// A log file with its turn.
struct Waiting {
    time: DateTime<Utc>,
    number: u64,
    task: Box<Task>,
}

impl Waiting {
    fn turn(&self) -> (DateTime<Utc>, u64) {
        (self.time, self.number)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.turn() == other.turn()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn().cmp(&other.turn())
    }
}
