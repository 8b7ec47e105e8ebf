//! Which files does nobody need any more: left behind by a crash, replaced, or of a store that is gone?

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use serde::Serialize;
use trailmere_model::{CALENDARDAY, Result};

use crate::failure;
use crate::ledger::LEDGER_FOLDER;
use crate::snapshot::relative;
use crate::state;
use crate::table::Table;

/// Files that were deleted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a table's files are needed for.
struct Needs {
    active: HashSet<String>,
    /// When removed files were removed, in milliseconds since 1970.
    removed: HashMap<String, i64>,
    ledger: HashSet<String>,
}

impl Table {
    /// Lists the files that have been of no use since before `cutoff`.
    ///
    /// A running query may still read a file that was removed a moment ago, and a running ingester has files that it has
    /// not committed yet: so younger ones stay.
    pub(crate) async fn unused(&self, cutoff: DateTime<Utc>) -> Result<Vec<ObjectMeta>> {
        // Listed before the needs are read: what is committed in between is needed and seen as such.
        let mut files = list(self.inner.store.as_ref(), &self.inner.path).await?;
        let needs = self.needs().await.map_err(|error| error.at(self.place()))?;
        files.retain(|file| {
            needs.is_unused(relative(&self.inner.path, file.location.as_ref()), file.last_modified, cutoff)
        });
        Ok(files)
    }

    async fn needs(&self) -> Result<Needs> {
        let ledger = self.ledger().await?.head().files().collect();
        let (tip, delta) = state::load(&self.inner).await?;
        let files = tip.snapshot(&self.inner).files;
        let active = files.iter().map(|file| relative(&self.inner.path, &file.path).to_owned()).collect();
        let mut removed = HashMap::new();
        let mut tombstones = delta.all_tombstones(self.inner.log.as_ref());
        while let Some(tombstone) = tombstones.next().await {
            let tombstone = tombstone.map_err(|error| self.failed(error, "read removals from"))?;
            removed.insert(tombstone.path().into_owned(), tombstone.deletion_timestamp().unwrap_or(0));
        }
        Ok(Needs { active, removed, ledger })
    }
}

impl Needs {
    /// Only what is ours by its name can be of no use; what is not is left alone.
    fn is_unused(&self, path: &str, written: DateTime<Utc>, cutoff: DateTime<Utc>) -> bool {
        if written >= cutoff {
            return false;
        }
        let Some((folder, name)) = path.split_once('/') else { return false };
        if folder == LEDGER_FOLDER {
            return !self.ledger.contains(name);
        }
        let is_data =
            name.ends_with(".parquet") && folder.strip_prefix(CALENDARDAY).is_some_and(|rest| rest.starts_with('='));
        is_data
            && !self.active.contains(path)
            && self.removed.get(path).is_none_or(|millis| *millis < cutoff.timestamp_millis())
    }
}

/// Lists everything below a folder.
pub(crate) async fn list(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<ObjectMeta>> {
    store.list(Some(folder)).try_collect().await.map_err(|error| failure::storage(error, format!("list `{folder}`")))
}

/// Deletes files; one that is gone already is no failure.
pub(crate) async fn delete(store: &dyn ObjectStore, files: &[ObjectMeta]) -> Result<()> {
    let paths: Vec<object_store::Result<Path>> = files.iter().map(|file| Ok(file.location.clone())).collect();
    let mut deleted = store.delete_stream(futures::stream::iter(paths).boxed());
    while let Some(result) = deleted.next().await {
        match result {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failure::storage(error, "delete unused files")),
        }
    }
    Ok(())
}

/// Counts files.
pub(crate) fn count(files: &[ObjectMeta]) -> Unused {
    Unused { files: files.len() as u64, bytes: files.iter().map(|file| file.size).sum() }
}
