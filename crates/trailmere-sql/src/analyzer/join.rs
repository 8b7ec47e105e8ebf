//! Joins: ON, USING, NATURAL, CROSS, and lateral right sides.

use std::sync::Arc;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Operator};

use super::expression::{balanced, boolean};
use super::query::Ctes;
use super::relation::{is_lateral, rows_env};
use super::scope::{Env, Rows, Scope, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, extend, filter, internal};
use crate::ast::{Ident, JoinCondition, JoinKind, Relation, RelationKind};
use crate::error::{Result, SqlError};
use crate::{coercion, operators};

/// Where a join is analyzed: what is outside of the query, and its common table expressions.
type Surroundings<'s> = (&'s Env<'s>, &'s Ctes);

impl Analyzer<'_> {
    /// Joins a relation to the rows before it.
    pub(super) fn joined(
        &self,
        left: Rows,
        right: &Relation,
        (kind, condition): (JoinKind, &JoinCondition),
        (outer, ctes): Surroundings<'_>,
    ) -> Result<Rows> {
        if is_lateral(right) {
            return self.lateral_join(left, right, (kind, condition), (outer, ctes));
        }
        let rows = self.relation(right, outer, ctes)?;
        self.join_rows(left, rows, (kind, condition), (outer, ctes))
    }

    /// UNNEST and LATERAL, which see the rows before them.
    fn lateral_join(
        &self,
        left: Rows,
        right: &Relation,
        (kind, condition): (JoinKind, &JoinCondition),
        (outer, ctes): Surroundings<'_>,
    ) -> Result<Rows> {
        let (inner, alias) = match right.kind.as_ref() {
            RelationKind::Aliased(inner, alias, columns) => (inner, Some((alias, columns.as_slice()))),
            _ => (right, None),
        };
        let before = left.scope.columns.len();
        let surroundings = (outer, ctes);
        let mut rows = match inner.kind.as_ref() {
            RelationKind::Unnest(args, ordinality) => {
                let keep_left = matches!(kind, JoinKind::Left | JoinKind::Full);
                if matches!(condition, JoinCondition::Using(_) | JoinCondition::On(_)) && !is_true(condition) {
                    let message = "UNNEST can be joined ON TRUE only; put the condition into WHERE";
                    return Err(SqlError::unsupported(message).at(right.at.into()));
                }
                self.unnest(left, (args, *ordinality), keep_left, surroundings)?
            }
            RelationKind::Lateral(_) if kind == JoinKind::Full && !is_true(condition) => {
                let message = "a lateral query can be full joined ON TRUE only";
                return Err(SqlError::unsupported(message).at(right.at.into()));
            }
            RelationKind::Lateral(query) => self.lateral(left, query, (kind, condition, alias), surroundings)?,
            _ => return Err(SqlError::unsupported("this lateral relation is not supported").at(right.at.into())),
        };
        let mut made = Scope { columns: rows.scope.columns.split_off(before) };
        if let Some((alias, columns)) = alias {
            made = made.aliased(alias, columns)?;
        }
        rows.scope.columns.append(&mut made.columns);
        match kind {
            JoinKind::Inner if !is_true(condition) => self.on_inner(rows, condition, surroundings),
            JoinKind::Right if !is_true(condition) => self.on_right(rows, before, condition, surroundings),
            _ => Ok(rows),
        }
    }

    /// RIGHT JOIN LATERAL: a row of the right side that its left row does not match stands alone.
    fn on_right(
        &self,
        rows: Rows,
        before: usize,
        condition: &JoinCondition,
        (outer, ctes): Surroundings<'_>,
    ) -> Result<Rows> {
        let JoinCondition::On(on) = condition else { return Ok(rows) };
        let stage = Stage::plain("ON");
        let env = rows_env(outer, &rows.scope);
        let predicate = self.condition(on, Context { env: &env, ctes, stage: &stage })?;
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for (i, c) in rows.scope.columns.iter().enumerate() {
            let id = self.fresh();
            let value = if i < before {
                datafusion::logical_expr::when(predicate.clone(), c.column()).end().map_err(internal)?
            } else {
                c.column()
            };
            exprs.push(value.alias(&id));
            columns.push(ScopeColumn { id, ..c.clone() });
        }
        Ok(Rows { plan: super::project(rows.plan, exprs)?, scope: Scope { columns } })
    }

    fn join_rows(
        &self,
        left: Rows,
        right: Rows,
        (kind, condition): (JoinKind, &JoinCondition),
        (outer, ctes): Surroundings<'_>,
    ) -> Result<Rows> {
        let names = match condition {
            JoinCondition::Using(names) => names.clone(),
            JoinCondition::Natural => {
                let e = SqlError::unsupported("NATURAL JOIN is not supported, as in Trino");
                return Err(e.hint("name the columns: JOIN … USING (…)"));
            }
            JoinCondition::None | JoinCondition::On(_) => {
                let columns = [left.scope.columns, right.scope.columns].concat();
                let scope = Scope { columns };
                if kind == JoinKind::Cross || kind == JoinKind::Inner {
                    let plan = join(left.plan, right.plan, JoinType::Inner, vec![])?;
                    return self.on_inner(Rows { plan, scope }, condition, (outer, ctes));
                }
                return self.on_outer((left.plan, right.plan), scope, (kind, condition), (outer, ctes));
            }
        };
        self.using(left, right, kind, &names)
    }

    /// ON of an inner join: a filter over all pairs, which DataFusion makes a join of.
    fn on_inner(&self, rows: Rows, condition: &JoinCondition, (outer, ctes): Surroundings<'_>) -> Result<Rows> {
        let JoinCondition::On(on) = condition else { return Ok(rows) };
        let stage = Stage::plain("ON");
        let env = rows_env(outer, &rows.scope);
        let predicate = self.condition(on, Context { env: &env, ctes, stage: &stage })?;
        let plan = self.attach_all(rows.plan.clone(), &rows.plan, stage.take_subqueries(), &|e| Ok(e))?;
        let plan = filter(plan, predicate)?;
        Ok(Rows { plan, scope: rows.scope })
    }

    fn on_outer(
        &self,
        (left, right): (LogicalPlan, LogicalPlan),
        scope: Scope,
        (kind, condition): (JoinKind, &JoinCondition),
        (outer, ctes): Surroundings<'_>,
    ) -> Result<Rows> {
        let stage = Stage::plain("ON");
        let env = rows_env(outer, &scope);
        let cx = Context { env: &env, ctes, stage: &stage };
        let on = match condition {
            JoinCondition::On(on) => vec![self.condition(on, cx)?],
            _ => vec![],
        };
        let (mut left, mut right) = (left, right);
        for pending in stage.take_subqueries() {
            if pending.is_correlated() {
                let message = "ON of an outer join cannot hold a correlated subquery";
                return Err(SqlError::unsupported(message));
            }
            // The side that the answer depends on computes it.
            let has = |plan: &LogicalPlan| {
                pending.depends_on().iter().all(|c| plan.schema().has_column_with_unqualified_name(c))
            };
            if has(&left) {
                left = self.attach_all(left.clone(), &left, vec![pending], &|e| Ok(e))?;
            } else if has(&right) {
                right = self.attach_all(right.clone(), &right, vec![pending], &|e| Ok(e))?;
            } else {
                let message = "ON of an outer join cannot hold a subquery that depends on both sides";
                return Err(SqlError::unsupported(message));
            }
        }
        let plan = join(left, right, join_type(kind), on)?;
        Ok(Rows { plan, scope })
    }

    /// USING: each named column once and first, then the rest of both sides.
    fn using(&self, left: Rows, right: Rows, kind: JoinKind, names: &[Ident]) -> Result<Rows> {
        let (mut on, mut firsts, mut computed) = (vec![], vec![], vec![]);
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                return Err(SqlError::invalid(format!("USING names `{}` twice", name.value)).at(name.at.into()));
            }
            let side = |scope: &Scope, which: &str| -> Result<ScopeColumn> {
                let missing = || SqlError::not_found(format!("column `{}` is not on the {which} side", name.value));
                scope.find(&[], name)?.cloned().ok_or_else(|| missing().at(name.at.into()))
            };
            let (l, r) = (side(&left.scope, "left")?, side(&right.scope, "right")?);
            let equal = operators::comparison(operators::ComparisonOp::Eq, l.typed(), r.typed());
            on.push(boolean(equal.map_err(|e| e.at(name.at.into()))?)?);
            let ty = coercion::common_type(&l.ty, &r.ty).ok_or_else(|| {
                SqlError::invalid(format!("{} and {} have no common type", l.ty, r.ty)).at(name.at.into())
            })?;
            let (a, b) = (coercion::coerce(l.typed(), &ty)?.expr, coercion::coerce(r.typed(), &ty)?.expr);
            let value = match kind {
                JoinKind::Full => datafusion::functions::core::expr_fn::coalesce(vec![a, b]),
                JoinKind::Right => b,
                _ => a,
            };
            let id = self.fresh();
            computed.push(value.alias(&id));
            firsts.push(ScopeColumn { relation: vec![], heading: l.heading, ..ScopeColumn::named(id, l.name, ty) });
        }
        let plan = join(left.plan, right.plan, join_type(kind), on)?;
        let plan = extend(plan, computed)?;
        let used = |c: &ScopeColumn| names.iter().any(|n| c.is_named(&n.value));
        let rest = left.scope.columns.into_iter().chain(right.scope.columns).filter(|c| !used(c));
        Ok(Rows { plan, scope: Scope { columns: firsts.into_iter().chain(rest).collect() } })
    }
}

/// Whether a join's condition is `ON TRUE`.
fn is_true(condition: &JoinCondition) -> bool {
    matches!(condition, JoinCondition::On(e) if matches!(e.kind.as_ref(), crate::ast::ExprKind::Boolean(true)))
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Cross | JoinKind::Inner => JoinType::Inner,
        JoinKind::Left => JoinType::Left,
        JoinKind::Right => JoinType::Right,
        JoinKind::Full => JoinType::Full,
    }
}

/// A join on conditions; DataFusion finds the equalities among them.
pub(super) fn join(left: LogicalPlan, right: LogicalPlan, kind: JoinType, on: Vec<Expr>) -> Result<LogicalPlan> {
    let filter = (!on.is_empty()).then(|| balanced(Operator::And, on));
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        vec![],
        filter,
        kind,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    );
    join.map(LogicalPlan::Join).map_err(internal)
}
