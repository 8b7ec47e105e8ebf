//! Which queries wait or run now, and which of them still give a sign of life?
//!
//! `jobs/<id>/place` is written once, when a query takes its place in the queue; `jobs/<id>/beat` is overwritten by
//! whoever works on it. Both times come from the store's own clock, so that the clocks of machines need not agree.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StorageError, ObjectStoreExt};
use trailmere_model::Result;
use uuid::Uuid;

use crate::failure;
use crate::lake::Lake;

const ROOT: &str = "jobs";
const PLACE: &str = "place";
const BEAT: &str = "beat";
/// Written to learn the store's time.
const CLOCK: &str = "clock";

/// A query that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveJob {
    /// The query's id.
    pub id: Uuid,
    /// When it took its place in the queue.
    pub placed: DateTime<Utc>,
    /// The newest sign of life.
    pub beat: DateTime<Utc>,
}

/// The queries that wait or run now.
#[derive(Clone, Debug)]
pub struct LiveJobs {
    lake: Lake,
}

impl Lake {
    /// The queries that wait or run now.
    pub fn live_jobs(&self) -> LiveJobs {
        LiveJobs { lake: self.clone() }
    }
}

impl LiveJobs {
    /// Takes a place at the end of the queue.
    pub async fn enter(&self, id: Uuid) -> Result<()> {
        self.put(&path(id, PLACE)).await
    }

    /// Gives a sign of life.
    pub async fn beat(&self, id: Uuid) -> Result<()> {
        self.put(&path(id, BEAT)).await
    }

    /// Leaves the queue.
    pub async fn leave(&self, id: Uuid) -> Result<()> {
        let store = self.lake.hasty_object_store();
        let paths = futures::stream::iter([Ok(path(id, BEAT)), Ok(path(id, PLACE))]).boxed();
        let mut gone = store.delete_stream(paths);
        while let Some(deleted) = gone.next().await {
            match deleted {
                Ok(_) | Err(StorageError::NotFound { .. }) => {}
                Err(error) => return Err(failure::storage(error, format!("end the job `{id}`"))),
            }
        }
        Ok(())
    }

    /// All of them, in the order of their places.
    pub async fn list(&self) -> Result<Vec<LiveJob>> {
        let listing = self.lake.hasty_object_store().list(Some(&Path::from(ROOT)));
        let found: Vec<_> = listing.try_collect().await.map_err(|error| failure::storage(error, "list the jobs"))?;
        let mut jobs: BTreeMap<Uuid, (Option<DateTime<Utc>>, DateTime<Utc>)> = BTreeMap::new();
        for meta in found {
            let mut parts = meta.location.parts().skip(1);
            let id = parts.next().and_then(|part| Uuid::try_parse(part.as_ref()).ok());
            let (Some(id), Some(name)) = (id, parts.next()) else { continue };
            let job = jobs.entry(id).or_insert((None, meta.last_modified));
            job.1 = job.1.max(meta.last_modified);
            if name.as_ref() == PLACE {
                job.0 = Some(meta.last_modified);
            }
        }
        let mut live: Vec<LiveJob> =
            jobs.into_iter().map(|(id, (placed, beat))| LiveJob { id, placed: placed.unwrap_or(beat), beat }).collect();
        live.sort_by_key(|job| (job.placed, job.id));
        Ok(live)
    }

    /// The newest sign of life of one query; nothing once it has left.
    pub async fn last_beat(&self, id: Uuid) -> Result<Option<DateTime<Utc>>> {
        let mut newest = None;
        for name in [PLACE, BEAT] {
            match self.lake.hasty_object_store().head(&path(id, name)).await {
                Ok(meta) => newest = newest.max(Some(meta.last_modified)),
                Err(StorageError::NotFound { .. }) => {}
                Err(error) => return Err(failure::storage(error, format!("look for the job `{id}`"))),
            }
        }
        Ok(newest)
    }

    /// The time by the store's clock, against which signs of life are measured.
    pub async fn store_time(&self) -> Result<DateTime<Utc>> {
        let path = Path::from_iter([ROOT, CLOCK]);
        self.put(&path).await?;
        let meta = self.lake.hasty_object_store().head(&path).await;
        Ok(meta.map_err(|error| failure::storage(error, "read the store's clock"))?.last_modified)
    }

    async fn put(&self, path: &Path) -> Result<()> {
        let written = self.lake.hasty_object_store().put(path, Bytes::new().into()).await;
        written.map(drop).map_err(|error| failure::storage(error, format!("write `{path}`")))
    }
}

fn path(id: Uuid, name: &str) -> Path {
    Path::from_iter([ROOT, &id.to_string(), name])
}
