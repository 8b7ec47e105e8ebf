//! UNION, INTERSECT, EXCEPT, each with ALL and DISTINCT.

use std::sync::Arc;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Union, WindowFrame, WindowFunctionDefinition};

use super::scope::{Rows, Scope, ScopeColumn};
use super::{Analyzer, column, extend, internal, project};
use crate::ast::SetOp;
use crate::error::{Result, SqlError};
use crate::{coercion, operators};

impl Analyzer<'_> {
    /// Brings both sides to common types, column by column.
    pub(super) fn set_operation(&self, (op, all): (SetOp, bool), left: Rows, right: Rows) -> Result<Rows> {
        let word = match op {
            SetOp::Union => "UNION",
            SetOp::Intersect => "INTERSECT",
            SetOp::Except => "EXCEPT",
        };
        let (l, r) = (visible(left)?, visible(right)?);
        if l.scope.columns.len() != r.scope.columns.len() {
            let (a, b) = (l.scope.columns.len(), r.scope.columns.len());
            return Err(SqlError::invalid(format!("{word} needs as many columns on both sides, not {a} and {b}")));
        }
        let (mut columns, mut lefts, mut rights) = (vec![], vec![], vec![]);
        for (i, (a, b)) in l.scope.columns.iter().zip(&r.scope.columns).enumerate() {
            let ty = coercion::common_type(&a.ty, &b.ty).ok_or_else(|| {
                SqlError::invalid(format!("column {} of {word} has incompatible types: {}, {}", i + 1, a.ty, b.ty))
            })?;
            let id = self.fresh();
            lefts.push(coercion::coerce(a.typed(), &ty)?.expr.alias(&id));
            rights.push(coercion::coerce(b.typed(), &ty)?.expr.alias(&id));
            columns.push(ScopeColumn { relation: vec![], ty, id, ..a.clone() });
        }
        let (left, right) = (project(l.plan, lefts)?, project(r.plan, rights)?);
        let plan = match op {
            SetOp::Union => self.union(left, right, &columns, all)?,
            SetOp::Intersect => self.common(left, right, &columns, (JoinType::LeftSemi, all))?,
            SetOp::Except => self.common(left, right, &columns, (JoinType::LeftAnti, all))?,
        };
        Ok(Rows { plan, scope: Scope { columns } })
    }

    fn union(&self, left: LogicalPlan, right: LogicalPlan, columns: &[ScopeColumn], all: bool) -> Result<LogicalPlan> {
        // A chain of UNION ALL is one union of many.
        let mut inputs = match left {
            LogicalPlan::Projection(p) if matches!(p.input.as_ref(), LogicalPlan::Union(_)) && is_relabel(&p.expr) => {
                relabelled(&p, columns)?
            }
            other => vec![Arc::new(other)],
        };
        inputs.push(Arc::new(right));
        let plan = LogicalPlan::Union(Union::try_new_with_loose_types(inputs).map_err(internal)?);
        if all { Ok(plan) } else { self.distinct(plan, columns) }
    }

    /// The rows of the left side that are (or are not) on the right; with ALL the n-th of equal rows meets the n-th.
    fn common(
        &self,
        left: LogicalPlan,
        right: LogicalPlan,
        columns: &[ScopeColumn],
        (kind, all): (JoinType, bool),
    ) -> Result<LogicalPlan> {
        let (left, right) = match all {
            true => (left, right),
            false => (self.distinct(left, columns)?, right),
        };
        let (left, mut on_left) = self.keyed(left, columns, all)?;
        let (right, mut on_right) = self.keyed(right, columns, all)?;
        // Both sides have the same names; the right one's are its own.
        let renames: Vec<(String, String)> = on_right.iter().map(|id| (id.clone(), self.fresh())).collect();
        let right = project(right, renames.iter().map(|(old, new)| column(old).alias(new)).collect())?;
        on_right.iter_mut().zip(&renames).for_each(|(id, (_, new))| id.clone_from(new));
        let on = on_left.drain(..).zip(on_right).map(|(l, r)| (column(&l), column(&r))).collect();
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            None,
            kind,
            JoinConstraint::On,
            NullEquality::NullEqualsNull,
            false,
        );
        project(LogicalPlan::Join(join.map_err(internal)?), columns.iter().map(|c| c.column()).collect())
    }

    /// Adds the columns by which rows are equal.
    fn keyed(&self, plan: LogicalPlan, columns: &[ScopeColumn], numbered: bool) -> Result<(LogicalPlan, Vec<String>)> {
        let mut ids = Vec::new();
        let mut keys = Vec::new();
        for c in columns {
            if !crate::operators::is_comparable(&c.ty) {
                return Err(SqlError::invalid(format!("{} cannot be compared", c.ty)));
            }
            let id = self.fresh();
            keys.push(operators::group_key(c.typed()).expr.alias(&id));
            ids.push(id);
        }
        let mut plan = extend(plan, keys)?;
        if numbered {
            let params = WindowFunctionParams {
                args: vec![],
                partition_by: ids.iter().map(|id| column(id)).collect(),
                order_by: vec![],
                window_frame: WindowFrame::new(None),
                filter: None,
                null_treatment: None,
                distinct: false,
            };
            let fun = WindowFunctionDefinition::WindowUDF(datafusion::functions_window::row_number::row_number_udwf());
            let id = self.fresh();
            plan = super::window::plan_windows(plan, vec![(id.clone(), Expr::from(WindowFunction { fun, params }))])?;
            ids.push(id);
        }
        Ok((plan, ids))
    }
}

/// Without hidden columns.
fn visible(rows: Rows) -> Result<Rows> {
    if rows.scope.columns.iter().all(|c| !c.hidden) {
        return Ok(rows);
    }
    let columns: Vec<_> = rows.scope.columns.into_iter().filter(|c| !c.hidden).collect();
    let plan = project(rows.plan, columns.iter().map(|c| c.column()).collect())?;
    Ok(Rows { plan, scope: Scope { columns } })
}

/// Whether a projection only renames columns.
fn is_relabel(exprs: &[Expr]) -> bool {
    exprs.iter().all(|e| matches!(e, Expr::Alias(a) if matches!(a.expr.as_ref(), Expr::Column(_))))
}

/// The inputs of the union below a renaming projection, renamed.
fn relabelled(p: &datafusion::logical_expr::Projection, columns: &[ScopeColumn]) -> Result<Vec<Arc<LogicalPlan>>> {
    let LogicalPlan::Union(union) = p.input.as_ref() else { return Ok(vec![]) };
    let rename = |input: &Arc<LogicalPlan>| {
        let exprs = p.expr.iter().zip(columns).map(|(e, c)| match e {
            Expr::Alias(a) => a.expr.as_ref().clone().alias(&c.id),
            other => other.clone(),
        });
        project(input.as_ref().clone(), exprs.collect()).map(Arc::new)
    };
    union.inputs.iter().map(rename).collect()
}

/// CORRESPONDING: the columns that both sides have, in the order of the left one.
pub(super) fn corresponding(left: Rows, right: Rows) -> Result<(Rows, Rows)> {
    let (mut left, mut right) = (visible(left)?, visible(right)?);
    let (mut lefts, mut rights) = (vec![], vec![]);
    for l in &left.scope.columns {
        let Some(name) = l.name.clone() else { continue };
        let ident = crate::ast::Ident::new(name, crate::ast::At::default());
        if let Some(r) = right.scope.find(&[], &ident)? {
            lefts.push(l.clone());
            rights.push(r.clone());
        }
    }
    if lefts.is_empty() {
        return Err(SqlError::invalid("CORRESPONDING needs a column that both sides have"));
    }
    left.plan = project(left.plan, lefts.iter().map(|c| c.column()).collect())?;
    right.plan = project(right.plan, rights.iter().map(|c| c.column()).collect())?;
    (left.scope.columns, right.scope.columns) = (lefts, rights);
    Ok((left, right))
}
