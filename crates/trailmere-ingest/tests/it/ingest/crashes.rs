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
/// Bytes of memory; 1 without it.
const MEMORY: &str = "TRAILMERE_TEST_CRASH_MEMORY";
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
    let memory = std::env::var(MEMORY).map_or(1, |memory| memory.parse().unwrap());
    // Where one of several threads is left behind, nobody knows which days are over.
    let threads = if memory == 1 { 2 } else { 1 };
    let request = IngestRequest { memory, threads, ..IngestRequest::of(source) };
    let summary = ingest(&lake, &request, now(), death.as_ref()).await.unwrap();
    assert_eq!(summary.files.failed, 0);
}

fn run_child(folder: &Path, (source, memory): (&Path, usize), kill: &str) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ingest::crashes::child_that_is_killed", "--nocapture"]);
    let output =
        command.env(LAKE, folder).env(SOURCE, source).env(KILL, kill).env(MEMORY, memory.to_string()).output().unwrap();
    let was_killed = output.status.signal() == Some(9);
    assert!(was_killed || output.status.success(), "{kill}: {}", String::from_utf8_lossy(&output.stderr));
    was_killed
}

/// What children ingest, with how much memory, and the IDs that are in it.
struct Logs {
    folder: tempfile::TempDir,
    memory: usize,
    ids: Vec<String>,
}

/// Few events; each parcel is a batch of its own, so that there are several commits.
fn logs() -> Logs {
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
    Logs { folder: logs, memory: 1, ids: ids(&all) }
}

/// Days of which a batch holds one and a bit, so that rows of the newest day wait for the next one.
fn logs_of_days() -> Logs {
    let (logs, padding) = (tempfile::tempdir().unwrap(), "x".repeat(3000));
    let mut all = vec![];
    for hour in 1..4 * 12 {
        let (day, hour) = (hour / 12 + 1, hour % 12 * 2);
        let events: Vec<_> = (0..30)
            .map(|minute| {
                let mut event =
                    event(&format!("d{day}-{hour}-{minute}"), &format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z"));
                event["userAgent"] = padding.as_str().into();
                event
            })
            .collect();
        deliver(
            logs.path(),
            &key("eu-west-1", &format!("2026-03-{day:02}T{hour:02}45"), &format!("{day}-{hour}")),
            &events,
        );
        all.extend(events.iter().map(ToString::to_string));
    }
    Logs { folder: logs, memory: 12 << 20, ids: ids(&all) }
}

/// Kills a child at each of some points, another one on what the first has left, and lets a third one end the work.
async fn survive(logs: &Logs, points: impl Iterator<Item = (String, String)>) -> usize {
    let source = (logs.folder.path(), logs.memory);
    let mut killed = 0;
    for (first, second) in points {
        let folder = tempfile::tempdir().unwrap();
        if !run_child(folder.path(), source, &first) {
            break;
        }
        killed += 1;
        killed += usize::from(run_child(folder.path(), source, &second));
        run_child(folder.path(), source, "");
        let lake = open(folder.path()).await;
        assert_eq!(ids(&records(&lake).await), logs.ids, "killed at {first}, then at {second}");
        assert_eq!(lake.stores().await.unwrap().len(), 1);
    }
    killed
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step() {
    let (logs, mut killed) = (logs(), 0);
    for (number, step) in STEPS.into_iter().enumerate() {
        let other = STEPS[(number * 3 + 1) % STEPS.len()];
        let points = [1, 2].map(|nth| (format!("step {step:?} {nth}"), format!("step {other:?} 1")));
        let now = survive(&logs, points.into_iter()).await;
        assert!(now > 0, "no child was killed at {step:?}");
        killed += now;
    }
    assert!(killed >= 20, "{killed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_each_call_to_storage() {
    let killed = survive(&logs(), (1..).map(|nth| (format!("before {nth}"), format!("after {}", nth / 2 + 1)))).await;
    assert!(killed > 10, "{killed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_each_call_to_storage() {
    let killed = survive(&logs(), (1..).map(|nth| (format!("after {nth}"), format!("before {}", nth / 2 + 1)))).await;
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

/// Rows that wait for the next batch are nowhere but in memory.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_rows_wait() {
    let logs = logs_of_days();
    let folder = tempfile::tempdir().unwrap();
    assert!(!run_child(folder.path(), (logs.folder.path(), logs.memory), ""));
    let lake = open(folder.path()).await;
    let store = lake.find_store("events").await.unwrap();
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    let days: Vec<i64> = snapshot.files.iter().map(|file| file.day - 20_260_300).collect();
    assert_eq!(days, [1, 2, 3, 4], "a day's rows did not wait for each other");
    let points = [("Encoded", 2), ("Uploaded", 2), ("Uploaded", 3), ("Committing", 1), ("Committed", 1)];
    let points = points.map(|(step, nth)| (format!("step {step} {nth}"), format!("step {step} 1")));
    assert!(survive(&logs, points.into_iter()).await >= 6);
}
