//! Is a lake in good health, and if not, how is it mended?
//!
//! The quick look reads documents, logs, ledgers and the end of every file. The deep one reads every row too. Nothing is
//! changed: mending is left to `maintain`, to the ingestion, or to the user, as each finding says.

mod catalog;
mod deep;
mod finding;
mod footer;
mod ledger;
mod table;

use chrono::{DateTime, Utc};
use serde::Serialize;
use trailmere_model::{EventDataStore, Result};

pub use finding::{Ailment, Finding, Severity};

use crate::lake::Lake;

/// How closely a lake is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// What is said of the events: documents, logs, ledgers, and the footer of every file.
    #[default]
    Quick,
    /// Every row as well.
    Deep,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Examination {
    /// How closely.
    pub depth: Depth,
    /// Versions of documents.
    pub documents: u64,
    /// Event data stores.
    pub stores: u64,
    /// Their files.
    pub files: u64,
    /// Rows in them; 0 if nothing could be read of them.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// What was found, the stores by name.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Whether nothing has to be done.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }
}

/// Files that were written a shorter time ago may belong to an ingestion that is under way.
const YOUNG: chrono::Duration = chrono::Duration::days(1);

impl Lake {
    /// Looks a lake over. `now` decides what is old enough to be of no use.
    pub async fn examine(&self, now: DateTime<Utc>, depth: Depth) -> Result<Examination> {
        let mut examination = Examination { depth, ..Examination::default() };
        let mut stores = catalog::examine(self, now, &mut examination).await?;
        stores.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        examination.stores = stores.len() as u64;
        for store in stores.iter().filter(|store| !store.is_gone(now)) {
            examine_store(self, store, now, &mut examination).await?;
        }
        Ok(examination)
    }
}

/// Whatever is wrong with a store is a finding, so that the others are looked at, too.
async fn examine_store(
    lake: &Lake,
    store: &EventDataStore,
    now: DateTime<Utc>,
    examination: &mut Examination,
) -> Result<()> {
    let cutoff = now.checked_sub_signed(YOUNG).unwrap_or(now);
    let Some(sound) = table::examine(lake, store, cutoff, examination).await? else { return Ok(()) };
    let readable = footer::examine(&sound, store, examination).await?;
    let Some(counts) = ledger::examine(&sound, store, examination).await? else { return Ok(()) };
    if examination.depth == Depth::Deep {
        deep::examine(&sound, store, (&readable, counts), examination).await?;
    }
    Ok(())
}
