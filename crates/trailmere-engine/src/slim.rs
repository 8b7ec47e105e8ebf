//! Leaves out what a statement does not read before anything else is done to its plan.
//!
//! A table has forty columns, and each rule walks through all that a node carries: for a short statement, that was most of
//! its planning.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Explain, Expr, LogicalPlan};
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::members::SplitStructs;

/// The plan without columns that nobody reads. One with subqueries stays as it is: they are taken apart first.
pub(crate) fn slim(plan: LogicalPlan, config: &dyn OptimizerConfig) -> LogicalPlan {
    if let LogicalPlan::Explain(explain) = plan {
        // It shows the plan that would run.
        let shown = Arc::new(slim(Arc::unwrap_or_clone(explain.plan), config));
        return LogicalPlan::Explain(Explain { plan: shown, ..explain });
    }
    if has_subqueries(&plan) {
        return plan;
    }
    let before = plan.clone();
    // Members first: they are found by the projection right above a scan, which may go.
    let slimmer = SplitStructs.rewrite(plan, config);
    match slimmer.and_then(|plan| OptimizeProjections::new().rewrite(plan.data, config)) {
        Ok(slimmer) => slimmer.data,
        // The rule comes again with all the others, which say what is wrong.
        Err(_) => before,
    }
}

fn has_subqueries(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let walk = plan.apply(|node| {
        found |= matches!(node, LogicalPlan::Subquery(_));
        node.apply_expressions(|expr| {
            found |= expr.exists(|part| Ok(is_subquery(part)))?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    });
    found || walk.is_err()
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::ScalarSubquery(_)
            | Expr::SetComparison(_)
            | Expr::OuterReferenceColumn(..)
    )
}
