//! Subqueries in expressions: each becomes a column that is joined to the rows of its stage.

use std::sync::Arc;

use datafusion::common::{Column, JoinType};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, BinaryExpr, ColumnarValue, Distinct, Expr, LogicalPlan, Operator, lit, when,
};

use super::expression::{boolean, comparison};
use super::group::count_all;
use super::scope::{Rows, ScopeColumn};
use super::stage::Context;
use super::{Analyzer, column, extend, filter, internal, project};
use crate::ast::{self, Comparison, ExprKind, Query};
use crate::call::{Typed, apply, downcast};
use crate::error::{Result, SqlError};
use crate::function::ScalarCall;
use crate::types::Type;
use crate::{coercion, literal, operators};

/// A subquery that is to be joined to the rows that it is asked for.
pub(crate) struct Pending {
    /// The column that holds its answer.
    pub(crate) id: String,
    plan: LogicalPlan,
    asked: Asked,
}

/// What is asked of a subquery.
enum Asked {
    /// Its only value, or the columns of its only row.
    Value(Vec<(Option<String>, Typed)>),
    /// Whether it has rows.
    Exists,
    /// Whether a value is among its values.
    Among { value: Typed, of: Typed },
    /// How a value compares with all (or any) of its values.
    Compared { op: Comparison, all: bool, value: Typed, with: Typed },
}

impl Pending {
    /// Whether the subquery refers to columns outside.
    pub(crate) fn is_correlated(&self) -> bool {
        super::apply::is_correlated(&self.plan)
    }

    /// The columns outside on which the answer depends.
    pub(crate) fn depends_on(&self) -> Vec<String> {
        let mut all = super::apply::outer_columns(&self.plan);
        if let Asked::Among { value, .. } | Asked::Compared { value, .. } = &self.asked {
            all.extend(value.expr.column_refs().into_iter().map(|c| c.name.clone()));
        }
        all
    }
}

impl Analyzer<'_> {
    /// `(SELECT …)`
    pub(super) fn scalar_subquery(&self, query: &Query, cx: Context<'_>) -> Result<Typed> {
        let rows = self.inner(query, cx)?;
        let shown = rows.scope.columns.iter().filter(|c| !c.hidden);
        let columns: Vec<_> = shown.map(|c| (c.name.clone(), c.typed())).collect();
        let ty = match columns.as_slice() {
            [(_, one)] => one.ty.clone(),
            _ => operators::row(columns.clone())?.ty,
        };
        self.pend(rows.plan, Asked::Value(columns), ty, cx)
    }

    /// `UNIQUE (SELECT …)`: no two rows are equal; rows with a NULL are equal to none.
    pub(super) fn unique(&self, query: &Query, cx: Context<'_>) -> Result<Typed> {
        let rows = self.inner(query, cx)?;
        let columns: Vec<ScopeColumn> = rows.scope.columns.into_iter().filter(|c| !c.hidden).collect();
        if let Some(c) = columns.iter().find(|c| !operators::is_comparable(&c.ty)) {
            return Err(SqlError::invalid(format!("{} cannot be compared, so it cannot be unique", c.ty)));
        }
        let known = columns.iter().map(|c| c.column().is_not_null()).collect();
        let plan = filter(rows.plan, super::expression::balanced(Operator::And, known))?;
        let (group, count) =
            (columns.iter().map(|c| operators::group_key(c.typed()).expr.alias(self.fresh())), self.fresh());
        let counted = Aggregate::try_new(Arc::new(plan), group.collect(), vec![count_all().alias(&count)]);
        let counted = LogicalPlan::Aggregate(counted.map_err(internal)?);
        let repeated = filter(counted, column(&count).gt(lit(1i64)))?;
        let exists = self.pend(repeated, Asked::Exists, Type::Boolean, cx)?;
        Ok(Typed::new(Expr::Not(Box::new(exists.expr)), Type::Boolean))
    }

    /// `EXISTS (SELECT …)`
    pub(super) fn exists(&self, query: &Query, cx: Context<'_>) -> Result<Typed> {
        let rows = self.inner(query, cx)?;
        self.pend(rows.plan, Asked::Exists, Type::Boolean, cx)
    }

    /// `x IN (SELECT …)`
    pub(super) fn in_subquery(&self, value: &ast::Expr, query: &Query, cx: Context<'_>) -> Result<Typed> {
        let (plan, value, of) = self.compared_values(value, query, cx)?;
        self.pend(plan, Asked::Among { value, of }, Type::Boolean, cx)
    }

    /// `x < ALL (SELECT …)`, `x = ANY (SELECT …)`
    pub(super) fn quantified(
        &self,
        (op, all): (Comparison, bool),
        value: &ast::Expr,
        query: &Query,
        cx: Context<'_>,
    ) -> Result<Typed> {
        let (plan, value, with) = self.compared_values(value, query, cx)?;
        match (op, all) {
            (Comparison::Eq, false) => self.pend(plan, Asked::Among { value, of: with }, Type::Boolean, cx),
            (Comparison::Ne, true) => {
                let among = self.pend(plan, Asked::Among { value, of: with }, Type::Boolean, cx)?;
                Ok(Typed::new(Expr::Not(Box::new(boolean(among)?)), Type::Boolean))
            }
            _ => {
                operators::comparison(comparison(op), value.clone(), with.clone())?;
                let with = super::aggregate::orderable(with)?;
                self.pend(plan, Asked::Compared { op, all, value, with }, Type::Boolean, cx)
            }
        }
    }

    fn inner(&self, query: &Query, cx: Context<'_>) -> Result<Rows> {
        if cx.env.in_lambda() {
            return Err(SqlError::invalid("a lambda cannot contain subqueries"));
        }
        self.subquery(query, cx.env.outside_lambdas(), cx.ctes)
    }

    fn pend(&self, plan: LogicalPlan, asked: Asked, ty: Type, cx: Context<'_>) -> Result<Typed> {
        let id = self.fresh();
        cx.stage.subqueries.borrow_mut().push(Pending { id: id.clone(), plan, asked });
        Ok(cx.env.carry(Typed::new(column(&id), ty)))
    }

    /// A subquery as a value: several columns are a row.
    fn one_value(&self, query: &Query, cx: Context<'_>) -> Result<(Rows, Typed)> {
        let rows = self.inner(query, cx)?;
        let shown: Vec<&ScopeColumn> = rows.scope.columns.iter().filter(|c| !c.hidden).collect();
        let value = match shown.as_slice() {
            [one] => one.typed(),
            many => operators::row(many.iter().map(|c| (c.name.clone(), c.typed())).collect())?,
        };
        Ok((rows, value))
    }

    fn compared_values(
        &self,
        value: &ast::Expr,
        query: &Query,
        cx: Context<'_>,
    ) -> Result<(LogicalPlan, Typed, Typed)> {
        let value = self.expr(value, cx)?;
        let (rows, mut with) = self.one_value(query, cx)?;
        if matches!(&value.ty, Type::Row(fields) if fields.len() == 1) && !matches!(with.ty, Type::Row(_)) {
            with = operators::row(vec![(None, with)])?;
        }
        let ty = coercion::common_type(&value.ty, &with.ty).ok_or_else(|| {
            SqlError::invalid(format!("{} cannot be compared with the subquery's {}", value.ty, with.ty))
        })?;
        let (value, with) = (coercion::coerce(value, &ty)?, coercion::coerce(with, &ty)?);
        let id = self.fresh();
        let plan = extend(rows.plan, vec![with.expr.alias(&id)])?;
        Ok((plan, value, Typed::new(column(&id), ty)))
    }

    /// Joins subqueries to `plan`; `base` has the columns that they may refer to, `after` says what a value is in it.
    pub(super) fn attach_all(
        &self,
        plan: LogicalPlan,
        base: &LogicalPlan,
        subqueries: Vec<Pending>,
        after: &dyn Fn(Expr) -> Result<Expr>,
    ) -> Result<LogicalPlan> {
        subqueries.into_iter().try_fold(plan, |plan, pending| self.attach(plan, base, pending, after))
    }

    fn attach(
        &self,
        plan: LogicalPlan,
        base: &LogicalPlan,
        pending: Pending,
        after: &dyn Fn(Expr) -> Result<Expr>,
    ) -> Result<LogicalPlan> {
        let inner = super::apply::regrouped(pending.plan, after)?;
        match pending.asked {
            Asked::Value(columns) => {
                let ids: Vec<String> = columns.iter().map(|_| self.fresh()).collect();
                let first = |(value, id): (&(Option<String>, Typed), &String)| {
                    aggregate(first_value_udaf(), value.1.expr.clone()).alias(id)
                };
                let firsts = columns.iter().zip(&ids).map(first).collect();
                let (plan, count) = self.summarised(plan, base, inner, firsts)?;
                let single = |((name, value), id): (&(Option<String>, Typed), &String)| {
                    (name.clone(), only_value(Typed::new(column(id), value.ty.clone()), count.clone()))
                };
                let mut values: Vec<_> = columns.iter().zip(&ids).map(single).collect();
                let value = if values.len() == 1 { values.remove(0).1 } else { operators::row(values)? };
                extend(plan, vec![value.expr.alias(pending.id)])
            }
            Asked::Exists => {
                let (plan, count) = self.summarised(plan, base, inner, vec![])?;
                extend(plan, vec![count.gt(lit(0i64)).alias(pending.id)])
            }
            Asked::Among { value, of } => {
                let value = Typed::new(after(value.expr)?, value.ty);
                self.among(plan, base, inner, (value, of, &pending.id))
            }
            Asked::Compared { op, all, value, with } => {
                let value = Typed::new(after(value.expr)?, value.ty);
                let (low, high, known) = (self.fresh(), self.fresh(), self.fresh());
                let aggregates = vec![
                    aggregate(min_udaf(), with.expr.clone()).alias(&low),
                    aggregate(max_udaf(), with.expr.clone()).alias(&high),
                    aggregate(count_udaf(), with.expr.clone()).alias(&known),
                ];
                let (plan, count) = self.summarised(plan, base, inner, aggregates)?;
                let known = datafusion::functions::core::expr_fn::coalesce(vec![column(&known), lit(0i64)]);
                let bounds = (Typed::new(column(&low), with.ty.clone()), Typed::new(column(&high), with.ty));
                let answer = compared((op, all), value, bounds, (count, known))?;
                extend(plan, vec![answer.alias(pending.id)])
            }
        }
    }

    /// Joins one row of aggregates of the subquery (per combination of what it refers to); gives the count of its rows.
    fn summarised(
        &self,
        plan: LogicalPlan,
        base: &LogicalPlan,
        inner: LogicalPlan,
        mut aggregates: Vec<Expr>,
    ) -> Result<(LogicalPlan, Expr)> {
        let count = self.fresh();
        aggregates.push(count_all().alias(&count));
        let found = datafusion::functions::core::expr_fn::coalesce(vec![column(&count), lit(0i64)]);
        let Some(domain) = self.domain(base, &inner)? else {
            let summary = Aggregate::try_new(Arc::new(inner), vec![], aggregates).map_err(internal)?;
            let summary = LogicalPlan::Aggregate(summary);
            return Ok((super::join::join(plan, summary, JoinType::Inner, vec![])?, found));
        };
        let (inner, keys) = self.decorrelate(inner, &domain)?;
        let group = keys.iter().map(|k| column(k)).collect();
        let summary = Aggregate::try_new(Arc::new(inner), group, aggregates).map_err(internal)?;
        let plan = domain.join_back(plan, LogicalPlan::Aggregate(summary), &keys, JoinType::Left)?;
        Ok((plan, found))
    }

    /// `x IN (…)`: true where a value is equal; else NULL where x or one of the values is NULL and there are any; else false.
    fn among(
        &self,
        plan: LogicalPlan,
        base: &LogicalPlan,
        inner: LogicalPlan,
        (value, of, id): (Typed, Typed, &str),
    ) -> Result<LogicalPlan> {
        let known = self.fresh();
        let known_count = vec![aggregate(count_udaf(), of.expr.clone()).alias(&known)];
        let (plan, count) = self.summarised(plan, base, inner.clone(), known_count)?;
        let known = datafusion::functions::core::expr_fn::coalesce(vec![column(&known), lit(0i64)]);
        let (key, hit) = (self.fresh(), self.fresh());
        let by = operators::group_key(of.clone()).expr;
        let found = filter(inner, of.expr.is_not_null())?;
        let (found, domain) = match self.domain(base, &found)? {
            None => (found, None),
            Some(domain) => {
                let (found, keys) = self.decorrelate(found, &domain)?;
                (found, Some((domain, keys)))
            }
        };
        let mut group = vec![by.alias(&key)];
        group.extend(domain.iter().flat_map(|(_, keys)| keys.iter().map(|k| column(k))));
        let names: Vec<Expr> =
            std::iter::once(column(&key)).chain(domain.iter().flat_map(|(_, k)| k.iter().map(|k| column(k)))).collect();
        let distinct = LogicalPlan::Distinct(Distinct::All(Arc::new(project(found, group)?)));
        let marked = project(distinct, names.into_iter().chain([lit(true).alias(&hit)]).collect())?;
        let equal = operators::group_key(value.clone()).expr.eq(column(&key));
        let plan = match domain {
            None => super::join::join(plan, marked, JoinType::Left, vec![equal])?,
            Some((domain, keys)) => {
                let same = domain.same_as(&keys);
                super::join::join(plan, marked, JoinType::Left, same.into_iter().chain([equal]).collect())?
            }
        };
        let unknown = value.expr.is_null().or(known.lt(count.clone()));
        let answer = when(column(&hit), lit(true))
            .when(count.eq(lit(0i64)), lit(false))
            .when(unknown, lit(datafusion::common::ScalarValue::Boolean(None)))
            .otherwise(lit(false))
            .map_err(internal)?;
        extend(plan, vec![answer.alias(id)])
    }

    /// A term of WHERE that keeps the rows for which a subquery has (or has not) an answer: a semi join.
    pub(super) fn semi_join(
        &self,
        plan: LogicalPlan,
        term: &ast::Expr,
        cx: Context<'_>,
    ) -> Result<(LogicalPlan, bool)> {
        let before = cx.stage.subqueries.borrow().len();
        let (inner, kind, equal) = match term.kind.as_ref() {
            ExprKind::Exists(query) => (self.inner(query, cx)?.plan, JoinType::LeftSemi, None),
            ExprKind::Not(not) => match not.kind.as_ref() {
                ExprKind::Exists(query) => (self.inner(query, cx)?.plan, JoinType::LeftAnti, None),
                _ => return Ok((plan, false)),
            },
            ExprKind::InQuery(value, query) => {
                let (inner, value, of) = self.compared_values(value, query, cx).map_err(|e| e.at(term.at.into()))?;
                let key = self.fresh();
                let inner = extend(inner, vec![operators::group_key(of).expr.alias(&key)])?;
                (inner, JoinType::LeftSemi, Some(operators::group_key(value).expr.eq(column(&key))))
            }
            _ => return Ok((plan, false)),
        };
        if cx.stage.subqueries.borrow().len() > before {
            // The value is a subquery itself.
            cx.stage.subqueries.borrow_mut().truncate(before);
            return Ok((plan, false));
        }
        let Some((inner, mut on)) = super::apply::pulled_up(inner, &plan)? else { return Ok((plan, false)) };
        on.extend(equal);
        if on.is_empty() {
            return Ok((plan, false));
        }
        let inner = without_repetitions(inner, &on)?;
        Ok((super::join::join(plan, inner, kind, on)?, true))
    }
}

/// A row that occurs a thousand times answers a semi join no better than one, and is compared with a thousand times.
fn without_repetitions(inner: LogicalPlan, on: &[Expr]) -> Result<LogicalPlan> {
    let is_equality = |on: &Expr| matches!(on, Expr::BinaryExpr(BinaryExpr { op: Operator::Eq, .. }));
    if !on.iter().all(is_equality) {
        return Ok(inner);
    }
    let mut compared: Vec<Column> = on.iter().flat_map(Expr::column_refs).cloned().collect();
    compared.retain(|column| inner.schema().has_column(column));
    compared.sort();
    compared.dedup();
    let compared = compared.into_iter().map(Expr::Column).collect();
    Ok(LogicalPlan::Distinct(Distinct::All(Arc::new(project(inner, compared)?))))
}

fn aggregate(function: Arc<AggregateUDF>, arg: Expr) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![arg], false, None, vec![], None))
}

/// The value of a scalar subquery; more than one row is an error.
fn only_value(value: Typed, count: Expr) -> Typed {
    let returns = value.ty.clone();
    let kernel = |args: &crate::function::CallArgs<'_>| {
        let counts = args.array(1)?;
        let counts = downcast::<arrow::array::Int64Array>(&counts)?;
        if counts.iter().flatten().any(|n| n > 1) {
            return crate::error::fail("a scalar subquery has returned more than one row");
        }
        Ok(ColumnarValue::Array(args.array(0)?))
    };
    let types = vec![value.ty.clone(), Type::BigInt];
    let call = ScalarCall::new(types, returns, kernel).handles_nulls();
    apply("only_value", call, vec![value, Typed::new(count, Type::BigInt)], vec![])
}

/// ALL and ANY by the least and the greatest value.
fn compared(
    (op, all): (Comparison, bool),
    value: Typed,
    (low, high): (Typed, Typed),
    (count, known): (Expr, Expr),
) -> Result<Expr> {
    let with = |op: Comparison, bound: &Typed| -> Result<Expr> {
        boolean(operators::comparison(comparison(op), value.clone(), bound.clone())?)
    };
    let holds = match (op, all) {
        (Comparison::Lt | Comparison::Le, true) | (Comparison::Gt | Comparison::Ge, false) => with(op, &low)?,
        (Comparison::Lt | Comparison::Le, false) | (Comparison::Gt | Comparison::Ge, true) => with(op, &high)?,
        (Comparison::Eq, _) => with(op, &low)?.and(with(op, &high)?),
        (Comparison::Ne, _) => with(op, &low)?.or(with(op, &high)?),
    };
    let null = coercion::coerce(literal::null(), &Type::Boolean)?.expr;
    // One value that settles the question does so whatever the NULLs are.
    let settled = if all { Expr::Not(Box::new(holds.clone())) } else { holds.clone() };
    when(count.clone().eq(lit(0i64)), lit(all))
        .when(settled, lit(!all))
        .when(known.lt(count), null)
        .otherwise(holds)
        .map_err(internal)
}
