//! Is everything that can be read of damaged files taken, and only the rest once they are whole?

use trailmere_ingest::Outcome;
use trailmere_store::FileOutcome;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_file_gives_what_it_has_and_its_whole_copy_the_rest() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let name = key("eu-west-1", "2026-03-02T1000", "a");
    let mut all = events("a", 400);
    // Two records that are the same to the byte are two, also across a cut.
    all.extend([all[0].clone(), all[399].clone()]);
    let whole = gzip(&json!({ "Records": all }).to_string());
    put(logs.path(), &name, &whole[..whole.len() / 3]);
    let first = take(&lake, logs.path()).await;
    assert_eq!((first.files.failed, first.failures.len(), first.outcome()), (1, 1, Outcome::Rejects), "{first:?}");
    assert!(first.events() > 10 && first.events() < 400, "{first:?}");
    assert!(first.failures[0].location.ends_with(&name));

    let same = take(&lake, logs.path()).await;
    assert_eq!((same.events(), same.files.failed), (0, 1), "still broken, and said so");

    put(logs.path(), &name, &whole[..whole.len() * 2 / 3]);
    let more = take(&lake, logs.path()).await;
    assert_eq!((more.files.failed, more.stores[0].repeated), (1, first.events()), "{more:?}");
    assert!(more.events() > 10);

    put(logs.path(), &name, &whole);
    let last = take(&lake, logs.path()).await;
    assert_eq!(first.events() + more.events() + last.events(), 402);
    assert_eq!((last.outcome(), last.files.taken), (Outcome::Good, 1));
    assert_eq!(counted(records(&lake).await), counted(all.iter().map(Value::to_string)));
    assert_eq!(take(&lake, logs.path()).await.files.known, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_which_nothing_can_be_read_fails_until_it_can() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let name = key("eu-west-1", "2026-03-02T1000", "a");
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &events("b", 3));
    put(logs.path(), &name, &gzip(&json!({ "Records": events("a", 9) }).to_string())[..30]);
    assert_eq!(take(&lake, logs.path()).await.files.failed, 1);
    let store = lake.find_store("events").await.unwrap();
    let state = lake.table(&store).await.unwrap().ledger().await.unwrap().state(&name).unwrap();
    assert_ne!(state.outcome, FileOutcome::Complete);
    deliver(logs.path(), &name, &events("a", 9));
    assert_eq!(take(&lake, logs.path()).await.events(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_in_quarantine_and_the_rest_is_kept() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let mut all = events("a", 3);
    all.insert(1, json!({"eventVersion": "1.11", "eventName": "NoTime"}));
    all.push(json!("a text"));
    let name = key("eu-west-1", "2026-03-02T1000", "a");
    deliver(logs.path(), &name, &all);
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.events(), summary.quarantined, summary.outcome()), (3, 2, Outcome::Rejects));
    let store = lake.find_store("events").await.unwrap();
    let quarantine = lake.table(&store).await.unwrap().ledger().await.unwrap().quarantine().await.unwrap();
    assert_eq!(quarantine.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
    assert_eq!(text(&quarantine[0], "log_file"), [name.as_str(), name.as_str()]);
    assert_eq!(take(&lake, logs.path()).await.quarantined, 0, "not again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_after_it_was_taken_is_named() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let name = key("eu-west-1", "2026-03-02T1000", "a");
    deliver(logs.path(), &name, &events("a", 3));
    take(&lake, logs.path()).await;
    deliver(logs.path(), &name, &events("b", 30));
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.events(), summary.files.changed, summary.failures.len()), (0, 1, 1));
    assert_eq!(summary.outcome(), Outcome::Rejects);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_listed_does_not_keep_the_others_out() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 3));
    let closed = logs.path().join("zzz");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&closed).is_ok();
    let outcome = ingest(&lake, &request(logs.path()), now(), &NoProgress).await;
    assert_eq!(outcome.is_err(), !is_root, "it is said, unless nothing is closed to this user");
    assert_eq!(records(&lake).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_full_of_rubbish_is_kept_in_part_and_counted_in_whole() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let rubbish: String = (0..25_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    put(logs.path(), "rubbish.json", format!("{}\n{rubbish}", event("a", "2026-03-02T10:00:00Z")).as_bytes());
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.events(), summary.quarantined), (1, 25_000));
    let store = lake.find_store("events").await.unwrap();
    let quarantine = lake.table(&store).await.unwrap().ledger().await.unwrap().quarantine().await.unwrap();
    assert_eq!(quarantine.iter().map(RecordBatch::num_rows).sum::<usize>(), 20_000);
}
