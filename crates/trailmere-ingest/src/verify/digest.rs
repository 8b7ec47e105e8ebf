//! What does a digest file say?

use std::io::Read;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use crate::inflate::{Member, only_member};

/// Digests have a line for each log file of an hour: none comes near.
const MAX_DIGEST_BYTES: u64 = 256 << 20;

/// A digest file, as far as it is of use here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Digest {
    pub(crate) digest_start_time: String,
    pub(crate) digest_end_time: String,
    pub(crate) digest_s3_bucket: String,
    pub(crate) digest_s3_object: String,
    pub(crate) digest_public_key_fingerprint: String,
    /// Has to be there, be it `null`.
    #[serde(deserialize_with = "required")]
    pub(crate) previous_digest_signature: Option<String>,
    #[serde(default)]
    pub(crate) previous_digest_s3_bucket: Option<String>,
    #[serde(default)]
    pub(crate) previous_digest_s3_object: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    pub(crate) log_files: Vec<LoggedFile>,
}

/// What a digest says of a log file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedFile {
    pub(crate) s3_bucket: String,
    pub(crate) s3_object: String,
    pub(crate) hash_value: String,
}

/// With a function of its own, a member of optional type must be there.
fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LoggedFile>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Digest {
    /// Inflates and reads a digest; gives it with the SHA-256 of what was inflated. `None` if it is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, String)> {
        let mut text = Vec::new();
        let mut member = only_member(bytes);
        member.by_ref().take(MAX_DIGEST_BYTES).read_to_end(&mut text).ok()?;
        if member.ending() != Some(Member::Whole) {
            return None;
        }
        let digest: Self = serde_json::from_slice(&text).ok()?;
        digest.start()?;
        digest.end()?;
        Some((digest, hexadecimal(&Sha256::digest(&text))))
    }

    pub(crate) fn start(&self) -> Option<DateTime<Utc>> {
        time(&self.digest_start_time)
    }

    pub(crate) fn end(&self) -> Option<DateTime<Utc>> {
        time(&self.digest_end_time)
    }

    /// Where the digest before it is, by its own word.
    pub(crate) fn previous(&self) -> Option<(&str, &str)> {
        Some((self.previous_digest_s3_bucket.as_deref()?, self.previous_digest_s3_object.as_deref()?))
    }

    /// What CloudTrail signed.
    pub(crate) fn signed_text(&self, hash: &str) -> String {
        let (end, bucket, object) = (&self.digest_end_time, &self.digest_s3_bucket, &self.digest_s3_object);
        let previous = self.previous_digest_signature.as_deref().unwrap_or("null");
        format!("{end}\n{bucket}/{object}\n{hash}\n{previous}")
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
