//! Queries that run by themselves, on a folder and on an S3 server: start, wait, results, cancel, a worker that is
//! killed, a delivery that is interrupted, and an export that proves itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Said, logs};
use crate::s3_server::{BUCKET, FORBIDDEN, KEY, SECRET, serve_folder};

/// A lake, and where its exports go.
struct Place {
    folder: TempDir,
    lake: String,
    exports: String,
    endpoint: Option<String>,
}

impl Place {
    fn in_folder() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
        Place { lake: at("lake"), exports: at("exports"), endpoint: None, folder }
    }

    fn on_s3() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Some(serve_folder(&folder.path().join("s3")));
        let (lake, exports) = (format!("s3://{BUCKET}/a lake"), format!("s3://{BUCKET}/exports"));
        Place { folder, lake, exports, endpoint }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmere"));
        command.args(["--lake", &self.lake, "--no-sync"]).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command.env("USER", "tester").env("TRAILMERE_QUERY_BEAT", "0.5").env("TRAILMERE_QUERY_PATIENCE", "5");
        if let Some(endpoint) = &self.endpoint {
            command.env("AWS_ENDPOINT_URL_S3", endpoint).env("AWS_REGION", "us-east-1");
            command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
        }
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command().args(arguments).output().expect("the program runs");
        Said {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// What a command that must succeed prints.
    fn out(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}\n{}{}", said.out, said.err);
        said.out
    }

    fn start(&self, arguments: &[&str]) -> String {
        let id = self.out(&[&["query", "start"], arguments].concat()).trim().to_string();
        assert_eq!(id.len(), 36, "{id}");
        id
    }

    fn status(&self, id: &str) -> Value {
        serde_json::from_str(&self.out(&["query", "status", "--json", id])).unwrap()
    }

    /// Waits until a fact about a query is true.
    fn until(&self, id: &str, what: &str, fact: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(300);
        loop {
            let status = self.status(id);
            if fact(&status) {
                return status;
            }
            assert!(Instant::now() < end, "{what}: {status}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The local folder of a delivery: S3 is a folder behind the server.
    fn files(&self, status: &Value) -> PathBuf {
        let folder = status["delivery"]["folder"].as_str().unwrap();
        match folder.strip_prefix("s3://") {
            Some(path) => self.folder.path().join("s3").join(path),
            None => PathBuf::from(folder),
        }
    }
}

/// Goes on for hours.
const ENDLESS: &str =
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)
     CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE (x * y + z) % 7 = 3";

/// Rows that compress badly enough to fill many files.
const MANY: &str = "SELECT a * 1000 + b AS n, to_hex(md5(to_utf8(CAST(a * 1000 + b AS varchar)))) AS h
     FROM UNNEST(sequence(1, 20)) AS x(a) CROSS JOIN UNNEST(sequence(1, 1000)) AS y(b)";

/// The process that works on a query.
fn worker(id: &str) -> Option<String> {
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        if name.parse::<u32>().is_ok() && line.contains("work") && line.contains(id) {
            return Some(name);
        }
    }
    None
}

fn kill(id: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    let pid = loop {
        match worker(id) {
            Some(pid) => break pid,
            None => assert!(Instant::now() < end, "a worker of {id} is there"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
}

fn start_wait_and_page(place: &Place) {
    place.out(&["ingest", logs().to_str().unwrap()]);
    let sql = "SELECT eventName, count(*) AS n FROM events WHERE eventSource <> $s GROUP BY eventName ORDER BY n DESC, eventName";
    let id = place.start(&[sql, "--param", "s=sts.amazonaws.com"]);
    assert!(place.out(&["query", "wait", &id]).contains("FINISHED"));
    let rows = place.out(&["query", "results", &id]);
    assert_eq!(rows, place.out(&["query", sql, "--param", "s=sts.amazonaws.com"]));
    let lines: Vec<&str> = rows.lines().collect();
    let page = place.run(&["query", "results", &id, "--offset", "1", "--limit", "2"]);
    assert_eq!(page.out.lines().collect::<Vec<_>>(), [lines[0], lines[2], lines[3]]);
    assert!(page.err.contains("--offset 3"), "{}", page.err);
    for format in ["json", "jsonl", "tsv", "markdown", "table"] {
        let said = place.out(&["query", "results", &id, "--format", format]);
        assert!(said.contains(lines[1].split(',').next().unwrap()), "{format}: {said}");
    }
    place.out(&["query", "results", &id, "--output", "page.parquet"]);
    assert!(place.folder.path().join("page.parquet").metadata().unwrap().len() > 100);
    let status = place.status(&id);
    assert_eq!(status["statistics"]["totalResultsCount"], lines.len() - 1);
    assert!(status["statistics"]["bytesScanned"].as_u64().unwrap() > 0);
    assert!(status["who"].as_str().unwrap().starts_with("tester"), "{status}");

    // The interactive one is recorded, and one may opt out.
    place.out(&["query", "SELECT 'unseen' AS x", "--no-record"]);
    let list: Value = serde_json::from_str(&place.out(&["query", "list", "--store", "events", "--json"])).unwrap();
    let kinds: Vec<&str> = list.as_array().unwrap().iter().map(|q| q["origin"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["interactive", "started"], "newest first");
    assert_eq!(list[0]["statistics"]["totalResultsCount"], lines.len() - 1);
    let list = place.out(&["query", "list"]);
    assert!(list.contains(&id) && !list.contains("unseen"), "{list}");
    assert!(place.run(&["query", "results", "01234567"]).err.contains("there is no query"));
}

#[test]
fn a_started_query_runs_by_itself_in_a_folder() {
    start_wait_and_page(&Place::in_folder());
}

#[test]
fn a_started_query_runs_by_itself_on_s3() {
    start_wait_and_page(&Place::on_s3());
}

fn cancel(place: &Place) {
    let id = place.start(&[ENDLESS]);
    place.until(&id, "it runs", |status| status["status"] == "RUNNING");
    assert_eq!(place.out(&["query", "cancel", &id]).trim(), "CANCELLED");
    let end = Instant::now() + Duration::from_secs(60);
    while worker(&id).is_some() {
        assert!(Instant::now() < end, "the worker ends");
        std::thread::sleep(Duration::from_millis(50));
    }
    let status = place.status(&id);
    assert_eq!(status["status"], "CANCELLED");
    let again = place.run(&["query", "cancel", &id]);
    assert!(again.code != 0 && again.err.contains("is CANCELLED"), "{}", again.err);
    assert_eq!(place.run(&["query", "wait", &id]).code, 1);
}

#[test]
fn a_query_is_cancelled_from_another_process_in_a_folder() {
    cancel(&Place::in_folder());
}

#[test]
fn a_query_is_cancelled_from_another_process_on_s3() {
    cancel(&Place::on_s3());
}

fn lose_worker(place: &Place) {
    let id = place.start(&[ENDLESS]);
    place.until(&id, "it runs", |status| status["status"] == "RUNNING");
    kill(&id);
    let status = place.until(&id, "it is settled", |status| status["status"] != "RUNNING");
    assert_eq!((&status["status"], &status["error"]), (&Value::from("FAILED"), &Value::from("worker lost")));
}

#[test]
fn a_killed_worker_leaves_a_failed_query_in_a_folder() {
    lose_worker(&Place::in_folder());
}

#[test]
fn a_killed_worker_leaves_a_failed_query_on_s3() {
    lose_worker(&Place::on_s3());
}

fn interrupt_delivery(place: &Place) {
    let id = place.start(&[MANY, "--deliver", &place.exports, "--part-size", "3KB"]);
    let status = place.until(&id, "some files are there", |status| {
        status["delivery"]["files"].as_array().is_some_and(|files| files.len() > 2)
    });
    assert_eq!(status["delivery"]["status"], "PENDING", "it was caught in the middle");
    kill(&id);
    let status = place.until(&id, "the delivery is settled", |status| status["delivery"]["status"] != "PENDING");
    assert_eq!(status["delivery"]["status"], "FAILED");
    assert_eq!((&status["status"], &status["delivery"]["error"]), (&"FINISHED".into(), &"worker lost".into()));
    let folder = place.files(&status);
    assert!(!folder.join("result_sign.json").exists(), "what is not whole is not signed");
    let before = status["delivery"]["files"].as_array().unwrap().len();
    let first = folder.join("result_1.csv.gz").metadata().unwrap().modified().unwrap();
    assert!(place.out(&["query", "deliver", &id]).starts_with("SUCCESS"));
    let status = place.status(&id);
    let files = status["delivery"]["files"].as_array().unwrap();
    assert!(files.len() > before, "{before} of {}", files.len());
    assert_eq!(files.iter().map(|file| file["rows"].as_u64().unwrap()).sum::<u64>(), 20_000);
    assert_eq!(folder.join("result_1.csv.gz").metadata().unwrap().modified().unwrap(), first, "not written again");
    let said = place.out(&["verify", "results", status["delivery"]["folder"].as_str().unwrap()]);
    assert_eq!(said, "Successfully validated sign and query result files\n");
}

#[test]
fn a_delivery_goes_on_where_it_broke_off_in_a_folder() {
    interrupt_delivery(&Place::in_folder());
}

#[test]
fn a_delivery_goes_on_where_it_broke_off_on_s3() {
    interrupt_delivery(&Place::on_s3());
}

fn export_and_prove(place: &Place) {
    let id = place.start(&["SELECT 1 AS one, map(ARRAY['k'], ARRAY['v, w']) AS m", "--deliver", &place.exports]);
    place.out(&["query", "wait", &id]);
    let status = place.status(&id);
    assert_eq!(status["delivery"]["status"], "SUCCESS");
    let (folder, url) = (place.files(&status), status["delivery"]["folder"].as_str().unwrap());
    let keys = place.folder.path().join("keys.json");
    std::fs::write(&keys, place.out(&["keys", "export"])).unwrap();
    assert_eq!(place.out(&["keys", "list"]).lines().count(), 1);
    let rotated = place.out(&["keys", "rotate"]);
    assert!(place.out(&["keys", "list"]).starts_with(rotated.trim()));
    for given in [vec!["verify", "results", url], vec!["verify", "results", url, "--public-keys", "keys.json"]] {
        assert_eq!(place.out(&given), "Successfully validated sign and query result files\n");
    }
    verify_in_python(&folder, &keys);
    if place.endpoint.is_some() {
        for (bucket, status) in [("not-there", "RESOURCE_NOT_FOUND"), (FORBIDDEN, "ACCESS_DENIED")] {
            let said = place.run(&["query", "deliver", &id, "--to", &format!("s3://{bucket}/exports")]);
            assert_eq!(said.code, 1, "{said:?}");
            assert!(said.out.starts_with(&format!("{status} s3://{bucket}/exports/AWSLogs/")), "{said:?}");
        }
    }
    let data = folder.join("result_1.csv.gz");
    let mut bytes = std::fs::read(&data).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&data, bytes).unwrap();
    let said = place.run(&["verify", "results", url]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.starts_with("ValidationError: File result_1.csv.gz has inconsistent hash value"), "{}", said.err);
}

#[test]
fn an_export_proves_itself_in_a_folder() {
    export_and_prove(&Place::in_folder());
}

#[test]
fn an_export_proves_itself_on_s3() {
    export_and_prove(&Place::on_s3());
}

/// The steps of the AWS command line, on the library that it uses.
const PYTHON: &str = r#"
import base64, binascii, hashlib, json, sys
try:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.serialization import load_der_public_key
except ImportError:
    sys.exit(77)
folder, keys = sys.argv[1], json.load(open(sys.argv[2]))
sign = json.load(open(folder + "/result_sign.json"))
for f in sign["files"]:
    assert hashlib.sha256(open(folder + "/" + f["fileName"], "rb").read()).hexdigest() == f["fileHashValue"]
[value] = [k["Value"] for k in keys["PublicKeyList"] if k["Fingerprint"] == sign["publicKeyFingerprint"]]
signed = " ".join(f["fileHashValue"] for f in sign["files"]).encode()
load_der_public_key(base64.b64decode(value)).verify(binascii.unhexlify(sign["hashSignature"]), signed, PKCS1v15(), hashes.SHA256())
"#;

/// Skipped, and said so, where Python or its `cryptography` is missing; `ring` is asked in the engine's tests always.
fn verify_in_python(folder: &Path, keys: &Path) {
    let python = std::env::var("TRAILMERE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_string());
    let run = Command::new(&python).arg("-c").arg(PYTHON).arg(folder).arg(keys).output();
    match run {
        Ok(output) if output.status.code() == Some(77) => eprintln!("skipped: {python} has no `cryptography`"),
        Err(_) => eprintln!("skipped: there is no {python}"),
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            eprintln!("Python's cryptography accepts the signature");
        }
    }
}

#[test]
fn words_that_are_no_commands_are_sql() {
    let place = Place::in_folder();
    assert_eq!(place.out(&["query", "SELECT 1 AS status"]), "status\n1\n");
    assert_eq!(place.out(&["query", "--format", "csv", "SELECT 2 AS x"]), "x\n2\n");
    assert!(place.out(&["query", "list"]).contains("SELECT 1 AS status"));
    let mut shell = place.command().arg("shell").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), b"SELECT 'from the shell' AS x;\n").unwrap();
    assert!(shell.wait().unwrap().success());
    assert!(place.out(&["query", "list"]).contains("from the shell"), "the shell's are recorded too");
    let said = place.run(&["query", "start", "SELECT nope"]);
    assert!(said.code == 1 && said.err.contains("nope"), "what does not plan fails at once: {}", said.err);
    assert_eq!(place.run(&["query", "start", "SELECT 1; SELECT 2"]).code, 2);
}
