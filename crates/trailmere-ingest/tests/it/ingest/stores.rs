//! Do events go to the stores that want them, and is what does not counted?

use trailmere_model::AdvancedEventSelectors;
use trailmere_model::{CreateStore, EventDataStore, Retention, SelectorChoice, StoreType};
use uuid::Uuid;

use super::*;

async fn create(lake: &Lake, wanted: CreateStore) -> EventDataStore {
    let store = EventDataStore::create(wanted, Uuid::new_v4(), now()).unwrap();
    lake.create_store(&store).await.unwrap();
    store
}

fn named(name: &str) -> CreateStore {
    CreateStore { name: name.to_owned(), retention: Some(Retention::Forever), ..CreateStore::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_store_gets_what_its_selectors_choose() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    create(&lake, named("management")).await;
    let text = r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]"#;
    let chosen = SelectorChoice::Chosen(AdvancedEventSelectors::parse(text).unwrap());
    create(&lake, CreateStore { selectors: chosen, ..named("objects") }).await;
    create(&lake, CreateStore { selectors: SelectorChoice::Everything(StoreType::CloudTrail), ..named("everything") })
        .await;
    let summary = take(&lake, &testdata()).await;

    let slow = slow_records(&testdata());
    let count = |wanted: &dyn Fn(&Value) -> bool| slow.iter().filter(|record| wanted(record)).count();
    let is_object = |record: &Value| {
        record["eventCategory"] == "Data"
            && record["resources"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "AWS::S3::Object"))
    };
    let cloud_trail = count(&|record| record["eventCategory"] != "Insight");
    assert_eq!(rows(&lake, "management").await.len(), count(&|record| record["eventCategory"] == "Management"));
    assert_eq!(rows(&lake, "objects").await.len(), count(&is_object));
    assert_eq!(rows(&lake, "everything").await.len(), cloud_trail);
    for store in summary.stores.iter().filter(|store| store.name != "insights") {
        assert_eq!((store.events + store.filtered) as usize, cloud_trail, "{store:?}");
    }
    // Insights had no store: one was made, and nothing else was.
    assert_eq!(lake.stores().await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_made_later_gets_what_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    take(&lake, &testdata()).await;
    let all = rows(&lake, "events").await;
    create(&lake, CreateStore { selectors: SelectorChoice::Everything(StoreType::CloudTrail), ..named("later") }).await;
    let summary = take(&lake, &testdata()).await;
    assert!(rows(&lake, "later").await == all);
    assert!(rows(&lake, "events").await == all);
    assert_eq!(summary.events() as usize, all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_retention_is_left_out_and_counted() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    create(&lake, CreateStore { retention: Some(Retention::Days(7)), ..named("week") }).await;
    // The 10th at noon, less seven days, is the 3rd at noon: the event of that very second stays.
    let times = ["2026-03-02T10:00:00Z", "2026-03-03T11:59:59Z", "2026-03-03T12:00:00Z", "2026-03-09T10:00:00Z"];
    let records: Vec<Value> = times.iter().map(|time| event(time, time)).collect();
    deliver(logs.path(), &key("eu-west-1", "2026-03-09T1005", "a"), &records);
    let summary = take(&lake, logs.path()).await;
    assert_eq!((summary.stores[0].events, summary.stores[0].expired), (2, 2));
    assert_eq!(ids(&super::records(&lake).await), [times[2], times[3]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_region_store_takes_its_region() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    let everything = SelectorChoice::Everything(StoreType::CloudTrail);
    create(
        &lake,
        CreateStore {
            multi_region: Some(false),
            region: Some("eu-west-1".to_owned()),
            selectors: everything,
            ..named("local")
        },
    )
    .await;
    take(&lake, &testdata()).await;
    let slow = slow_records(&testdata());
    let expected =
        slow.iter().filter(|record| record["eventCategory"] != "Insight" && record["awsRegion"] == "eu-west-1");
    assert_eq!(rows(&lake, "local").await.len(), expected.count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_store_takes_nothing_and_another_is_not_made_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    let store = create(&lake, CreateStore { start_ingestion: Some(false), ..named("stopped") }).await;
    let summary = take(&lake, &testdata()).await;
    assert!(rows(&lake, "stopped").await.is_empty());
    assert!(summary.unclaimed > 0);
    let named = IngestRequest { stores: vec![store.name], ..request(&testdata()) };
    let error = ingest(&lake, &named, now(), &NoProgress).await.unwrap_err();
    assert!(error.message().contains("STOPPED_INGESTION"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_store_takes_alone_and_the_others_catch_up() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    for name in ["one", "two"] {
        create(
            &lake,
            CreateStore {
                selectors: SelectorChoice::Everything(StoreType::CloudTrail),
                name: format!("store-{name}"),
                ..named(name)
            },
        )
        .await;
    }
    let only = IngestRequest { stores: vec!["store-one".to_owned()], ..request(&testdata()) };
    let summary = ingest(&lake, &only, now(), &NoProgress).await.unwrap();
    assert!(summary.unclaimed > 0, "the Insights events are nobody's");
    assert!(rows(&lake, "store-two").await.is_empty());
    take(&lake, &testdata()).await;
    assert!(rows(&lake, "store-one").await == rows(&lake, "store-two").await);
    assert!(!rows(&lake, "insights").await.is_empty());
}
