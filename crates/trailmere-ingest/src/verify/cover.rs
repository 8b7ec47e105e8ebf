//! Which log files do valid digests vouch for, while they are ingested?

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use trailmere_model::Result;
use trailmere_model::log_key::{Folder, identity};
use trailmere_store::Verified;
use xxhash_rust::xxh3::xxh3_128;

use super::archive::Archive;
use super::chain::{Chain, Checks};
use super::digest::Digest;
use super::line::{Line, LogFault};
use super::logs::{Content, hash};
use super::report::Ratio;
use super::{VerifyRequest, by_trail, signature, span, split};
use crate::request::IngestRequest;

/// The hashes of log files, by digests whose signatures are valid.
#[derive(Debug, Default)]
pub(crate) struct Cover {
    /// By a hash of the log file's key from `AWSLogs/` on.
    hashes: HashMap<u128, [u8; 32]>,
    /// The digests that were looked at.
    pub(crate) digests: Ratio,
    /// The invalid ones among them, in words.
    pub(crate) faults: Vec<String>,
}

/// How a log file stands to its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Standing {
    Verified,
    Unverified,
    Invalid(String),
}

impl Standing {
    pub(crate) fn verified(&self) -> Verified {
        match self {
            Standing::Verified => Verified::Verified,
            Standing::Unverified => Verified::Unverified,
            Standing::Invalid(_) => Verified::Invalid,
        }
    }
}

impl Cover {
    /// What the digests in the sources of a request vouch for, if that was asked for.
    pub(crate) async fn of(request: &IngestRequest, now: DateTime<Utc>) -> Result<Option<Self>> {
        let Some(options) = &request.verify else { return Ok(None) };
        let mut cover = Self::default();
        let sources: BTreeSet<String> = request.sources.iter().filter_map(|source| place_of_digests(source)).collect();
        for source in sources {
            let (public_keys, bucket) = (options.public_keys.clone(), options.bucket.clone());
            let request =
                VerifyRequest { source, public_keys, bucket, moved: options.moved, ..VerifyRequest::default() };
            cover.add(&request, now).await?;
        }
        Ok(Some(cover))
    }

    /// Validates the digests of a source; log files are hashed when they are read.
    async fn add(&mut self, request: &VerifyRequest, now: DateTime<Utc>) -> Result<()> {
        let archive = Archive::open(&request.source, request.bucket.as_deref()).await?;
        for (trail, listed) in by_trail(archive.digests().await?) {
            let span = span(request, &listed, now)?;
            let (keys, moved) = (&request.public_keys, request.moved);
            let checks = Checks { archive: &archive, keys, trail: &trail, span, moved };
            for listed in split(listed, span) {
                let mut chain = Chain::new(checks, listed)?;
                while let Some(step) = chain.next().await? {
                    self.count(&step.line);
                    step.digest.iter().for_each(|digest| self.take(digest));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, line: &Line) {
        let Line::Digest { fault, .. } = line else { return };
        match fault {
            None => self.digests.valid += 1,
            Some(_) => {
                self.digests.invalid += 1;
                self.faults.push(line.to_string().replace('\t', " "));
            }
        }
    }

    fn take(&mut self, digest: &Digest) {
        for log in &digest.log_files {
            let hash = signature::bytes_of(&log.hash_value).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            // A hash that is none fits no content.
            self.hashes.insert(name(&log.s3_object), hash.unwrap_or_default());
        }
    }

    /// Whether a digest says what a log file has to be.
    pub(crate) fn covers(&self, key: &str) -> bool {
        self.hashes.contains_key(&name(key))
    }

    /// Compares a log file with what its digest says.
    pub(crate) fn judge(&self, key: &str, file: &mut dyn std::io::Read) -> Result<Standing> {
        let Some(expected) = self.hashes.get(&name(key)) else { return Ok(Standing::Unverified) };
        Ok(match hash(file)? {
            Content::Fault(fault) => Standing::Invalid(fault.to_string()),
            Content::Hash(hash) if signature::bytes_of(&hash).is_some_and(|hash| hash == expected) => {
                Standing::Verified
            }
            Content::Hash(_) => Standing::Invalid(LogFault::Hash.to_string()),
        })
    }
}

/// Where the digests of a source's log files are: of a part of an account's logs, the account's own. `None` if there can
/// be none.
fn place_of_digests(source: &str) -> Option<String> {
    let is_bucket = source.starts_with("s3://") || source.starts_with("s3a://");
    if source == "-" {
        return None;
    }
    let place = account_of(source)
        .map_or_else(|| source.to_owned(), |account| format!("{account}/{}", Folder::Digest.as_str()));
    let is_there = is_bucket || Path::new(place.strip_prefix("file://").unwrap_or(&place)).is_dir();
    is_there.then_some(place)
}

/// The folder of an account, if a source lies in it.
fn account_of(source: &str) -> Option<&str> {
    let (start, anchor) = source.rmatch_indices("AWSLogs/").next()?;
    let is_account = |segment: &str| segment.len() == 12 && segment.bytes().all(|byte| byte.is_ascii_digit());
    let mut end = start + anchor.len();
    for segment in source[end..].split('/').take(2) {
        end += segment.len();
        if is_account(segment) {
            return source.get(..end);
        }
        end += 1;
    }
    None
}

fn name(key: &str) -> u128 {
    xxh3_128(identity(key).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_looked_for_in_the_account_of_a_source() {
        for (source, account) in [
            ("s3://b/AWSLogs/123456789012/CloudTrail/us-east-1", Some("s3://b/AWSLogs/123456789012")),
            ("s3://b/p/AWSLogs/o-abc/123456789012", Some("s3://b/p/AWSLogs/o-abc/123456789012")),
            ("/c/AWSLogs/o-abc", None),
            ("/c/AWSLogs/", None),
            ("/c", None),
        ] {
            assert_eq!(account_of(source), account, "{source}");
        }
        assert_eq!(place_of_digests("-"), None);
        assert_eq!(place_of_digests("s3://b/p"), Some("s3://b/p".to_owned()));
        assert_eq!(
            place_of_digests("s3://b/AWSLogs/123456789012"),
            Some("s3://b/AWSLogs/123456789012/CloudTrail-Digest".to_owned())
        );
    }
}
