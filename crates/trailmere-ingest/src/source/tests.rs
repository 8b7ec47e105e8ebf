//! Is every file listed once, day by day, from a folder as from a bucket?

use object_store::memory::InMemory;
use object_store::{ObjectStoreExt, PutPayload};
use tokio::sync::mpsc::channel;

use super::*;
use crate::request::ImportOptions;

const OTHERS: [&str; 3] = ["a.json", "export/b.json", "zzz/deep/er/c.json"];

fn keys() -> Vec<String> {
    let mut keys: Vec<String> = OTHERS.map(str::to_owned).to_vec();
    for account in ["111111111111", "222222222222", "o-abc123/333333333333"] {
        let id = account.rsplit('/').next().unwrap();
        for region in ["eu-west-1", "us-east-1"] {
            for day in ["2025/12/31", "2026/03/01", "2026/03/02", "2026/03/10"] {
                for minute in ["0005", "0010"] {
                    let time = format!("{}T{minute}Z", day.replace('/', ""));
                    keys.push(format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{id}_CloudTrail_{region}_{time}_0123456789abcdef.json.gz"));
                }
            }
        }
    }
    keys.sort();
    keys
}

async fn listed(source: &Source, pruning: &Pruning) -> Vec<LogFile> {
    let (to, mut files) = channel(4);
    let mut all = Vec::new();
    let collecting = async {
        while let Some(file) = files.recv().await {
            all.push(file);
        }
    };
    let listing = async {
        let to = to;
        source.list(pruning, &to).await
    };
    tokio::join!(listing, collecting).0.unwrap();
    all
}

fn names(files: &[LogFile]) -> Vec<String> {
    let mut names: Vec<String> =
        files.iter().map(|file| file.location.rsplit_once("/base/").unwrap().1.to_owned()).collect();
    names.sort();
    names
}

fn assert_day_by_day(files: &[LogFile]) {
    let days: Vec<_> = files.iter().filter_map(LogFile::log_key).map(|key| key.date).collect();
    assert!(days.is_sorted(), "{days:?}");
}

async fn sources() -> (tempfile::TempDir, [Source; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(InMemory::new());
    for key in keys() {
        let path = folder.path().join("base").join(&key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
        store.put(&Path::from(format!("base/{key}")), PutPayload::from_static(b"{}")).await.unwrap();
    }
    let bucket = Source::Bucket { store, prefix: Path::from("base"), url: "s3://b".to_owned() };
    let root = Source::Folder(folder.path().join("base"));
    (folder, [root, bucket])
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_listed_once_and_day_by_day() {
    let (_folder, sources) = sources().await;
    for source in &sources {
        let files = listed(source, &Pruning::default()).await;
        assert_eq!(names(&files), keys(), "{source:?}");
        assert_day_by_day(&files);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_lists_what_it_wants_and_what_says_nothing_of_itself() {
    let (_folder, sources) = sources().await;
    let import = ImportOptions {
        start: Some("2026-03-02T00:00:00Z".parse().unwrap()),
        end: Some("2026-03-03T00:00:00Z".parse().unwrap()),
        accounts: vec!["222222222222".to_owned(), "333333333333".to_owned()],
        ..ImportOptions::default()
    };
    let pruning = Pruning::default().with_import(&import);
    let is_wanted = |key: &&String| {
        let is_near = key.contains("2026/03/01") || key.contains("2026/03/02");
        OTHERS.contains(&key.as_str()) || (is_near && !key.contains("/111111111111/"))
    };
    let expected: Vec<String> = keys().iter().filter(is_wanted).cloned().collect();
    for source in &sources {
        let files = listed(source, &pruning).await;
        assert_eq!(names(&files), expected, "{source:?}");
        assert!(files.iter().all(|file| pruning.takes(file)));
        assert_day_by_day(&files);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_of_the_layout_is_a_source_too() {
    let (folder, [_, bucket]) = sources().await;
    let Source::Bucket { store, url, .. } = bucket else { unreachable!() };
    for piece in [
        "AWSLogs",
        "AWSLogs/111111111111/CloudTrail",
        "AWSLogs/111111111111/CloudTrail/eu-west-1",
        "AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03",
        "zzz",
    ] {
        let expected: Vec<String> = keys().into_iter().filter(|key| key.starts_with(&format!("{piece}/"))).collect();
        let prefix = Path::from(format!("base/{piece}"));
        let in_bucket = Source::Bucket { store: store.clone(), prefix, url: url.clone() };
        for source in [Source::Folder(folder.path().join("base").join(piece)), in_bucket] {
            assert_eq!(names(&listed(&source, &Pruning::default()).await), expected, "{source:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_look_lists_the_look_back_only_however_long_the_history() {
    let (_folder, sources) = sources().await;
    for source in &sources {
        let mut cursors = Cursors::new(std::time::Duration::from_secs(24 * 3600));
        listed(source, &Pruning::default()).await.iter().for_each(|file| cursors.see(file));
        let (to, mut files) = channel(1000);
        cursors.list(source, &to).await.unwrap();
        drop(to);
        let mut recent = Vec::new();
        while let Some(file) = files.recv().await {
            recent.push(file);
        }
        let is_recent = |key: &&String| OTHERS.contains(&key.as_str()) || key.contains("2026/03/10");
        assert_eq!(names(&recent), keys().iter().filter(is_recent).cloned().collect::<Vec<_>>(), "{source:?}");
    }
}
