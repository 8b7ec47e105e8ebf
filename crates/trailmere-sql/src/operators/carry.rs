//! How is what a subquery computes kept from failing when a condition on it moves below the subquery's own WHERE?
//!
//! `SELECT … FROM (SELECT 10 / x AS y FROM t WHERE x <> 0) WHERE y > 1`: DataFusion moves `y > 1` down to `x <> 0`. A column
//! that can fail therefore carries the WHERE under which it was computed, where a filter or a join stands above.

use datafusion::common::tree_node::{Transformed, TreeNodeRewriter};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::{Alias, Case};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::guard::may_fail;

/// Makes columns that can fail carry their conditions.
pub(crate) fn carry_conditions(plan: LogicalPlan) -> DfResult<LogicalPlan> {
    Ok(plan.rewrite_with_subqueries(&mut Carry { filters_above: 0 })?.data)
}

struct Carry {
    filters_above: usize,
}

impl TreeNodeRewriter for Carry {
    type Node = LogicalPlan;

    fn f_down(&mut self, node: LogicalPlan) -> DfResult<Transformed<LogicalPlan>> {
        self.filters_above += usize::from(moves_conditions(&node));
        Ok(Transformed::no(node))
    }

    fn f_up(&mut self, node: LogicalPlan) -> DfResult<Transformed<LogicalPlan>> {
        self.filters_above -= usize::from(moves_conditions(&node));
        let LogicalPlan::Projection(projection) = &node else { return Ok(Transformed::no(node)) };
        let LogicalPlan::Filter(filter) = projection.input.as_ref() else { return Ok(Transformed::no(node)) };
        if self.filters_above == 0 || !projection.expr.iter().any(may_fail) {
            return Ok(Transformed::no(node));
        }
        let condition = filter.predicate.clone();
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            if !may_fail(&expr) {
                return Ok(Transformed::no(expr));
            }
            let name = names.save(&expr);
            Ok(Transformed::yes(name.restore(under(&condition, expr))))
        })
    }
}

fn moves_conditions(node: &LogicalPlan) -> bool {
    matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Join(_))
}

/// The value where the condition holds: that is everywhere, until it is moved.
fn under(condition: &Expr, expr: Expr) -> Expr {
    match expr {
        Expr::Alias(alias) => Expr::Alias(Alias { expr: Box::new(under(condition, *alias.expr)), ..alias }),
        value => {
            let holds = Box::new(Expr::IsTrue(Box::new(condition.clone())));
            Expr::Case(Case::new(None, vec![(holds, Box::new(value))], None))
        }
    }
}
