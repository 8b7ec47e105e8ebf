//! Does a commit make events and ledger visible together, once, whoever else commits?

use std::sync::Arc;

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use trailmere_model::{StoreType, storage_schema};
use trailmere_store::{Append, Committed, FileOutcome, Lake, LakeOptions, Quarantined, StatValue};

use crate::events::{DAY, MIDNIGHT, assert_once, batch, encoded, entry, ids, lake_with_store, null_rows, read, rows};

fn memory() -> Lake {
    Lake::with_object_store(Arc::new(InMemory::new()), "memory")
}

#[tokio::test]
async fn a_file_comes_back_with_what_is_known_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions::default()).await.unwrap();
    let (lake, store) = lake_with_store(lake).await;
    let table = lake.table(&store).await.unwrap();
    let empty = table.snapshot().await.unwrap();
    assert_eq!((empty.version, empty.files.len()), (0, 0));

    let uploaded = table.upload(encoded(&table, DAY, rows(&ids("a"), MIDNIGHT)).unwrap()).await.unwrap();
    assert_eq!(table.snapshot().await.unwrap().files.len(), 0, "uploaded is not visible yet");
    let append = Append { files: vec![uploaded.clone()], ledger: vec![entry("a", 3)], ..Append::default() };
    assert_eq!(table.commit(append).await.unwrap(), Committed::Done { version: 1 });

    // Another process.
    let table = lake.table(&store).await.unwrap();
    let snapshot = table.snapshot().await.unwrap();
    assert_eq!(snapshot.schema, storage_schema(StoreType::CloudTrail));
    assert_eq!(snapshot.files.as_slice(), &[uploaded]);
    let file = &snapshot.files[0];
    assert_eq!((file.day, file.rows), (DAY, 3));
    assert_eq!(file.raw_bytes, ids("a").iter().map(|id| id.len() as u64 + 14).sum::<u64>());
    let time = file.stats.column("eventtime").unwrap();
    assert_eq!(time.min, Some(StatValue::Timestamp(MIDNIGHT)));
    assert_eq!(time.max, Some(StatValue::Timestamp(MIDNIGHT + 2_000_000)));
    assert_eq!(file.stats.column("eventname").unwrap().max, Some(StatValue::Text("GetObject".into())));
    assert_eq!(file.stats.column("awsregion").unwrap().null_count, Some(3));
    let read = read(&lake, file).await;
    assert_eq!(read, rows(&ids("a"), MIDNIGHT));
    assert_eq!(null_rows(&read, "useridentity"), 3);
    assert_once(&lake, &table, &["a"]).await;
}

#[tokio::test]
async fn what_was_taken_meanwhile_overlaps_and_commits_nothing() {
    let (lake, store) = lake_with_store(memory()).await;
    let (one, other) = (lake.table(&store).await.unwrap(), lake.table(&store).await.unwrap());
    let first = batch(&one, &["a", "b"]).await.unwrap().unwrap();
    let second = batch(&other, &["b", "c"]).await.unwrap().unwrap();
    assert!(matches!(one.commit(first).await.unwrap(), Committed::Done { .. }));
    assert_eq!(other.commit(second).await.unwrap(), Committed::Overlap { taken: vec!["b".to_owned()] });
    let again = batch(&other, &["b", "c"]).await.unwrap().unwrap();
    assert_eq!(again.ledger.len(), 1);
    assert!(matches!(other.commit(again).await.unwrap(), Committed::Done { .. }));
    assert_once(&lake, &one, &["a", "b", "c"]).await;
    assert_once(&lake, &other, &["a", "b", "c"]).await;
}

#[tokio::test]
async fn a_broken_file_can_be_taken_again_when_it_is_whole() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let mut partial = batch(&table, &["a"]).await.unwrap().unwrap();
    partial.ledger[0].outcome = FileOutcome::Partial;
    partial.ledger[0].taken = vec![11, 12, 13];
    table.commit(partial).await.unwrap();
    let ledger = table.ledger().await.unwrap();
    let state = ledger.state("a").unwrap();
    assert_eq!((state.outcome, state.taken.as_ref()), (FileOutcome::Partial, [11, 12, 13].as_slice()));

    let whole = |sequence| Append { ledger: vec![entry("a", 0)], ledger_sequence: sequence, ..Append::default() };
    let early = table.commit(whole(ledger.sequence() - 1)).await.unwrap();
    assert_eq!(early, Committed::Overlap { taken: vec!["a".to_owned()] }, "decided before the partial copy was known");
    assert!(matches!(table.commit(whole(ledger.sequence())).await.unwrap(), Committed::Done { .. }));
    assert_eq!(table.ledger().await.unwrap().state("a").unwrap().outcome, FileOutcome::Complete);
    assert_once(&lake, &table, &["a"]).await;
}

#[tokio::test]
async fn rejected_records_become_visible_with_their_batch() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let mut append = batch(&table, &["a"]).await.unwrap().unwrap();
    append.quarantine.push(Quarantined {
        log_file: "a".into(),
        record: 3,
        offset: 5,
        reason: "no object".into(),
        bytes: b"7".to_vec(),
        ingested: MIDNIGHT,
    });
    table.commit(append).await.unwrap();
    let rejected = lake.table(&store).await.unwrap().ledger().await.unwrap().quarantine().await.unwrap();
    assert_eq!(rejected.iter().map(|rows| rows.num_rows()).sum::<usize>(), 1);
}

#[tokio::test]
async fn rows_of_another_day_or_shape_are_refused() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let late = rows(&ids("a"), MIDNIGHT + 86_399_000_000);
    assert!(encoded(&table, DAY, late).unwrap_err().message().contains("other days"));
    assert!(encoded(&table, DAY, rows(&ids("a"), MIDNIGHT - 1)).unwrap_err().message().contains("other days"));
    assert!(encoded(&table, DAY, rows(&[], MIDNIGHT)).unwrap_err().message().contains("without rows"));
    let fewer = rows(&ids("a"), MIDNIGHT).project(&[0, 2]).unwrap();
    assert!(encoded(&table, DAY, fewer).unwrap_err().message().contains("other columns"));
}

#[tokio::test]
async fn nothing_to_commit_commits_nothing() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    assert_eq!(table.commit(Append::default()).await.unwrap(), Committed::Done { version: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_ingesters_at_once_take_each_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = LakeOptions { durable: false };
    let (lake, store) = lake_with_store(Lake::open(folder.path().to_str().unwrap(), options).await.unwrap()).await;
    let files: Vec<String> = (0..24).map(|file| format!("file{file}")).collect();
    let mut tasks = Vec::new();
    for ingester in 0..4_usize {
        // Each is a process of its own: nothing is shared but the folder. All want all files, in another order.
        let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
        let (store, mut files) = (store.clone(), files.clone());
        files.rotate_left(ingester * 5);
        tasks.push(tokio::spawn(async move {
            let table = lake.table(&store).await.unwrap();
            for chunk in files.chunks(3) {
                let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
                while let Some(append) = batch(&table, &chunk).await.unwrap() {
                    if matches!(table.commit(append).await.unwrap(), Committed::Done { .. }) {
                        break;
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
}

#[tokio::test]
async fn many_commits_write_checkpoints_and_stay_readable() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    let files: Vec<String> = (0..70).map(|file| format!("file{file}")).collect();
    for file in &files {
        let append = batch(&table, &[file]).await.unwrap().unwrap();
        table.commit(append).await.unwrap();
    }
    let log =
        lake.object_store().list_with_delimiter(Some(&format!("stores/{}/_delta_log", store.id).into())).await.unwrap();
    let checkpoints = log.objects.iter().filter(|object| object.location.as_ref().contains(".checkpoint")).count();
    assert_eq!(checkpoints, 2, "{:?}", log.objects);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let fresh = lake.table(&store).await.unwrap();
    assert_once(&lake, &fresh, &files).await;
    assert_eq!(
        fresh.snapshot().await.unwrap().files,
        table.snapshot().await.unwrap().files,
        "statistics survive a checkpoint"
    );
}

#[tokio::test]
async fn needles_have_bloom_filters_and_the_record_has_no_statistics() {
    let (lake, store) = lake_with_store(memory()).await;
    let table = lake.table(&store).await.unwrap();
    table.commit(batch(&table, &["a"]).await.unwrap().unwrap()).await.unwrap();
    let path = object_store::path::Path::parse(&table.snapshot().await.unwrap().files[0].path).unwrap();
    let bytes = lake.object_store().get(&path).await.unwrap().bytes().await.unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let columns = builder.parquet_schema().columns();
    let event_id = columns.iter().position(|column| column.path().string() == "eventid").unwrap();
    let filter = builder.get_row_group_column_bloom_filter(0, event_id).unwrap().unwrap();
    assert!(ids("a").iter().all(|id| filter.check(id.as_str())));
    let wrong = (0..1000).filter(|id| filter.check(format!("not there {id}").as_str())).count();
    assert!(wrong < 50, "{wrong} of 1000 are not excluded");
    let group = builder.metadata().row_group(0);
    let column = |name: &str| group.columns().iter().find(|column| column.column_path().string() == name).unwrap();
    for needle in [
        "eventid",
        "requestid",
        "sourceipaddress",
        "useridentity.accesskeyid",
        "useridentity.sessioncontext.sessionissuer.arn",
    ] {
        assert!(column(needle).bloom_filter_offset().is_some(), "{needle}");
    }
    assert!(column("eventname").bloom_filter_offset().is_none());
    assert!(column("eventname").statistics().is_some());
    assert!(column("eventjson").statistics().is_none());
    assert!(column("requestparameters.entries.value").statistics().is_none());
    let sorting: Vec<i32> = group.sorting_columns().unwrap().iter().map(|column| column.column_idx).collect();
    let names: Vec<String> = sorting.iter().map(|index| group.column(*index as usize).column_path().string()).collect();
    assert_eq!(names, ["eventsource", "eventname", "eventtime"]);
}
