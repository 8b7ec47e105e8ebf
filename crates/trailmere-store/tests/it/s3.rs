//! Is a lake in a bucket as good as one in a folder? Against an S3 server, with the settings AWS's own tools take.
//!
//! The settings are the process's environment, so each case runs in a process of its own: this test binary again,
//! asked for one of the tests named `child_…`, which do nothing when they are not given a place.

use std::path::Path;
use std::process::Command;

use object_store::{ObjectStoreExt, PutMode};
use trailmere_store::{Committed, Lake, LakeOptions, MaintainOptions, open_object_store};

use crate::events::{assert_once, batch, definition, lake_with_store, now};
use crate::s3_server::{BUCKET, KEY, SECRET, serve};

const PLACE: &str = "TRAILMERE_TEST_PLACE";

/// Runs one of the tests below in a process with nothing but these settings.
fn run(child: &str, place: &str, settings: &[(&str, &str)]) -> Result<(), String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("s3::{child}"), "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let nowhere = [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ];
    let output = command.env(PLACE, place).envs(nowhere).envs(settings.iter().copied()).output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn keys(endpoint: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", "eu-central-1"),
    ]
}

fn place() -> Option<String> {
    std::env::var(PLACE).ok()
}

async fn open(place: &str) -> Lake {
    Lake::open(place, LakeOptions::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lake_in_a_bucket_keeps_what_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let place = format!("s3://{BUCKET}/some/lake");
    tokio::task::block_in_place(|| run("child_uses_a_lake", &place, &keys(&endpoint))).unwrap();
    assert!(folder.path().join(BUCKET).join("some/lake/stores").is_dir());
}

#[tokio::test]
async fn child_uses_a_lake() {
    let Some(place) = place() else { return };
    let (lake, store) = lake_with_store(open(&place).await).await;
    assert_eq!(lake.location(), place);
    let table = lake.table(&store).await.unwrap();
    let old = batch(&table, &["a", "b"]).await.unwrap().unwrap();
    let late = batch(&lake.table(&store).await.unwrap(), &["b"]).await.unwrap().unwrap();
    assert!(matches!(table.commit(old).await.unwrap(), Committed::Done { version: 1 }));
    assert_eq!(
        lake.table(&store).await.unwrap().commit(late).await.unwrap(),
        Committed::Overlap { taken: vec!["b".into()] }
    );
    assert_once(&lake, &open(&place).await.table(&store).await.unwrap(), &["a", "b"]).await;

    assert!(lake.create_store(&definition("EVENTS")).await.is_err());
    let renamed = lake
        .change_store(store.id, |store| {
            store.name = "audit".to_owned();
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(lake.find_store("audit").await.unwrap(), renamed);

    let deleted = lake.change_store(store.id, |store| store.delete(now())).await.unwrap();
    let report = lake.maintain(deleted.delete_after.unwrap(), &MaintainOptions::default()).await.unwrap();
    assert_eq!((report.removed.len(), lake.stores().await.unwrap().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingesters_on_a_bucket_take_each_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let place = format!("s3://{BUCKET}");
    tokio::task::block_in_place(|| run("child_has_two_ingesters", &place, &keys(&endpoint))).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_has_two_ingesters() {
    let Some(place) = place() else { return };
    let (lake, store) = lake_with_store(open(&place).await).await;
    let files = ["a", "b", "c", "d", "e", "f"];
    let mut tasks = Vec::new();
    for ingester in 0..2_usize {
        let (lake, store) = (open(&place).await, store.clone());
        tasks.push(tokio::spawn(async move {
            let table = lake.table(&store).await.unwrap();
            let mut files = files;
            files.rotate_left(ingester * 3);
            for chunk in files.chunks(2) {
                while let Some(append) = batch(&table, chunk).await.unwrap() {
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
    assert_once(&lake, &lake.table(&store).await.unwrap(), &files).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_says_where_and_a_process_gives_the_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let given = folder.path().join("credentials.json");
    std::fs::write(&given, format!(r#"{{"Version": 1, "AccessKeyId": "{KEY}", "SecretAccessKey": "{SECRET}"}}"#))
        .unwrap();
    let config = folder.path().join("config");
    let profile = |process: &Path| {
        format!(
            "[profile lake]\nregion = eu-west-1\nendpoint_url = {endpoint}\ncredential_process = cat {}\n",
            process.display()
        )
    };
    std::fs::write(&config, profile(&given)).unwrap();
    let settings = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("AWS_PROFILE", "lake")];
    let place = format!("s3://{BUCKET}/exports/result.csv");
    tokio::task::block_in_place(|| run("child_writes_an_object", &place, &settings)).unwrap();
    assert!(folder.path().join(BUCKET).join("exports/result.csv").is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_of_s3_goes_before_the_general_one() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let mut settings = keys("http://127.0.0.1:9");
    settings.push(("AWS_ENDPOINT_URL_S3", &endpoint));
    let place = format!("s3://{BUCKET}/a b/ü=1.csv");
    tokio::task::block_in_place(|| run("child_writes_an_object", &place, &settings)).unwrap();
}

#[tokio::test]
async fn child_writes_an_object() {
    let Some(place) = place() else { return };
    let (store, path) = open_object_store(&place).await.unwrap();
    store.put_opts(&path, "once".into(), PutMode::Create.into()).await.unwrap();
    let again = store.put_opts(&path, "twice".into(), PutMode::Create.into()).await.unwrap_err();
    assert!(matches!(again, object_store::Error::AlreadyExists { .. }), "{again}");
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "once");
    let large = vec![7_u8; 12 << 20];
    let mut upload = object_store::WriteMultipart::new(store.put_multipart(&path).await.unwrap());
    upload.write(&large);
    upload.finish().await.unwrap();
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), large);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_and_missing_credentials_are_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let place = format!("s3://{BUCKET}/lake");
    let mut wrong = keys(&endpoint);
    wrong[2].1 = "not the secret";
    tokio::task::block_in_place(|| run("child_is_refused", &place, &wrong)).unwrap();
    let none = [("AWS_ENDPOINT_URL", endpoint.as_str()), ("AWS_REGION", "eu-central-1")];
    tokio::task::block_in_place(|| run("child_is_refused", &place, &none)).unwrap();
}

#[tokio::test]
async fn child_is_refused() {
    let Some(place) = place() else { return };
    let error = open(&place).await.stores().await.unwrap_err();
    assert_eq!(error.kind(), trailmere_model::Kind::Invalid, "{error}");
    assert!(error.advice().unwrap().contains("credentials"), "{error}");
}
