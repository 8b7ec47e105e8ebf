//! Is everything that can be wrong with delivered log files found, and said as AWS's own validator says it?
//!
//! The oracle is `aws cloudtrail validate-logs`: its messages, its order, its summary.

mod chains;
mod ingesting;
mod places;
mod tampering;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use trailmere_ingest::{Line, PublicKeys, TrailReport, VerifyRequest, Witness, verify_logs};
use trailmere_testgen::{DigestChain, DigestPlace, DigestedLog, KeyNumber, SignedDigest, Signer, public_keys};

pub(crate) const BUCKET: &str = "audit-logs";
const ACCOUNT: &str = "111122223333";
/// 2026-03-01T00:00:00Z.
const MIDNIGHT: i64 = 1_772_323_200;
const HOUR: i64 = 3600;

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// Delivered files in a folder of their own, as a copy of a bucket.
pub(crate) struct Copy {
    pub(crate) folder: tempfile::TempDir,
    digests: Vec<SignedDigest>,
    logs: Vec<String>,
}

fn signer(number: KeyNumber) -> Signer {
    Signer::new(number).unwrap()
}

pub(crate) fn place() -> DigestPlace {
    DigestPlace {
        bucket: BUCKET.to_owned(),
        prefix: String::new(),
        organization: None,
        account: ACCOUNT.to_owned(),
        region: "eu-west-1".to_owned(),
        trail: "all_events".to_owned(),
        home_region: "us-east-1".to_owned(),
    }
}

pub(crate) fn keys() -> PublicKeys {
    let text = public_keys(&[&signer(KeyNumber::First)], "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00");
    PublicKeys::parse(&text).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut bytes = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor.gzip_compress(text.as_bytes(), &mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

/// The JSON of a log file with one event.
fn log_text(key: &str) -> String {
    let time = "2026-03-01T00:03:00Z";
    format!(
        r#"{{"Records":[{{"eventVersion":"1.08","eventID":"{key}","eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventCategory":"Management","recipientAccountId":"{ACCOUNT}","awsRegion":"eu-west-1"}}]}}"#
    )
}

impl Copy {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), digests: Vec::new(), logs: Vec::new() }
    }

    /// A copy with a chain of so many hours, of which every second one has two log files.
    pub(crate) fn of_hours(hours: i64) -> Self {
        let mut copy = Self::new();
        let mut chain = DigestChain::new(place(), signer(KeyNumber::First));
        for hour in 0..hours {
            let logs = if hour % 2 == 0 { copy.logs_of(&place(), hour, 2) } else { Vec::new() };
            copy.keep(chain.hour(MIDNIGHT + hour * HOUR, &logs).unwrap());
        }
        copy
    }

    /// Writes log files that are delivered in an hour of the day.
    pub(crate) fn logs_of(&mut self, place: &DigestPlace, hour: i64, count: usize) -> Vec<DigestedLog> {
        let DigestPlace { prefix, account, region, .. } = place;
        let organization = place.organization.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
        let log = |number: usize| {
            let start = MIDNIGHT + hour * HOUR;
            let time = DateTime::from_timestamp(start, 0).unwrap();
            let (day, stamp) = (time.format("%Y/%m/%d"), time.format("%Y%m%dT%H"));
            let key = format!(
                "{prefix}AWSLogs/{organization}{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}{number:02}Z_AAAAAAAAAAAAAAAA.json.gz"
            );
            let text = log_text(&key);
            self.write(&key, &gzip(&text));
            self.logs.push(key.clone());
            let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            DigestedLog { key, sha256, oldest: start, newest: start + 60 }
        };
        (0..count).map(log).collect::<Vec<_>>()
    }

    /// Writes a digest, and beside it what S3 keeps.
    pub(crate) fn keep(&mut self, digest: SignedDigest) {
        self.write(&digest.key, &gzip(&digest.content));
        self.write(&format!("{}.metadata.json", digest.key), digest.metadata().as_bytes());
        self.digests.push(digest);
    }

    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join(key)
    }

    pub(crate) fn write(&self, key: &str, bytes: &[u8]) {
        let path = self.path(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn remove(&self, key: &str) {
        fs::remove_file(self.path(key)).unwrap();
    }

    pub(crate) fn request(&self) -> VerifyRequest {
        request(self.folder.path())
    }

    /// What is said of the copy.
    pub(crate) async fn said(&self) -> Said {
        said(&self.request()).await
    }
}

pub(crate) fn request(folder: &Path) -> VerifyRequest {
    VerifyRequest { source: folder.to_str().unwrap().to_owned(), public_keys: keys(), ..VerifyRequest::default() }
}

/// What a validation says.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) lines: Vec<String>,
    /// What goes to stderr.
    pub(crate) warnings: Vec<String>,
    pub(crate) reports: Vec<TrailReport>,
}

impl Witness for Said {
    fn line(&mut self, line: &Line) {
        self.lines.push(line.to_string());
        if line.is_warning() {
            self.warnings.push(line.to_string());
        }
    }

    fn report(&mut self, report: &TrailReport) {
        self.reports.push(report.clone());
    }
}

pub(crate) async fn said(request: &VerifyRequest) -> Said {
    let mut said = Said::default();
    verify_logs(request, now(), &mut said).await.unwrap();
    said
}

fn digest_line(key: &str, what: &str) -> String {
    format!("Digest file\ts3://{BUCKET}/{key}\t{what}")
}

fn log_line(key: &str, what: &str) -> String {
    format!("Log file\ts3://{BUCKET}/{key}\t{what}")
}
