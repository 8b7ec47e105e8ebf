//! ORDER BY, OFFSET, LIMIT and FETCH FIRST … WITH TIES.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Sort as SortExpr, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{Expr, Limit, LogicalPlan, Sort, WindowFrame, WindowFunctionDefinition, lit};

use super::scope::{Env, Frame, Rows};
use super::stage::{Context, Stage};
use super::{Analyzer, column, filter, project};
use crate::ast::{self, At, ExprKind, SortItem};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::operators;

/// What follows the body of a query.
#[derive(Clone, Copy)]
pub(super) struct Tail<'q> {
    pub(super) order_by: &'q [SortItem],
    pub(super) offset: Option<&'q ast::Expr>,
    pub(super) limit: Option<&'q ast::Limit>,
}

/// A sort key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) value: Typed,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
    pub(super) at: At,
}

impl Key {
    fn sort(&self) -> SortExpr {
        SortExpr::new(operators::sort_key(self.value.clone()).expr, !self.descending, self.nulls_first)
    }
}

impl Analyzer<'_> {
    /// Analyzes ORDER BY over the select list and what it was made of.
    pub(super) fn order_keys(
        &self,
        items: &[SortItem],
        outputs: &[Typed],
        cx: Context<'_>,
        distinct: bool,
    ) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        // A name means the select list first, so that an expression is no grouping key for being written like one.
        let grouping = cx.stage.keys.take();
        for item in items {
            let at = item.expr.at;
            let value = match item.expr.kind.as_ref() {
                ExprKind::Number(n) => output_at(n, outputs).map_err(|e| e.at(at.into()))?,
                _ => self.expr(&item.expr, cx)?,
            };
            let value = super::aggregate::orderable(value).map_err(|e| e.at(at.into()))?;
            if distinct && !outputs.contains(&value) {
                let message = "with SELECT DISTINCT, ORDER BY takes expressions of the select list only";
                return Err(SqlError::invalid(message).at(at.into()));
            }
            keys.push(Key { value, descending: item.descending, nulls_first: item.nulls_first, at });
        }
        *cx.stage.keys.borrow_mut() = grouping;
        Ok(keys)
    }

    /// Sorts and limits rows whose columns are all that ORDER BY can see.
    pub(super) fn ordered(&self, rows: Rows, tail: &Tail<'_>, ctes: &super::query::Ctes) -> Result<Rows> {
        let outputs: Vec<Typed> = rows.scope.columns.iter().map(|c| c.typed()).collect();
        let named: Vec<_> = rows.scope.columns.iter().map(|c| c.name.clone()).zip(outputs.iter().cloned()).collect();
        let env = Env { frame: Frame::Outputs(&named), outer: None };
        let stage = Stage::plain("ORDER BY of a set operation");
        let keys = self.order_keys(tail.order_by, &outputs, Context { env: &env, ctes, stage: &stage }, false)?;
        let plan = self.finish(rows.plan, &keys, tail)?;
        Ok(Rows { plan, scope: rows.scope })
    }

    /// Sorts and limits.
    pub(super) fn finish(&self, plan: LogicalPlan, keys: &[Key], tail: &Tail<'_>) -> Result<LogicalPlan> {
        let skip = tail.offset.map(|e| self.row_count(e)).transpose()?;
        let fetch = tail.limit.map(|l| self.row_count(&l.count)).transpose()?;
        let ties = tail.limit.is_some_and(|l| l.with_ties);
        if ties && fetch == Some(0) {
            let message = "FETCH FIRST … WITH TIES takes a positive number of rows";
            return Err(SqlError::invalid(message));
        }
        if ties && keys.is_empty() {
            return Err(SqlError::invalid("FETCH FIRST … WITH TIES needs ORDER BY"));
        }
        let mut plan = plan;
        if ties {
            plan = self.with_ties(plan, keys, (skip.unwrap_or(0), fetch.unwrap_or(0)))?;
            return Ok(sorted(plan, keys));
        }
        if !keys.is_empty() {
            plan = sorted(plan, keys);
        }
        Ok(limited(plan, skip, fetch))
    }

    /// Keeps the rows that are not after the last wanted one: those whose peers begin in time.
    fn with_ties(&self, plan: LogicalPlan, keys: &[Key], (skip, fetch): (i64, i64)) -> Result<LogicalPlan> {
        let columns: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let order: Vec<SortExpr> = keys.iter().map(Key::sort).collect();
        let (number, rank) = (self.fresh(), self.fresh());
        let over = |fun, order_by: Vec<SortExpr>| {
            let params = WindowFunctionParams {
                args: vec![],
                partition_by: vec![],
                order_by,
                window_frame: WindowFrame::new(Some(false)),
                filter: None,
                null_treatment: None,
                distinct: false,
            };
            Expr::from(WindowFunction { fun: WindowFunctionDefinition::WindowUDF(fun), params })
        };
        let windows = vec![
            (number.clone(), over(datafusion::functions_window::row_number::row_number_udwf(), order.clone())),
            (rank.clone(), over(datafusion::functions_window::rank::rank_udwf(), order.clone())),
        ];
        let plan = super::window::plan_windows(plan, windows)?;
        let plan = filter(plan, column(&number).gt(lit(skip as u64)))?;
        if skip == 0 {
            return project(filter(plan, column(&rank).lt_eq(lit(fetch as u64)))?, columns);
        }
        // OFFSET counts rows, so peers are ranked anew among what it left.
        let after = self.fresh();
        let windows = vec![(after.clone(), over(datafusion::functions_window::rank::rank_udwf(), order))];
        let plan = super::window::plan_windows(plan, windows)?;
        project(filter(plan, column(&after).lt_eq(lit(fetch as u64)))?, columns)
    }

    /// A constant number of rows.
    fn row_count(&self, e: &ast::Expr) -> Result<i64> {
        let env = Env { frame: Frame::Query, outer: None };
        let stage = Stage::plain("LIMIT");
        let ctes = super::query::Ctes::default();
        let value = self.expr(e, Context { env: &env, ctes: &ctes, stage: &stage })?;
        let count = match value.literal() {
            Some(ScalarValue::Int32(Some(n))) => Some(i64::from(*n)),
            Some(ScalarValue::Int64(Some(n))) => Some(*n),
            _ => None,
        };
        count.filter(|n| *n >= 0).ok_or_else(|| SqlError::invalid("expected a number of rows").at(e.at.into()))
    }
}

fn output_at(number: &str, outputs: &[Typed]) -> Result<Typed> {
    let position = number.parse::<usize>().ok().filter(|n| *n >= 1 && *n <= outputs.len());
    match position {
        Some(n) => Ok(outputs[n - 1].clone()),
        None => {
            let message =
                format!("ORDER BY position {number} is not in the select list, which has {} items", outputs.len());
            Err(SqlError::invalid(message))
        }
    }
}

fn sorted(plan: LogicalPlan, keys: &[Key]) -> LogicalPlan {
    LogicalPlan::Sort(Sort { expr: keys.iter().map(Key::sort).collect(), input: Arc::new(plan), fetch: None })
}

fn limited(plan: LogicalPlan, skip: Option<i64>, fetch: Option<i64>) -> LogicalPlan {
    if skip.is_none() && fetch.is_none() {
        return plan;
    }
    let number = |n: i64| Box::new(lit(n));
    LogicalPlan::Limit(Limit { skip: skip.map(number), fetch: fetch.map(number), input: Arc::new(plan) })
}
