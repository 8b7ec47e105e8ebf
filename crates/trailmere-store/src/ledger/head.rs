//! What does a ledger's head list, and where is it?

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

use crate::failure;
use crate::ledger::LEDGER_FOLDER;
use crate::state::HeadName;

const FORMAT: u32 = 1;

/// Commits that a head remembers by name, so that a committer whose answer got lost finds its own.
const REMEMBERED: usize = 256;

/// The parts that make up a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Head {
    format: u32,
    /// Commits so far.
    pub(crate) sequence: u64,
    /// The random part of this head's name.
    pub(crate) id: u64,
    /// The last commits' sequence and id, oldest first, this one included.
    recent: Vec<(u64, u64)>,
    /// Parts with log files, oldest first.
    pub(crate) ledger: Vec<Part>,
    /// Parts with rejected records, oldest first.
    pub(crate) quarantine: Vec<Part>,
}

/// An immutable Parquet file with some of the entries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Part {
    /// The name within the ledger's folder.
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// How often its entries were merged.
    pub(crate) level: u32,
    pub(crate) first_sequence: u64,
    pub(crate) last_sequence: u64,
}

impl Head {
    /// The head that follows this one, with the same parts yet.
    pub(crate) fn next(&self, id: u64) -> Self {
        let sequence = self.sequence + 1;
        let mut recent = self.recent.clone();
        recent.push((sequence, id));
        recent.drain(..recent.len().saturating_sub(REMEMBERED));
        Self { format: FORMAT, sequence, id, recent, ledger: self.ledger.clone(), quarantine: self.quarantine.clone() }
    }

    /// Whether the commit of that sequence and id is part of this ledger; unknown if it is too long ago.
    pub(crate) fn has(&self, name: HeadName) -> bool {
        self.recent.contains(&(name.sequence, name.id))
    }

    pub(crate) fn name(&self) -> HeadName {
        HeadName { sequence: self.sequence, id: self.id }
    }

    /// The names of all files that this ledger consists of.
    pub(crate) fn files(&self) -> impl Iterator<Item = String> {
        let parts = self.ledger.iter().chain(&self.quarantine).map(|part| part.name.clone());
        parts.chain([file_name(self.name())]).collect::<Vec<_>>().into_iter()
    }

    /// Writes the head under its own name.
    pub(crate) async fn write(&self, store: &dyn ObjectStore, table: &Path) -> Result<()> {
        let path = head_path(table, self.name());
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::internal("cannot write the ledger's head").source(error))?;
        store
            .put(&path, text.into())
            .await
            .map(drop)
            .map_err(|error| failure::storage(error, format!("write `{path}`")))
    }
}

/// Reads the head of that name; sequence 0 is the empty one.
pub(crate) async fn read(store: &dyn ObjectStore, table: &Path, name: HeadName) -> Result<Head> {
    if name.sequence == 0 {
        return Ok(Head::default());
    }
    let path = head_path(table, name);
    let read = async { store.get(&path).await?.bytes().await };
    let bytes = read.await.map_err(|error| failure::storage(error, format!("read `{path}`")))?;
    let head: Head = serde_json::from_slice(&bytes).map_err(|error| {
        Error::corrupt(format!("the ledger's head cannot be read: {error}")).at(format!("`{path}`")).source(error)
    })?;
    if head.format > FORMAT {
        let error = Error::unsupported(format!("the ledger is of format {}, this version knows {FORMAT}", head.format));
        return Err(error.at(format!("`{path}`")).hint("use a newer version"));
    }
    Ok(head)
}

/// Where the head of that name is.
pub(crate) fn head_path(table: &Path, name: HeadName) -> Path {
    Path::from_iter(table.parts().chain([LEDGER_FOLDER.into(), file_name(name).as_str().into()]))
}

fn file_name(name: HeadName) -> String {
    format!("{:020}-{}.json", name.sequence, name.id)
}
