//! Does a log file that is far larger than the memory come in whole, or not at all?

use std::sync::atomic::{AtomicU64, Ordering};

use trailmere_ingest::{Progress, Step};

use super::*;

/// Room for a fraction of what the file's rows take.
const MEMORY: usize = 16 << 20;

#[derive(Default)]
struct Steps {
    uploaded: AtomicU64,
    committed: AtomicU64,
}

impl Progress for Steps {
    fn step(&self, step: Step) {
        match step {
            Step::Uploaded => self.uploaded.fetch_add(1, Ordering::SeqCst),
            Step::Committed => self.committed.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_larger_than_memory_is_one_commit() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let padding = "x".repeat(4000);
    let mut lines = String::new();
    for n in 0..20_000 {
        let mut event = event(&format!("e-{n}"), &format!("2026-03-{:02}T10:00:00Z", n % 3 + 1));
        event["userAgent"] = padding.as_str().into();
        lines.push_str(&format!("{event}\n"));
    }
    put(logs.path(), "large.json", lines.as_bytes());
    let steps = Steps::default();
    let request = IngestRequest { memory: MEMORY, threads: 2, ..request(logs.path()) };
    let summary = ingest(&lake, &request, now(), &steps).await.unwrap();
    assert_eq!((summary.events(), summary.files.taken), (20_000, 1));
    assert_eq!(steps.committed.load(Ordering::SeqCst), 1);
    assert!(steps.uploaded.load(Ordering::SeqCst) > 3, "it was uploaded piece by piece");
    let store = lake.find_store("events").await.unwrap();
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    assert_eq!(snapshot.rows(), 20_000);
}
