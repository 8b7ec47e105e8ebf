//! What must be done to a lake now and then, and what did it come to?

use std::time::Duration;

use chrono::{DateTime, Utc};
use object_store::ObjectMeta;
use serde::Serialize;
use trailmere_model::{Error, EventDataStore, Result};
use uuid::Uuid;

use crate::compact::Compacted;
use crate::documents::Document;
use crate::duplicates::Duplicates;
use crate::expire::Expired;
use crate::failure;
use crate::lake::{Lake, STORES, table_path};
use crate::log_upkeep::LogUpkeep;
use crate::names;
use crate::stores::KIND;
use crate::table::Table;
use crate::vacuum::{self, Unused};

/// How a lake is maintained.
#[derive(Clone, Debug)]
pub struct MaintainOptions {
    /// Whether to say what would be done, and do nothing.
    pub dry_run: bool,
    /// Whether events that are there twice, by account and event ID, are removed. All days are looked through.
    pub dedupe: bool,
    /// For how long a file must have been of no use before it is deleted: longer than any query or batch runs.
    pub unused_after: Duration,
}

impl Default for MaintainOptions {
    fn default() -> Self {
        Self { dry_run: false, dedupe: false, unused_after: Duration::from_secs(24 * 60 * 60) }
    }
}

/// What a maintenance did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MaintainReport {
    /// Whether nothing was really done.
    pub dry_run: bool,
    /// The stores that were maintained, by name.
    pub stores: Vec<StoreReport>,
    /// Stores whose days of pending deletion are over, removed for good.
    pub removed: Vec<RemovedStore>,
    /// What was left behind by stores that were never completed, or were removed in part.
    pub abandoned: Unused,
}

/// What a maintenance did to one store.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoreReport {
    /// The store's id.
    pub id: Uuid,
    /// The store's name.
    pub name: String,
    /// What was past its retention.
    pub expired: Expired,
    /// Events that were there twice, if they were asked for.
    pub duplicates: Duplicates,
    /// Small files that were put together.
    pub compacted: Compacted,
    /// Files of no use.
    pub unused: Unused,
    /// The Delta log.
    pub log: LogUpkeep,
    /// Why the store could not be maintained; the others were.
    pub failure: Option<String>,
}

/// A store that was removed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovedStore {
    /// The store's id.
    pub id: Uuid,
    /// The name it had.
    pub name: String,
    /// Its files.
    pub files: Unused,
}

impl Lake {
    /// Removes what is past its retention, stores whose deletion is due, and files of no use; puts small files together,
    /// and keeps the Delta logs short.
    ///
    /// A failure with one store does not keep the others from being maintained; it is in the report.
    pub async fn maintain(&self, now: DateTime<Utc>, options: &MaintainOptions) -> Result<MaintainReport> {
        let mut report = MaintainReport { dry_run: options.dry_run, ..MaintainReport::default() };
        let documents: Vec<Document<EventDataStore>> = self.documents().list(KIND).await?;
        let mut known: Vec<Uuid> = Vec::with_capacity(documents.len());
        for document in documents {
            known.push(document.value.id);
            if !document.value.is_gone(now) {
                report.stores.push(maintain_store(self, &document.value, now, options).await);
                continue;
            }
            match remove_store(self, &document, options).await {
                Ok(removed) => report.removed.push(removed),
                Err(error) => report.stores.push(failed(&document.value, &error)),
            }
        }
        report.stores.sort_by(|a, b| a.name.cmp(&b.name));
        report.abandoned = sweep(self, &known, now, options).await?;
        Ok(report)
    }
}

async fn maintain_store(
    lake: &Lake,
    store: &EventDataStore,
    now: DateTime<Utc>,
    options: &MaintainOptions,
) -> StoreReport {
    let mut report = StoreReport { id: store.id, name: store.name.clone(), ..StoreReport::default() };
    if let Err(error) = try_maintain_store(lake, store, now, options, &mut report).await {
        report.failure = Some(error.to_string());
    }
    report
}

fn failed(store: &EventDataStore, error: &Error) -> StoreReport {
    StoreReport { id: store.id, name: store.name.clone(), failure: Some(error.to_string()), ..StoreReport::default() }
}

async fn try_maintain_store(
    lake: &Lake,
    store: &EventDataStore,
    now: DateTime<Utc>,
    options: &MaintainOptions,
    report: &mut StoreReport,
) -> Result<()> {
    let table = Table::open(lake, store)?;
    if options.dry_run {
        report.expired = table.expirable(store.retention, now).await?;
        report.duplicates = if options.dedupe { table.duplicates().await? } else { Duplicates::default() };
        report.compacted = table.compactible(now).await?;
    } else {
        report.expired = table.expire(store.retention, now).await?;
        report.duplicates = if options.dedupe { table.remove_duplicates(now).await? } else { Duplicates::default() };
        report.compacted = table.compact(now).await?;
    }
    let unused = table.unused(cutoff(now, options)?).await?;
    report.unused = vacuum::count(&unused);
    if options.dry_run {
        report.log = table.shortenable_log(now).await?;
        return Ok(());
    }
    vacuum::delete(lake.object_store().as_ref(), &unused).await?;
    table.publish_properties().await?;
    report.log = table.shorten_log(now).await?;
    Ok(())
}

/// The definition goes first: from then on nobody can restore the store, and what a crash leaves is swept up next time.
async fn remove_store(
    lake: &Lake,
    document: &Document<EventDataStore>,
    options: &MaintainOptions,
) -> Result<RemovedStore> {
    let store = &document.value;
    let object_store = lake.object_store();
    let files = vacuum::list(object_store.as_ref(), &table_path(store.id)).await?;
    if !options.dry_run {
        lake.documents().delete(KIND, &document.id, document.version).await?;
        names::release(lake, &store.name, store.id).await?;
        vacuum::delete(object_store.as_ref(), &files).await?;
    }
    Ok(RemovedStore { id: store.id, name: store.name.clone(), files: vacuum::count(&files) })
}

/// Deletes tables without a definition: at once if it was deleted, else when they are old enough not to be new.
async fn sweep(lake: &Lake, known: &[Uuid], now: DateTime<Utc>, options: &MaintainOptions) -> Result<Unused> {
    let cutoff = cutoff(now, options)?;
    let object_store = lake.object_store();
    let listed = object_store.list_with_delimiter(Some(&STORES.into())).await;
    let listed = listed.map_err(|error| failure::storage(error, "list the event data stores"))?;
    let mut abandoned: Vec<ObjectMeta> = Vec::new();
    for folder in listed.common_prefixes {
        let id = folder.filename().and_then(|name| Uuid::try_parse(name).ok());
        let Some(id) = id.filter(|id| !known.contains(id)) else { continue };
        let files = vacuum::list(object_store.as_ref(), &folder).await?;
        let is_old = files.iter().all(|file| file.last_modified < cutoff);
        if is_old || lake.documents().is_deleted(KIND, &id.to_string()).await? {
            abandoned.extend(files);
        }
    }
    if !options.dry_run {
        vacuum::delete(object_store.as_ref(), &abandoned).await?;
    }
    Ok(vacuum::count(&abandoned))
}

fn cutoff(now: DateTime<Utc>, options: &MaintainOptions) -> Result<DateTime<Utc>> {
    let age = chrono::Duration::from_std(options.unused_after).ok();
    age.and_then(|age| now.checked_sub_signed(age))
        .ok_or_else(|| Error::invalid("files of no use cannot be kept for so long"))
}
