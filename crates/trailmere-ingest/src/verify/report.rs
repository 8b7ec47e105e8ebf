//! What did the validation of a trail come to?

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use trailmere_model::{Error, Result};

use super::digest::Digest;
use super::line::{Line, shown};
use super::{Span, Trail};

/// What the validation of one trail in one region came to. Its `Display` is the summary of `aws cloudtrail validate-logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrailReport {
    /// The trail.
    pub trail: Trail,
    /// From when on it was validated.
    pub start: DateTime<Utc>,
    /// Until when.
    pub end: DateTime<Utc>,
    /// The part of that span that valid digests cover.
    pub found: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Digest files.
    pub digests: Ratio,
    /// Backfill digest files.
    pub backfill_digests: Ratio,
    /// Log files.
    pub logs: Ratio,
}

/// How many of something are valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ratio {
    /// Those that are.
    pub valid: u64,
    /// Those that are not.
    pub invalid: u64,
}

impl Ratio {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.valid + self.invalid
    }

    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.valid += other.valid;
        self.invalid += other.invalid;
    }

    fn count(&mut self, is_valid: bool) {
        if is_valid { self.valid += 1 } else { self.invalid += 1 }
    }

    /// `\n3/4 log files valid, 1/4 log files INVALID`; nothing if there are none.
    pub(crate) fn describe(&self, name: &str) -> String {
        let total = self.total();
        match (total, self.invalid) {
            (0, _) => String::new(),
            (_, 0) => format!("\n{}/{total} {name} files valid", self.valid),
            (_, invalid) => {
                format!("\n{}/{total} {name} files valid, {invalid}/{total} {name} files INVALID", self.valid)
            }
        }
    }
}

impl TrailReport {
    pub(crate) fn new(trail: Trail, span: Span) -> Self {
        Self {
            trail,
            start: span.start,
            end: span.end,
            found: None,
            digests: Ratio::default(),
            backfill_digests: Ratio::default(),
            logs: Ratio::default(),
        }
    }

    /// Whether nothing is invalid.
    pub fn is_good(&self) -> bool {
        self.digests.invalid + self.backfill_digests.invalid + self.logs.invalid == 0
    }

    pub(crate) fn count(&mut self, line: &Line) {
        match line {
            Line::Digest { is_backfill: true, fault, .. } => self.backfill_digests.count(fault.is_none()),
            Line::Digest { fault, .. } => self.digests.count(fault.is_none()),
            Line::Log { fault, .. } => self.logs.count(fault.is_none()),
            Line::Begun { .. } | Line::Gap { .. } => {}
        }
    }

    /// Only valid digests say what was found, and only within what was asked for.
    pub(crate) fn found(&mut self, digest: &Digest) -> Result<()> {
        let lost = || Error::internal("a valid digest has no times");
        let start = digest.start().ok_or_else(lost)?.max(self.start);
        let end = digest.end().ok_or_else(lost)?.min(self.end);
        self.found = Some(self.found.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
        Ok(())
    }
}

impl fmt::Display for TrailReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Results requested for {} to {}", shown(self.start), shown(self.end))?;
        if self.digests.total() + self.backfill_digests.total() == 0 {
            return writeln!(f, "No digests found");
        }
        match self.found {
            None => writeln!(f, "No valid digests found in range")?,
            Some((start, end)) => writeln!(f, "Results found for {} to {}:", shown(start), shown(end))?,
        }
        f.write_str(&self.digests.describe("digest"))?;
        f.write_str(&self.backfill_digests.describe("backfill digest"))?;
        f.write_str(&self.logs.describe("log"))?;
        writeln!(f)
    }
}
