//! Runs the rows of a query into a printer.

use std::time::Duration;

use arrow::array::RecordBatch;
use trailmere_engine::{QueryRun, QueryStatistics};
use trailmere_model::Result;

use crate::printers::Printer;
use crate::progress::QueryProgress;

/// What was shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Rows that were printed.
    pub rows: u64,
    /// Whether there are more rows than were printed.
    pub more: bool,
    /// What the query cost.
    pub statistics: QueryStatistics,
}

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(200);

/// Prints at most `max_rows` rows of the query.
pub async fn show(mut run: QueryRun, printer: &mut dyn Printer, max_rows: Option<u64>) -> Result<Shown> {
    printer.start(&run.columns)?;
    let mut progress = QueryProgress::start();
    let mut rows = 0;
    let mut more = false;
    while let Some(batch) = next(&mut run, &mut progress).await? {
        progress.clear();
        let room = max_rows.map_or(u64::MAX, |most| most - rows);
        let taken = (batch.num_rows() as u64).min(room) as usize;
        printer.rows(&batch.slice(0, taken))?;
        rows += taken as u64;
        if taken < batch.num_rows() {
            more = true;
            break;
        }
    }
    progress.clear();
    printer.finish()?;
    Ok(Shown { rows, more, statistics: run.statistics() })
}

async fn next(run: &mut QueryRun, progress: &mut QueryProgress) -> Result<Option<RecordBatch>> {
    loop {
        match tokio::time::timeout(TICK, run.next_batch()).await {
            Ok(batch) => return batch,
            Err(_) => progress.update(&run.statistics()),
        }
    }
}

/// The line below a result: rows, time, and what was read (bytes are what Lake bills).
pub fn footer(shown: &Shown) -> String {
    let s = &shown.statistics;
    let rows = match shown.rows {
        1 => "1 row".to_string(),
        n => format!("{} rows", indicatif::HumanCount(n)),
    };
    let rows = if shown.more { format!("the first {rows}; there are more") } else { rows };
    let events = indicatif::HumanCount(s.events_scanned);
    let files = format!("{} of {} files", s.files_scanned, s.files_total);
    let millis = s.elapsed.as_secs_f64() * 1_000.0;
    format!("{rows} in {millis:.0} ms ({events} events, {} scanned, {files})", indicatif::HumanBytes(s.bytes_scanned))
}
