//! Where are the objects that digests name: in their bucket, or in a copy of it in a folder?
//!
//! In a folder, what S3 keeps beside an object stands in a file beside it: `<digest>.metadata.json`, as
//! `aws s3api head-object` prints it.

mod bucket;
mod folder;

use bytes::Bytes;
use serde::Deserialize;
use trailmere_model::{Error, Result};

use super::Trail;
use bucket::Buckets;
use folder::Copy;

/// Where objects are.
#[derive(Debug)]
pub(crate) enum Archive {
    Folder(Copy),
    Buckets(Buckets),
}

/// A digest file as it lies there.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    pub(crate) metadata: Metadata,
}

/// What S3 keeps beside a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Metadata {
    Known {
        signature: Option<String>,
        algorithm: Option<String>,
        /// When a backfill digest was made.
        generated: Option<String>,
    },
    /// It is a copy without it.
    Unknown,
}

/// The output of `aws s3api head-object`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Head {
    metadata: std::collections::HashMap<String, String>,
}

impl Metadata {
    /// Reads what stands beside a copy; `None` if it is something else.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let head: Head = serde_json::from_slice(text).ok()?;
        Some(Self::of(|name| head.metadata.get(name).cloned()))
    }

    fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        Self::Known {
            signature: value("signature"),
            algorithm: value("signature-algorithm"),
            generated: value("backfill-generation-timestamp"),
        }
    }

    /// The digest's signature. Of a copy without it, what the digest after it says.
    pub(crate) fn signature<'a>(&'a self, said: Option<&'a str>) -> Option<&'a str> {
        match self {
            Metadata::Known { signature, algorithm, .. } => signature.as_deref().filter(|_| algorithm.is_some()),
            Metadata::Unknown => said,
        }
    }
}

impl Archive {
    /// Opens a folder or `s3://bucket/prefix`; `origin` is the bucket (and prefix) that a folder is a copy of.
    pub(crate) async fn open(source: &str, origin: Option<&str>) -> Result<Self> {
        if source.starts_with("s3://") || source.starts_with("s3a://") {
            if origin.is_some() {
                return Err(Error::invalid("a bucket is no copy of another one")
                    .hint("leave --bucket out, or give the folder that holds the copy"));
            }
            return Buckets::open(source).await.map(Self::Buckets);
        }
        let (source, origin) = (source.to_owned(), origin.map(str::to_owned));
        blocking(move || Copy::open(&source, origin.as_deref())).await.map(Self::Folder)
    }

    /// The bucket that is looked at first.
    pub(crate) fn bucket(&self) -> &str {
        match self {
            Self::Folder(copy) => copy.bucket(),
            Self::Buckets(buckets) => buckets.name(),
        }
    }

    /// The keys of all digests.
    pub(crate) async fn digests(&self) -> Result<Vec<String>> {
        match self {
            Self::Folder(copy) => {
                let copy = copy.clone();
                blocking(move || copy.digests()).await
            }
            Self::Buckets(buckets) => buckets.digests().await,
        }
    }

    /// The keys of a trail's digests in a bucket that one of its digests names.
    pub(crate) async fn digests_of(&self, bucket: &str, trail: &Trail) -> Result<Vec<String>> {
        match self {
            // A folder may hold copies of several buckets, one over the other.
            Self::Folder(_) => self.digests().await,
            Self::Buckets(buckets) => buckets.digests_of(bucket, trail).await,
        }
    }

    /// Reads a digest; `None` if it is not there.
    pub(crate) async fn digest(&self, bucket: &str, key: &str) -> Result<Option<Object>> {
        match self {
            Self::Folder(copy) => {
                let (copy, key) = (copy.clone(), key.to_owned());
                blocking(move || copy.digest(&key)).await
            }
            Self::Buckets(buckets) => buckets.digest(bucket, key).await,
        }
    }

    /// Opens a log file and reads it with `read`, on a thread that may block; `None` if it is not there.
    pub(crate) async fn log<T, F>(&self, bucket: &str, key: &str, read: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn std::io::Read) -> Result<T> + Send + 'static,
    {
        match self {
            Self::Folder(copy) => {
                let (copy, key) = (copy.clone(), key.to_owned());
                let read = move || copy.open_log(&key)?.map(|mut file| read(&mut file)).transpose();
                blocking(read).await
            }
            Self::Buckets(buckets) => {
                let Some(bytes) = buckets.log(bucket, key).await? else { return Ok(None) };
                blocking(move || read(&mut bytes.as_ref()).map(Some)).await
            }
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("a background task ended early").source(error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_copy_is_what_the_cli_prints() {
        let head = r#"{"AcceptRanges": "bytes", "ETag": "\"x\"", "Metadata": {"signature": "ab",
            "signature-algorithm": "SHA256withRSA", "backfill-generation-timestamp": "2026-03-01T00:00:00.000Z"}}"#;
        let metadata = Metadata::parse(head.as_bytes()).unwrap();
        assert_eq!(metadata.signature(Some("cd")), Some("ab"));
        let unsigned = Metadata::parse(br#"{"Metadata": {"signature": "ab"}}"#).unwrap();
        assert_eq!(unsigned.signature(Some("cd")), None, "without its algorithm a signature is none");
        assert_eq!(Metadata::Unknown.signature(Some("cd")), Some("cd"));
        assert_eq!(Metadata::parse(b"{}"), None);
    }
}
