//! Are event data stores created once per name, found by all their names, and changed for all to see?

use std::sync::Arc;
use std::time::Duration;

use deltalake::DeltaTableBuilder;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use trailmere_model::{Kind, Refusal, Retention};
use trailmere_store::{Lake, LakeOptions};

use crate::events::{assert_once, batch, definition, lake_with_store};

fn memory() -> Lake {
    Lake::with_object_store(Arc::new(InMemory::new()), "memory")
}

#[tokio::test]
async fn opening_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("lake");
    let lake = Lake::open(place.to_str().unwrap(), LakeOptions::default()).await.unwrap();
    assert!(lake.stores().await.unwrap().is_empty());
    assert!(lake.find_store("events").await.is_err());
    assert!(!place.exists());
    assert_eq!(lake.location(), place.to_str().unwrap());
}

#[tokio::test]
async fn a_folder_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["my läke #1", "50%", "a%20b", "x=y&z", "日本 + ~", "dots..and,commas"] {
        let place = folder.path().join(name).join("lake");
        let lake = Lake::open(place.to_str().unwrap(), LakeOptions::default()).await.unwrap();
        let (lake, store) = lake_with_store(lake).await;
        let table = lake.table(&store).await.unwrap();
        table.commit(batch(&table, &["a"]).await.unwrap().unwrap()).await.unwrap();
        assert_once(&lake, &lake.table(&store).await.unwrap(), &["a"]).await;
        assert!(place.join("stores").join(store.id.to_string()).join("_delta_log").is_dir(), "{name}");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Lake::open(file.to_str().unwrap(), LakeOptions::default()).await.unwrap_err();
    assert!(error.message().contains("is no folder"), "{error}");
}

#[tokio::test]
async fn a_store_is_found_by_all_its_names() {
    let (lake, store) = lake_with_store(memory()).await;
    let id = store.id.to_string();
    for wanted in ["events", "EVENTS", &id, &id.to_uppercase(), &store.arn, &id[..6], " events "] {
        assert_eq!(lake.find_store(wanted).await.unwrap(), store, "{wanted}");
    }
    let error = lake.find_store("evnts").await.unwrap_err();
    assert_eq!((error.kind(), error.advice()), (Kind::NotFound, Some("did you mean `events`?")));
    assert_eq!(lake.find_store("").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn an_id_that_is_cut_too_short_is_refused() {
    let lake = memory();
    for store in 0..17 {
        lake.create_store(&definition(&format!("store-{store}"))).await.unwrap();
    }
    let stores = lake.stores().await.unwrap();
    let shared = stores.iter().map(|store| store.id.to_string()[..1].to_owned());
    let twice = shared.clone().find(|digit| shared.clone().filter(|other| other == digit).count() > 1).unwrap();
    let error = lake.find_store(&twice).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.message().contains("begins several ids"), "{error}");
}

#[tokio::test]
async fn a_name_is_taken_once_in_any_case() {
    let (lake, _) = lake_with_store(memory()).await;
    let error = lake.create_store(&definition("Events")).await.unwrap_err();
    assert_eq!(error.cause::<Refusal>(), Some(&Refusal::AlreadyExists));
    assert_eq!(lake.stores().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_creators_of_a_name_do_not_both_win() {
    let mut won = 0;
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let mut tasks = Vec::new();
        for _ in 0..3 {
            let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
            tasks.push(tokio::spawn(async move { lake.create_store(&definition("events")).await.is_ok() }));
        }
        let mut winners = 0;
        for task in tasks {
            winners += usize::from(task.await.unwrap());
        }
        let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions::default()).await.unwrap();
        assert_eq!(lake.stores().await.unwrap().len(), winners);
        assert!(winners <= 1, "{winners} have won");
        won += winners;
    }
    assert!(won > 0, "in a close race all may lose, but not in every race");
}

/// Two creators that both find the name free: the slower one was told that the name is taken before the faster one had
/// defined its store, so that nobody could find the store that has the name.
#[tokio::test]
async fn a_name_that_is_taken_has_a_store() {
    let config = ThrottleConfig { wait_put_per_call: Duration::from_millis(20), ..ThrottleConfig::default() };
    let slow = Arc::new(ThrottledStore::new(InMemory::new(), config));
    let create = async || {
        let lake = Lake::with_object_store(slow.clone(), "memory");
        let created = lake.create_store(&definition("events")).await;
        (created, lake.stores().await.unwrap().len())
    };
    let (one, two) = tokio::join!(create(), create());
    assert_eq!([&one, &two].iter().filter(|(created, _)| created.is_ok()).count(), 1, "{one:?} {two:?}");
    assert_eq!((one.1, two.1), (1, 1), "who is refused can find the other's store");
}

#[tokio::test]
async fn a_change_reaches_definition_name_and_table() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions::default()).await.unwrap();
    let (lake, store) = lake_with_store(lake).await;
    let changed = lake
        .change_store(store.id, |store| {
            store.name = "audit".to_owned();
            store.retention = Retention::Days(30);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(lake.find_store("audit").await.unwrap(), changed);
    assert!(lake.find_store("events").await.is_err());
    let table = lake.table(&changed).await.unwrap();
    table.commit(batch(&table, &["a"]).await.unwrap().unwrap()).await.unwrap();
    assert_once(&lake, &table, &["a"]).await;
    lake.create_store(&definition("events")).await.unwrap();
    let error = lake
        .change_store(store.id, |store| {
            store.name = "events".to_owned();
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.cause::<Refusal>(), Some(&Refusal::AlreadyExists));

    // As any other program sees the table.
    let url = url::Url::from_directory_path(folder.path().join("stores").join(store.id.to_string())).unwrap();
    let table = DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap();
    let metadata = table.snapshot().unwrap().metadata().clone();
    assert_eq!(metadata.name(), Some("audit"));
    assert_eq!(metadata.configuration()["trailmere.name"], "audit");
    assert_eq!(metadata.configuration()["trailmere.retentionDays"], "30");
    assert_eq!(metadata.configuration()["trailmere.arn"], store.arn);
    assert_eq!(metadata.partition_columns(), &["calendarday"]);
}

#[tokio::test]
async fn a_store_that_does_not_exist_cannot_be_changed() {
    let error = memory().change_store(uuid::Uuid::nil(), |_| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
}
