//! Do a store's Delta log and its files agree?

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use trailmere_model::{EventDataStore, Result};

use super::catalog::said;
use super::{Ailment, Examination};
use crate::lake::{Lake, table_path};
use crate::snapshot::{DataFile, Snapshot};
use crate::table::Table;
use crate::vacuum;

/// A store whose log can be read.
pub(super) struct Sound {
    pub(super) table: Table,
    /// The files that are there, as long as the log says.
    pub(super) files: Vec<DataFile>,
    /// All that the log names, and its version.
    pub(super) snapshot: Snapshot,
}

/// Compares the log with what is stored. Nothing if the log cannot be read.
pub(super) async fn examine(
    lake: &Lake,
    store: &EventDataStore,
    cutoff: DateTime<Utc>,
    examination: &mut Examination,
) -> Result<Option<Sound>> {
    let folder = table_path(store.id);
    let stored = vacuum::list(lake.object_store().as_ref(), &folder).await?;
    let log = format!("{folder}/_delta_log/");
    if !stored.iter().any(|file| file.location.as_ref().starts_with(&log)) {
        examination.findings.push(Ailment::NoTable.found(folder.to_string(), "it has no `_delta_log`").of(&store.name));
        return Ok(None);
    }
    let table = Table::open(lake, store)?;
    let snapshot = match table.snapshot().await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            examination.findings.push(Ailment::Log.found(folder.to_string(), said(&error)).of(&store.name));
            return Ok(None);
        }
    };
    if !table.has_todays_columns().await? {
        let seen = "its Delta log lacks a column that new files have";
        examination.findings.push(Ailment::LogSchema.found(folder.to_string(), seen).of(&store.name));
    }
    // Listed anew: what was committed since is there now.
    let stored = vacuum::list(lake.object_store().as_ref(), &folder).await?;
    let sizes: HashMap<&str, u64> = stored.iter().map(|file| (file.location.as_ref(), file.size)).collect();
    let mut files = Vec::with_capacity(snapshot.files.len());
    for file in snapshot.files.iter() {
        examination.files += 1;
        examination.bytes += file.size;
        examination.rows += file.rows;
        match sizes.get(file.path.as_str()) {
            Some(size) if *size == file.size => files.push(file.clone()),
            Some(size) => {
                let seen = format!("it has {size} bytes, the log says {}", file.size);
                examination.findings.push(Ailment::FileSize.found(&file.path, seen).of(&store.name));
            }
            None => {
                let seen = format!("{} events of {} were in it", file.rows, file.day);
                examination.findings.push(Ailment::FileMissing.found(&file.path, seen).of(&store.name));
            }
        }
    }
    examine_unused(&table, store, cutoff, examination).await;
    Ok(Some(Sound { table, files, snapshot }))
}

/// What is unreadable here is said where the ledger is looked at.
async fn examine_unused(table: &Table, store: &EventDataStore, cutoff: DateTime<Utc>, examination: &mut Examination) {
    let Ok(unused) = table.unused(cutoff).await else { return };
    if unused.is_empty() {
        return;
    }
    let count = vacuum::count(&unused);
    let seen = format!("{} files, {} bytes, for more than a day", count.files, count.bytes);
    examination.findings.push(Ailment::FilesUnused.found(table.inner.path.to_string(), seen).of(&store.name));
}
