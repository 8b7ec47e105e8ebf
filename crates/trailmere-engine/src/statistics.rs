//! What a query cost: rows, events and bytes read, files left out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::physical_plan::{ExecutionPlan, metrics::MetricsSet};
use serde::Serialize;

/// The cost of a query so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QueryStatistics {
    /// Rows of the result.
    pub rows: u64,
    /// Events that passed the filters at their scan: those of the statement, retention's, and what a `LIMIT`, `max` or join
    /// lets the scan leave out while it runs.
    pub events_matched: u64,
    /// Events read after pruning: rows of the data pages that were decoded for a filter or for the result.
    pub events_scanned: u64,
    /// Bytes read from data files.
    pub bytes_scanned: u64,
    /// Active data files of the stores that were asked.
    pub files_total: u64,
    /// Of them, those that could not be left out by the log's statistics.
    pub files_scanned: u64,
    /// Since the statement was taken.
    #[serde(serialize_with = "as_millis", rename = "elapsedMillis")]
    pub elapsed: Duration,
}

fn as_millis<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(elapsed.as_millis() as u64)
}

/// Reads the statistics of a running or finished plan.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    plan: Arc<dyn ExecutionPlan>,
    /// Has read some of the same files before.
    scouted: Option<Arc<dyn ExecutionPlan>>,
    started: Instant,
}

impl Meter {
    pub(crate) fn new(plan: Arc<dyn ExecutionPlan>, scouted: Option<Arc<dyn ExecutionPlan>>, started: Instant) -> Self {
        Meter { plan, scouted, started }
    }

    pub(crate) fn read(&self, rows: u64) -> QueryStatistics {
        let mut statistics = QueryStatistics { rows, elapsed: self.started.elapsed(), ..Default::default() };
        visit(self.plan.as_ref(), None, &mut statistics);
        if let Some(scouted) = &self.scouted {
            // It asks the same files, and what it lets through is asked again.
            let mut before = QueryStatistics::default();
            visit(scouted.as_ref(), None, &mut before);
            statistics.bytes_scanned += before.bytes_scanned;
            statistics.events_scanned += before.events_scanned;
            statistics.events_matched = statistics.events_matched.max(before.events_matched);
        }
        statistics
    }
}

/// Operators between a scan and its filter that give as many rows as they take.
const TRANSPARENT: &[&str] = &["CoalesceBatchesExec", "CooperativeExec", "ProjectionExec", "RepartitionExec"];

/// `passed`: the rows that a filter above has let through, as long as nothing else lies between.
fn visit(plan: &dyn ExecutionPlan, passed: Option<u64>, statistics: &mut QueryStatistics) {
    if plan.children().is_empty()
        && let Some(metrics) = plan.metrics()
        && count(&metrics, "files_total").is_some()
    {
        let number = |name| count(&metrics, name).unwrap_or(0);
        statistics.files_total += number("files_total");
        statistics.files_scanned += number("files_total") - number("files_pruned");
        statistics.bytes_scanned += number("bytes_scanned");
        let output = metrics.output_rows().unwrap_or(0) as u64;
        statistics.events_scanned += output + number("pushdown_rows_pruned");
        statistics.events_matched += passed.unwrap_or(output);
    }
    let passed = match plan.name() {
        "FilterExec" => passed.or_else(|| Some(plan.metrics()?.output_rows()? as u64)),
        name if TRANSPARENT.contains(&name) => passed,
        _ => None,
    };
    for child in plan.children() {
        visit(child.as_ref(), passed, statistics);
    }
}

fn count(metrics: &MetricsSet, name: &str) -> Option<u64> {
    metrics.sum_by_name(name).map(|value| value.as_usize() as u64)
}
