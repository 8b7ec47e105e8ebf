//! Does the preview count what ingestion then takes?

use trailmere_ingest::preview_selectors;
use trailmere_model::{AdvancedEventSelectors, CreateStore, EventDataStore, Retention, SelectorChoice};
use uuid::Uuid;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_is_what_a_store_then_keeps() {
    let text = r#"[
        {"Name":"writes","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]},
        {"Name":"objects","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}
    ]"#;
    let selectors = AdvancedEventSelectors::parse(text).unwrap();
    let preview = preview_selectors(testdata().to_str().unwrap(), &selectors, &NoProgress).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    let wanted = CreateStore {
        name: "chosen".to_owned(),
        selectors: SelectorChoice::Chosen(selectors),
        retention: Some(Retention::Forever),
        ..CreateStore::default()
    };
    lake.create_store(&EventDataStore::create(wanted, Uuid::new_v4(), now()).unwrap()).await.unwrap();
    let summary = take(&lake, &testdata()).await;
    let store = summary.stores.iter().find(|store| store.name == "chosen").unwrap();
    assert_eq!((preview.kept.events, preview.kept.bytes), (store.events, store.raw_bytes));
    let slow = slow_records(&testdata());
    assert_eq!(preview.all.events, slow.len() as u64);
    assert_eq!((preview.files, preview.failed, preview.rejected), (files(&testdata()).len() as u64, 0, 0));
    let writes = slow.iter().filter(|r| r["eventCategory"] == "Management" && r["readOnly"] == false);
    assert_eq!(preview.selectors[0].amount.events, writes.count() as u64);
    let others = slow.iter().filter(|r| r["eventCategory"] == "Management" && r["eventSource"] != "kms.amazonaws.com");
    assert_eq!(preview.selectors[2].amount.events, others.count() as u64);
    assert_eq!(preview.selectors[0].name.as_deref(), Some("writes"));
    assert!(preview.selectors[1].amount.events > 0);
}
