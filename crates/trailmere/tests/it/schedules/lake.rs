//! A lake for schedules, in a folder or in a bucket, and the program that works on it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::s3_server::{BUCKET, KEY, SECRET};

/// A lake and what its programs are started with.
pub(super) struct Lake {
    folder: TempDir,
    location: String,
    settings: Vec<(String, String)>,
}

/// Nothing that is waited for takes this long.
const LONG: Duration = Duration::from_secs(180);

impl Lake {
    /// A lake in a folder.
    pub(super) fn in_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("lake").to_string_lossy().into_owned();
        Lake { folder, location, settings: vec![] }
    }

    /// A lake on an S3 server.
    pub(super) fn in_bucket(endpoint: &str) -> Self {
        let settings = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/nonexistent"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
        ];
        let settings = settings.map(|(name, value)| (name.to_string(), value.to_string())).to_vec();
        Lake { folder: tempfile::tempdir().unwrap(), location: format!("s3://{BUCKET}/lake"), settings }
    }

    /// The temporary folder, where programs are started.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these arguments, not started yet.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailmere"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .args(["--lake", &self.location, "--no-sync"])
            .args(arguments)
            .current_dir(self.folder())
            .envs(self.settings.iter().cloned())
            .env("NO_COLOR", "1")
            .env("ALERT_KEY", "sesame")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the program.
    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs the program to its end; code, stdout, stderr.
    pub(super) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// Runs what must succeed; its stdout.
    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}\n{out}{err}");
        out
    }

    /// What a command that must succeed prints as JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// The runs of a schedule, oldest first.
    pub(super) fn runs(&self, schedule: &str) -> Vec<Value> {
        let Value::Array(mut runs) = self.json(&["schedule", "history", schedule, "--limit", "1000", "--json"]) else {
            panic!("no list of runs")
        };
        runs.reverse();
        runs
    }

    /// From when to when each run of a schedule covered time, oldest first: `03-01 01:00 03-01 02:00`.
    pub(super) fn covered(&self, schedule: &str) -> Vec<String> {
        let short = |run: &Value, name: &str| run[name].as_str().unwrap()[5..16].replace('T', " ");
        let runs = self.runs(schedule);
        runs.iter().map(|run| format!("{} {}", short(run, "lastSuccessTime"), short(run, "scheduledTime"))).collect()
    }

    /// The lines of a file of notifications.
    pub(super) fn told(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder().join(file)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The newest state of the only schedule, read from the folder itself.
    pub(super) fn state(&self) -> Option<Value> {
        let folder = Path::new(&self.location).join("catalog/schedule-state");
        let schedule = std::fs::read_dir(folder).ok()?.next()?.ok()?.path();
        let versions = std::fs::read_dir(schedule).ok()?.flatten().map(|entry| entry.path());
        let newest = versions.filter(|path| path.extension().is_some_and(|extension| extension == "json")).max()?;
        read(&newest)
    }

    /// Waits until the only schedule is being run.
    pub(super) fn wait_for_lease(&self) {
        wait(|| self.state().is_some_and(|state| state["value"]["lease"].is_object()));
    }
}

/// A document; nothing while it is being written.
fn read(path: &PathBuf) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

/// Waits until something holds, and fails if it never does.
pub(super) fn wait(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "what was waited for did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}
