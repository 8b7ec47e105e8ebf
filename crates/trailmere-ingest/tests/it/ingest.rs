//! Is every event of a source in the lake exactly once, whatever happens on the way?

mod buckets;
mod concurrency;
mod corpus;
#[cfg(unix)]
mod crashes;
mod damage;
mod days;
mod duplicates;
mod failing;
mod following;
mod imports;
mod large;
mod preview;
pub(crate) mod s3_server;
mod stores;
mod taking;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use chrono::{DateTime, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use trailmere_ingest::{IngestRequest, IngestSummary, NoProgress, ingest};
use trailmere_store::{Lake, LakeOptions};

const ACCOUNT: &str = "111122223333";

fn now() -> DateTime<Utc> {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs")
}

async fn open(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap(), LakeOptions { durable: false }).await.unwrap()
}

fn request(source: &Path) -> IngestRequest {
    IngestRequest::of(source.to_str().unwrap())
}

async fn take(lake: &Lake, source: &Path) -> IngestSummary {
    ingest(lake, &request(source), now(), &NoProgress).await.unwrap()
}

/// What is in a store: of each row its log file and its record.
async fn rows(lake: &Lake, store: &str) -> Vec<(String, String)> {
    let definition = lake.find_store(store).await.unwrap();
    let snapshot = lake.table(&definition).await.unwrap().snapshot().await.unwrap();
    let root = Path::new(lake.location());
    let mut rows = Vec::new();
    for file in snapshot.files.iter() {
        for batch in read_parquet(&root.join(&file.path)) {
            let (paths, json) = (text(&batch, "_path"), text(&batch, "eventjson"));
            rows.extend(paths.into_iter().zip(json));
        }
    }
    rows.sort();
    rows
}

fn read_parquet(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(|batch| batch.unwrap()).collect()
}

fn text(batch: &RecordBatch, name: &str) -> Vec<String> {
    batch
        .column_by_name(name)
        .unwrap()
        .as_string::<i32>()
        .iter()
        .map(|value| value.unwrap_or_default().to_owned())
        .collect()
}

/// The records of all stores of a lake, sorted.
async fn records(lake: &Lake) -> Vec<String> {
    let mut all = Vec::new();
    for store in lake.stores().await.unwrap() {
        all.extend(rows(lake, &store.name).await.into_iter().map(|(_, json)| json));
    }
    all.sort();
    all
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The slow way: the records of the `Records` lists of all gzipped files below a folder.
fn slow_records(folder: &Path) -> Vec<Value> {
    let mut records = Vec::new();
    for path in files(folder) {
        let Ok(file) = serde_json::from_slice::<Value>(&inflate(&fs::read(path).unwrap())) else { continue };
        records.extend(file["Records"].as_array().cloned().unwrap_or_default());
    }
    records
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() < 4 || bytes[..2] != [0x1f, 0x8b] {
        return bytes.to_vec();
    }
    let size = u32::from_le_bytes(bytes[bytes.len() - 4..].try_into().unwrap()) as usize;
    let mut text = vec![0; size];
    libdeflater::Decompressor::new().gzip_decompress(bytes, &mut text).unwrap();
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut bytes = vec![0; compressor.gzip_compress_bound(text.len())];
    let size = compressor.gzip_compress(text.as_bytes(), &mut bytes).unwrap();
    bytes.truncate(size);
    bytes
}

/// A management event; `id` makes it different from others.
fn event(id: &str, time: &str) -> Value {
    json!({
        "eventVersion": "1.11", "userIdentity": {"type": "Root", "accountId": ACCOUNT}, "eventTime": time,
        "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1", "requestParameters": null, "responseElements": null, "eventID": id,
        "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"
    })
}

/// So many events of an hour.
fn events(prefix: &str, count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| event(&format!("{prefix}-{n}"), &format!("2026-03-02T10:{:02}:{:02}Z", n / 60 % 60, n % 60)))
        .collect()
}

/// The key of a log file of a day and minute.
fn key(region: &str, time: &str, unique: &str) -> String {
    let (date, clock) = time.split_once('T').unwrap();
    let (folders, digits) = (date.replace('-', "/"), date.replace('-', ""));
    let file = format!("{ACCOUNT}_CloudTrail_{region}_{digits}T{clock}Z_{unique:0>16}.json.gz");
    format!("AWSLogs/{ACCOUNT}/CloudTrail/{region}/{folders}/{file}")
}

fn deliver(folder: &Path, key: &str, records: &[Value]) -> PathBuf {
    put(folder, key, &gzip(&json!({ "Records": records }).to_string()))
}

fn put(folder: &Path, key: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// How often each text occurs.
fn counted(texts: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts
}

fn ids(records: &[String]) -> Vec<String> {
    let id = |record: &String| {
        serde_json::from_str::<Value>(record).unwrap()["eventID"].as_str().unwrap_or_default().to_owned()
    };
    let mut ids: Vec<String> = records.iter().map(id).collect();
    ids.sort();
    ids
}
