//! What is said of each digest and log file, word for word as by `aws cloudtrail validate-logs`?

use std::fmt;

use chrono::{DateTime, Utc};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A trail's turn has come.
    Begun {
        /// Its ARN.
        trail: String,
        /// From when on.
        start: DateTime<Utc>,
        /// Until when.
        end: DateTime<Utc>,
    },
    /// A digest file.
    Digest {
        /// `s3://bucket/key`.
        location: String,
        /// Whether it belongs to the chain of backfill digests.
        is_backfill: bool,
        /// What is wrong with it.
        fault: Option<DigestFault>,
    },
    /// A log file.
    Log {
        /// `s3://bucket/key`.
        location: String,
        /// What is wrong with it.
        fault: Option<LogFault>,
    },
    /// A chain has a beginning, and there is an older one.
    Gap {
        /// Whether it is the chain of backfill digests.
        is_backfill: bool,
        /// The end of the older chain.
        from: DateTime<Utc>,
        /// The beginning of the younger one.
        to: DateTime<Utc>,
    },
}

/// What is wrong with a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestFault {
    /// It was delivered to another place than it was found in.
    Moved,
    /// It is no gzip, no JSON, or lacks something.
    Format,
    /// A later digest names it, and it is not there.
    Missing,
    /// Nobody gave the key that it says it was signed with.
    NoKey {
        /// The trail's home region.
        region: String,
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// The key of that fingerprint cannot be read.
    UnusableKey {
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// It was changed, or never signed.
    Signature,
}

/// What is wrong with a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFault {
    /// Its content is not what was delivered.
    Hash,
    /// It is no gzip.
    Format,
    /// It is not there.
    Missing,
    /// Something was added to it.
    Trailing,
}

impl Line {
    /// Whether it is for stderr: what is invalid, and gaps.
    pub fn is_warning(&self) -> bool {
        match self {
            Line::Begun { .. } => false,
            Line::Digest { fault, .. } => fault.is_some(),
            Line::Log { fault, .. } => fault.is_some(),
            Line::Gap { .. } => true,
        }
    }

    /// Whether it says only that something is as it should be.
    pub fn is_good_news(&self) -> bool {
        !self.is_warning() && !matches!(self, Line::Begun { .. })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Begun { trail, start, end } => {
                let (start, end) = (shown(*start), shown(*end));
                write!(f, "Validating log files for trail {trail} between {start} and {end}")
            }
            Line::Digest { location, is_backfill, fault } => {
                write!(f, "{}Digest file\t{location}\t", kind(*is_backfill))?;
                match fault {
                    None => f.write_str("valid"),
                    Some(fault) => write!(f, "INVALID: {fault}"),
                }
            }
            Line::Log { location, fault } => {
                write!(f, "Log file\t{location}\t")?;
                match fault {
                    None => f.write_str("valid"),
                    Some(fault) => write!(f, "INVALID: {fault}"),
                }
            }
            Line::Gap { is_backfill, from, to } => {
                let (from, to) = (shown(*from), shown(*to));
                write!(f, "{}No log files were delivered by CloudTrail between {from} and {to}", kind(*is_backfill))
            }
        }
    }
}

impl fmt::Display for DigestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DigestFault::Moved => f.write_str("has been moved from its original location"),
            DigestFault::Format => f.write_str("invalid format"),
            DigestFault::Missing => f.write_str("not found"),
            DigestFault::NoKey { region, fingerprint } => {
                write!(f, "public key not found in region {region} for fingerprint {fingerprint}")
            }
            DigestFault::UnusableKey { fingerprint } => {
                write!(f, "Unable to load PKCS #1 key with fingerprint {fingerprint}")
            }
            DigestFault::Signature => f.write_str("signature verification failed"),
        }
    }
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogFault::Hash => "hash value doesn't match",
            LogFault::Format => "invalid format",
            LogFault::Missing => "not found",
            LogFault::Trailing => "unexpected data after end of compressed stream",
        })
    }
}

fn kind(is_backfill: bool) -> &'static str {
    if is_backfill { "(backfill) " } else { "" }
}

/// A time as these messages write it.
pub(crate) fn shown(time: DateTime<Utc>) -> impl fmt::Display {
    time.format("%Y-%m-%dT%H:%M:%SZ")
}
