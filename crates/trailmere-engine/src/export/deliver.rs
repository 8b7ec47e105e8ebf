//! How does a kept result get to where it was asked to go, whatever happens on the way?
//!
//! Each file that is there is noted in the record, so that a delivery that broke off goes on behind it. The sign file is
//! last: what has one is whole.

use std::time::Duration;

use object_store::{Error as StorageError, ObjectStoreExt};
use trailmere_model::{Error, Result};
use trailmere_store::open_export_store;

use super::columns::unique_schema;
use super::delivery::{DeliveredFile, DeliveryStatus};
use super::encode::Shape;
use super::files::{Files, Target, join};
use super::keys::SigningKeys;
use super::sign::{SIGN_FILE, sign_file};
use super::source::{Rows, places, sorted};
use crate::jobs::{Clock, DeliveryRecord, Held, JobRecord, PartRows, Stop, day};

/// The pause after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// What broke off: a file of rows, or the sign file.
enum Broken {
    File(Error),
    Sign(Error),
}

/// Delivers the kept rows, again and again up to a number of attempts, and says in the record how it went.
pub(crate) async fn deliver(held: &mut Held, clock: Clock) -> Result<(), Stop> {
    let attempts = held.jobs.options().delivery_attempts.max(1);
    for attempt in 1..=attempts {
        let broken = match attempt_delivery(held, clock).await? {
            Ok(()) => return Ok(()),
            Err(broken) => broken,
        };
        let (status, error) = verdict(broken);
        // What is not there, or not permitted, will not be a moment later.
        let hopeless = !matches!(status, DeliveryStatus::Failed | DeliveryStatus::FailedSigningFile);
        if hopeless || attempt == attempts {
            return held
                .write(|record| {
                    if let Some(delivery) = &mut record.delivery {
                        delivery.status = status;
                        delivery.error = Some(crate::jobs::error_message(&error));
                    }
                })
                .await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)) => {}
            () = held.overtaken() => return Err(Stop::Overtaken),
        }
    }
    Ok(())
}

/// One attempt; it ends early if the delivery is cancelled.
async fn attempt_delivery(held: &mut Held, clock: Clock) -> Result<Result<(), Broken>, Stop> {
    let Some(delivery) = held.record.delivery.clone() else { return Ok(Ok(())) };
    let there = tokio::select! {
        there = still_there(&delivery) => there,
        () = held.overtaken() => return Err(Stop::Overtaken),
    };
    let there = match there {
        Ok(there) => there,
        Err(error) => return Ok(Err(Broken::File(error))),
    };
    if there < delivery.files.len() {
        held.write(|record| note_files(record, |files| files.truncate(there))).await?;
    }
    let mut files = match open_files(held).await {
        Ok(files) => files,
        Err(error) => return Ok(Err(Broken::File(error))),
    };
    loop {
        let next = tokio::select! {
            next = files.next_file() => next,
            () = held.overtaken() => return Err(Stop::Overtaken),
        };
        match next {
            Ok(Some(file)) => held.write(|record| note_files(record, |files| files.push(file))).await?,
            Ok(None) => break,
            Err(error) => return Ok(Err(Broken::File(error))),
        }
    }
    let completed = clock();
    if let Err(error) = sign(&held.record, held, completed).await {
        return Ok(Err(Broken::Sign(error)));
    }
    held.write(|record| {
        if let Some(delivery) = &mut record.delivery {
            delivery.status = DeliveryStatus::Success;
            delivery.error = None;
            delivery.completed = Some(completed);
        }
    })
    .await?;
    Ok(Ok(()))
}

fn note_files(record: &mut JobRecord, change: impl FnOnce(&mut Vec<DeliveredFile>)) {
    if let Some(delivery) = &mut record.delivery {
        change(&mut delivery.files);
    }
}

/// How many of the noted files are still there, one after the other.
async fn still_there(delivery: &DeliveryRecord) -> Result<usize> {
    let (store, folder) = open_export_store(&delivery.folder).await?;
    for (i, file) in delivery.files.iter().enumerate() {
        match store.head(&join(&folder, &file.name)?).await {
            Ok(meta) if meta.size == file.bytes => {}
            Ok(_) | Err(StorageError::NotFound { .. }) => return Ok(i),
            Err(error) => {
                return Err(Error::unavailable(format!("the file `{}` can't be looked at", file.name)).source(error));
            }
        }
    }
    Ok(delivery.files.len())
}

async fn open_files(held: &Held) -> Result<Files> {
    let record = &held.record;
    let delivery = record.delivery.as_ref().ok_or_else(|| Error::internal("a delivery without a place"))?;
    let how = &delivery.delivery;
    let engine = held.jobs.engine();
    let columns = record.output_columns()?;
    let schema = unique_schema(&columns);
    let parts = engine.lake().results(day(record.created), record.id).list().await?;
    let total = parts.last().map_or(0, |part| part.rows.end);
    if total < record.statistics.total_results_count {
        return Err(Error::not_found("the kept results are past their time").hint("run the query again"));
    }
    let partition = if total == 0 { vec![] } else { places(&schema, &how.partition_by)? };
    let done: u64 = delivery.files.iter().map(|file| file.rows).sum();
    let rows = if partition.is_empty() {
        Rows::Kept(Box::new(PartRows::new(engine.lake().object_store(), parts, done..u64::MAX)))
    } else {
        sorted(engine, &schema, parts, &partition, done).await?
    };
    let kept: Vec<_> =
        columns.iter().enumerate().filter(|(i, _)| !partition.contains(i)).map(|(_, c)| c.clone()).collect();
    let shape = Shape {
        format: how.format,
        schema: unique_schema(&kept),
        columns: kept,
        comment: how.comment_line.then(|| comment(record)),
    };
    let (store, folder) = open_export_store(&delivery.folder).await?;
    let target = Target { store, folder, limit: how.part_bytes, written: delivery.files.len() };
    Ok(Files::new(rows, shape, &columns, &partition, target))
}

/// Lake's first line: when it was run, and the statement on one line.
fn comment(record: &JobRecord) -> String {
    let time = record.started.unwrap_or(record.created).format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let sql = record.sql.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    format!("# Execution Time: {time} Query Statement: {}", sql.collect::<Vec<_>>().join(" "))
}

async fn sign(record: &JobRecord, held: &Held, completed: chrono::DateTime<chrono::Utc>) -> Result<()> {
    let Some(delivery) = &record.delivery else { return Ok(()) };
    let keys = SigningKeys::new(held.jobs.engine().lake(), held.jobs.options().key_passphrase.as_deref());
    let key = keys.current(completed).await?;
    let region = record.stores.first().map_or("us-east-1", |store| store.region.as_str());
    let text = sign_file(&delivery.files, region, completed, &key)?;
    let (store, folder) = open_export_store(&delivery.folder).await?;
    let written = store.put(&join(&folder, SIGN_FILE)?, text.into()).await;
    written.map_err(|e| Error::unavailable(format!("the file `{SIGN_FILE}` can't be written")).source(e))?;
    Ok(())
}

fn verdict(broken: Broken) -> (DeliveryStatus, Error) {
    let (error, signing) = match broken {
        Broken::File(error) => (error, false),
        Broken::Sign(error) => (error, true),
    };
    let cause = innermost(&error);
    let said = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    let denied = matches!(
        error.cause::<StorageError>(),
        Some(StorageError::PermissionDenied { .. } | StorageError::Unauthenticated { .. })
    ) || said(&["403 Forbidden", "401 Unauthorized", "Permission denied", "AccessDenied"]);
    let missing =
        matches!(error.cause::<StorageError>(), Some(StorageError::NotFound { .. })) || said(&["NoSuchBucket"]);
    let status = match (denied, missing, signing) {
        (true, _, false) => DeliveryStatus::AccessDenied,
        (true, _, true) => DeliveryStatus::AccessDeniedSigningFile,
        (_, true, false) => DeliveryStatus::ResourceNotFound,
        (_, _, true) => DeliveryStatus::FailedSigningFile,
        (_, _, false) => DeliveryStatus::Failed,
    };
    (status, error)
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
