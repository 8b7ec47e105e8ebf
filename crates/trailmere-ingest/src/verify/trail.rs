//! Of which trail is a digest, and for which hour?

use chrono::{DateTime, Utc};
use serde::Serialize;
use trailmere_model::log_key::{Folder, LogKey, file_time};

/// A trail as far as one region of one account has digests of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Trail {
    /// What stands before `AWSLogs/` in its keys.
    pub prefix: Option<String>,
    /// The organization, of an organization trail.
    pub organization: Option<String>,
    /// The account whose events it logs; of an organization trail, the member account.
    pub account: String,
    /// The region whose events it logs.
    pub region: String,
    /// Its name.
    pub name: String,
    /// The region it was created in.
    pub home_region: String,
}

/// The key of a digest file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DigestKey {
    pub(crate) key: String,
    pub(crate) trail: Trail,
    /// The end of the hour.
    pub(crate) time: DateTime<Utc>,
    pub(crate) is_backfill: bool,
}

impl Trail {
    /// The trail's ARN. The keys of an organization trail do not say which account it belongs to: it is written with
    /// the member's.
    pub fn arn(&self) -> String {
        let partition = match &self.home_region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:cloudtrail:{}:{}:trail/{}", self.home_region, self.account, self.name)
    }

    /// The folder of its digests.
    pub(crate) fn folder(&self) -> String {
        let prefix = self.prefix.as_ref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let organization = self.organization.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
        format!("{prefix}AWSLogs/{organization}{}/{}/{}", self.account, Folder::Digest.as_str(), self.region)
    }
}

impl DigestKey {
    /// Takes a key apart; `None` if it is no digest's. A trail's name may hold what separates names elsewhere, so the
    /// file's name is read from both ends.
    pub(crate) fn parse(key: String) -> Option<Self> {
        let parts = LogKey::parse(&key).filter(|parts| parts.folder == Folder::Digest)?;
        let begin = format!("{}_{}_{}_", parts.account, Folder::Digest.as_str(), parts.region);
        let name = parts.file.strip_prefix(&begin)?.strip_suffix(".json.gz")?;
        let (name, is_backfill) = match name.strip_suffix("_backfill") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (name, stamp) = name.rsplit_once('_')?;
        let (name, home_region) = name.rsplit_once('_')?;
        let time = file_time(&format!("_{stamp}"))?;
        let trail = Trail {
            prefix: parts.prefix,
            organization: parts.organization,
            account: parts.account,
            region: parts.region,
            name: name.to_owned(),
            home_region: home_region.to_owned(),
        };
        Some(Self { trail, time, is_backfill, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(prefix: &str, region: &str, rest: &str) -> String {
        format!(
            "{prefix}AWSLogs/123456789012/CloudTrail-Digest/{region}/2026/03/01/123456789012_CloudTrail-Digest_{region}_{rest}"
        )
    }

    #[test]
    fn names_are_read_from_both_ends() {
        let plain =
            DigestKey::parse(key("a/b/", "eu-west-1", "my_trail.x_us-east-1_20260301T120000Z.json.gz")).unwrap();
        assert_eq!((plain.trail.name.as_str(), plain.trail.home_region.as_str()), ("my_trail.x", "us-east-1"));
        assert_eq!(plain.trail.prefix.as_deref(), Some("a/b"));
        assert_eq!(plain.time.to_rfc3339(), "2026-03-01T12:00:00+00:00");
        assert_eq!(plain.trail.arn(), "arn:aws:cloudtrail:us-east-1:123456789012:trail/my_trail.x");
        assert_eq!(plain.trail.folder(), "a/b/AWSLogs/123456789012/CloudTrail-Digest/eu-west-1");
        let backfill =
            DigestKey::parse(key("", "us-gov-west-1", "t_us-gov-west-1_20260301T120000Z_backfill.json.gz")).unwrap();
        assert!(backfill.is_backfill && !plain.is_backfill);
        assert_eq!(backfill.trail.arn(), "arn:aws-us-gov:cloudtrail:us-gov-west-1:123456789012:trail/t");
    }

    #[test]
    fn what_is_no_digest_is_none() {
        for rest in ["t_us-east-1_20260301T120000Z.json", "t_us-east-1.json.gz", "t_us-east-1_20261301T120000Z.json.gz"]
        {
            assert_eq!(DigestKey::parse(key("", "eu-west-1", rest)), None, "{rest}");
        }
        let log = "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/01/123456789012_CloudTrail_eu-west-1_20260301T1200Z_A.json.gz";
        assert_eq!(DigestKey::parse(log.to_owned()), None);
    }
}
