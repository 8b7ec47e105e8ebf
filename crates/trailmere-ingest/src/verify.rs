//! Are delivered log files still what CloudTrail delivered, by its own signed digests?
//!
//! ```text
//! list digests ─► by trail and region ─► walk each chain, newest first ─► the log files that a valid digest names
//!                                        format, place, key, signature      fetched, inflated, hashed, compared
//! ```
//!
//! The steps, messages and summary are those of `aws cloudtrail validate-logs`; unlike it, it needs no AWS account, and
//! reads a copy in a folder as well as the bucket itself.

mod archive;
mod chain;
mod cover;
mod digest;
mod keys;
mod line;
mod logs;
mod report;
mod signature;
mod trail;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use trailmere_model::{Error, Result};

pub(crate) use cover::{Cover, Standing};
pub use keys::PublicKeys;
pub use line::{DigestFault, Line, LogFault};
pub use report::{Ratio, TrailReport};
pub use trail::Trail;

pub(crate) use archive::Archive;
use chain::{Chain, Checks, Step};
use trail::DigestKey;

/// What to verify, and by what.
#[derive(Clone, Debug, Default)]
pub struct VerifyRequest {
    /// A folder, or `s3://bucket/prefix`.
    pub source: String,
    /// The keys that signatures are checked with.
    pub public_keys: PublicKeys,
    /// From when on; else from the day of the oldest digest on.
    pub start: Option<DateTime<Utc>>,
    /// Until when; else until now.
    pub end: Option<DateTime<Utc>>,
    /// Where a copy in a folder comes from: `bucket` or `bucket/prefix`; else as the newest digest says.
    pub bucket: Option<String>,
    /// What is done about digests that are not where they were delivered.
    pub moved: Moved,
}

/// What is done about a digest that is not where it was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moved {
    /// It is invalid, as for AWS.
    #[default]
    Invalid,
    /// Nothing: its signature still says what it said when it was delivered.
    Accepted,
}

/// A span of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

/// Is told how a validation goes on.
pub trait Witness: Send {
    /// Hears of a digest, a log file or a gap.
    fn line(&mut self, line: &Line);

    /// Hears what a trail in a region came to.
    fn report(&mut self, report: &TrailReport);
}

/// Validates all digests of a source and the log files that they name; tells of each as it goes.
///
/// Fails only if something cannot be read at all: what is invalid is in the lines and the reports.
pub async fn verify_logs(request: &VerifyRequest, now: DateTime<Utc>, witness: &mut dyn Witness) -> Result<()> {
    let archive = Archive::open(&request.source, request.bucket.as_deref()).await?;
    for (trail, listed) in by_trail(archive.digests().await?) {
        let span = span(request, &listed, now)?;
        let checks =
            Checks { archive: &archive, keys: &request.public_keys, trail: &trail, span, moved: request.moved };
        let report = verify_trail(checks, listed, witness).await?;
        witness.report(&report);
    }
    Ok(())
}

/// The digests of a source, by trail and region; each list oldest first.
pub(crate) fn by_trail(keys: Vec<String>) -> BTreeMap<Trail, Vec<DigestKey>> {
    let mut trails: BTreeMap<Trail, Vec<DigestKey>> = BTreeMap::new();
    for key in keys.into_iter().filter_map(DigestKey::parse) {
        trails.entry(key.trail.clone()).or_default().push(key);
    }
    for digests in trails.values_mut() {
        digests.sort_by(|a, b| (a.time, &a.key).cmp(&(b.time, &b.key)));
    }
    trails
}

pub(crate) fn span(request: &VerifyRequest, listed: &[DigestKey], now: DateTime<Utc>) -> Result<Span> {
    let end = request.end.unwrap_or(now);
    let midnight = |time: DateTime<Utc>| time.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let start = request.start.or_else(|| listed.iter().map(|digest| midnight(digest.time)).min()).unwrap_or(end);
    if start > end {
        return Err(Error::invalid("Invalid time range specified: start-time must occur before end-time")
            .hint("exchange --start and --end"));
    }
    Ok(Span { start, end })
}

async fn verify_trail(checks: Checks<'_>, listed: Vec<DigestKey>, witness: &mut dyn Witness) -> Result<TrailReport> {
    let (trail, span) = (checks.trail.clone(), checks.span);
    let mut report = TrailReport::new(trail.clone(), span);
    witness.line(&Line::Begun { trail: trail.arn(), start: span.start, end: span.end });
    for listed in split(listed, span) {
        let mut chain = Chain::new(checks, listed)?;
        while let Some(Step { line, digest }) = chain.next().await? {
            report.count(&line);
            witness.line(&line);
            let Some(digest) = digest else { continue };
            report.found(&digest)?;
            let mut hear = |line: Line| {
                report.count(&line);
                witness.line(&line);
            };
            logs::check_all(checks.archive, &digest, &mut hear).await?;
        }
    }
    Ok(report)
}

/// The standard digests of a span, and the backfill digests: chains of their own.
pub(crate) fn split(listed: Vec<DigestKey>, span: Span) -> [Listed; 2] {
    // What was delivered last is in the digest of the hour after.
    let last = span.end + Duration::hours(1);
    let in_range = listed.into_iter().filter(|digest| span.start <= digest.time && digest.time <= last);
    let (backfill, standard) = in_range.partition(|digest| digest.is_backfill);
    [Listed { digests: standard, is_backfill: false }, Listed { digests: backfill, is_backfill: true }]
}

/// The digests of one chain as listed, oldest first.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) digests: Vec<DigestKey>,
    pub(crate) is_backfill: bool,
}
