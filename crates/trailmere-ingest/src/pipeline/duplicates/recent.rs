//! Which events has this run seen lately, in memory that does not grow?

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

/// Threads seldom meet at the same one of these.
const SHARDS: usize = 16;
/// A generation; the one before is kept, too.
const GENERATION: usize = (1 << 20) / SHARDS;

/// The hashes of the last million or two of events.
#[derive(Default)]
pub(crate) struct Recent {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    now: HashSet<u64, BuildHasherDefault<Already>>,
    before: HashSet<u64, BuildHasherDefault<Already>>,
}

impl Recent {
    /// Remembers a hash; true if it was seen lately.
    pub(crate) fn meet(&self, hash: u64) -> bool {
        let shard = &self.shards[(hash >> 60) as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.before.contains(&hash) || !shard.now.insert(hash) {
            return true;
        }
        if shard.now.len() >= GENERATION {
            shard.before = std::mem::take(&mut shard.now);
        }
        false
    }
}

/// Hashes what is a hash already: by leaving it as it is.
#[derive(Default)]
pub(crate) struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_lately_and_forgets_in_the_end() {
        let recent = Recent::default();
        let hash = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        assert!(!recent.meet(hash(1)));
        assert!(recent.meet(hash(1)));
        for number in 2..500_000 {
            assert!(!recent.meet(hash(number)), "{number}");
        }
        assert!(recent.meet(hash(2)), "half a million are remembered");
        for number in 500_000..3_500_000 {
            recent.meet(hash(number));
        }
        assert!(!recent.meet(hash(3)), "three millions later it is forgotten");
    }
}
