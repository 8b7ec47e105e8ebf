//! Where does a plan group rows of a scan?

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{Distribution, ExecutionPlan, InputOrderMode, replace_children_if_necessary};

use super::exec::GroupByNumbers;
use super::first_rule::firsts_below;
use super::whole::GroupWhole;
use crate::coded::{coded_rows, is_unique, kept_among};

/// Replaces aggregations of scans by those that group by numbers. The last of all rules: others know DataFusion's
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
        replaced(plan, Above { is_free: true, is_unordered: true })
    }
}

/// What is done with the rows of a plan above it.
#[derive(Clone, Copy)]
struct Above {
    /// It may have one partition where it had several: all rows come together above it, and nobody in between counts on
    /// which rows are in which partition.
    is_free: bool,
    /// Nobody counts on the order of its rows.
    is_unordered: bool,
}

impl Above {
    /// For what is below a plan. Joins and the like count on which rows their inputs have in which partition.
    fn below(self, plan: &Arc<dyn ExecutionPlan>) -> Self {
        let is_alone = plan.children().len() == 1;
        let repartition = plan.downcast_ref::<RepartitionExec>();
        let mixes = plan.is::<SortExec>()
            || plan.is::<CoalescePartitionsExec>()
            || repartition.is_some_and(|repartition| !repartition.preserve_order())
            || plan
                .downcast_ref::<AggregateExec>()
                .is_some_and(|aggregate| *aggregate.input_order_mode() == InputOrderMode::Linear);
        // Who asks for all rows of a key in one partition counts on them.
        let is_hashed = plan
            .input_distribution_requirements()
            .per_child_distributions()
            .any(|distribution| !matches!(distribution, Distribution::UnspecifiedDistribution));
        let is_ordered = plan.required_input_ordering().iter().any(Option::is_some);
        Above {
            is_free: comes_together(plan) || (self.is_free && is_alone && !is_hashed),
            is_unordered: !is_ordered && (mixes || (self.is_unordered && is_alone)),
        }
    }
}

/// The plan with aggregations by numbers.
fn replaced(plan: Arc<dyn ExecutionPlan>, above: Above) -> Result<Arc<dyn ExecutionPlan>> {
    let below = above.below(&plan);
    let children =
        plan.children().into_iter().map(|child| replaced(Arc::clone(child), below)).collect::<Result<_>>()?;
    let plan = replace_children_if_necessary(plan, children)?;
    if let Some(filter) = plan.downcast_ref::<FilterExec>().filter(|_| above.is_free && above.is_unordered) {
        return Ok(firsts_below(filter)?.unwrap_or(plan));
    }
    if let Some(kept) = kept_among(&plan)?.filter(|_| above.is_free) {
        return Ok(Arc::new(kept));
    }
    let Some(aggregate) = plan.downcast_ref::<AggregateExec>() else { return Ok(plan) };
    let replacement = match (replacement(aggregate)?, above.is_free) {
        (None, true) => whole(aggregate),
        (replacement, _) => replacement,
    };
    Ok(replacement.unwrap_or(plan))
}

fn comes_together(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<RepartitionExec>() || plan.is::<CoalescePartitionsExec>() || plan.is::<SortPreservingMergeExec>()
}

/// Both steps of an aggregation, of which the first is by numbers.
fn whole(last: &AggregateExec) -> Option<Arc<dyn ExecutionPlan>> {
    let is_last = matches!(last.mode(), AggregateMode::FinalPartitioned | AggregateMode::Final);
    let between = last.input();
    let input = match between.downcast_ref::<RepartitionExec>() {
        Some(repartition) => repartition.input(),
        None => between.downcast_ref::<CoalescePartitionsExec>()?.input(),
    };
    let first = input.downcast_ref::<GroupByNumbers>()?;
    let fits = is_last && last.limit_options().is_none() && *last.input_order_mode() == InputOrderMode::Linear;
    fits.then(|| Arc::new(first.whole(last.clone())) as Arc<dyn ExecutionPlan>)
}

fn replacement(aggregate: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let keys = aggregate.group_expr();
    let fits = *aggregate.mode() == AggregateMode::Partial
        && keys.is_single()
        && !keys.is_empty()
        // As many groups as rows: those of several partitions come together faster on several processors.
        && !keys.expr().iter().any(|(key, _)| is_unique(aggregate.input(), key))
        && *aggregate.input_order_mode() == InputOrderMode::Linear
        && aggregate.limit_options().is_none()
        && aggregate.aggr_expr().iter().all(|function| {
            function.groups_accumulator_supported() && function.order_bys().is_empty() && !function.is_distinct()
        });
    let input = if fits { coded(aggregate.input())? } else { None };
    Ok(input.map(|input| Arc::new(GroupByNumbers::new(aggregate.clone(), input)) as Arc<dyn ExecutionPlan>))
}

/// The same rows of a scan, or of an aggregation, with texts as they are coded.
pub(super) fn coded(input: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(groups) = input.downcast_ref::<GroupWhole>() {
        return Ok(Some(Arc::new(groups.coded())));
    }
    coded_rows(input)
}
