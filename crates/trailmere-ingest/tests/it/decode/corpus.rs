//! Every record of the public corpus, column by column, against the slow decoder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use trailmere_ingest::decode::{Decoder, Input, Shape};

use super::{oracle, read};

#[derive(Deserialize)]
struct LogFile {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("TRAILMERE_SHARED").map_or_else(beside, PathBuf::from)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn inflate(packed: &[u8]) -> Vec<u8> {
    let size = u32::from_le_bytes(*packed.last_chunk().unwrap()) as usize;
    let mut text = vec![0; size];
    libdeflater::Decompressor::new().gzip_decompress(packed, &mut text).unwrap();
    text
}

/// Checks every log file below a folder and returns how many events each category gave.
fn check(folder: &Path) -> BTreeMap<String, u64> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let (mut decoder, mut counts) = (Decoder::default(), BTreeMap::new());
    for path in paths.iter().filter(|path| path.to_string_lossy().ends_with(".json.gz")) {
        let place = path.display();
        let packed = std::fs::read(path).unwrap();
        let decoded = read(&mut decoder, Input::Bytes(&packed));
        assert!(decoded.is_whole(), "{place}: {:?}", decoded.report);
        assert!(decoded.refused.is_empty(), "{place}: {:?}", decoded.refused);
        if decoded.report.shape == Shape::Digest {
            continue;
        }
        assert_eq!(decoded.report.shape, Shape::Records, "{place}");
        let text = inflate(&packed);
        assert_eq!(decoded.report.raw_bytes, text.len() as u64, "{place}");
        let expected: LogFile = serde_json::from_slice(&text).unwrap();
        assert_eq!(decoded.rows.len(), expected.records.len(), "{place}");
        for (row, record) in decoded.rows.iter().zip(&expected.records) {
            let place = format!("{place}, record {}", row.index);
            assert_eq!(row.json, record.get(), "{place}");
            assert_eq!(&text[row.offset as usize..][..row.json.len()], row.json.as_bytes(), "{place}");
            let (store_type, cells) = oracle::row(record.get()).unwrap_or_else(|| panic!("{place}: no event"));
            assert_eq!(row.store_type, store_type, "{place}");
            for (is, should) in row.cells.iter().zip(&cells) {
                assert_eq!(is, should, "{place}");
            }
            *counts.entry(row.cell("eventcategory").to_string()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn every_record_of_the_corpus_has_the_right_columns() {
    let corpus = shared().join("corpus/AWSLogs");
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let counts = check(&corpus);
    // 485 records are older than `eventCategory`; their categories are derived.
    assert_eq!(counts.values().sum::<u64>(), 6355);
    assert_eq!((counts["Insight"], counts["NetworkActivity"]), (6, 2));
    assert_eq!(counts["Management"] + counts["Data"], 6347);
}

#[test]
fn every_record_of_the_small_logs_has_the_right_columns() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs");
    if !logs.is_dir() {
        println!("skipped: no logs at {}", logs.display());
        return;
    }
    assert!(check(&logs).values().sum::<u64>() > 0);
}
