//! Is a bucket as good a source as a folder? Against an S3 server in this process, over HTTP.
//!
//! The settings are the process's environment, so the case runs in a process of its own: this test binary again.

use std::process::Command;
use std::time::Duration;

use trailmere_ingest::{ImportOptions, Progress, preview_selectors};
use trailmere_model::AdvancedEventSelectors;

use super::s3_server::{BUCKET, KEY, SECRET, serve};
use super::*;

const PLACE: &str = "TRAILMERE_TEST_BUCKET_FOLDER";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ingest::buckets::child_reads_a_bucket", "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env(PLACE, folder.path()).env("AWS_ENDPOINT_URL", &endpoint).env("AWS_REGION", "eu-central-1");
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Stops after the second round.
#[derive(Default)]
struct Rounds(std::sync::atomic::AtomicU64);

impl Progress for Rounds {
    fn caught_up(&self, _: &IngestSummary) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::SeqCst) >= 3
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_reads_a_bucket() {
    let Some(folder) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let bucket = folder.join(BUCKET).join("some/prefix");
    for file in files(&testdata()) {
        put(&bucket, file.strip_prefix(testdata()).unwrap().to_str().unwrap(), &fs::read(&file).unwrap());
    }
    let url = format!("s3://{BUCKET}/some/prefix");
    let lakes = tempfile::tempdir().unwrap();
    let (from_folder, from_bucket) = (open(&lakes.path().join("a")).await, open(&lakes.path().join("b")).await);
    let expected = take(&from_folder, &testdata()).await;
    let summary = ingest(&from_bucket, &IngestRequest::of(&url), now(), &NoProgress).await.unwrap();
    assert_eq!(summary.files, expected.files);
    assert!(rows(&from_bucket, "events").await == rows(&from_folder, "events").await);
    // The same log files, wherever they are.
    assert_eq!(take(&from_bucket, &testdata()).await.files.known, expected.files.listed);

    // One object; a piece of a prefix; what is not there.
    let one = &rows(&from_folder, "events").await[0].0;
    let lake = open(&lakes.path().join("c")).await;
    let single = ingest(&lake, &IngestRequest::of(format!("{url}/{one}")), now(), &NoProgress).await.unwrap();
    assert_eq!((single.files.listed, single.files.taken), (1, 1));
    let nothing = ingest(&lake, &IngestRequest::of(format!("s3://{BUCKET}/other")), now(), &NoProgress).await.unwrap();
    assert_eq!(nothing.files.listed, 0);
    assert!(ingest(&lake, &IngestRequest::of("s3://no-such-bucket/x"), now(), &NoProgress).await.is_err());

    // An import looks only into the days that it may find something in.
    let options = ImportOptions { start: Some("2026-03-05T00:00:00Z".parse().unwrap()), ..ImportOptions::default() };
    let import = IngestRequest { import: Some(options), ..IngestRequest::of(&url) };
    let lake = open(&lakes.path().join("d")).await;
    let pruned = ingest(&lake, &import, now(), &NoProgress).await.unwrap();
    assert!(pruned.files.listed > 0 && pruned.files.listed < expected.files.listed, "{pruned:?}");
    let is_late = |(_, json): &&(String, String)| {
        serde_json::from_str::<Value>(json).unwrap()["eventTime"].as_str() >= Some("2026-03-05")
    };
    let all = rows(&from_folder, "events").await;
    assert!(rows(&lake, "events").await == all.iter().filter(is_late).cloned().collect::<Vec<_>>());

    // A follower finds what is put there after it has looked.
    let follow = IngestRequest { follow: Some(Duration::from_millis(300)), ..IngestRequest::of(&url) };
    let watch = Rounds::default();
    let late = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        deliver(&bucket, &key("eu-west-1", "2026-03-06T2355", "late"), &events("late", 5));
    };
    let (followed, ()) = tokio::join!(ingest(&from_bucket, &follow, now(), &watch), late);
    assert_eq!(followed.unwrap().events(), 5);

    let management = AdvancedEventSelectors::default_management();
    let preview = preview_selectors(&url, &management, &NoProgress).await.unwrap();
    assert_eq!(preview.files, expected.files.listed + 1);
}
