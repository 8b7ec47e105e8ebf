//! How are distinct values counted in memory that grows with them, and on all threads?
//!
//! `count(DISTINCT x) … GROUP BY k` is grouped by `k` and `x` first, and then counted by `k`. DataFusion's own rule does the
//! same, but not for aggregates with aliases; and a set of values per group, its other way, takes kilobytes a group.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::{Analyzer, column, internal};
use crate::error::Result;

/// An aggregate, with the name that it is known by after grouping.
type Named<'a> = (&'a AggregateFunction, &'a str);

impl Analyzer<'_> {
    /// Groups a plan: in two steps if all distinct aggregates count one value, and the others can be taken in two steps.
    pub(super) fn grouped_by(&self, plan: LogicalPlan, group: Vec<Expr>, aggregates: Vec<Expr>) -> Result<LogicalPlan> {
        let are_columns = group.iter().all(|key| matches!(key, Expr::Column(_)));
        // What refers to a query outside is pulled up through one aggregation, not through two.
        let stands_alone =
            plan.all_out_ref_exprs().is_empty() && !aggregates.iter().chain(&group).any(Expr::contains_outer);
        let plain = |plan, group, aggregates| {
            Aggregate::try_new(Arc::new(plan), group, aggregates).map(LogicalPlan::Aggregate).map_err(internal)
        };
        match counted(&aggregates).filter(|_| are_columns && stands_alone) {
            Some((named, value)) => self.in_two_steps(plan, &group, &named, value),
            None => plain(plan, group, aggregates),
        }
    }

    fn in_two_steps(
        &self,
        plan: LogicalPlan,
        group: &[Expr],
        aggregates: &[Named<'_>],
        value: &Expr,
    ) -> Result<LogicalPlan> {
        let value_id = self.fresh();
        let (mut first, mut second, mut shown) = (vec![], vec![], group.to_vec());
        for (call, id) in aggregates {
            if call.params.distinct {
                second.push(count(column(&value_id)).alias(*id));
                shown.push(column(id));
                continue;
            }
            let (part, whole) = (self.fresh(), self.fresh());
            first.push(Expr::AggregateFunction((*call).clone()).alias(&part));
            if call.func.name() == "count" {
                second.push(sum(column(&part)).alias(&whole));
                // Of no row at all it is 0.
                shown.push(coalesce(vec![column(&whole), lit(0i64)]).alias(*id));
            } else {
                let again =
                    AggregateFunction::new_udf(call.func.clone(), vec![column(&part)], false, None, vec![], None);
                second.push(Expr::AggregateFunction(again).alias(*id));
                shown.push(column(id));
            }
        }
        let by_value = group.iter().cloned().chain([value.clone().alias(&value_id)]);
        LogicalPlanBuilder::from(plan)
            .aggregate(by_value, first)
            .and_then(|plan| plan.aggregate(group.to_vec(), second))
            .and_then(|plan| plan.project(shown))
            .and_then(LogicalPlanBuilder::build)
            .map_err(internal)
    }
}

/// The aggregates and the value that is counted, if all fit.
fn counted(aggregates: &[Expr]) -> Option<(Vec<Named<'_>>, &Expr)> {
    let named: Vec<Named<'_>> = aggregates.iter().map(named).collect::<Option<_>>()?;
    let mut values = named.iter().filter(|(call, _)| call.params.distinct).map(|(call, _)| &call.params.args);
    let value = values.next()?;
    let fits = |call: &AggregateFunction| match (call.params.distinct, call.func.name()) {
        (true, name) => name == "count" && call.params.args == *value,
        (false, name) => ["count", "min", "max"].contains(&name) && call.params.args.len() == 1,
    };
    let is_bare = |call: &AggregateFunction| {
        let params = &call.params;
        params.filter.is_none() && params.order_by.is_empty() && params.null_treatment.is_none()
    };
    let all_fit = named.iter().all(|(call, _)| fits(call) && is_bare(call));
    (all_fit && value.len() == 1 && !value[0].is_volatile()).then(|| (named, &value[0]))
}

fn named(aggregate: &Expr) -> Option<Named<'_>> {
    let Expr::Alias(alias) = aggregate else { return None };
    match alias.expr.as_ref() {
        Expr::AggregateFunction(call) => Some((call, alias.name.as_str())),
        _ => None,
    }
}
