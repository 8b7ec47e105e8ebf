//! What does looking cost, in calls to the store, when nothing or little has changed?

use std::sync::Arc;

use object_store::memory::InMemory;
use trailmere_store::testing::FlakyStore;
use trailmere_store::{Committed, Lake};

use crate::events::{batch, lake_with_store};

#[tokio::test]
async fn looking_again_costs_what_is_new_and_not_what_is_stored() {
    let counting = FlakyStore::new(Arc::new(InMemory::new()));
    let (lake, store) = lake_with_store(Lake::with_object_store(Arc::new(counting.clone()), "memory")).await;
    let (writer, reader) = (lake.table(&store).await.unwrap(), lake.table(&store).await.unwrap());
    let commit = async |log_file: String| {
        let append = batch(&writer, &[&log_file]).await.unwrap().unwrap();
        counting.heal();
        assert!(matches!(writer.commit(append).await.unwrap(), Committed::Done { .. }));
        counting.calls()
    };
    for file in 0..40 {
        commit(format!("file{file}")).await;
    }
    reader.ledger().await.unwrap();
    let looked = async || {
        counting.heal();
        assert_eq!(reader.ledger().await.unwrap().sequence(), writer.ledger().await.unwrap().sequence());
        reader.snapshot().await.unwrap();
        counting.calls()
    };
    // Three looks at the log by these two tables.
    let nothing_new = looked().await;
    assert!(nothing_new <= 3 * 2, "{nothing_new} calls when nothing is new");
    let committed = commit("one more".to_owned()).await;
    assert!(committed <= 10, "{committed} calls for a commit");
    let one_new = looked().await;
    assert!(one_new <= nothing_new + 4, "{one_new} calls for one new commit");

    counting.heal();
    assert_eq!(lake.table(&store).await.unwrap().ledger().await.unwrap().len(), 41);
    let cold = counting.calls();
    assert!(cold <= 50, "{cold} calls for a first look at 41 commits");
}
