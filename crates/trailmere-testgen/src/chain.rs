//! How is a chain of digests made, each signed and naming the one before?

use chrono::DateTime;
use sha2::{Digest as _, Sha256};

use crate::json::Object;
use crate::scene::spell_time;
use crate::signer::{Signer, hexadecimal};

/// What a digest says of a log file.
#[derive(Debug, Clone)]
pub struct DigestedLog {
    /// Its key.
    pub key: String,
    /// Lower-case hexadecimal SHA-256 of its content before compression.
    pub sha256: String,
    /// The time of its oldest event, in seconds since 1970.
    pub oldest: i64,
    /// The time of its newest event.
    pub newest: i64,
}

/// A digest file, and what S3 keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDigest {
    /// Its key.
    pub key: String,
    /// Its JSON.
    pub content: String,
    /// Its signature.
    pub signature: String,
    /// When it was made, if it is a backfill digest.
    pub generated: Option<String>,
}

/// Where a chain's digests are delivered, and for which trail.
#[derive(Debug, Clone)]
pub struct DigestPlace {
    /// The bucket.
    pub bucket: String,
    /// What stands before `AWSLogs/`: nothing, or a prefix with a slash at its end.
    pub prefix: String,
    /// The organization, of an organization trail.
    pub organization: Option<String>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The trail's name.
    pub trail: String,
    /// The trail's home region.
    pub home_region: String,
}

/// A chain of digests under construction.
pub struct DigestChain {
    place: DigestPlace,
    signer: Signer,
    /// Of a chain of backfill digests, when it is made.
    generated: Option<String>,
    previous: Option<Previous>,
}

struct Previous {
    bucket: String,
    key: String,
    sha256: String,
    signature: String,
}

impl SignedDigest {
    /// What `aws s3api head-object` prints of it, as far as it matters.
    pub fn metadata(&self) -> String {
        let mut out = String::new();
        Object::write(&mut out, |head| {
            head.str("ContentType", "application/json").str("ContentEncoding", "gzip");
            head.object("Metadata", |metadata| {
                metadata.str("signature", &self.signature).str("signature-algorithm", "SHA256withRSA");
                if let Some(generated) = &self.generated {
                    metadata.str("backfill-generation-timestamp", generated);
                }
            });
        });
        out
    }
}

impl DigestChain {
    /// A chain without digests yet.
    pub fn new(place: DigestPlace, signer: Signer) -> Self {
        Self { place, signer, generated: None, previous: None }
    }

    /// A chain of backfill digests that are made at a time (ISO 8601).
    pub fn backfill(place: DigestPlace, signer: Signer, generated: &str) -> Self {
        Self { generated: Some(generated.to_owned()), ..Self::new(place, signer) }
    }

    /// Lets the next digest name none before it: validation was off for a while.
    pub fn restart(&mut self) {
        self.previous = None;
    }

    /// Delivers to another place from now on.
    pub fn deliver_to(&mut self, place: DigestPlace) {
        self.place = place;
    }

    /// Signs with another key from now on.
    pub fn sign_with(&mut self, signer: Signer) {
        self.signer = signer;
    }

    /// Adds the digest of the hour that begins at a time, in seconds since 1970.
    pub fn hour(&mut self, start: i64, logs: &[DigestedLog]) -> anyhow::Result<SignedDigest> {
        let key = self.key(start + 3600);
        let content = self.content(start, &key, logs);
        let sha256 = hexadecimal(&Sha256::digest(content.as_bytes()));
        let before = self.previous.as_ref().map_or("null", |previous| previous.signature.as_str());
        let text = format!("{}\n{}/{key}\n{sha256}\n{before}", spell_time(start + 3600), self.place.bucket);
        let signature = self.signer.sign(&text)?;
        let bucket = self.place.bucket.clone();
        self.previous = Some(Previous { bucket, key: key.clone(), sha256, signature: signature.clone() });
        Ok(SignedDigest { key, content, signature, generated: self.generated.clone() })
    }

    fn key(&self, end: i64) -> String {
        let DigestPlace { prefix, account, region, trail, home_region, .. } = &self.place;
        let end = DateTime::from_timestamp(end, 0).unwrap_or_default();
        let organization = self.place.organization.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
        let backfill = if self.generated.is_some() { "_backfill" } else { "" };
        format!(
            "{prefix}AWSLogs/{organization}{account}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{trail}_{home_region}_{}{backfill}.json.gz",
            end.format("%Y/%m/%d"),
            end.format("%Y%m%dT%H%M%SZ")
        )
    }

    fn content(&self, start: i64, key: &str, logs: &[DigestedLog]) -> String {
        let bucket = &self.place.bucket;
        let mut out = String::new();
        Object::write(&mut out, |digest| {
            digest.str("awsAccountId", &self.place.account);
            digest.str("digestStartTime", &spell_time(start)).str("digestEndTime", &spell_time(start + 3600));
            digest.str("digestS3Bucket", bucket).str("digestS3Object", key);
            digest.str("digestPublicKeyFingerprint", &self.signer.fingerprint());
            digest.str("digestSignatureAlgorithm", "SHA256withRSA");
            spell_events(digest, logs.iter().map(|log| log.newest).max(), logs.iter().map(|log| log.oldest).min());
            chain(digest, self.previous.as_ref());
            digest.array("logFiles", |files| {
                for log in logs {
                    files.object(|file| {
                        file.str("s3Bucket", bucket).str("s3Object", &log.key).str("hashValue", &log.sha256);
                        file.str("hashAlgorithm", "SHA-256");
                        spell_events(file, Some(log.newest), Some(log.oldest));
                    });
                }
            });
        });
        out
    }
}

fn spell_events(object: &mut Object<'_>, newest: Option<i64>, oldest: Option<i64>) {
    for (name, time) in [("newestEventTime", newest), ("oldestEventTime", oldest)] {
        match time {
            Some(time) => object.str(name, &spell_time(time)),
            None => object.raw(name, "null"),
        };
    }
}

fn chain(digest: &mut Object<'_>, before: Option<&Previous>) {
    let Some(before) = before else {
        for member in ["S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature"] {
            digest.raw(&format!("previousDigest{member}"), "null");
        }
        return;
    };
    digest.str("previousDigestS3Bucket", &before.bucket).str("previousDigestS3Object", &before.key);
    digest.str("previousDigestHashValue", &before.sha256).str("previousDigestHashAlgorithm", "SHA-256");
    digest.str("previousDigestSignature", &before.signature);
}
