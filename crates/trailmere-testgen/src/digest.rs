//! What would the hourly digest files beside the logs say?

use std::collections::BTreeMap;

use chrono::DateTime;

use crate::dice::{Dice, HEX};
use crate::json::Object;
use crate::plan::{Folder, LogFile};
use crate::scene::spell_time;
use crate::world::World;

const BUCKET: &str = "example-cloudtrail-logs";
const TRAIL: &str = "management-events";
const HOME_REGION: &str = "us-east-1";

/// What a digest says of one delivered log file.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) file: LogFile,
    pub(crate) key: String,
    /// Lower-case hexadecimal SHA-256 of the content before compression.
    pub(crate) sha256: String,
}

/// A digest file to be written.
pub(crate) struct Digest {
    pub(crate) key: String,
    pub(crate) content: String,
}

/// One digest for each account, region and hour in which something was delivered, each naming the one before.
pub(crate) fn all(world: &World, delivered: &[Delivered], hash: impl Fn(&str) -> String) -> Vec<Digest> {
    let mut hours: BTreeMap<(usize, &str, i64), Vec<&Delivered>> = BTreeMap::new();
    for log in delivered.iter().filter(|log| log.file.folder == Folder::CloudTrail) {
        hours.entry((log.file.account, log.file.region, log.file.delivered / 3600)).or_default().push(log);
    }
    let mut digests: Vec<Digest> = Vec::new();
    let mut previous: Option<((usize, &str), Previous)> = None;
    for ((account, region, hour), logs) in hours {
        let before = previous.take().filter(|(place, _)| *place == (account, region)).map(|(_, previous)| previous);
        let key = key(world, account, region, (hour + 1) * 3600);
        let content = content(world, (account, hour), &key, &logs, before.as_ref());
        let signature = Dice::at(world.seed, hour as u64, account as u64 + 77).text(HEX, 512);
        previous = Some(((account, region), Previous { key: key.clone(), sha256: hash(&content), signature }));
        digests.push(Digest { key, content });
    }
    digests
}

struct Previous {
    key: String,
    sha256: String,
    signature: String,
}

fn key(world: &World, account: usize, region: &str, end: i64) -> String {
    let account = &world.accounts[account];
    let end = DateTime::from_timestamp(end, 0).unwrap_or_default();
    let organization = if account.in_organization { format!("{}/", world.organization) } else { String::new() };
    let id = &account.id;
    format!(
        "AWSLogs/{organization}{id}/CloudTrail-Digest/{region}/{}/{id}_CloudTrail-Digest_{region}_{TRAIL}_{HOME_REGION}_{}.json.gz",
        end.format("%Y/%m/%d"),
        end.format("%Y%m%dT%H%M%SZ")
    )
}

fn content(world: &World, place: (usize, i64), key: &str, logs: &[&Delivered], before: Option<&Previous>) -> String {
    let (account, hour) = place;
    let times = logs.iter().map(|log| log.file.delivered);
    let (oldest, newest) = (times.clone().min().unwrap_or_default() - 900, times.max().unwrap_or_default() - 120);
    let mut out = String::new();
    Object::write(&mut out, |digest| {
        digest.str("awsAccountId", &world.accounts[account].id);
        digest.str("digestStartTime", &spell_time(hour * 3600)).str("digestEndTime", &spell_time((hour + 1) * 3600));
        digest.str("digestS3Bucket", BUCKET).str("digestS3Object", key);
        digest.str("digestPublicKeyFingerprint", &Dice::at(world.seed, 5, 5).text(HEX, 32));
        digest.str("digestSignatureAlgorithm", "SHA256withRSA");
        digest.str("newestEventTime", &spell_time(newest)).str("oldestEventTime", &spell_time(oldest));
        chain(digest, before);
        digest.array("logFiles", |files| {
            for log in logs {
                files.object(|file| {
                    file.str("s3Bucket", BUCKET).str("s3Object", &log.key).str("hashValue", &log.sha256);
                    file.str("hashAlgorithm", "SHA-256").str("newestEventTime", &spell_time(newest));
                    file.str("oldestEventTime", &spell_time(oldest));
                });
            }
        });
    });
    out
}

fn chain(digest: &mut Object<'_>, before: Option<&Previous>) {
    let Some(before) = before else {
        for member in ["S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature"] {
            digest.raw(&format!("previousDigest{member}"), "null");
        }
        return;
    };
    digest.str("previousDigestS3Bucket", BUCKET).str("previousDigestS3Object", &before.key);
    digest.str("previousDigestHashValue", &before.sha256).str("previousDigestHashAlgorithm", "SHA-256");
    digest.str("previousDigestSignature", &before.signature);
}
