//! Are the committed logs those that the seed gives, and do they hold one of everything?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trailmere_testgen::{Amount, Corpus, Plan, write};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs")
}

fn read_all(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let key = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(key, inflate(&fs::read(&path).unwrap()));
        }
    }
    found
}

fn inflate(bytes: &[u8]) -> String {
    let length = u32::from_le_bytes(bytes[bytes.len() - 4..].try_into().unwrap()) as usize;
    let mut content = vec![0; length];
    let inflated = libdeflater::Decompressor::new().gzip_decompress(bytes, &mut content).unwrap();
    assert_eq!(inflated, length);
    String::from_utf8(content).unwrap()
}

#[test]
fn the_committed_logs_are_what_the_seed_gives() {
    let planned: BTreeMap<_, _> = Corpus::new(&Plan::testdata()).contents().unwrap().into_iter().collect();
    let committed = read_all(&committed());
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&planned), "run trailmere-testgen --preset testdata --out testdata/logs");
    for (key, content) in &committed {
        assert!(content == &planned[key], "{key} differs from what the seed gives");
    }
}

#[test]
fn the_committed_logs_hold_one_of_everything() {
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut see = |what: &'static str, value: Option<&Value>| {
        if let Some(text) = value.and_then(Value::as_str) {
            seen.entry(what).or_default().insert(text.to_owned());
        }
    };
    let mut folders = BTreeSet::new();
    for (key, content) in read_all(&committed()) {
        let folder = key.split('/').find(|part| part.starts_with("CloudTrail")).unwrap().to_owned();
        see("layout", Some(&Value::from(if key.contains("/o-") { "organization" } else { "account" })));
        folders.insert(folder.clone());
        let file: Value = serde_json::from_str(&content).unwrap();
        let Some(records) = file.get("Records").and_then(Value::as_array) else {
            assert_eq!(folder, "CloudTrail-Digest");
            assert!(file["logFiles"].is_array());
            continue;
        };
        for record in records {
            for field in ["eventSource", "eventCategory", "eventType", "recipientAccountId", "awsRegion", "errorCode"] {
                see(field, record.get(field));
            }
            see("day", record["eventTime"].as_str().map(|time| Value::from(&time[..10])).as_ref());
            see("identity", record["userIdentity"].get("type"));
            see("login", record["responseElements"].get("ConsoleLogin"));
        }
    }
    let least = [
        ("eventSource", 40),
        ("eventCategory", 4),
        ("eventType", 5),
        ("identity", 12),
        ("recipientAccountId", 4),
        ("awsRegion", 3),
        ("day", 5),
        ("login", 2),
        ("layout", 2),
        ("errorCode", 8),
    ];
    for (what, least) in least {
        assert!(seen[what].len() >= least, "only {:?} for {what}", seen[what]);
    }
    assert_eq!(folders.len(), 4, "{folders:?}");
}

#[test]
fn written_files_do_not_depend_on_the_number_of_threads() {
    let plan = Plan { amount: Amount::Events(3000), complete: false, seed: 7, ..Plan::testdata() };
    let (one, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let written = write(&plan, one.path(), 1).unwrap();
    write(&plan, three.path(), 3).unwrap();
    let files = read_all(one.path());
    assert_eq!(files.len() as u64, written.files + written.digests);
    assert!(written.events >= 3000);
    assert!(files == read_all(three.path()));
}
