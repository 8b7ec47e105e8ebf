//! Progress of a long query: on stderr, only on a terminal, only after half a second.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use trailmere_engine::QueryStatistics;

const QUIET: Duration = Duration::from_millis(500);

/// A spinner with what has been read so far.
pub struct QueryProgress {
    started: Instant,
    bar: Option<ProgressBar>,
    enabled: bool,
}

impl QueryProgress {
    /// Shows nothing yet; nothing at all where stderr is no terminal.
    pub fn start() -> Self {
        QueryProgress { started: Instant::now(), bar: None, enabled: std::io::stderr().is_terminal() }
    }

    /// Tells how far the query is.
    pub fn update(&mut self, statistics: &QueryStatistics) {
        if !self.enabled || self.started.elapsed() < QUIET {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let bytes = indicatif::HumanBytes(statistics.bytes_scanned);
        bar.set_message(format!("{} events, {bytes} read", indicatif::HumanCount(statistics.events_scanned)));
        bar.tick();
    }

    /// Removes the line.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for QueryProgress {
    fn drop(&mut self) {
        self.clear();
    }
}
