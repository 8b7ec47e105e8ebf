//! Where do log files come from, and how are they listed and read: a folder, a file, a bucket, standard input?

mod bucket;
mod folder;
mod prune;
mod read;
mod recent;
mod standard_input;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::mpsc::Sender;
use trailmere_model::log_key::LogKey;
use trailmere_model::{Error, Result};
use trailmere_store::open_object_store;

pub(crate) use bucket::innermost;
pub(crate) use folder::children;
pub(crate) use prune::Pruning;
pub(crate) use read::{Body, WHOLE_BYTES, fetch, open};
pub(crate) use recent::Cursors;
pub(crate) use standard_input::spool;

/// A file of a source, as listed.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    /// Its path or URL, for messages.
    pub(crate) location: String,
    /// What the ledger knows it by.
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: Option<String>,
    pub(crate) place: Place,
}

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On this machine.
    Folder(PathBuf),
    /// In a bucket.
    Bucket(Arc<dyn ObjectStore>, Path),
    /// In a temporary file that has no name.
    Spooled(Arc<std::fs::File>),
}

impl LogFile {
    pub(crate) fn new(location: String, size: u64, place: Place) -> Self {
        Self { key: trailmere_model::log_key::identity(&location), location, size, etag: None, place }
    }

    /// The key taken apart, if CloudTrail delivered it there.
    pub(crate) fn log_key(&self) -> Option<LogKey> {
        LogKey::parse(&self.key)
    }

    /// When CloudTrail delivered it: the time in its name, or the beginning of its day.
    pub(crate) fn delivered(&self) -> Option<DateTime<Utc>> {
        let key = self.log_key()?;
        key.file_time().or_else(|| Some(key.date.and_hms_opt(0, 0, 0)?.and_utc()))
    }

    /// Whether its bytes have to come over the network.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self.place, Place::Bucket(..))
    }

    /// The folder that it lies in: a prefix of the source.
    pub(crate) fn prefix(&self) -> &str {
        self.location.rsplit_once(['/', '\\']).map_or("", |(prefix, _)| prefix)
    }
}

/// A place with log files.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A folder or a single file.
    Folder(PathBuf),
    /// A bucket's prefix, or a single object.
    Bucket { store: Arc<dyn ObjectStore>, prefix: Path, url: String },
    /// What comes in.
    StandardInput,
}

impl Source {
    /// Opens a source as a user names it.
    pub(crate) async fn open(text: &str) -> Result<Self> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        if text.starts_with("s3://") || text.starts_with("s3a://") {
            let (store, prefix) = open_object_store(text).await?;
            return Ok(Self::Bucket { store, prefix, url: bucket_url(text)? });
        }
        let text = text.strip_prefix("file://").unwrap_or(text);
        if text.contains("://") {
            return Err(Error::unsupported(format!("`{text}` is no source that can be read"))
                .hint("give a folder, a file, s3://bucket/prefix, or `-`"));
        }
        let path = std::path::absolute(text)
            .map_err(|error| Error::invalid(format!("`{text}` names no folder or file: {error}")).source(error))?;
        if !path.exists() {
            return Err(Error::not_found(format!("there is no folder or file `{text}`"))
                .hint("a source is a folder, a file, s3://bucket/prefix, or `-`"));
        }
        Ok(Self::Folder(path))
    }

    /// Sends every file of the source that `pruning` leaves, in the order of their names.
    pub(crate) async fn list(&self, pruning: &Pruning, to: &Sender<LogFile>) -> Result<()> {
        match self {
            Self::Folder(path) => folder::list(path.clone(), pruning.clone(), to.clone()).await,
            Self::Bucket { store, prefix, url } => {
                bucket::list(&bucket::Place { store, url }, prefix, pruning, to).await
            }
            Self::StandardInput => {
                let file = tokio::task::spawn_blocking(|| spool(std::io::stdin().lock())).await;
                let file =
                    file.map_err(|error| Error::internal("reading standard input ended early").source(error))??;
                send(to, file).await
            }
        }
    }
}

/// Sends a file on; a receiver that is gone has failed, and says so itself.
async fn send(to: &Sender<LogFile>, file: LogFile) -> Result<()> {
    to.send(file).await.map_err(|_| Error::cancelled("the ingestion ended while files were listed"))
}

/// `s3://bucket`, to which a slash and a key make the URL of an object.
pub(crate) fn bucket_url(text: &str) -> Result<String> {
    let (_, rest) = text.split_once("://").unwrap_or_default();
    let bucket = rest.split('/').next().unwrap_or_default();
    if bucket.is_empty() {
        return Err(Error::invalid(format!("`{text}` names no bucket")).hint("write s3://bucket/prefix"));
    }
    Ok(format!("s3://{bucket}"))
}

#[cfg(test)]
mod tests;
