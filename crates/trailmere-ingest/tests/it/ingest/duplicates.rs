//! Are events that were delivered twice found: counted, or left out if that is asked?

use trailmere_ingest::Dedupe;

use super::*;

fn removing(source: &Path) -> IngestRequest {
    IngestRequest { dedupe: Dedupe::Remove, ..request(source) }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_left_out_within_a_run_and_against_the_store() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 50));
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &[events("a", 60), events("c", 5)].concat());
    let first = ingest(&lake, &removing(logs.path()), now(), &NoProgress).await.unwrap();
    assert_eq!((first.events(), first.stores[0].duplicate), (65, 50));

    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1010", "d"), &events("a", 70));
    let second = ingest(&open(folder.path()).await, &removing(logs.path()), now(), &NoProgress).await.unwrap();
    assert_eq!((second.events(), second.stores[0].duplicate), (10, 60));
    let ids = ids(&records(&lake).await);
    assert_eq!(counted(ids.clone()).len(), ids.len());
    assert_eq!(ids.len(), 75);
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_counted_where_they_are_kept() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 50));
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &events("a", 60));
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.events(), summary.stores[0].duplicate), (110, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_in_another_account_is_another_event() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let mut other = events("a", 5);
    for event in &mut other {
        event["recipientAccountId"] = "444455556666".into();
    }
    let mut nameless = events("a", 2);
    for event in &mut nameless {
        event.as_object_mut().unwrap().remove("eventID");
    }
    deliver(
        logs.path(),
        &key("eu-west-1", "2026-03-02T1000", "a"),
        &[events("a", 5), other, nameless.clone(), nameless].concat(),
    );
    let summary = ingest(&lake, &removing(logs.path()), now(), &NoProgress).await.unwrap();
    assert_eq!((summary.events(), summary.stores[0].duplicate), (14, 0), "without an ID, nothing is the same");
}
