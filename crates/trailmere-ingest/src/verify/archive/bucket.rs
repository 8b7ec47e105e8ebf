//! How are digests and log files read from the buckets they were delivered to?

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Attribute, GetResult, ObjectStore, ObjectStoreExt};
use tokio::sync::Mutex;
use trailmere_model::log_key::Folder;
use trailmere_model::{Error, Result};
use trailmere_store::open_object_store;

use super::{Metadata, Object};
use crate::source::{bucket_url, innermost};
use crate::verify::Trail;

/// A bucket, and others that digests in it name.
#[derive(Debug)]
pub(crate) struct Buckets {
    name: String,
    prefix: Path,
    opened: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl Buckets {
    /// Opens `s3://bucket/prefix`.
    pub(crate) async fn open(source: &str) -> Result<Self> {
        let (store, prefix) = open_object_store(source).await?;
        let name = bucket_url(source)?.trim_start_matches("s3://").to_owned();
        Ok(Self { prefix, opened: Mutex::new(HashMap::from([(name.clone(), store)])), name })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The keys of all digests under the prefix.
    pub(crate) async fn digests(&self) -> Result<Vec<String>> {
        let store = self.store(&self.name).await?;
        let mut found = Vec::new();
        let mut waiting = vec![self.prefix.clone()];
        while let Some(prefix) = waiting.pop() {
            if is_below_digests(prefix.as_ref()) {
                found.extend(self.all(store.as_ref(), &self.name, &prefix).await?);
                continue;
            }
            let listed = store.list_with_delimiter(Some(&prefix)).await;
            let listed = listed.map_err(|error| failed("listed", &self.name, &prefix, error))?;
            waiting.extend(listed.common_prefixes.into_iter().filter(|prefix| leads_to_digests(prefix.as_ref())));
        }
        Ok(found)
    }

    /// The keys of a trail's digests in one of the buckets.
    pub(crate) async fn digests_of(&self, bucket: &str, trail: &Trail) -> Result<Vec<String>> {
        let store = self.store(bucket).await?;
        self.all(store.as_ref(), bucket, &Path::from(trail.folder())).await
    }

    /// Reads a digest with what S3 keeps beside it.
    pub(crate) async fn digest(&self, bucket: &str, key: &str) -> Result<Option<Object>> {
        let Some(got) = self.get(bucket, key).await? else { return Ok(None) };
        let attributes = got.attributes.clone();
        let metadata = Metadata::of(|name| {
            let value = attributes.get(&Attribute::Metadata(name.to_owned().into()))?;
            Some(value.as_ref().to_owned())
        });
        let bytes = got.bytes().await.map_err(|error| failed("read", bucket, &Path::from(key), error))?;
        Ok(Some(Object { bytes, metadata }))
    }

    /// Reads a log file.
    pub(crate) async fn log(&self, bucket: &str, key: &str) -> Result<Option<Bytes>> {
        let Some(got) = self.get(bucket, key).await? else { return Ok(None) };
        got.bytes().await.map(Some).map_err(|error| failed("read", bucket, &Path::from(key), error))
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Option<GetResult>> {
        let path = Path::parse(key).unwrap_or_else(|_| Path::from(key));
        match self.store(bucket).await?.get(&path).await {
            Ok(got) => Ok(Some(got)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("read", bucket, &path, error)),
        }
    }

    async fn store(&self, bucket: &str) -> Result<Arc<dyn ObjectStore>> {
        let mut opened = self.opened.lock().await;
        if let Some(store) = opened.get(bucket) {
            return Ok(store.clone());
        }
        let (store, _) = open_object_store(&format!("s3://{bucket}")).await?;
        opened.insert(bucket.to_owned(), store.clone());
        Ok(store)
    }

    async fn all(&self, store: &dyn ObjectStore, bucket: &str, prefix: &Path) -> Result<Vec<String>> {
        let listed = store.list(Some(prefix)).map_ok(|object| object.location.to_string()).try_collect().await;
        listed.map_err(|error| failed("listed", bucket, prefix, error))
    }
}

fn is_below_digests(prefix: &str) -> bool {
    prefix.split('/').any(|segment| segment == Folder::Digest.as_str())
}

/// Whether digests may lie below a prefix: not below an account's other folders.
fn leads_to_digests(prefix: &str) -> bool {
    let mut segments = prefix.rsplit('/');
    let (name, parent) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let is_account = parent.len() == 12 && parent.bytes().all(|byte| byte.is_ascii_digit());
    !is_account || name == Folder::Digest.as_str()
}

fn failed(what: &str, bucket: &str, path: &Path, error: object_store::Error) -> Error {
    Error::unavailable(format!("`s3://{bucket}/{path}` cannot be {what}: {}", innermost(&error)))
        .source(error)
        .hint("check the bucket's name, the credentials and the endpoint")
}
