//! What does a process remember of a table, so that looking again costs little?

use std::collections::HashMap;
use std::sync::Arc;

use deltalake::kernel::{Action, EagerSnapshot, Transaction};
use deltalake::logstore::get_actions;
use deltalake::table::state::DeltaTableState;
use trailmere_model::{Error, Result, storage_schema};

use crate::failure;
use crate::ledger::Ledger;
use crate::snapshot::{DataFile, Snapshot};
use crate::table::Inner;

/// The Delta application id whose version is the ledger's sequence number: two commits with it never both win.
pub(crate) const LEDGER_APP: &str = "trailmere.ledger";
/// The Delta application id whose version is the random part of the ledger head's name.
pub(crate) const HEAD_APP: &str = "trailmere.ledger.head";

/// Newer commits are read one by one up to this many; beyond, the whole log is asked.
const STEPS: u64 = 64;

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
    delta: Option<DeltaTableState>,
    head: Option<(u64, HeadName)>,
    snapshot: Option<Snapshot>,
    files: HashMap<String, DataFile>,
    ledger: Option<Ledger>,
}

impl State {
    /// Brings the memory up to the newest version of the table.
    pub(crate) async fn refresh(&mut self, table: &Inner) -> Result<()> {
        if let Some(mut delta) = self.delta.take()
            && delta.update(&table.log, None).await.is_ok()
        {
            self.delta = Some(delta);
            return Ok(());
        }
        // Also after a failure: commits that followed the remembered version may have been cleaned up since.
        let loaded = EagerSnapshot::try_new(table.log.as_ref(), None).await.map(DeltaTableState::new);
        let delta = loaded.map_err(|error| {
            failure::delta(error, "read the table").at(format!("event data store `{}`", table.definition.name))
        })?;
        self.delta = Some(delta);
        Ok(())
    }

    /// Takes over what a commit has left behind.
    pub(crate) fn committed(&mut self, delta: DeltaTableState, head: Option<HeadName>, ledger: Option<Ledger>) {
        if let Some(head) = head {
            self.head = Some((delta.version(), head));
        }
        if ledger.is_some() {
            self.ledger = ledger;
        }
        self.delta = Some(delta);
    }

    /// Delta's own state, after a refresh.
    pub(crate) fn delta(&self) -> Result<&DeltaTableState> {
        self.delta.as_ref().ok_or_else(|| Error::internal("the table has not been read yet"))
    }

    /// The files of the remembered version.
    pub(crate) fn snapshot(&mut self, table: &Inner) -> Result<Snapshot> {
        let delta = self.delta()?;
        let version = delta.version();
        if let Some(snapshot) = self.snapshot.as_ref().filter(|snapshot| snapshot.version == version) {
            return Ok(snapshot.clone());
        }
        let mut files = Vec::new();
        for view in delta.log_data().iter() {
            let path = format!("{}/{}", table.path, view.path());
            let file = match self.files.get(&path) {
                Some(known) => known.clone(),
                None => DataFile::from_view(&table.path, &table.stat_columns, &view)?,
            };
            files.push(file);
        }
        files.sort_by(|a, b| a.day.cmp(&b.day).then_with(|| a.path.cmp(&b.path)));
        self.files = files.iter().map(|file| (file.path.clone(), file.clone())).collect();
        let snapshot =
            Snapshot { version, files: Arc::new(files), schema: storage_schema(table.definition.store_type) };
        self.snapshot = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// The ledger of the remembered version.
    pub(crate) async fn ledger(&mut self, table: &Inner) -> Result<Ledger> {
        let head = self.head(table).await?;
        let known = self.ledger.take().unwrap_or_else(|| Ledger::empty(table.store.clone(), table.path.clone()));
        let ledger = known.advance(head).await?;
        self.ledger = Some(ledger.clone());
        Ok(ledger)
    }

    /// The head that the remembered version names; the commits since the last look are enough to know.
    async fn head(&mut self, table: &Inner) -> Result<HeadName> {
        let version = self.delta()?.version();
        let head = match self.head {
            Some((known, head)) if known == version => return Ok(head),
            Some((known, head)) if known < version && version - known <= STEPS => {
                match step(table, known, version, head).await? {
                    Some(head) => head,
                    None => self.ask(table).await?,
                }
            }
            _ => self.ask(table).await?,
        };
        self.head = Some((version, head));
        Ok(head)
    }

    async fn ask(&self, table: &Inner) -> Result<HeadName> {
        let delta = self.delta()?;
        let failed = |error| failure::delta(error, "read the ledger's place");
        let sequence = delta.transaction_version(table.log.as_ref(), LEDGER_APP).await.map_err(failed)?;
        let Some(sequence) = sequence else { return Ok(HeadName::default()) };
        let id = delta.transaction_version(table.log.as_ref(), HEAD_APP).await.map_err(failed)?;
        let id = id.ok_or_else(|| Error::corrupt("the table names a ledger but not its head"))?;
        Ok(HeadName { sequence: number(sequence)?, id: number(id)? })
    }
}

async fn step(table: &Inner, known: u64, version: u64, mut head: HeadName) -> Result<Option<HeadName>> {
    for version in known + 1..=version {
        let read = table.log.read_commit_entry(version).await;
        let Some(bytes) = read.map_err(|error| failure::delta(error, format!("read commit {version}")))? else {
            return Ok(None);
        };
        let actions =
            get_actions(version, &bytes).map_err(|error| failure::delta(error, format!("read commit {version}")))?;
        for action in &actions {
            match action {
                Action::Txn(Transaction { app_id, version, .. }) if app_id == LEDGER_APP => {
                    head.sequence = number(*version)?
                }
                Action::Txn(Transaction { app_id, version, .. }) if app_id == HEAD_APP => head.id = number(*version)?,
                _ => {}
            }
        }
    }
    Ok(Some(head))
}

fn number(version: i64) -> Result<u64> {
    u64::try_from(version).map_err(|error| Error::corrupt("the table names a negative ledger").source(error))
}
