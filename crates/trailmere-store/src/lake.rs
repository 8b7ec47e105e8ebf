//! What is a lake, and how is one opened?

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use trailmere_model::{Error, Result};
use uuid::Uuid;

use crate::documents::Documents;
use crate::folder::Durability;
use crate::location::{Location, open_rooted};

/// How a lake is opened.
#[derive(Clone, Debug)]
pub struct LakeOptions {
    /// Whether a lake in a folder syncs files and folders before it reports success; turn it off for throwaway lakes.
    pub durable: bool,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self { durable: true }
    }
}

/// A folder or a bucket prefix that holds everything: events, definitions, saved queries, results.
#[derive(Clone, Debug)]
pub struct Lake {
    store: Arc<dyn ObjectStore>,
    /// The same place, written without waiting for the disk.
    hasty: Arc<dyn ObjectStore>,
    location: Arc<str>,
    documents: Documents,
}

impl Lake {
    /// Opens a folder or `s3://bucket/prefix`; nothing is written, not even the folder, until something must be.
    pub async fn open(location: &str, options: LakeOptions) -> Result<Self> {
        let location = Location::parse(location)?;
        if let Location::Folder(path) = &location
            && path.exists()
            && !path.is_dir()
        {
            return Err(
                Error::invalid(format!("`{location}` is no folder")).hint("a lake is a folder or s3://bucket/prefix")
            );
        }
        let durability = if options.durable { Durability::Synced } else { Durability::Unsynced };
        let store = open_rooted(&location, durability).await?;
        let lake = Self::with_object_store(store, &location.to_string());
        match location {
            Location::Folder(_) => Ok(Self { hasty: open_rooted(&location, Durability::Unsynced).await?, ..lake }),
            Location::Bucket { .. } => Ok(lake),
        }
    }

    /// A lake on a store that has its root at the lake's and lists in order: for tests and their doubles.
    pub fn with_object_store(store: Arc<dyn ObjectStore>, location: &str) -> Self {
        Self { documents: Documents::new(store.clone()), hasty: store.clone(), store, location: location.into() }
    }

    /// The absolute folder or the URL that the lake was opened with.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The store, with `/` at the lake's root.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone()
    }

    /// The store for what may be lost with the power: signs of life, notes of what was asked.
    pub(crate) fn hasty_object_store(&self) -> &Arc<dyn ObjectStore> {
        &self.hasty
    }

    /// The documents, written without waiting for the disk: for notes that may be lost with the power.
    pub fn hasty_documents(&self) -> Documents {
        Documents::new(self.hasty.clone())
    }

    /// The documents.
    pub fn documents(&self) -> Documents {
        self.documents.clone()
    }
}

/// The folder that holds the events of all event data stores, a Delta table each.
pub(crate) const STORES: &str = "stores";

/// The root of an event data store's Delta table.
pub(crate) fn table_path(id: Uuid) -> Path {
    Path::from_iter([STORES, &id.to_string()])
}
