//! Which range of `eventtime` does a condition on something computed from it imply?
//!
//! `substr(eventtime, 1, 10) = '2024-01-01'` or `date_trunc('hour', eventTime) >= …` keep the condition and gain the
//! range, which prunes. Only calls that keep the order of times are looked through; where the range begins and ends is
//! found by computing them.

mod order;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result as DfResult, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList, Like};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use order::{Ordered, Range};
pub(crate) use order::{keeps_order, rising_argument};

/// Adds what conditions imply of `eventtime` to filters.
#[derive(Debug)]
pub(crate) struct ImpliedTimes;

impl OptimizerRule for ImpliedTimes {
    fn name(&self) -> &str {
        "implied_times"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> DfResult<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(Transformed::no(plan)) };
        let present = split_conjunction(&filter.predicate);
        let mut implied: Vec<Expr> = vec![];
        for condition in &present {
            for bound in implications(condition) {
                if !present.contains(&&bound) && !implied.contains(&bound) {
                    implied.push(bound);
                }
            }
        }
        let Some(bounds) = conjunction(implied) else { return Ok(Transformed::no(LogicalPlan::Filter(filter))) };
        let predicate = bounds.and(filter.predicate.clone());
        Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?)))
    }
}

/// Conditions on the time alone that hold wherever `condition` does.
fn implications(condition: &Expr) -> Vec<Expr> {
    let Some((column, range)) = implied(condition) else { return vec![] };
    let time = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), None));
    let column = Expr::Column(column);
    let from = range.from.map(|from| column.clone().gt_eq(time(from)));
    let to = range.to.map(|to| column.clone().lt(time(to)));
    from.into_iter().chain(to).collect()
}

/// The range that a condition implies, and the column of it. What is a plain comparison already implies nothing new.
fn implied(condition: &Expr) -> Option<(Column, Range)> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let ((a, x), (b, y)) = (implied(left)?, implied(right)?);
            (a == b).then(|| (a, x.or(y)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => match (implied(left), implied(right)) {
            (Some((a, x)), Some((b, y))) if a == b => Some((a, x.and(y))),
            (one, other) => one.or(other),
        },
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => compared(left, *op, right),
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let ((a, x), (_, y)) = (compared(expr, Operator::GtEq, low)?, compared(expr, Operator::LtEq, high)?);
            Some((a, x.and(y)))
        }
        Expr::InList(InList { expr, list, negated: false }) if !list.is_empty() => {
            let each = list.iter().map(|item| compared(expr, Operator::Eq, item)).collect::<Option<Vec<_>>>()?;
            each.into_iter().reduce(|(a, x), (_, y)| (a, x.or(y)))
        }
        Expr::Like(Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false }) => {
            begins_with(expr, pattern)
        }
        _ => None,
    }
}

fn compared(left: &Expr, op: Operator, right: &Expr) -> Option<(Column, Range)> {
    let (computed, op, value) = match (left, right) {
        (computed, Expr::Literal(value, _)) => (computed, op, value),
        (Expr::Literal(value, _), computed) => (computed, op.swap()?, value),
        _ => return None,
    };
    let ordered = Ordered::of(computed)?;
    let range = ordered.range(op, value)?;
    Some((ordered.column, range))
}

/// `LIKE 'prefix%'` is a range of texts.
fn begins_with(text: &Expr, pattern: &Expr) -> Option<(Column, Range)> {
    let Expr::Literal(pattern, _) = pattern else { return None };
    let pattern = pattern.try_as_str().flatten()?;
    let prefix: String = pattern.chars().take_while(|c| !['%', '_', '\\'].contains(c)).collect();
    if prefix.is_empty() {
        return None;
    }
    let ordered = Ordered::of(text)?;
    let value = |text: String| ScalarValue::Utf8View(Some(text));
    let from = ordered.range(Operator::GtEq, &value(prefix.clone()))?;
    // The last character of Unicode stands for whatever may follow.
    let to = ordered.range(Operator::LtEq, &value(format!("{prefix}\u{10ffff}")))?;
    Some((ordered.column, from.and(to)))
}

#[cfg(test)]
mod tests;
