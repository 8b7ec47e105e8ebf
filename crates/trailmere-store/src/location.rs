//! Where is it: in a folder or in a bucket, and how is that opened?

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use trailmere_model::{Error, Result};
use url::Url;

use crate::bucket::open_bucket;
use crate::folder::{Durability, FolderStore};

/// A folder or a bucket with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An absolute path on this machine.
    Folder(PathBuf),
    /// A bucket and the prefix inside it.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The part of the keys before everything of ours.
        prefix: Path,
    },
}

impl Location {
    /// Reads a folder's path, a `file://` URL or `s3://bucket/prefix`.
    pub fn parse(text: &str) -> Result<Self> {
        let Some((scheme, _)) = text.split_once("://") else {
            return folder(PathBuf::from(text), text);
        };
        let url = Url::parse(text).map_err(|error| Error::invalid(format!("`{text}` is no URL: {error}")))?;
        match scheme {
            "s3" | "s3a" => bucket(&url, text),
            "file" => {
                let path = url.to_file_path().map_err(|()| Error::invalid(format!("`{text}` names no folder")))?;
                folder(path, text)
            }
            other => Err(Error::unsupported(format!("`{other}://` is no place that can be opened"))
                .at(format!("`{text}`"))
                .hint("give a folder or s3://bucket/prefix")),
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Folder(path) => write!(f, "{}", path.display()),
            Location::Bucket { bucket, prefix } if prefix.as_ref().is_empty() => write!(f, "s3://{bucket}"),
            Location::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

fn folder(path: PathBuf, text: &str) -> Result<Location> {
    if text.is_empty() {
        return Err(Error::invalid("a folder or an s3:// URL is needed, not an empty text"));
    }
    std::path::absolute(&path)
        .map(Location::Folder)
        .map_err(|error| Error::invalid(format!("`{text}` names no folder: {error}")).source(error))
}

fn bucket(url: &Url, text: &str) -> Result<Location> {
    let name = url.host_str().filter(|host| !host.is_empty());
    let bucket =
        name.ok_or_else(|| Error::invalid(format!("`{text}` names no bucket")).hint("write s3://bucket/prefix"))?;
    let prefix = Path::from_url_path(url.path())
        .map_err(|error| Error::invalid(format!("`{text}` has no valid prefix: {error}")))?;
    Ok(Location::Bucket { bucket: bucket.to_owned(), prefix })
}

/// Opens the store that a folder, a file or an `s3://` URL lies in, and says where in the store it lies.
///
/// For sources and for exports. Credentials, region and endpoint of a bucket come from the usual AWS environment
/// variables and profiles, and are looked for only here, so that local work never waits for them.
pub async fn open_object_store(url: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    match Location::parse(url)? {
        Location::Folder(path) => Ok((Arc::new(LocalFileSystem::new()), folder_path(&path)?)),
        Location::Bucket { bucket, prefix } => Ok((open_bucket(&bucket).await?, prefix)),
    }
}

/// Opens the place that an export goes to; in a folder, what was written is on the disk before success is reported.
pub async fn open_export_store(url: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    match Location::parse(url)? {
        Location::Folder(path) => Ok((Arc::new(FolderStore::new(&path, Durability::Synced)), folder_path(&path)?)),
        Location::Bucket { .. } => open_object_store(url).await,
    }
}

/// Opens a lake's own store, with `/` at the lake's root.
pub(crate) async fn open_rooted(location: &Location, durability: Durability) -> Result<Arc<dyn ObjectStore>> {
    match location {
        Location::Folder(path) => {
            let store = FolderStore::new(path, durability);
            Ok(Arc::new(PrefixStore::new(store, folder_path(path)?)))
        }
        Location::Bucket { bucket, prefix } => {
            let store = open_bucket(bucket).await?;
            if prefix.as_ref().is_empty() {
                return Ok(store);
            }
            Ok(Arc::new(PrefixStore::new(store, prefix.clone())))
        }
    }
}

fn folder_path(path: &std::path::Path) -> Result<Path> {
    Path::from_absolute_path(path)
        .map_err(|error| Error::invalid(format!("`{}` cannot be opened: {error}", path.display())).source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_folders_and_buckets() {
        let bucket = Location::parse("s3://logs/some/prefix/").unwrap();
        assert_eq!(bucket, Location::Bucket { bucket: "logs".into(), prefix: Path::from("some/prefix") });
        assert_eq!(bucket.to_string(), "s3://logs/some/prefix");
        assert_eq!(Location::parse("s3://logs").unwrap().to_string(), "s3://logs");
        let relative = Location::parse("lake").unwrap();
        assert!(matches!(&relative, Location::Folder(path) if path.is_absolute() && path.ends_with("lake")));
        assert_eq!(Location::parse("file:///var/lake").unwrap(), Location::Folder("/var/lake".into()));
    }

    #[test]
    fn refuses_what_it_cannot_open_in_words() {
        for (text, words) in [("gs://b/p", "`gs://`"), ("s3://", "names no bucket"), ("", "empty")] {
            let error = Location::parse(text).unwrap_err();
            assert!(error.message().contains(words), "{text}: {error}");
        }
    }
}
