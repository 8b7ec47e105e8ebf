//! Whichever call to the store fails, and however: run again, and each event is there exactly once.

use std::sync::Arc;

use object_store::memory::InMemory;
use trailmere_model::EventDataStore;
use trailmere_store::testing::{Extent, Fault, FlakyStore};
use trailmere_store::{Committed, Lake};

use crate::events::{assert_once, batch, definition, lake_with_store};

/// What an ingester does in one run: three batches, one of them of files that are there already.
async fn ingest(lake: &Lake, store: &EventDataStore) -> trailmere_model::Result<()> {
    let table = lake.table(store).await?;
    for files in [["a", "b"], ["b", "c"], ["d", "e"]] {
        let Some(append) = batch(&table, &files).await? else { continue };
        match table.commit(append).await? {
            Committed::Done { .. } => {}
            Committed::Overlap { taken } => panic!("nobody else is here, but {taken:?} were taken"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn each_event_once_whichever_call_fails() {
    let empty = Arc::new(InMemory::new());
    let (_, store) = lake_with_store(Lake::with_object_store(empty.clone(), "memory")).await;
    for (fault, extent) in [
        (Fault::Before, Extent::Once),
        (Fault::After, Extent::Once),
        (Fault::Before, Extent::FromThenOn),
        (Fault::After, Extent::FromThenOn),
    ] {
        let mut nth = 0;
        loop {
            nth += 1;
            let flaky = FlakyStore::new(Arc::new(empty.fork()));
            let lake = Lake::with_object_store(Arc::new(flaky.clone()), "flaky");
            flaky.fail(nth, fault, extent);
            let failed = ingest(&lake, &store).await.is_err();
            let calls = flaky.calls();
            flaky.heal();
            ingest(&lake, &store).await.unwrap_or_else(|error| panic!("call {nth} {fault:?} {extent:?}: {error}"));
            assert_once(&lake, &lake.table(&store).await.unwrap(), &["a", "b", "c", "d", "e"]).await;
            if nth > calls {
                assert!(!failed, "a run without a failure fails");
                break;
            }
        }
        assert!(nth > 20, "only {nth} calls were tried");
    }
}

#[tokio::test]
async fn a_store_can_be_created_after_any_failure_to_create_it() {
    for (fault, extent) in
        [(Fault::Before, Extent::Once), (Fault::After, Extent::Once), (Fault::After, Extent::FromThenOn)]
    {
        for nth in 1.. {
            let flaky = FlakyStore::new(Arc::new(InMemory::new()));
            let lake = Lake::with_object_store(Arc::new(flaky.clone()), "flaky");
            flaky.fail(nth, fault, extent);
            let first = lake.create_store(&definition("events")).await;
            let calls = flaky.calls();
            flaky.heal();
            if lake.find_store("events").await.is_err() {
                assert!(first.is_err());
                lake.create_store(&definition("events"))
                    .await
                    .unwrap_or_else(|error| panic!("call {nth} {fault:?}: {error}"));
            }
            let store = lake.find_store("events").await.unwrap();
            assert_eq!(lake.stores().await.unwrap().len(), 1);
            lake.table(&store).await.unwrap().snapshot().await.unwrap();
            if nth > calls {
                break;
            }
        }
    }
}
