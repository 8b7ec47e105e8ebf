//! Is a log file what its digest says?

use std::io::Read;

use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use trailmere_model::{Error, Result};

use super::archive::Archive;
use super::digest::{Digest, LoggedFile, hexadecimal};
use super::line::{Line, LogFault};
use crate::inflate::{Member, only_member};

/// Log files that are read at the same time.
const READERS: usize = 8;
const CHUNK_BYTES: usize = 64 << 10;

/// What a log file's content hashes to, or why it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Hash(String),
    Fault(LogFault),
}

/// Checks the log files that a digest names, and tells of them in its order.
pub(crate) async fn check_all(archive: &Archive, digest: &Digest, hear: &mut (dyn FnMut(Line) + Send)) -> Result<()> {
    // Collected first: a closure held across an await would tie the future to one lifetime, and it could not be spawned.
    let checks: Vec<_> = digest.log_files.iter().map(|log| check(archive, log)).collect();
    let mut checks = futures::stream::iter(checks).buffered(READERS);
    while let Some(line) = checks.next().await {
        hear(line?);
    }
    Ok(())
}

async fn check(archive: &Archive, log: &LoggedFile) -> Result<Line> {
    let fault = match archive.log(&log.s3_bucket, &log.s3_object, |file| hash(file)).await? {
        None => Some(LogFault::Missing),
        Some(Content::Fault(fault)) => Some(fault),
        Some(Content::Hash(hash)) => (hash != log.hash_value).then_some(LogFault::Hash),
    };
    Ok(Line::Log { location: format!("s3://{}/{}", log.s3_bucket, log.s3_object), fault })
}

/// The SHA-256 of a gzip file's text. As for AWS, a file that is cut short hashes to what is left of it.
pub(crate) fn hash(file: &mut dyn Read) -> Result<Content> {
    let mut hash = Sha256::new();
    let mut member = only_member(file);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match member.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => hash.update(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return faulty(member.ending(), hash, error),
        }
    }
    Ok(match member.ending() {
        Some(Member::Trailed) => Content::Fault(LogFault::Trailing),
        _ => Content::Hash(hexadecimal(&hash.finalize())),
    })
}

fn faulty(ending: Option<Member>, hash: Sha256, error: std::io::Error) -> Result<Content> {
    match ending {
        Some(Member::CutShort) => Ok(Content::Hash(hexadecimal(&hash.finalize()))),
        Some(Member::Corrupt) => Ok(Content::Fault(LogFault::Format)),
        _ => Err(Error::unavailable(format!("the log file cannot be read: {error}")).source(error)),
    }
}
