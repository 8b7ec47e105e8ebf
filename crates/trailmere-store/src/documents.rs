//! How are definitions kept so that two writers can't both win, on a disk and on S3 alike?
//!
//! A document is `catalog/<kind>/<id>/<version>.json`. A version is written only if it is not there yet, is never
//! changed, and the highest one counts. Deleting is a version too.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StorageError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};
use uuid::Uuid;

use crate::failure;

const ROOT: &str = "catalog";

/// Documents read at the same time.
const READERS: usize = 16;

/// Versions kept in memory; more are forgotten all at once.
const REMEMBERED: usize = 4096;

/// How often a change is tried again when others change the same document.
const ATTEMPTS: usize = 32;

/// One version of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<T> {
    /// The document's id within its kind.
    pub id: String,
    /// The version, from 1 on.
    pub version: u64,
    /// What it says.
    pub value: T,
}

/// One version in a document's history; no value means that this version deleted it.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentVersion<T> {
    /// The version, from 1 on.
    pub version: u64,
    /// What it said, unless it deleted the document.
    pub value: Option<T>,
}

/// What is there of a document.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// In order.
    pub(crate) versions: Vec<u64>,
    /// What the newest version says; nothing if it deletes the document.
    pub(crate) newest: std::result::Result<Option<serde_json::Value>, ()>,
    pub(crate) unreadable: Vec<(Path, Error)>,
}

/// The documents of a lake. Clones share what they have read.
#[derive(Clone, Debug)]
pub struct Documents {
    store: Arc<dyn ObjectStore>,
    /// Versions never change, so what was read once needs no second look.
    read: Arc<Mutex<HashMap<Path, Bytes>>>,
}

#[derive(Deserialize, Serialize)]
struct Envelope<T> {
    id: String,
    /// Tells this writing from another one of the same text, should an answer get lost.
    writing: Uuid,
    #[serde(skip_serializing_if = "Option::is_none", default = "Option::default")]
    value: Option<T>,
}

impl Documents {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, read: Arc::default() }
    }

    /// Reads the newest version of a document, if it exists and is not deleted.
    pub async fn get<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<Document<T>>> {
        let Some(version) = self.newest(kind, id).await? else { return Ok(None) };
        let envelope: Envelope<T> = self.read(&path(kind, id, version)).await?;
        Ok(envelope.value.map(|value| Document { id: id.to_owned(), version, value }))
    }

    /// Reads the newest versions of all documents of a kind, in the order of their ids.
    pub async fn list<T: DeserializeOwned + Send>(&self, kind: &str) -> Result<Vec<Document<T>>> {
        let mut newest: BTreeMap<String, (u64, Path)> = BTreeMap::new();
        for (folder, version, path) in self.versions(&kind_path(kind)).await? {
            let known = newest.entry(folder).or_insert((version, path.clone()));
            if version > known.0 {
                *known = (version, path);
            }
        }
        let paths: Vec<(u64, Path)> = newest.into_values().collect();
        let reads: Vec<_> = paths.iter().map(|(version, path)| self.read_version::<T>(*version, path)).collect();
        let mut found: Vec<(u64, Envelope<T>)> = futures::stream::iter(reads).buffered(READERS).try_collect().await?;
        found.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        let live =
            found.into_iter().filter_map(|(version, read)| Some(Document { id: read.id, version, value: read.value? }));
        Ok(live.collect())
    }

    /// Writes a document that must not exist (a deleted one does not), and returns its version.
    pub async fn put_new<T: Serialize + DeserializeOwned>(&self, kind: &str, id: &str, value: &T) -> Result<u64> {
        let newest = self.newest(kind, id).await?;
        if let Some(version) = newest {
            let last: Envelope<T> = self.read(&path(kind, id, version)).await?;
            if last.value.is_some() {
                return Err(exists(kind, id));
            }
        }
        let version = newest.unwrap_or(0) + 1;
        if self.write(kind, id, version, Some(value)).await? { Ok(version) } else { Err(exists(kind, id)) }
    }

    /// Writes the first version of a document under an id that nobody has used before: one request, no look first.
    pub async fn create<T: Serialize>(&self, kind: &str, id: &str, value: &T) -> Result<u64> {
        if self.write(kind, id, 1, Some(value)).await? { Ok(1) } else { Err(exists(kind, id)) }
    }

    /// Reads the version that follows `version`, if somebody has written it: one request.
    pub async fn next<T: DeserializeOwned>(
        &self,
        kind: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<DocumentVersion<T>>> {
        let path = path(kind, id, version + 1);
        match self.read_bytes(&path).await {
            Ok(_) => {
                let envelope: Envelope<T> = self.read(&path).await?;
                Ok(Some(DocumentVersion { version: version + 1, value: envelope.value }))
            }
            Err(StorageError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure::storage(error, format!("read `{path}`"))),
        }
    }

    /// Ids and newest versions of a kind, in the order of the ids, from a listing alone; deleted ones are among them.
    ///
    /// For ids that need no escaping in a path.
    pub async fn ids(&self, kind: &str) -> Result<Vec<(String, u64)>> {
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        for (folder, version, _) in self.versions(&kind_path(kind)).await? {
            let id = folder.rsplit('/').next().unwrap_or_default().to_owned();
            let known = newest.entry(id).or_insert(version);
            *known = version.max(*known);
        }
        Ok(newest.into_iter().collect())
    }

    /// Reads a version that a listing has shown, unless it deleted the document.
    pub async fn at<T: DeserializeOwned>(&self, kind: &str, id: &str, version: u64) -> Result<Option<Document<T>>> {
        let envelope: Envelope<T> = self.read(&path(kind, id, version)).await?;
        Ok(envelope.value.map(|value| Document { id: id.to_owned(), version, value }))
    }

    /// The kinds that have documents.
    pub async fn kinds(&self) -> Result<Vec<String>> {
        let listed = self.store.list_with_delimiter(Some(&Path::from(ROOT))).await;
        let listed = listed.map_err(|error| failure::storage(error, "list the catalog"))?;
        Ok(listed.common_prefixes.iter().filter_map(|folder| folder.filename().map(str::to_owned)).collect())
    }

    /// Removes all documents of a kind with their histories, for good; gives the number of files.
    pub async fn purge(&self, kind: &str) -> Result<u64> {
        let files = crate::vacuum::list(self.store.as_ref(), &kind_path(kind)).await?;
        crate::vacuum::delete(self.store.as_ref(), &files).await?;
        Ok(files.len() as u64)
    }

    /// Writes the version that follows `version`, the one the caller has read, and returns its number.
    ///
    /// Fails if another writer was faster; [`Documents::change`] tries again by itself.
    pub async fn put_next<T: Serialize>(&self, kind: &str, id: &str, version: u64, value: &T) -> Result<u64> {
        if self.write(kind, id, version + 1, Some(value)).await? {
            return Ok(version + 1);
        }
        Err(overtaken(kind, id))
    }

    /// Changes a document with `change`, again and again until no other writer comes between.
    pub async fn change<T, F>(&self, kind: &str, id: &str, mut change: F) -> Result<Document<T>>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T) -> Result<()>,
    {
        for _ in 0..ATTEMPTS {
            let found = self.get(kind, id).await?;
            let mut document = found.ok_or_else(|| Error::not_found(format!("there is no {kind} `{id}`")))?;
            change(&mut document.value)?;
            if self.write(kind, id, document.version + 1, Some(&document.value)).await? {
                document.version += 1;
                return Ok(document);
            }
        }
        Err(overtaken(kind, id))
    }

    /// Deletes a document whose newest version the caller has read; its history stays.
    pub async fn delete(&self, kind: &str, id: &str, version: u64) -> Result<()> {
        if self.write::<()>(kind, id, version + 1, None).await? { Ok(()) } else { Err(overtaken(kind, id)) }
    }

    /// Reads all versions of a document, oldest first.
    pub async fn history<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Vec<DocumentVersion<T>>> {
        let mut versions = self.versions(&id_path(kind, id)).await?;
        versions.sort_by_key(|(_, version, _)| *version);
        let mut history = Vec::with_capacity(versions.len());
        for (_, version, path) in versions {
            let envelope: Envelope<T> = self.read(&path).await?;
            history.push(DocumentVersion { version, value: envelope.value });
        }
        Ok(history)
    }

    /// Removes old versions of a document that changes often: those older than `age`, except for the newest `keep`.
    ///
    /// Only for documents of which nobody writes the version that follows one read longer than `age` ago: a removed
    /// version could be written again.
    pub async fn forget(&self, kind: &str, id: &str, keep: usize, age: Duration) -> Result<()> {
        let folder = id_path(kind, id);
        let failed = |error| failure::storage(error, format!("list `{folder}`"));
        let mut listed: Vec<_> = self.store.list(Some(&folder)).try_collect().await.map_err(failed)?;
        listed.retain(|meta: &ObjectMeta| parse(meta.location.clone()).is_some());
        listed.sort_by(|a, b| b.location.cmp(&a.location));
        // Measured against the newest, by the clock of the storage that dated them all.
        let Some(newest) = listed.first().map(|meta| meta.last_modified) else { return Ok(()) };
        let is_old = |meta: &&ObjectMeta| (newest - meta.last_modified).to_std().is_ok_and(|since| since >= age);
        for meta in listed.iter().skip(keep.max(1)).filter(is_old) {
            match self.store.delete(&meta.location).await {
                Ok(()) | Err(StorageError::NotFound { .. }) => {}
                Err(error) => return Err(failure::storage(error, format!("delete `{}`", meta.location))),
            }
        }
        Ok(())
    }

    /// Says whether a document was there once and is deleted now.
    pub(crate) async fn is_deleted(&self, kind: &str, id: &str) -> Result<bool> {
        let Some(version) = self.newest(kind, id).await? else { return Ok(false) };
        let envelope: Envelope<serde_json::Value> = self.read(&path(kind, id, version)).await?;
        Ok(envelope.value.is_none())
    }

    /// Looks at every version of every document there is.
    pub(crate) async fn survey(&self) -> Result<Vec<Survey>> {
        let mut found: BTreeMap<(String, String), Vec<(u64, Path)>> = BTreeMap::new();
        for (folder, version, path) in self.versions(&ROOT.into()).await? {
            let mut parts = folder.splitn(3, '/').skip(1);
            let (Some(kind), Some(id)) = (parts.next(), parts.next()) else { continue };
            found.entry((kind.to_owned(), id.to_owned())).or_default().push((version, path));
        }
        let mut surveys = Vec::with_capacity(found.len());
        for ((kind, folder), mut versions) in found {
            versions.sort_unstable_by_key(|(version, _)| *version);
            surveys.push(self.survey_one((kind, folder), versions).await);
        }
        Ok(surveys)
    }

    async fn survey_one(&self, name: (String, String), versions: Vec<(u64, Path)>) -> Survey {
        let (kind, id) = name;
        let mut survey = Survey { kind, id, versions: Vec::new(), newest: Ok(None), unreadable: Vec::new() };
        for (version, path) in versions {
            survey.versions.push(version);
            survey.newest = match self.read::<serde_json::Value>(&path).await {
                Ok(envelope) => {
                    survey.id = envelope.id;
                    Ok(envelope.value)
                }
                Err(error) => {
                    survey.unreadable.push((path, error));
                    Err(())
                }
            };
        }
        survey
    }

    async fn newest(&self, kind: &str, id: &str) -> Result<Option<u64>> {
        let versions = self.versions(&id_path(kind, id)).await?;
        Ok(versions.into_iter().map(|(_, version, _)| version).max())
    }

    /// Folder, version and path of every document below a folder.
    async fn versions(&self, folder: &Path) -> Result<Vec<(String, u64, Path)>> {
        let listed: Vec<_> = self
            .store
            .list(Some(folder))
            .try_collect()
            .await
            .map_err(|error| failure::storage(error, format!("list `{folder}`")))?;
        Ok(listed.into_iter().filter_map(|meta| parse(meta.location)).collect())
    }

    async fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Envelope<T>> {
        let bytes = self.read_bytes(path).await.map_err(|error| failure::storage(error, format!("read `{path}`")))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Error::corrupt(format!("the document cannot be read: {error}")).at(format!("`{path}`")).source(error)
        })
    }

    async fn read_version<T: DeserializeOwned>(&self, version: u64, path: &Path) -> Result<(u64, Envelope<T>)> {
        Ok((version, self.read(path).await?))
    }

    async fn read_bytes(&self, path: &Path) -> object_store::Result<Bytes> {
        if let Some(bytes) = self.known().get(path) {
            return Ok(bytes.clone());
        }
        let bytes = self.store.get(path).await?.bytes().await?;
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(path.clone(), bytes.clone());
        Ok(bytes)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Path, Bytes>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a version; false if it was there already.
    async fn write<T: Serialize>(&self, kind: &str, id: &str, version: u64, value: Option<&T>) -> Result<bool> {
        let path = path(kind, id, version);
        let envelope = Envelope { id: id.to_owned(), writing: Uuid::new_v4(), value };
        let text = serde_json::to_vec_pretty(&envelope)
            .map_err(|error| Error::internal(format!("cannot write {kind} `{id}`: {error}")).source(error))?;
        let bytes = Bytes::from(text);
        match self.store.put_opts(&path, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            // A repeated request meets its own first try if only the answer got lost.
            Err(StorageError::AlreadyExists { .. } | StorageError::Precondition { .. }) => {
                let there =
                    self.read_bytes(&path).await.map_err(|error| failure::storage(error, format!("read `{path}`")))?;
                Ok(there == bytes)
            }
            Err(error) => Err(failure::storage(error, format!("write `{path}`"))),
        }
    }
}

fn kind_path(kind: &str) -> Path {
    Path::from_iter([ROOT, kind])
}

fn id_path(kind: &str, id: &str) -> Path {
    Path::from_iter([ROOT, kind, id])
}

fn path(kind: &str, id: &str, version: u64) -> Path {
    Path::from_iter([ROOT, kind, id, &format!("{version:020}.json")])
}

fn parse(path: Path) -> Option<(String, u64, Path)> {
    let (folder, file) = path.as_ref().rsplit_once('/')?;
    let version = file.strip_suffix(".json")?.parse().ok()?;
    Some((folder.to_owned(), version, path))
}

fn exists(kind: &str, id: &str) -> Error {
    Error::invalid(format!("{kind} `{id}` exists already"))
}

fn overtaken(kind: &str, id: &str) -> Error {
    Error::unavailable(format!("{kind} `{id}` was changed by someone else meanwhile"))
        .hint("look at it again and repeat the change")
}
