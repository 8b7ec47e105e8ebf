//! Is every event there exactly once after the process was killed, really, at any step, again and again?
//!
//! This test binary runs itself as a child that ingests, and that sends itself SIGKILL when it reaches a step of the
//! pipeline for the n-th time, or before or after its n-th writing call to storage. Then another child ends the work.

use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use trailmere_ingest::{Progress, Step};

use super::*;

const LAKE: &str = "TRAILMERE_TEST_CRASH_LAKE";
const SOURCE: &str = "TRAILMERE_TEST_CRASH_SOURCE";
/// `step NAME N`, `before N` or `after N`; nothing for a child that is to live.
const KILL: &str = "TRAILMERE_TEST_CRASH_KILL";

const STEPS: [Step; 8] = [
    Step::Listed,
    Step::Fetched,
    Step::Decoded,
    Step::StoreCreated,
    Step::Encoded,
    Step::Uploaded,
    Step::Committing,
    Step::Committed,
];

fn kill_me() {
    let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
    // Nothing may happen until the signal has come.
    std::thread::sleep(std::time::Duration::from_secs(60));
}

/// When the child is to die.
#[derive(Debug)]
struct Death {
    at: String,
    left: AtomicU64,
}

impl Death {
    fn pass(&self, point: &str) {
        if self.at == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill_me();
        }
    }
}

impl Progress for Death {
    fn step(&self, step: Step) {
        self.pass(&format!("step {step:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let (Ok(folder), Ok(source)) = (std::env::var(LAKE), std::env::var(SOURCE)) else { return };
    let kill = std::env::var(KILL).unwrap_or_default();
    let (at, count) = kill.rsplit_once(' ').unwrap_or_default();
    let death = Arc::new(Death { at: at.to_owned(), left: AtomicU64::new(count.parse().unwrap_or(0)) });
    let inner = open(Path::new(&folder)).await.object_store();
    let lake = Lake::with_object_store(Arc::new(Deadly { inner, death: death.clone() }), &folder);
    // Each parcel is a batch of its own, so that there are several commits.
    let request = IngestRequest { memory: 1, threads: 2, ..IngestRequest::of(source) };
    let summary = ingest(&lake, &request, now(), death.as_ref()).await.unwrap();
    assert_eq!(summary.files.failed, 0);
}

fn run_child(folder: &Path, source: &Path, kill: &str) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ingest::crashes::child_that_is_killed", "--nocapture"]);
    let output = command.env(LAKE, folder).env(SOURCE, source).env(KILL, kill).output().unwrap();
    let was_killed = output.status.signal() == Some(9);
    assert!(was_killed || output.status.success(), "{kill}: {}", String::from_utf8_lossy(&output.stderr));
    was_killed
}

fn logs() -> (tempfile::TempDir, Vec<String>) {
    let logs = tempfile::tempdir().unwrap();
    for file in 0..6 {
        deliver(
            logs.path(),
            &key("eu-west-1", &format!("2026-03-02T100{file}"), &file.to_string()),
            &events(&format!("f{file}"), 3),
        );
    }
    let all: Vec<String> =
        (0..6).flat_map(|file| events(&format!("f{file}"), 3)).map(|event| event.to_string()).collect();
    (logs, ids(&all))
}

/// Kills a child at each of some points, another one on what the first has left, and lets a third one end the work.
async fn survive(points: impl Iterator<Item = (String, String)>) -> usize {
    let (logs, all) = logs();
    let mut killed = 0;
    for (first, second) in points {
        let folder = tempfile::tempdir().unwrap();
        if !run_child(folder.path(), logs.path(), &first) {
            break;
        }
        killed += 1;
        killed += usize::from(run_child(folder.path(), logs.path(), &second));
        run_child(folder.path(), logs.path(), "");
        let lake = open(folder.path()).await;
        assert_eq!(ids(&records(&lake).await), all, "killed at {first}, then at {second}");
        assert_eq!(lake.stores().await.unwrap().len(), 1);
    }
    killed
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step() {
    let mut killed = 0;
    for (number, step) in STEPS.into_iter().enumerate() {
        let other = STEPS[(number * 3 + 1) % STEPS.len()];
        let points = [1, 2].map(|nth| (format!("step {step:?} {nth}"), format!("step {other:?} 1")));
        let now = survive(points.into_iter()).await;
        assert!(now > 0, "no child was killed at {step:?}");
        killed += now;
    }
    assert!(killed >= 20, "{killed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_each_call_to_storage() {
    let killed = survive((1..).map(|nth| (format!("before {nth}"), format!("after {}", nth / 2 + 1)))).await;
    assert!(killed > 10, "{killed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_each_call_to_storage() {
    let killed = survive((1..).map(|nth| (format!("after {nth}"), format!("before {}", nth / 2 + 1)))).await;
    assert!(killed > 10, "{killed}");
}

/// A store at whose n-th call the process dies.
#[derive(Debug)]
struct Deadly {
    inner: Arc<dyn ObjectStore>,
    death: Arc<Death>,
}

impl Deadly {
    async fn run<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.death.pass("before");
        let result = call.await;
        self.death.pass("after");
        result
    }
}

impl std::fmt::Display for Deadly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deadly({})", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Deadly {
    async fn put_opts(&self, location: &Key, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.run(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Key,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.run(self.inner.put_multipart_opts(location, options)).await
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Key, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Key>, offset: &Key) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }
}
