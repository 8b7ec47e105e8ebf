//! What does a process remember of a table, so that looking again costs what is new and not what is stored?
//!
//! The library reads the table once. From then on the new commits are read one by one and applied here: its own way of
//! going forward goes through all files each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use deltalake::kernel::transaction::PROTOCOL;
use deltalake::kernel::{Action, EagerSnapshot};
use deltalake::logstore::get_actions;
use deltalake::table::state::DeltaTableState;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StorageError, ObjectStoreExt};
use trailmere_model::{CALENDARDAY, Error, Result, storage_schema};

use crate::failure;
use crate::ledger::{Head, Ledger, LedgerEntry};
use crate::snapshot::{DataFile, Snapshot};
use crate::table::Inner;

/// The Delta application id whose version is the ledger's sequence number.
pub(crate) const LEDGER_APP: &str = "trailmere.ledger";
/// The Delta application id whose version is the random part of the ledger head's name.
pub(crate) const HEAD_APP: &str = "trailmere.ledger.head";

/// Up to this many new commits are read one by one; beyond, the table is read anew from its checkpoint.
const STEPS: u64 = 256;

/// Commits read at the same time.
const READERS: usize = 16;

/// Which ledger head a version of the table names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadName {
    /// Commits with a ledger so far; 0 before the first.
    pub(crate) sequence: u64,
    /// The random part of the head's name.
    pub(crate) id: u64,
}

/// What a process remembers of a table.
#[derive(Debug, Default)]
pub(crate) struct State {
    tip: Option<Tip>,
    snapshot: Option<Snapshot>,
    ledger: Option<Ledger>,
}

/// One version of a table.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub(crate) version: u64,
    pub(crate) head: HeadName,
    /// The active files, by day and path.
    files: BTreeMap<(i64, String), DataFile>,
}

impl State {
    /// Brings the memory up to the newest version of the table, and returns it.
    pub(crate) async fn refresh(&mut self, table: &Inner) -> Result<&Tip> {
        let tip = match self.tip.take() {
            Some(tip) => match advance(tip, table).await? {
                Some(tip) => tip,
                None => load(table).await?.0,
            },
            None => load(table).await?.0,
        };
        Ok(self.tip.insert(tip))
    }

    /// The files of the newest version.
    pub(crate) async fn snapshot(&mut self, table: &Inner) -> Result<Snapshot> {
        let known = self.snapshot.take();
        let tip = self.refresh(table).await?;
        let snapshot = match known {
            Some(known) if known.version == tip.version => known,
            _ => tip.snapshot(table),
        };
        Ok(self.snapshot.insert(snapshot).clone())
    }

    /// The newest version's number and ledger.
    pub(crate) async fn ledger(&mut self, table: &Inner) -> Result<(u64, Ledger)> {
        let known = self.ledger.take().unwrap_or_else(|| Ledger::empty(table.store.clone(), table.path.clone()));
        let tip = self.refresh(table).await?;
        let (version, head) = (tip.version, tip.head);
        let ledger = known.advance(head).await?;
        Ok((version, self.ledger.insert(ledger).clone()))
    }

    /// Takes over what a commit of this process made of version `base`, if nothing newer is known.
    pub(crate) fn committed(&mut self, base: u64, files: &[DataFile], head: Head, entries: &[LedgerEntry]) {
        let Some(tip) = self.tip.as_mut().filter(|tip| tip.version == base) else { return };
        tip.version += 1;
        tip.head = head.name();
        tip.files.extend(files.iter().map(|file| (key(file), file.clone())));
        self.ledger = self
            .ledger
            .take()
            .filter(|ledger| ledger.sequence() + 1 == head.sequence)
            .map(|ledger| ledger.with_commit(head, entries));
    }
}

impl Tip {
    /// The version's files, for queries.
    pub(crate) fn snapshot(&self, table: &Inner) -> Snapshot {
        let files = self.files.values().cloned().collect();
        Snapshot { version: self.version, files: Arc::new(files), schema: storage_schema(table.definition.store_type) }
    }

    /// Applies a commit; false if it changes what must be read as a whole.
    fn apply(&mut self, table: &Inner, version: u64, actions: Vec<Action>) -> Result<bool> {
        for action in actions {
            match action {
                Action::Add(add) => {
                    let file = DataFile::from_add(&table.path, &table.stat_columns, &add)?;
                    self.files.insert(key(&file), file);
                }
                Action::Remove(remove) => {
                    let path = format!("{}/{}", table.path, remove.path);
                    let day =
                        remove.partition_values.and_then(|values| values.get(CALENDARDAY)?.as_ref()?.parse().ok());
                    match day {
                        Some(day) => drop(self.files.remove(&(day, path))),
                        None => self.files.retain(|(_, known), _| *known != path),
                    }
                }
                Action::Txn(transaction) if transaction.app_id == LEDGER_APP => {
                    self.head.sequence = number(transaction.version)?
                }
                Action::Txn(transaction) if transaction.app_id == HEAD_APP => {
                    self.head.id = number(transaction.version)?
                }
                Action::Metadata(_) | Action::Protocol(_) => return Ok(false),
                _ => {}
            }
        }
        self.version = version;
        Ok(true)
    }
}

/// Reads the whole table, and refuses one that others have made into something else.
pub(crate) async fn load(table: &Inner) -> Result<(Tip, DeltaTableState)> {
    let failed = |error| failure::delta(error, "read the table").at(place(table));
    let delta = EagerSnapshot::try_new(table.log.as_ref(), None).await.map(DeltaTableState::new).map_err(failed)?;
    PROTOCOL.can_write_to(&delta).map_err(|error| failed(error.into()))?;
    let mut files = BTreeMap::new();
    for view in delta.log_data().iter() {
        let file =
            DataFile::from_view(&table.path, &table.stat_columns, &view).map_err(|error| error.at(place(table)))?;
        files.insert(key(&file), file);
    }
    let head = head(table, &delta).await.map_err(|error| error.at(place(table)))?;
    Ok((Tip { version: delta.version(), head, files }, delta))
}

async fn head(table: &Inner, delta: &DeltaTableState) -> Result<HeadName> {
    // The newest commit mostly tells. The library goes through all commits since the checkpoint for each answer.
    if let (_, Some(actions)) = read(table, delta.version()).await?
        && let Some(name) = named(&actions)?
    {
        return Ok(name);
    }
    let failed = |error| failure::delta(error, "read the ledger's place");
    let sequence = delta.transaction_version(table.log.as_ref(), LEDGER_APP).await.map_err(failed)?;
    let Some(sequence) = sequence else { return Ok(HeadName::default()) };
    let id = delta.transaction_version(table.log.as_ref(), HEAD_APP).await.map_err(failed)?;
    let id = id.ok_or_else(|| Error::corrupt("the table names a ledger but not its head"))?;
    Ok(HeadName { sequence: number(sequence)?, id: number(id)? })
}

/// The ledger head that a commit names.
fn named(actions: &[Action]) -> Result<Option<HeadName>> {
    let version = |app: &str| {
        actions.iter().find_map(|action| match action {
            Action::Txn(transaction) if transaction.app_id == app => Some(transaction.version),
            _ => None,
        })
    };
    match (version(LEDGER_APP), version(HEAD_APP)) {
        (Some(sequence), Some(id)) => Ok(Some(HeadName { sequence: number(sequence)?, id: number(id)? })),
        _ => Ok(None),
    }
}

/// Applies the commits after a version; none if that cannot be done, because they are too many, gone, or more than data.
async fn advance(mut tip: Tip, table: &Inner) -> Result<Option<Tip>> {
    // Old commits go first: while the last one that is known is there, none after it can have been made and removed.
    let (next, known) = futures::join!(is_there(table, tip.version + 1), is_there(table, tip.version));
    if (known, next) == (Some(true), Some(false)) {
        return Ok(Some(tip));
    }
    let Ok(newest) = table.log.get_latest_version(tip.version).await else { return Ok(None) };
    if newest < tip.version || newest - tip.version > STEPS {
        return Ok(None);
    }
    let reads: Vec<_> = (tip.version + 1..=newest).map(|version| read(table, version)).collect();
    let commits: Vec<_> = futures::stream::iter(reads).buffered(READERS).try_collect().await?;
    for (version, actions) in commits {
        let Some(actions) = actions else { return Ok(None) };
        if !tip.apply(table, version, actions).map_err(|error| error.at(place(table)))? {
            return Ok(None);
        }
    }
    Ok(Some(tip))
}

/// Whether a commit is there, in one request; `None` if that can't be told.
async fn is_there(table: &Inner, version: u64) -> Option<bool> {
    let name = format!("{version:020}.json");
    let path = Path::from_iter(table.path.parts().chain(["_delta_log".into(), name.as_str().into()]));
    match table.store.head(&path).await {
        Ok(_) => Some(true),
        Err(StorageError::NotFound { .. }) => Some(false),
        Err(_) => None,
    }
}

async fn read(table: &Inner, version: u64) -> Result<(u64, Option<Vec<Action>>)> {
    let failed = |error| failure::delta(error, format!("read commit {version}")).at(place(table));
    let bytes = table.log.read_commit_entry(version).await.map_err(failed)?;
    let actions = bytes.map(|bytes| get_actions(version, &bytes)).transpose().map_err(failed)?;
    Ok((version, actions))
}

fn key(file: &DataFile) -> (i64, String) {
    (file.day, file.path.clone())
}

fn place(table: &Inner) -> String {
    format!("event data store `{}`", table.definition.name)
}

fn number(version: i64) -> Result<u64> {
    u64::try_from(version).map_err(|error| Error::corrupt("the table names a negative ledger").source(error))
}
