//! Are files found wherever they are: in parts of a copy, under a prefix, in a bucket over HTTP, in a former bucket?

use std::process::Command;

use super::*;
use crate::ingest::s3_server::{self, KEY, SECRET, serve};

const PLACE: &str = "TRAILMERE_TEST_VERIFY_FOLDER";

#[tokio::test]
async fn a_copy_of_a_part_of_a_bucket() {
    let mut copy = Copy::new();
    let under = DigestPlace { prefix: "logs/of/all/".to_owned(), ..place() };
    let mut chain = DigestChain::new(under.clone(), signer(KeyNumber::First));
    for hour in 0..2 {
        let logs = copy.logs_of(&under, hour, 1);
        copy.keep(chain.hour(MIDNIGHT + hour * HOUR, &logs).unwrap());
    }
    let root = copy.folder.path();
    let account = root.join("logs/of/all/AWSLogs/111122223333");
    for folder in
        [root.to_path_buf(), root.join("logs/of/all"), account.clone(), account.join("CloudTrail-Digest/eu-west-1")]
    {
        let said_of_it = said(&request(&folder)).await;
        assert!(said_of_it.warnings.is_empty(), "{}: {:?}", folder.display(), said_of_it.warnings);
        assert_eq!(said_of_it.reports[0].logs.valid, 2);
        assert!(
            said_of_it.lines[1].contains(&format!("s3://{BUCKET}/logs/of/all/AWSLogs/")),
            "{}",
            said_of_it.lines[1]
        );
    }
    let origin = VerifyRequest { bucket: Some(format!("{BUCKET}/logs/of/all")), ..request(&root.join("logs/of/all")) };
    assert!(said(&origin).await.warnings.is_empty());
    let wrong = VerifyRequest { bucket: Some(BUCKET.to_owned()), ..request(&root.join("logs/of/all")) };
    assert_eq!(said(&wrong).await.reports[0].digests.invalid, 2, "they would have been moved");
}

#[tokio::test]
async fn what_is_no_folder_is_refused() {
    for (source, bucket, said) in [
        ("/nowhere/at/all", None, "there is no folder `/nowhere/at/all`"),
        ("s3://b", Some("c"), "a bucket is no copy of another one"),
    ] {
        let request =
            VerifyRequest { source: source.to_owned(), bucket: bucket.map(str::to_owned), ..VerifyRequest::default() };
        assert_eq!(verify_logs(&request, now(), &mut Said::default()).await.unwrap_err().message(), said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_its_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serve(folder.path()).await;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "verify::places::child_verifies_a_bucket", "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env(PLACE, folder.path()).env("AWS_ENDPOINT_URL", &endpoint).env("AWS_REGION", "eu-central-1");
    command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    let output = tokio::task::block_in_place(|| command.output()).unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
}

/// Uploads a file with what S3 is to keep beside it.
async fn upload(copy: &Copy, bucket: &str, key: &str, digest: Option<&SignedDigest>) {
    use object_store::{Attribute, Attributes, ObjectStore, PutOptions};
    let (store, _) = trailmere_store::open_object_store(&format!("s3://{bucket}")).await.unwrap();
    let mut attributes = Attributes::new();
    if let Some(digest) = digest {
        let mut set = |name: &'static str, value: &str| {
            attributes.insert(Attribute::Metadata(name.into()), value.to_owned().into());
        };
        set("signature", &digest.signature);
        set("signature-algorithm", "SHA256withRSA");
    }
    let options = PutOptions { attributes, ..PutOptions::default() };
    let bytes = fs::read(copy.path(key)).unwrap();
    store.put_opts(&key.into(), bytes.into(), options).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_verifies_a_bucket() {
    let Some(folder) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let (former, present) = ("former", s3_server::BUCKET);
    fs::create_dir_all(folder.join(former)).unwrap();
    let mut copy = Copy::new();
    let before = DigestPlace { bucket: former.to_owned(), ..place() };
    let after = DigestPlace { bucket: present.to_owned(), ..place() };
    let mut chain = DigestChain::new(before.clone(), signer(KeyNumber::First));
    for hour in 0..4 {
        let place = if hour < 2 { &before } else { &after };
        chain.deliver_to(place.clone());
        let logs = copy.logs_of(place, hour, 1);
        let digest = chain.hour(MIDNIGHT + hour * HOUR, &logs).unwrap();
        copy.keep(digest.clone());
        upload(&copy, &place.bucket, &digest.key, Some(&digest)).await;
        upload(&copy, &place.bucket, &logs[0].key, None).await;
    }
    let request = VerifyRequest { source: format!("s3://{present}"), public_keys: keys(), ..VerifyRequest::default() };
    let good = said(&request).await;
    assert!(good.warnings.is_empty(), "{:?}", good.warnings);
    assert_eq!((good.reports[0].digests.valid, good.reports[0].logs.valid), (4, 4));
    assert!(good.lines.iter().any(|line| line.starts_with("Log file\ts3://former/")));
    // Without what S3 keeps beside it, a digest proves nothing, whatever the next one says.
    upload(&copy, present, &copy.digests[2].key, None).await;
    let signature =
        format!("Digest file\ts3://{present}/{}\tINVALID: signature verification failed", copy.digests[2].key);
    let unsigned = said(&request).await;
    assert_eq!(unsigned.warnings[0], signature);
    // A missing object is one; what else goes wrong is an error.
    fs::remove_file(folder.join(present).join(&copy.logs[3])).unwrap();
    let missing = format!("Log file\ts3://{present}/{}\tINVALID: not found", copy.logs[3]);
    assert!(said(&request).await.warnings.contains(&missing));
    let nowhere = VerifyRequest { source: "s3://no-such-bucket".to_owned(), ..request };
    assert!(verify_logs(&nowhere, now(), &mut Said::default()).await.is_err());
}
