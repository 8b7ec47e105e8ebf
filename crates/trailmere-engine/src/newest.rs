//! Reads the newest events first, or the oldest, where a plan wants the first few of that order.
//!
//! What is found so far leaves out files that can hold nothing better: it is found soonest in the files at that end of
//! time, which several partitions therefore share among them one by one.

use std::cmp::Reverse;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use trailmere_model::EVENTTIME;

use crate::coded::{scan_of, table_column};

/// Orders the files of scans below sorts of which few rows are wanted.
#[derive(Debug)]
pub(crate) struct NewestFirst;

impl PhysicalOptimizerRule for NewestFirst {
    fn name(&self) -> &str {
        "newest_first"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let ordered = plan.transform_up(|node| {
            let Some(is_newest) = node.downcast_ref::<SortExec>().and_then(by_time) else {
                return Ok(Transformed::no(node));
            };
            node.transform_down(|below| match below.downcast_ref::<DataSourceExec>().and_then(scan_of) {
                Some(scan) => Ok(dealt(scan, is_newest).map_or_else(|| Transformed::no(below), Transformed::yes)),
                None => Ok(Transformed::no(below)),
            })
        });
        ordered.map(|ordered| ordered.data)
    }
}

/// Whether a sort wants the newest events, or the oldest, of a scan; `None` if it wants others, or all.
fn by_time(sort: &SortExec) -> Option<bool> {
    sort.fetch()?;
    let first = sort.expr().first();
    let column: &Arc<dyn PhysicalExpr> = &first.expr;
    (table_column(sort.input(), column)? == EVENTTIME).then_some(first.options.descending)
}

/// The same scan with its files in the order of their times, dealt out one by one.
fn dealt(scan: &FileScanConfig, is_newest: bool) -> Option<Arc<dyn ExecutionPlan>> {
    let groups = scan.file_groups.len();
    let mut files: Vec<PartitionedFile> = scan.file_groups.iter().flat_map(|group| group.files().to_vec()).collect();
    if files.len() <= groups {
        return None;
    }
    let time = scan.file_schema().index_of(EVENTTIME).ok()?;
    match is_newest {
        true => files.sort_by_cached_key(|file| Reverse(last(file, time))),
        false => files.sort_by_cached_key(|file| first(file, time)),
    }
    let mut dealt: Vec<Vec<PartitionedFile>> = vec![vec![]; groups];
    for (nth, file) in files.into_iter().enumerate() {
        dealt[nth % groups].push(file);
    }
    let mut scan = scan.clone();
    scan.file_groups = dealt.into_iter().map(FileGroup::new).collect();
    scan.output_ordering = vec![];
    Some(DataSourceExec::from_data_source(scan))
}

/// Of the last event of a file. What is not known may be anything: such files come first.
fn last(file: &PartitionedFile, time: usize) -> i64 {
    let max =
        |file: &PartitionedFile| micros(file.statistics.as_ref()?.column_statistics.get(time)?.max_value.get_value()?);
    max(file).unwrap_or(i64::MAX)
}

fn first(file: &PartitionedFile, time: usize) -> i64 {
    let min =
        |file: &PartitionedFile| micros(file.statistics.as_ref()?.column_statistics.get(time)?.min_value.get_value()?);
    min(file).unwrap_or(i64::MIN)
}

fn micros(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampMicrosecond(micros, _) => *micros,
        _ => None,
    }
}
