//! Are new log files taken while a follower runs, also those that come late or in new places?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use trailmere_ingest::Progress;

use super::*;

#[derive(Default)]
struct Watch {
    events: AtomicU64,
    rounds: AtomicU64,
    stop: AtomicBool,
}

impl Progress for Watch {
    fn committed(&self, _: u64, events: u64) {
        self.events.fetch_add(events, Ordering::SeqCst);
    }

    fn caught_up(&self, _: &IngestSummary) {
        self.rounds.fetch_add(1, Ordering::SeqCst);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

async fn until(watch: &Watch, events: u64) {
    for _ in 0..300 {
        if watch.events.load(Ordering::SeqCst) >= events {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} of {events} events after 15 seconds", watch.events.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_takes_what_comes() {
    let logs = tempfile::tempdir().unwrap();
    // The lake lies within its source: its own files are none to be followed.
    let lake = open(&logs.path().join("lake")).await;
    deliver(logs.path(), &key("eu-west-1", "2026-02-20T1000", "old"), &events("old", 2));
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 3));
    put(logs.path(), "other/export.json", json!(events("other", 1)).to_string().as_bytes());
    let watch = Arc::new(Watch::default());
    let following = IngestRequest { follow: Some(Duration::from_millis(50)), ..request(logs.path()) };
    let run = {
        let (lake, watch) = (lake.clone(), watch.clone());
        tokio::spawn(async move { ingest(&lake, &following, now(), watch.as_ref()).await })
    };
    until(&watch, 6).await;
    // A newer one; one that is late by hours; a new day; a new region; a new account; another layout.
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &events("b", 4));
    until(&watch, 10).await;
    deliver(logs.path(), &key("eu-west-1", "2026-03-01T2200", "c"), &events("c", 5));
    deliver(logs.path(), &key("eu-west-1", "2026-03-03T0000", "d"), &events("d", 6));
    until(&watch, 21).await;
    deliver(logs.path(), &key("us-east-1", "2025-01-01T0000", "e"), &events("e", 7));
    deliver(logs.path(), &key("eu-west-1", "2025-01-01T0000", "f").replace(ACCOUNT, "444455556666"), &events("f", 8));
    put(logs.path(), "other/export2.json", json!(events("other2", 9)).to_string().as_bytes());
    until(&watch, 45).await;
    // Nothing is taken again, and nothing from before the look-back is looked for.
    deliver(logs.path(), &key("eu-west-1", "2026-02-20T1000", "gone"), &events("gone", 1));
    let rounds = watch.rounds.load(Ordering::SeqCst);
    while watch.rounds.load(Ordering::SeqCst) < rounds + 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watch.stop.store(true, Ordering::SeqCst);
    let summary = run.await.unwrap().unwrap();
    assert_eq!((summary.events(), summary.files.taken, summary.stores.len()), (45, 9, 1), "{summary:?}");
    let found = records(&lake).await;
    assert_eq!(found.len(), 45);
    assert_eq!(counted(ids(&found)).len(), 45);
    // A plain ingestion looks everywhere.
    assert_eq!(take(&lake, logs.path()).await.events(), 1);
}
