//! Where does a plan group rows of a scan?

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use super::exec::GroupByNumbers;
use crate::scan::EventSource;

/// Replaces partial aggregations of scans by those that group by numbers. The last of all rules: others know DataFusion's
/// own aggregations.
#[derive(Debug)]
pub(crate) struct ByNumbers;

impl PhysicalOptimizerRule for ByNumbers {
    fn name(&self) -> &str {
        "group_by_numbers"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let replaced = plan.transform_up(|node| {
            Ok(match node.downcast_ref::<AggregateExec>().and_then(replacement) {
                Some(grouping) => Transformed::yes(grouping),
                None => Transformed::no(node),
            })
        });
        replaced.map(|plan| plan.data)
    }
}

fn replacement(aggregate: &AggregateExec) -> Option<Arc<dyn ExecutionPlan>> {
    let input = coded(aggregate.input())?;
    let keys = aggregate.group_expr();
    let fits = *aggregate.mode() == AggregateMode::Partial
        && keys.is_single()
        && !keys.is_empty()
        && *aggregate.input_order_mode() == InputOrderMode::Linear
        && aggregate.limit_options().is_none()
        && aggregate.aggr_expr().iter().all(|function| {
            function.groups_accumulator_supported() && function.order_bys().is_empty() && !function.is_distinct()
        });
    fits.then(|| Arc::new(GroupByNumbers::new(aggregate.clone(), input)) as Arc<dyn ExecutionPlan>)
}

/// The same scan with texts as they are coded.
fn coded(input: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let scan = input.downcast_ref::<DataSourceExec>()?;
    let config = scan.data_source().downcast_ref::<FileScanConfig>()?;
    let source = config.file_source().downcast_ref::<EventSource>()?;
    let mut coded = config.clone();
    coded.file_source = Arc::new(source.coded()?);
    Some(DataSourceExec::from_data_source(coded))
}
