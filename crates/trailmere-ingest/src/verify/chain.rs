//! How is a chain of digests walked, from the newest to the oldest?
//!
//! Each digest names the one before. Where one names none (validation was off, or logging stopped) or is invalid, the
//! walk goes on at the next older one that is listed.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use trailmere_model::{Error, Result};

use super::archive::{Archive, Metadata};
use super::digest::Digest;
use super::keys::{PublicKey, PublicKeys};
use super::line::{DigestFault, Line};
use super::signature::{self, Fault};
use super::trail::DigestKey;
use super::{Listed, Moved, Span, Trail};

/// What a chain is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checks<'a> {
    pub(crate) archive: &'a Archive,
    pub(crate) keys: &'a PublicKeys,
    pub(crate) trail: &'a Trail,
    pub(crate) span: Span,
    pub(crate) moved: Moved,
}

/// What was found next: a line, and the digest if it is a valid one.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: Line,
    pub(crate) digest: Option<Digest>,
}

/// A walk along a chain.
pub(crate) struct Chain<'a> {
    checks: Checks<'a>,
    listed: Listed,
    next: Option<Next>,
    /// The beginning of the last valid digest; the walk ends when it is before what was asked for.
    reached: DateTime<Utc>,
    gap: Option<Line>,
    seen: HashSet<String>,
    /// What the last digest, be it valid or not, says of the one before it: key and signature. A signature proves itself,
    /// whoever passes it on.
    said: Option<(String, String)>,
}

/// A digest that the walk is to look at.
#[derive(Clone, Debug)]
struct Next {
    bucket: String,
    key: String,
    /// What the digest after it says its signature is.
    signature: Option<String>,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(checks: Checks<'a>, listed: Listed) -> Result<Self> {
        if !listed.digests.is_empty() && !listed.is_backfill {
            checks.keys.require(key_span(checks.span))?;
        }
        let reached = listed.digests.last().map_or(checks.span.end, |newest| newest.time);
        let mut chain = Self { checks, listed, next: None, reached, gap: None, seen: HashSet::new(), said: None };
        chain.next = chain.older(None, checks.archive.bucket());
        Ok(chain)
    }

    /// Looks at the next digest; `None` at the end of the walk.
    pub(crate) async fn next(&mut self) -> Result<Option<Step>> {
        if let Some(line) = self.gap.take() {
            return Ok(Some(Step { line, digest: None }));
        }
        let Some(next) = self.next.take().filter(|_| self.checks.span.start <= self.reached) else { return Ok(None) };
        self.seen.insert(next.key.clone());
        let location = format!("s3://{}/{}", next.bucket, next.key);
        let is_backfill = self.listed.is_backfill;
        match self.look(&next).await? {
            Ok(digest) => {
                self.go_on(&next, &digest).await?;
                Ok(Some(Step { line: Line::Digest { location, is_backfill, fault: None }, digest: Some(digest) }))
            }
            Err(fault) => {
                self.next = self.older(Some(&next.key), &next.bucket);
                Ok(Some(Step { line: Line::Digest { location, is_backfill, fault: Some(fault) }, digest: None }))
            }
        }
    }

    /// Reads and checks a digest, in AWS's order.
    async fn look(&mut self, next: &Next) -> Result<std::result::Result<Digest, DigestFault>> {
        self.said = None;
        let Some(object) = self.checks.archive.digest(&next.bucket, &next.key).await? else {
            return Ok(Err(DigestFault::Missing));
        };
        let Some((digest, hash)) = Digest::read(&object.bytes) else { return Ok(Err(DigestFault::Format)) };
        self.said = digest.previous_digest_s3_object.clone().zip(digest.previous_digest_signature.clone());
        Ok(self.judge(next, &object.metadata, &digest, &hash).map(|()| digest))
    }

    fn judge(
        &self,
        next: &Next,
        metadata: &Metadata,
        digest: &Digest,
        hash: &str,
    ) -> std::result::Result<(), DigestFault> {
        let signature = metadata.signature(next.signature.as_deref()).ok_or(DigestFault::Signature)?;
        let key_span = self.key_span(metadata)?;
        let is_in_place = digest.digest_s3_bucket == next.bucket && digest.digest_s3_object == next.key;
        if !is_in_place && self.checks.moved == Moved::Invalid {
            return Err(DigestFault::Moved);
        }
        let key = self.key(digest, key_span)?;
        let fingerprint = || digest.digest_public_key_fingerprint.clone();
        signature::check(&key.value, &digest.signed_text(hash), signature).map_err(|fault| match fault {
            Fault::UnusableKey => DigestFault::UnusableKey { fingerprint: fingerprint() },
            Fault::Wrong => DigestFault::Signature,
        })
    }

    /// When the key that signed a digest was in use: a backfill digest is younger than what it covers.
    fn key_span(&self, metadata: &Metadata) -> std::result::Result<Option<Span>, DigestFault> {
        match metadata {
            _ if !self.listed.is_backfill => Ok(Some(key_span(self.checks.span))),
            Metadata::Unknown => Ok(None),
            Metadata::Known { generated, .. } => {
                let generated = generated.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                let generated = generated.ok_or(DigestFault::Format)?.to_utc();
                let hour = Duration::hours(1);
                Ok(Some(Span { start: generated - hour, end: generated + hour }))
            }
        }
    }

    fn key(&self, digest: &Digest, span: Option<Span>) -> std::result::Result<&'a PublicKey, DigestFault> {
        let fingerprint = &digest.digest_public_key_fingerprint;
        let keys: &'a PublicKeys = self.checks.keys;
        keys.find(fingerprint, span).ok_or_else(|| DigestFault::NoKey {
            region: self.checks.trail.home_region.clone(),
            fingerprint: fingerprint.clone(),
        })
    }

    /// Goes from a valid digest to the one before it.
    async fn go_on(&mut self, here: &Next, digest: &Digest) -> Result<()> {
        self.reached = digest.start().ok_or_else(|| Error::internal("a valid digest has no times"))?;
        match digest.previous() {
            // No signed chain leads in a circle; one that does is not followed.
            Some((bucket, key)) if !self.seen.contains(key) => {
                if bucket != here.bucket {
                    self.listed.digests = self.elsewhere(bucket).await?;
                }
                let signature = digest.previous_digest_signature.clone();
                self.next = Some(Next { bucket: bucket.to_owned(), key: key.to_owned(), signature });
            }
            _ => {
                self.next = self.older(Some(&here.key), &here.bucket);
                let from = self.next.as_ref().and_then(|next| DigestKey::parse(next.key.clone()));
                self.gap = from.map(|from| Line::Gap {
                    is_backfill: self.listed.is_backfill,
                    from: from.time,
                    to: self.reached,
                });
            }
        }
        Ok(())
    }

    /// The digests of the same chain in another bucket: the trail delivered there before.
    async fn elsewhere(&self, bucket: &str) -> Result<Vec<DigestKey>> {
        let keys = self.checks.archive.digests_of(bucket, self.checks.trail).await?;
        let digests = super::by_trail(keys).remove(self.checks.trail).unwrap_or_default();
        let [standard, backfill] = super::split(digests, self.checks.span);
        Ok(if self.listed.is_backfill { backfill.digests } else { standard.digests })
    }

    /// The next digest as listed that is older than a key.
    fn older(&mut self, than: Option<&str>, bucket: &str) -> Option<Next> {
        let limit = than.map(|key| DigestKey::parse(key.to_owned()).map_or(self.reached, |digest| digest.time));
        while let Some(digest) = self.listed.digests.pop() {
            if limit.is_none_or(|limit| digest.time < limit) {
                let said = self.said.as_ref().filter(|(key, _)| *key == digest.key);
                let signature = said.map(|(_, signature)| signature.clone());
                return Some(Next { bucket: bucket.to_owned(), key: digest.key, signature });
            }
        }
        None
    }
}

/// The digest of the last hour is signed after its end.
fn key_span(span: Span) -> Span {
    Span { end: span.end + Duration::hours(2), ..span }
}
