//! Are the keys of delivered files understood: those of the repository, and those of a corpus that others published?

use std::path::{Path, PathBuf};

use trailmere_model::log_key::{self, Folder, LogKey};

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            found.push(path);
        }
    }
}

/// The delivered files below a folder, as keys with forward slashes.
fn keys(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    files_below(folder, &mut found);
    found.iter().map(|path| path.to_string_lossy().replace('\\', "/")).collect()
}

fn check(key: &str) -> Folder {
    let parsed = LogKey::parse(key).unwrap_or_else(|| panic!("{key}"));
    let identity = log_key::identity(key);
    assert_eq!(identity, parsed.identity(), "{key}");
    assert!(identity.starts_with("AWSLogs/") && key.ends_with(&identity), "{key}");
    assert_eq!(LogKey::parse(&identity), Some(LogKey { prefix: None, ..parsed.clone() }), "{key}");
    assert!(parsed.file.contains(&format!("_{}_{}_", parsed.folder.as_str(), parsed.region)), "{key}");
    let delivered = parsed.file_time().unwrap_or_else(|| panic!("no time in {key}"));
    assert_eq!(delivered.date_naive(), parsed.date, "a file lies under the day of its delivery: {key}");
    parsed.folder
}

#[test]
fn every_file_of_the_test_data() {
    let keys = keys(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs"));
    let folders: Vec<Folder> = keys.iter().map(|key| check(key)).collect();
    for folder in [Folder::CloudTrail, Folder::Insight, Folder::NetworkActivity, Folder::Digest] {
        assert!(folders.contains(&folder), "no {} among {} files", folder.as_str(), keys.len());
    }
    let organizations = keys.iter().filter_map(|key| LogKey::parse(key)?.organization).count();
    assert!(organizations > 0 && organizations < keys.len(), "both layouts, with an organization and without");
}

#[test]
fn every_file_of_the_public_corpus() {
    let shared = std::env::var_os("TRAILMERE_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let keys = keys(&shared.join("corpus"));
    if keys.is_empty() {
        println!("skipped: there is no corpus (set TRAILMERE_SHARED)");
        return;
    }
    for key in &keys {
        assert!(check(key).has_events(), "{key}");
    }
}
