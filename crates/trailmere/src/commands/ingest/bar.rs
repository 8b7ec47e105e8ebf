//! The progress of an ingestion: a bar on a terminal, plain lines now and then in a log.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use tokio::sync::Notify;
use trailmere_ingest::{Decoded, IngestSummary, Progress};

/// How often a log gets a line.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Listens to an ingestion and shows it on stderr.
pub(crate) struct Bar {
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Mutex<Instant>,
    files: AtomicU64,
    events: AtomicU64,
    raw_bytes: AtomicU64,
    stopped: AtomicBool,
    abandon: Notify,
}

impl Bar {
    pub(crate) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let template = "{spinner} [{bar:30}] {bytes}/{total_bytes} · {msg} · {eta} left";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        Bar {
            bar,
            started: now,
            last_line: Mutex::new(now),
            files: AtomicU64::new(0),
            events: AtomicU64::new(0),
            raw_bytes: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            abandon: Notify::new(),
        }
    }

    /// Ends the ingestion after what is under way.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.say("stopping after what is under way; ctrl-C again cuts it short");
    }

    /// Ends it at once.
    pub(crate) fn abandon(&self) {
        self.abandon.notify_one();
    }

    /// Waits until the user wants it to end at once.
    pub(crate) async fn abandoned(&self) {
        self.abandon.notified().await;
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn message(&self) -> String {
        let raw = self.raw_bytes.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        format!(
            "{} files · {} events · {:.0} MB/s",
            HumanCount(self.files.load(Ordering::Relaxed)),
            HumanCount(self.events.load(Ordering::Relaxed)),
            raw as f64 / 1e6 / seconds
        )
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// A line for a log, but not too often.
    fn line_if_due(&self) {
        let Ok(mut last) = self.last_line.try_lock() else { return };
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            eprintln!("{}", self.message());
        }
    }
}

impl Progress for Bar {
    fn found(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc_length(bytes);
        }
    }

    fn decoded(&self, amount: Decoded) {
        self.files.fetch_add(amount.files, Ordering::Relaxed);
        self.raw_bytes.fetch_add(amount.raw_bytes, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => {
                bar.inc(amount.bytes_in);
                bar.set_message(self.message());
            }
            None => self.line_if_due(),
        }
    }

    fn committed(&self, _: u64, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    fn store_created(&self, name: &str) {
        self.say(&format!(
            "made the event data store `{name}`: it takes every event of its type and keeps them until told otherwise"
        ));
    }

    fn caught_up(&self, so_far: &IngestSummary) {
        let files = HumanCount(so_far.files.taken);
        let bytes = HumanBytes(so_far.raw_bytes);
        self.say(&format!("caught up: {files} files, {} events, {bytes} of JSON so far", HumanCount(so_far.events())));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
