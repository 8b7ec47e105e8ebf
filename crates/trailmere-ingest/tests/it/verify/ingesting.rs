//! Does ingestion take what was delivered, say what nobody vouches for, and keep out what was changed?

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use trailmere_ingest::{IngestRequest, NoProgress, Outcome, VerifyOptions, ingest};
use trailmere_store::{Lake, LakeOptions};

use super::*;

async fn lake(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap(), LakeOptions { durable: false }).await.unwrap()
}

fn verifying(source: &Path) -> IngestRequest {
    let verify = Some(VerifyOptions { public_keys: keys(), ..VerifyOptions::default() });
    IngestRequest { verify, ..IngestRequest::of(source.to_str().unwrap()) }
}

fn texts(rows: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let cells = |rows: &RecordBatch| -> Vec<Option<String>> {
        let column = rows.column_by_name(name).unwrap().as_string::<i32>().clone();
        column.iter().map(|cell| cell.map(str::to_owned)).collect()
    };
    rows.iter().flat_map(cells).collect()
}

/// What the ledger says of each log file.
async fn ledger(lake: &Lake) -> BTreeMap<String, (String, Option<String>)> {
    let store = lake.find_store("events").await.unwrap();
    let rows = lake.table(&store).await.unwrap().ledger().await.unwrap().entries().await.unwrap();
    let (files, outcomes, verified) = (texts(&rows, "log_file"), texts(&rows, "outcome"), texts(&rows, "verified"));
    let said = outcomes.into_iter().flatten().zip(verified);
    files.into_iter().flatten().zip(said).filter(|(file, _)| file.contains("/CloudTrail/")).collect()
}

/// What each event says of its log file.
async fn events(lake: &Lake) -> BTreeMap<String, Option<String>> {
    let store = lake.find_store("events").await.unwrap();
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    let mut found = BTreeMap::new();
    for file in snapshot.files.iter() {
        let opened = fs::File::open(Path::new(lake.location()).join(&file.path)).unwrap();
        let rows: Vec<_> =
            ParquetRecordBatchReaderBuilder::try_new(opened).unwrap().build().unwrap().map(Result::unwrap).collect();
        found.extend(texts(&rows, "eventid").into_iter().flatten().zip(texts(&rows, "_verified")));
    }
    found
}

#[tokio::test]
async fn each_log_file_is_verified_unverified_or_kept_out() {
    let mut copy = Copy::of_hours(3);
    let stray = copy.logs_of(&place(), 20, 1).remove(0).key;
    let good = fs::read(copy.path(&copy.logs[0])).unwrap();
    copy.write(&copy.logs[0], &gzip(&log_text("forged, and of another length than what was delivered")));
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let summary = ingest(&lake, &verifying(copy.folder.path()), now(), &NoProgress).await.unwrap();
    let verification = summary.verification.clone().unwrap();
    assert_eq!((verification.verified, verification.unverified, verification.invalid), (3, 1, 1));
    assert_eq!((verification.digests.valid, verification.digests.invalid), (3, 0));
    assert_eq!(summary.outcome(), Outcome::Rejects);
    assert_eq!(summary.events(), 4);

    let said = ledger(&lake).await;
    let verified = ("complete".to_owned(), Some("verified".to_owned()));
    assert_eq!(said[&copy.logs[0]], ("failed".to_owned(), Some("invalid".to_owned())));
    assert!(copy.logs[1..4].iter().all(|key| said[key] == verified));
    assert_eq!(said[&stray], ("complete".to_owned(), Some("unverified".to_owned())));
    let rows = events(&lake).await;
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[&copy.logs[1]].as_deref(), Some("verified"));
    assert_eq!(rows[&stray].as_deref(), Some("unverified"));

    let store = lake.find_store("events").await.unwrap();
    let quarantine = lake.table(&store).await.unwrap().ledger().await.unwrap().quarantine().await.unwrap();
    assert_eq!(texts(&quarantine, "log_file"), [Some(copy.logs[0].clone())]);
    let reason = "it is not what CloudTrail delivered: hash value doesn't match";
    assert_eq!(texts(&quarantine, "reason"), [Some(reason.to_owned())]);

    // It stays out, also of an ingestion that does not ask; the delivered file comes in.
    let again =
        ingest(&lake, &IngestRequest::of(copy.folder.path().to_str().unwrap()), now(), &NoProgress).await.unwrap();
    assert_eq!(again.events(), 0);
    copy.write(&copy.logs[0], &good);
    let mended = ingest(&lake, &verifying(copy.folder.path()), now(), &NoProgress).await.unwrap();
    assert_eq!((mended.events(), mended.verification.unwrap().verified), (1, 1));
    assert_eq!(events(&lake).await[&copy.logs[0]].as_deref(), Some("verified"));
}

#[tokio::test]
async fn a_digest_that_is_invalid_vouches_for_nothing() {
    let copy = Copy::of_hours(3);
    copy.write(&copy.digests[2].key, &gzip(&copy.digests[2].content.replace("hashAlgorithm", "hashAlgorithms")));
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let summary = ingest(&lake, &verifying(copy.folder.path()), now(), &NoProgress).await.unwrap();
    assert_eq!(summary.outcome(), Outcome::Rejects);
    let verification = summary.verification.unwrap();
    assert_eq!((verification.verified, verification.invalid, verification.digests.invalid), (2, 0, 1));
    assert!(verification.invalid_digests[0].ends_with("INVALID: signature verification failed"));
    assert_eq!(events(&lake).await[&copy.logs[2]].as_deref(), Some("unverified"));
}

#[tokio::test]
async fn nobody_asked_so_nothing_is_said() {
    let copy = Copy::of_hours(1);
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let summary =
        ingest(&lake, &IngestRequest::of(copy.folder.path().to_str().unwrap()), now(), &NoProgress).await.unwrap();
    assert_eq!(summary.verification, None);
    assert!(events(&lake).await.values().all(Option::is_none));
    assert!(ledger(&lake).await.values().all(|(_, verified)| verified.is_none()));
}

#[tokio::test]
async fn a_part_of_an_account_is_held_against_the_accounts_digests() {
    let copy = Copy::of_hours(1);
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let part = copy.folder.path().join("AWSLogs/111122223333/CloudTrail/eu-west-1");
    let summary = ingest(&lake, &verifying(&part), now(), &NoProgress).await.unwrap();
    assert_eq!(summary.verification.unwrap().verified, 2);
}

#[tokio::test]
async fn a_follower_is_ahead_of_the_digests() {
    let copy = Copy::of_hours(1);
    let folder = tempfile::tempdir().unwrap();
    let follow = Some(std::time::Duration::from_secs(1));
    let request = IngestRequest { follow, ..verifying(copy.folder.path()) };
    let error = ingest(&lake(folder.path()).await, &request, now(), &NoProgress).await.unwrap_err();
    assert!(error.message().contains("ahead of the digests"), "{error}");
}
