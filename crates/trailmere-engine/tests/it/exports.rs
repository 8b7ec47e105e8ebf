//! Exports: Lake's files and sign file, their proof, other formats, and what was ingested coming out again.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trailmere_engine::{
    Delivery, DeliveryFormat, DeliveryStatus, ExportRequest, JobRecord, JobRequest, LogExport, PublicKeys, SigningKeys,
    Verdict, verify_results,
};

use crate::jobs::{NUMBERS, job};
use crate::lake::{TestLake, logs, now};

async fn deliver(lake: &TestLake, sql: &str, change: impl FnOnce(&mut Delivery)) -> (tempfile::TempDir, JobRecord) {
    let folder = tempfile::tempdir().unwrap();
    let mut delivery = Delivery::new(folder.path().to_str().unwrap()).unwrap();
    change(&mut delivery);
    let asked = JobRequest { delivery: Some(delivery), ..job(sql) };
    let record = lake.engine.jobs().run(asked, now).await.unwrap();
    (folder, record)
}

fn place(record: &JobRecord) -> PathBuf {
    PathBuf::from(&record.delivery.as_ref().unwrap().folder)
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    let bytes = std::fs::read(path).unwrap();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(all_files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_what_lake_delivers() {
    let lake = TestLake::of(&logs()).await;
    let sql = "SELECT eventName,\n  map(ARRAY['a', 'b'], ARRAY['1', '2']) AS m, eventTime FROM events ORDER BY eventTime LIMIT 2";
    let (folder, record) = deliver(&lake, sql, |_| {}).await;
    let delivery = record.delivery.clone().unwrap();
    assert_eq!(delivery.status, DeliveryStatus::Success, "{:?}", delivery.error);
    let account = &record.stores[0].account;
    let tail = format!("AWSLogs/{account}/CloudTrail-Lake/Query/2026/04/01/{}", record.id);
    assert_eq!(place(&record), folder.path().join(tail));
    let names: Vec<_> = all_files(&place(&record)).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["result_1.csv.gz", "result_sign.json"], "and nothing half-written");
    let text = gunzip(&place(&record).join("result_1.csv.gz"));
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "# Execution Time: 2026-04-01T00:00:00.000000Z Query Statement: SELECT eventName, map(ARRAY['a', 'b'], \
         ARRAY['1', '2']) AS m, eventTime FROM events ORDER BY eventTime LIMIT 2"
    );
    assert_eq!((lines[1], lines.len(), lines[4]), ("eventName,m,eventTime", 5, ""), "CRLF ends the last line too");
    assert!(lines[2].contains(",\"{a=1, b=2}\",20"), "{}", lines[2]);
    let sign: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place(&record).join("result_sign.json")).unwrap()).unwrap();
    let members: Vec<&str> = sign.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["version", "region", "files", "hashSignature", "hashAlgorithm", "signatureAlgorithm"];
    assert!(expected.iter().all(|name| members.contains(name)), "{members:?}");
    assert_eq!(sign["queryCompleteTime"], "2026-04-01T00:00:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_comment_line_is_a_setting() {
    let lake = TestLake::empty().await;
    let (_folder, record) = deliver(&lake, "SELECT 1 AS one, '' AS nothing", |d| d.comment_line = false).await;
    assert_eq!(gunzip(&place(&record).join("result_1.csv.gz")), "one,nothing\r\n1,\r\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_without_rows_is_a_file_with_a_head() {
    let lake = TestLake::empty().await;
    let (_folder, record) = deliver(&lake, "SELECT 1 AS one WHERE 1 = 0", |d| d.comment_line = false).await;
    assert_eq!(gunzip(&place(&record).join("result_1.csv.gz")), "one\r\n");
    let keys = SigningKeys::new(lake.engine.lake(), None).list().await.unwrap();
    assert_eq!(verify_results(place(&record).to_str().unwrap(), &keys).await.unwrap(), Verdict::Valid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_no_larger_than_they_may_be_and_lose_nothing() {
    let lake = TestLake::empty().await;
    for (format, limit) in [
        (DeliveryFormat::Csv, 20_000),
        (DeliveryFormat::Jsonl, 20_000),
        (DeliveryFormat::Parquet, 60_000),
        (DeliveryFormat::Arrow, 200_000),
    ] {
        let (_folder, record) = deliver(&lake, NUMBERS, |d| {
            d.format = format;
            d.part_bytes = limit;
        })
        .await;
        let delivery = record.delivery.clone().unwrap();
        assert_eq!(delivery.status, DeliveryStatus::Success, "{format:?} {:?}", delivery.error);
        assert!(delivery.files.len() > 1, "{format:?}: {:?}", delivery.files);
        for (i, file) in delivery.files.iter().enumerate() {
            let ending = ["csv.gz", "json.gz", "parquet", "arrow"]
                [DeliveryFormat::ALL.iter().position(|f| *f == format).unwrap()];
            assert_eq!(file.name, format!("result_{}.{ending}", i + 1));
            let size = std::fs::metadata(place(&record).join(&file.name)).unwrap().len();
            assert!(size <= limit && size == file.bytes, "{format:?} {}: {size}", file.name);
        }
        assert_eq!(delivery.files.iter().map(|file| file.rows).sum::<u64>(), 30_000, "{format:?}");
        if format == DeliveryFormat::Csv {
            let texts = delivery.files.iter().map(|file| gunzip(&place(&record).join(&file.name)));
            let numbers: Vec<String> = texts
                .flat_map(|text| {
                    text.lines().skip(2).map(|l| l.split(',').next().unwrap().to_string()).collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(numbers, (1..=30_000).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_become_folders() {
    let lake = TestLake::of(&logs()).await;
    let sql = "SELECT eventSource, awsRegion, eventName FROM events";
    let (_folder, record) = deliver(&lake, sql, |d| {
        d.format = DeliveryFormat::Jsonl;
        d.partition_by = vec!["eventsource".into(), "awsregion".into()];
    })
    .await;
    let delivery = record.delivery.clone().unwrap();
    assert_eq!(delivery.status, DeliveryStatus::Success, "{:?}", delivery.error);
    let counts = lake.cells("SELECT eventSource, awsRegion, count(*) FROM events GROUP BY 1, 2").await.unwrap();
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for row in counts {
        expected.insert(format!("eventSource={}/awsRegion={}", row[0], row[1]), row[2].parse().unwrap());
    }
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for file in &delivery.files {
        let (folder, _) = file.name.rsplit_once('/').unwrap();
        *found.entry(folder.to_string()).or_default() += file.rows;
        let text = gunzip(&place(&record).join(&file.name));
        assert_eq!(text.lines().count() as u64, file.rows);
        assert!(text.lines().all(|line| line.starts_with("{\"eventName\":") && !line.contains("awsRegion")), "{text}");
    }
    assert_eq!(found, expected);
    let keys = SigningKeys::new(lake.engine.lake(), None).list().await.unwrap();
    assert_eq!(verify_results(place(&record).to_str().unwrap(), &keys).await.unwrap(), Verdict::Valid);
    let (_folder, record) = deliver(&lake, sql, |d| d.partition_by = vec!["nope".into()]).await;
    let delivery = record.delivery.unwrap();
    assert_eq!(delivery.status, DeliveryStatus::Failed);
    assert!(delivery.error.unwrap().contains("`nope`"));
}

/// The oracle is `ring`, which shares no code with what signs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_implementation_accepts_the_signature() {
    let lake = TestLake::empty().await;
    let (_folder, record) = deliver(&lake, NUMBERS, |d| d.part_bytes = 50_000).await;
    let keys = SigningKeys::new(lake.engine.lake(), None).list().await.unwrap();
    let sign: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place(&record).join("result_sign.json")).unwrap()).unwrap();
    let key = &keys.public_key_list[0];
    assert_eq!(sign["publicKeyFingerprint"], key.fingerprint.as_str());
    assert_eq!((key.fingerprint.len(), sign["hashSignature"].as_str().unwrap().len()), (32, 512));
    let mut hashes = vec![];
    for file in sign["files"].as_array().unwrap() {
        let bytes = std::fs::read(place(&record).join(file["fileName"].as_str().unwrap())).unwrap();
        let hash = ring::digest::digest(&ring::digest::SHA256, &bytes);
        hashes.push(hash.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>());
        assert_eq!(hashes.last().unwrap(), file["fileHashValue"].as_str().unwrap());
    }
    assert!(hashes.len() > 1);
    let text = sign["hashSignature"].as_str().unwrap();
    let signature: Vec<u8> =
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect();
    let der = STANDARD.decode(&key.value).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, der);
    public.verify(hashes.join(" ").as_bytes(), &signature).unwrap();
    public.verify(hashes.join("  ").as_bytes(), &signature).unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_tamper_has_its_message() {
    let lake = TestLake::empty().await;
    let (_folder, record) = deliver(&lake, "SELECT 1 AS one", |_| {}).await;
    let keys = SigningKeys::new(lake.engine.lake(), None).list().await.unwrap();
    let place = place(&record);
    let check = async |keys: &PublicKeys| verify_results(place.to_str().unwrap(), keys).await.unwrap().to_string();
    assert_eq!(check(&keys).await, "Successfully validated sign and query result files");
    let (data, sign) = (place.join("result_1.csv.gz"), place.join("result_sign.json"));
    let (data_was, sign_was) = (std::fs::read(&data).unwrap(), std::fs::read_to_string(&sign).unwrap());
    let value: serde_json::Value = serde_json::from_str(&sign_was).unwrap();
    let hash = value["files"][0]["fileHashValue"].as_str().unwrap();

    std::fs::write(&data, [&data_was[..], b"x"].concat()).unwrap();
    let said = check(&keys).await;
    let expected = format!(
        "ValidationError: File result_1.csv.gz has inconsistent hash value with hash value recorded in sign file, hash \
         value in sign file is {hash} , but get "
    );
    assert!(said.starts_with(&expected) && said.len() == expected.len() + 64, "{said}");
    std::fs::remove_file(&data).unwrap();
    assert!(check(&keys).await.contains("result_1.csv.gz recorded in sign file was not found"));
    std::fs::write(&data, &data_was).unwrap();

    let signature = value["hashSignature"].as_str().unwrap();
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    std::fs::write(&sign, sign_was.replace(signature, &format!("{flipped}{}", &signature[1..]))).unwrap();
    assert_eq!(check(&keys).await, "ValidationError: Invalid signature in sign file");
    let none = regex_files(&sign_was, hash);
    std::fs::write(&sign, none).unwrap();
    assert_eq!(check(&keys).await, "ValidationError: No export file was found in sign file.");
    std::fs::write(&sign, "{\"version\":").unwrap();
    assert!(
        check(&keys).await.starts_with("InformationCollectionError: Unable to load result_sign.json file, due to ")
    );
    std::fs::remove_file(&sign).unwrap();
    assert!(
        check(&keys).await.starts_with("InformationCollectionError: Unable to load result_sign.json file, due to ")
    );
    std::fs::write(&sign, &sign_was).unwrap();

    let mut broken = keys.clone();
    broken.public_key_list[0].value = STANDARD.encode("no key");
    let expected =
        format!("ValidationError: Sign file invalid, unable to load PKCS #1 key: {}", STANDARD.encode("no key"));
    assert_eq!(check(&broken).await, expected);
    assert!(check(&PublicKeys::default()).await.contains("No public keys found"));
    assert_eq!(check(&keys).await, "Successfully validated sign and query result files");
}

fn regex_files(sign: &str, hash: &str) -> String {
    sign.replace(&format!("{{\"fileHashValue\":\"{hash}\",\"fileName\":\"result_1.csv.gz\"}}"), "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_once_rotate_and_stay_known() {
    let lake = TestLake::empty().await;
    let made = futures::future::join_all((0..4).map(|n| {
        let sql = format!("SELECT {n} AS n");
        let lake = &lake;
        async move { deliver(lake, &sql, |_| {}).await }
    }))
    .await;
    let keys = SigningKeys::new(lake.engine.lake(), None);
    assert_eq!(keys.list().await.unwrap().public_key_list.len(), 1, "racing deliveries make one key");
    let second = keys.rotate(now()).await.unwrap();
    let all = keys.list().await.unwrap();
    assert_eq!((all.public_key_list.len(), &all.public_key_list[0]), (2, &second));
    assert_eq!(all.public_key_list[1].validity_end_time, Some(now()));
    let (_folder, record) = deliver(&lake, "SELECT 9 AS n", |_| {}).await;
    // What others read: ListPublicKeys' shape.
    let text = serde_json::to_string(&all).unwrap();
    assert!(text.starts_with("{\"PublicKeyList\":[{\"Value\":"), "{text}");
    let known = PublicKeys::parse(&text).unwrap();
    for record in made.iter().map(|(_, record)| record).chain([&record]) {
        assert_eq!(record.delivery.as_ref().unwrap().status, DeliveryStatus::Success);
        assert_eq!(verify_results(place(record).to_str().unwrap(), &known).await.unwrap(), Verdict::Valid);
    }
    // As the AWS command line prints times.
    let seconds = text.replace("\"2026-04-01T00:00:00Z\"", "1775001600.0");
    assert_eq!(PublicKeys::parse(&seconds).unwrap().public_key_list.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_under_a_passphrase_signs_for_who_knows_it() {
    let mut options = trailmere_engine::EngineOptions::default();
    options.jobs.key_passphrase = Some("correct horse".into());
    options.jobs.delivery_attempts = 1;
    let lake = TestLake::with(options.clone()).await;
    let (_folder, record) = deliver(&lake, "SELECT 1 AS one", |_| {}).await;
    assert_eq!(record.delivery.as_ref().unwrap().status, DeliveryStatus::Success);
    let kept = all_files(Path::new(lake.engine.lake().location()));
    let key = kept.iter().find(|path| path.to_string_lossy().contains("signing-key")).unwrap();
    let text = std::fs::read_to_string(key).unwrap();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY") && !text.contains("BEGIN PRIVATE KEY"));
    for passphrase in [None, Some("wrong".to_string())] {
        options.jobs.key_passphrase = passphrase;
        let other = trailmere_engine::Engine::new(lake.engine.lake().clone(), options.clone()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let delivery = Some(Delivery::new(folder.path().to_str().unwrap()).unwrap());
        let record = other.jobs().run(JobRequest { delivery, ..job("SELECT 1 AS one") }, now).await.unwrap();
        let delivery = record.delivery.unwrap();
        assert_eq!(delivery.status, DeliveryStatus::FailedSigningFile);
        assert!(delivery.error.unwrap().contains("TRAILMERE_KEY_PASSPHRASE"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_out_as_files_and_as_the_logs_that_came_in() {
    let lake = TestLake::of(&logs()).await;
    let count: u64 = lake.cell("SELECT count(*) FROM events").await.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut request = ExportRequest {
        store: "events".into(),
        start: None,
        end: None,
        to: folder.path().join("plain").to_str().unwrap().into(),
        partition_by: vec![],
        part_bytes: 1 << 30,
        now: now(),
    };
    let report = lake.engine.export(&request, DeliveryFormat::Parquet).await.unwrap();
    assert_eq!((report.events, report.files), (count, 1));
    request.to = folder.path().join("logs").to_str().unwrap().into();
    let report = LogExport.run(&lake.engine, &request).await.unwrap();
    assert_eq!(report.events, count);
    let again = LogExport.run(&lake.engine, &request).await.unwrap();
    assert_eq!(again, report);
    assert_eq!(all_files(&folder.path().join("logs")).len() as u64, report.files, "the same names again");
    let back = TestLake::of(&folder.path().join("logs")).await;
    let records = "SELECT eventJson FROM events ORDER BY eventJson";
    assert_eq!(back.cells(records).await.unwrap(), lake.cells(records).await.unwrap(), "byte for byte");
    let day = lake.cell("SELECT date_format(min(eventTime), '%Y-%m-%dT%H:%i:%sZ') FROM events").await;
    request.end = Some(day.parse().unwrap());
    assert_eq!(
        lake.engine.export(&request, DeliveryFormat::Csv).await.unwrap().events,
        0,
        "before the first there is none"
    );
}
