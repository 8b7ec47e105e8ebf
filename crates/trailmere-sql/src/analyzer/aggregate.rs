//! Aggregate calls: computed beside the expression, in the stage's aggregation.

use std::cell::RefCell;

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{AggregateFunction, Sort};

use super::Analyzer;
use super::call::{arguments, coerced};
use super::scope::{Env, Frame};
use super::stage::Context;
use crate::ast::{self, Call, SortItem};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::function::{AggregateCall, Arg};
use crate::operators;

/// An aggregate with its arguments, ready to be computed over a group or a window.
pub(super) struct BoundAggregate {
    pub(super) call: AggregateCall,
    pub(super) args: Vec<Expr>,
    pub(super) order_by: Vec<Sort>,
    pub(super) filter: Option<Box<Expr>>,
}

impl Analyzer<'_> {
    /// An aggregate over the groups of the query: a column of its aggregation.
    pub(super) fn aggregate_call(
        &self,
        bind: fn(&[Arg<'_>]) -> Result<AggregateCall>,
        call: &Call,
        cx: Context<'_>,
    ) -> Result<Typed> {
        let what = format!("the aggregate `{}`", call.name.value);
        if cx.env.in_lambda() {
            return Err(SqlError::invalid(format!("a lambda cannot contain {what}")));
        }
        let env = rows_only(cx.env.outside_lambdas());
        let input = cx.input(&what)?;
        let input = match &env {
            Some(env) => input.with_env(env),
            None => input.with_env(cx.env.outside_lambdas()),
        };
        let bound = self.bind_aggregate(bind, call, input)?;
        let function =
            AggregateFunction::new_udf(bound.call.udaf, bound.args, call.distinct, bound.filter, bound.order_by, None);
        let id = self.add(&cx.stage.aggregates, Expr::AggregateFunction(function));
        let column = super::column(&id);
        let value = match &bound.call.finish {
            Some(finish) => finish(column),
            None => column,
        };
        Ok(cx.env.carry(Typed::new(value, bound.call.returns)))
    }

    /// Analyzes the arguments of an aggregate.
    pub(super) fn bind_aggregate(
        &self,
        bind: fn(&[Arg<'_>]) -> Result<AggregateCall>,
        call: &Call,
        cx: Context<'_>,
    ) -> Result<BoundAggregate> {
        if call.star && !call.name.value.eq_ignore_ascii_case("count") {
            return Err(SqlError::invalid(format!("`{}` does not take `*`", call.name.value)));
        }
        if call.distinct && call.args.is_empty() {
            return Err(SqlError::invalid("DISTINCT needs an argument"));
        }
        let captured = RefCell::new(Vec::new());
        let (values, lambdas) = self.arguments(&call.args, cx, &captured)?;
        let bound = bind(&arguments(&call.args, &values, &lambdas))?;
        if !captured.borrow().is_empty() {
            return Err(SqlError::invalid("a lambda of an aggregate cannot refer to columns"));
        }
        let mut values = bound.prepared(coerced(&call.name.value, call, values, &bound.args)?);
        if values.is_empty() {
            // DataFusion counts rows by a constant.
            values.push(Typed::constant(datafusion::common::ScalarValue::Int64(Some(1)), crate::types::Type::BigInt));
        }
        if call.distinct && call.order_by.iter().any(|o| !call.args.contains(&o.expr)) {
            return Err(SqlError::invalid("with DISTINCT, ORDER BY takes arguments of the aggregate only"));
        }
        let order_by = self.sort_keys(&call.order_by, cx)?;
        let filter = call.filter.as_ref().map(|f| self.condition(f, cx)).transpose()?.map(Box::new);
        Ok(BoundAggregate { call: bound, args: values.into_iter().map(|v| v.expr).collect(), order_by, filter })
    }

    /// ORDER BY within a call or a window.
    pub(super) fn sort_keys(&self, items: &[SortItem], cx: Context<'_>) -> Result<Vec<Sort>> {
        let one = |item: &SortItem| {
            let key = orderable(self.expr(&item.expr, cx)?).map_err(|e| e.at(item.expr.at.into()))?;
            Ok(Sort::new(operators::sort_key(key).expr, !item.descending, item.nulls_first))
        };
        items.iter().map(one).collect()
    }

    /// The name of a computed column; equal computations are one.
    pub(super) fn add(&self, list: &RefCell<Vec<(String, Expr)>>, expr: Expr) -> String {
        let mut list = list.borrow_mut();
        if let Some((id, _)) = list.iter().find(|(_, known)| *known == expr) {
            return id.clone();
        }
        let id = self.fresh();
        list.push((id.clone(), expr));
        id
    }

    /// `grouping(a, b)`: a bit per key, set where the key is not in the grouping set.
    pub(super) fn grouping_call(&self, keys: &[ast::Expr], cx: Context<'_>) -> Result<Typed> {
        let env = rows_only(cx.env);
        let input = cx.input("`grouping`")?;
        let input = env.as_ref().map_or(input, |env| input.with_env(env));
        if keys.len() > 63 {
            return Err(SqlError::invalid("`grouping` takes at most 63 arguments"));
        }
        let keys = keys.iter().map(|k| self.expr(k, input)).collect::<Result<Vec<_>>>()?;
        let ty = if keys.len() < 32 { crate::types::Type::Integer } else { crate::types::Type::BigInt };
        let id = self.fresh();
        cx.stage.groupings.borrow_mut().push((id.clone(), keys));
        Ok(Typed::new(super::column(&id), ty))
    }
}

/// In ORDER BY, what an aggregate's argument sees: the rows.
fn rows_only<'e>(env: &'e Env<'e>) -> Option<Env<'e>> {
    match &env.frame {
        Frame::Outputs(outputs) => Some(Env { frame: Frame::Refused(outputs), outer: env.outer }),
        _ => None,
    }
}

/// Refuses what has no order.
pub(super) fn orderable(value: Typed) -> Result<Typed> {
    if operators::is_orderable(&value.ty) {
        return Ok(value);
    }
    Err(SqlError::invalid(format!("{} is not orderable, so it cannot be sorted by", value.ty)))
}
