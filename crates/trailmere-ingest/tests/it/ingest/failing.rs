//! Is every event there exactly once after any call to storage has failed and the ingestion was run again?

use trailmere_store::testing::{Extent, Fault, FlakyStore};

use super::*;

async fn flaky(folder: &Path) -> (Lake, FlakyStore) {
    let store = FlakyStore::new(open(folder).await.object_store());
    (Lake::with_object_store(std::sync::Arc::new(store.clone()), folder.to_str().unwrap()), store)
}

fn logs() -> tempfile::TempDir {
    let logs = tempfile::tempdir().unwrap();
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1000", "a"), &events("a", 4));
    deliver(logs.path(), &key("eu-west-1", "2026-03-02T1005", "b"), &events("b", 3));
    logs
}

async fn fail_each_call(fault: Fault, extent: Extent) {
    let logs = logs();
    let all = ids(&[events("a", 4), events("b", 3)].concat().iter().map(Value::to_string).collect::<Vec<_>>());
    let mut failed = 0;
    for nth in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let (lake, store) = flaky(folder.path()).await;
        store.fail(nth, fault, extent);
        let first = ingest(&lake, &request(logs.path()), now(), &NoProgress).await;
        let calls = store.calls();
        store.heal();
        failed += u64::from(first.is_err());
        if let Ok(summary) = &first {
            assert_eq!(summary.events(), 7, "call {nth}: {summary:?}");
        }
        take(&open(folder.path()).await, logs.path()).await;
        assert_eq!(ids(&records(&lake).await), all, "call {nth} failed, {fault:?}, {extent:?}");
        assert_eq!(lake.stores().await.unwrap().len(), 1, "call {nth}");
        if calls < nth {
            assert!(failed > 10, "only {failed} of {nth} calls mattered");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_call_is_not_done() {
    fail_each_call(Fault::Before, Extent::Once).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_answer_of_one_call_is_lost() {
    fail_each_call(Fault::After, Extent::Once).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_call_is_done_from_one_on() {
    fail_each_call(Fault::Before, Extent::FromThenOn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_call_that_is_done_is_not_answered() {
    fail_each_call(Fault::After, Extent::FromThenOn).await;
}
