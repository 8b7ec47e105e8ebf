//! How many folders of a source have been found, and how many are done?

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// Log files found and done, by the folder that they lie in: a day of an account and region, as a rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefixes {
    /// By hash: there may be hundreds of thousands.
    counts: HashMap<u64, (u64, u64)>,
}

impl Prefixes {
    pub(crate) fn found(&mut self, location: &str) {
        self.entry(location).0 += 1;
    }

    pub(crate) fn done(&mut self, location: &str) {
        self.entry(location).1 += 1;
    }

    pub(crate) fn add(&mut self, more: Self) {
        for (prefix, (found, done)) in more.counts {
            let counts = self.counts.entry(prefix).or_default();
            *counts = (counts.0 + found, counts.1 + done);
        }
    }

    /// How many were found, and how many of them are completed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let completed = self.counts.values().filter(|(found, done)| done >= found).count();
        (self.counts.len() as u64, completed as u64)
    }

    fn entry(&mut self, location: &str) -> &mut (u64, u64) {
        let prefix = location.rsplit_once(['/', '\\']).map_or("", |(prefix, _)| prefix);
        self.counts.entry(xxh3_64(prefix.as_bytes())).or_default()
    }
}
