//! Do the log's bloom filters find every value there is, and hardly any other?

use std::sync::Arc;

use object_store::memory::InMemory;
use trailmere_store::{Append, Lake};

use crate::events::{DAY, MIDNIGHT, encoded, entry, lake_with_store, rows};

const ROWS: usize = 5000;

#[tokio::test]
async fn what_is_there_is_found_and_hardly_anything_else() {
    let (lake, store) = lake_with_store(Lake::with_object_store(Arc::new(InMemory::new()), "memory")).await;
    let table = lake.table(&store).await.unwrap();
    let ids: Vec<String> = (0..ROWS).map(|event| format!("id-{event}")).collect();
    let file = table.upload(encoded(&table, DAY, rows(&ids, MIDNIGHT)).unwrap()).await.unwrap();
    let append = Append { files: vec![file], ledger: vec![entry("a", ROWS as u64)], ..Append::default() };
    table.commit(append).await.unwrap();

    // Once as committed by this process, once as another reads it from the log.
    for table in [table, lake.table(&store).await.unwrap()] {
        let snapshot = table.snapshot().await.unwrap();
        let storage = lake.object_store();
        let found = async |column: &str, texts: &[&str]| {
            snapshot.files[0].row_groups_with(storage.as_ref(), column, texts).await.unwrap()
        };
        for id in ids.iter().step_by(7) {
            assert_eq!(found("eventid", &[id]).await, Some(vec![true]), "{id}");
        }
        assert_eq!(found("eventid", &["no", "id-3", "neither"]).await, Some(vec![true]));
        let mut wrong = 0;
        for other in 0..ROWS {
            wrong += usize::from(found("eventid", &[&format!("other-{other}")]).await != Some(vec![false]));
        }
        assert!(wrong < ROWS / 20, "{wrong} of {ROWS}");
        assert_eq!(found("requestid", &["id-3"]).await, Some(vec![false]), "the column has no values");
        assert_eq!(found("eventname", &["GetObject"]).await, None, "the column has no filters");
    }
}
