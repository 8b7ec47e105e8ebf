//! How is a copy of a bucket in a folder read?

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use trailmere_model::log_key::{Folder, identity};
use trailmere_model::{Error, Result};

use super::{Metadata, Object};
use crate::source::children;
use crate::verify::digest::Digest;
use crate::verify::trail::DigestKey;

const LOGS: &str = "AWSLogs";
/// The bucket of a copy of which no digest can be read.
const UNKNOWN_BUCKET: &str = "unknown-bucket";

/// A copy of a bucket, or of a part of it.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    /// What was named: digests are looked for below it.
    source: PathBuf,
    /// The folder that keys are relative to.
    base: PathBuf,
    /// Where the copy comes from.
    origin: Origin,
}

/// The bucket that a folder is a copy of, and the beginning of its keys that the folder has not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    bucket: String,
    above: String,
}

impl Copy {
    /// Opens a folder; blocks.
    pub(crate) fn open(source: &str, origin: Option<&str>) -> Result<Self> {
        let named = source.strip_prefix("file://").unwrap_or(source);
        let path = std::path::absolute(named)
            .map_err(|error| Error::invalid(format!("`{source}` names no folder: {error}")).source(error))?;
        if !path.is_dir() {
            return Err(Error::not_found(format!("there is no folder `{source}`"))
                .hint("give the folder that holds `AWSLogs`, or s3://bucket/prefix"));
        }
        let base = base(&path);
        let nowhere = Origin { bucket: String::new(), above: String::new() };
        let mut copy = Self { source: path, base, origin: nowhere };
        copy.origin = match origin {
            Some(origin) => Origin::parse(origin),
            None => copy.guess()?,
        };
        Ok(copy)
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.origin.bucket
    }

    /// The keys of all digests; blocks.
    pub(crate) fn digests(&self) -> Result<Vec<String>> {
        Ok(self.relative()?.into_iter().map(|key| format!("{}{key}", self.origin.above)).collect())
    }

    /// Reads a digest and what stands beside it; blocks.
    pub(crate) fn digest(&self, key: &str) -> Result<Option<Object>> {
        for path in self.places(key) {
            let Some(bytes) = read(&path)? else { continue };
            let beside = PathBuf::from(format!("{}.metadata.json", path.display()));
            let metadata = match read(&beside)? {
                None => Metadata::Unknown,
                Some(text) => Metadata::parse(&text).ok_or_else(|| {
                    Error::corrupt("it is not what `aws s3api head-object` prints")
                        .at(format!("`{}`", beside.display()))
                })?,
            };
            return Ok(Some(Object { bytes: bytes.into(), metadata }));
        }
        Ok(None)
    }

    /// Opens a log file; blocks.
    pub(crate) fn open_log(&self, key: &str) -> Result<Option<BufReader<File>>> {
        for path in self.places(key) {
            match File::open(&path) {
                Ok(file) => return Ok(Some(BufReader::with_capacity(1 << 20, file))),
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
        Ok(None)
    }

    /// Where an object may lie: under its key, or under as much of it as the copy has.
    fn places(&self, key: &str) -> Vec<PathBuf> {
        let short = key.strip_prefix(&self.origin.above).unwrap_or(key);
        let mut places = vec![self.base.join(short), self.base.join(identity(key))];
        places.dedup();
        places
    }

    /// The digests below the source, from the base on.
    fn relative(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.source.clone()];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                if leads_to_digests(&path) {
                    waiting.extend(children(&path)?);
                }
                continue;
            }
            let relative = path.strip_prefix(&self.base).unwrap_or(&path);
            let key = relative.display().to_string().replace('\\', "/");
            found.extend(DigestKey::parse(key).map(|digest| digest.key));
        }
        Ok(found)
    }

    /// The newest digest that can be read says where it was delivered.
    fn guess(&self) -> Result<Origin> {
        let mut digests: Vec<DigestKey> = self.relative()?.into_iter().filter_map(DigestKey::parse).collect();
        digests.sort_by_key(|digest| digest.time);
        while let Some(listed) = digests.pop() {
            let bytes = read(&self.base.join(&listed.key))?.unwrap_or_default();
            let Some((digest, _)) = Digest::read(&bytes) else { continue };
            if let Some(above) = digest.digest_s3_object.strip_suffix(&listed.key) {
                return Ok(Origin { above: above.to_owned(), bucket: digest.digest_s3_bucket });
            }
        }
        Ok(Origin { bucket: UNKNOWN_BUCKET.to_owned(), above: String::new() })
    }
}

impl Origin {
    /// `bucket` or `bucket/prefix`.
    fn parse(text: &str) -> Self {
        let text = text.trim_start_matches("s3://").trim_matches('/');
        match text.split_once('/') {
            Some((bucket, prefix)) => Self { bucket: bucket.to_owned(), above: format!("{prefix}/") },
            None => Self { bucket: text.to_owned(), above: String::new() },
        }
    }
}

/// The folder that holds `AWSLogs`, if the path goes into that; else the path itself.
fn base(path: &Path) -> PathBuf {
    let logs = path.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == LOGS));
    logs.and_then(Path::parent).unwrap_or(path).to_path_buf()
}

/// Whether digests may lie below a folder: not below an account's other folders.
fn leads_to_digests(folder: &Path) -> bool {
    let mut names = folder.ancestors().filter_map(|folder| folder.file_name()?.to_str());
    let (name, parent) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let is_account = parent.len() == 12 && parent.bytes().all(|byte| byte.is_ascii_digit());
    !is_account || name == Folder::Digest.as_str()
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(format!("`{}` cannot be read: {error}", path.display())).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_begin_at_the_folder_that_holds_the_logs() {
        assert_eq!(base(Path::new("/copies/b/AWSLogs/123456789012/CloudTrail-Digest")), Path::new("/copies/b"));
        assert_eq!(base(Path::new("/copies/b")), Path::new("/copies/b"));
    }

    #[test]
    fn an_origin_is_a_bucket_with_or_without_a_prefix() {
        let origin = |bucket: &str, above: &str| Origin { bucket: bucket.to_owned(), above: above.to_owned() };
        assert_eq!(Origin::parse("logs"), origin("logs", ""));
        assert_eq!(Origin::parse("s3://logs/a/b/"), origin("logs", "a/b/"));
    }

    #[test]
    fn only_folders_that_may_hold_digests_are_entered() {
        for (folder, is_entered) in [
            ("/c/AWSLogs/123456789012/CloudTrail", false),
            ("/c/AWSLogs/123456789012/CloudTrail-Digest", true),
            ("/c/AWSLogs/123456789012/vpcflowlogs", false),
            ("/c/AWSLogs/o-a/123456789012", true),
            ("/c/AWSLogs", true),
        ] {
            assert_eq!(leads_to_digests(Path::new(folder)), is_entered, "{folder}");
        }
    }
}
