//! Function calls: special forms, inline functions, and the library.

use std::cell::RefCell;

use super::Analyzer;
use super::lambda::CallLambda;
use super::stage::Context;
use crate::ast::{self, At, Call, ExprKind};
use crate::call::{Typed, apply};
use crate::error::{Kind, Result, SqlError};
use crate::function::{Arg, Function, FunctionKind, ScalarCall};
use crate::types::Type;
use crate::{coercion, functions, literal, operators};

impl Analyzer<'_> {
    /// A call.
    pub(super) fn call(&self, call: &Call, at: At, cx: Context<'_>) -> Result<Typed> {
        let name = call.name.value.to_lowercase();
        if let Some(frame) = cx.env.pattern()
            && call.over.is_none()
            && let Some(value) = self.pattern_call(frame, call, cx)?
        {
            return Ok(value);
        }
        if call.over.is_some() {
            return self.window_call(call, at, cx);
        }
        if let Some(special) = self.special(&name, call, cx)? {
            return Ok(special);
        }
        if let Some(function) = cx.ctes.function(&name) {
            plain(call)?;
            return self.inline_call(&function, call, cx);
        }
        let function = library(&call.name)?;
        match function.kind {
            FunctionKind::Scalar(bind) => {
                plain(call)?;
                self.scalar_call(function, bind, call, cx)
            }
            FunctionKind::Aggregate(bind) => self.aggregate_call(bind, call, cx),
            FunctionKind::Window(_) => Err(SqlError::invalid(format!("`{name}` is a window function and needs OVER"))),
        }
    }

    /// What looks like a function but decides which of its arguments are computed, or is known now.
    fn special(&self, name: &str, call: &Call, cx: Context<'_>) -> Result<Option<Typed>> {
        let args = &call.args;
        let count = |range: std::ops::RangeInclusive<usize>| {
            plain(call)?;
            if range.contains(&args.len()) {
                return Ok(());
            }
            let (low, high) = (range.start(), range.end());
            let takes = if low == high { format!("{low}") } else { format!("{low} to {high}") };
            Err(SqlError::invalid(format!("`{name}` takes {takes} arguments, not {}", args.len())))
        };
        let values = || args.iter().map(|a| self.expr(a, cx)).collect::<Result<Vec<_>>>();
        Ok(Some(match name {
            "try" => {
                count(1..=1)?;
                self.try_call(&args[0], cx)?
            }
            "if" => {
                count(2..=3)?;
                self.case(None, &[(args[0].clone(), args[1].clone())], args.get(2), cx)?
            }
            "coalesce" => {
                plain(call)?;
                operators::coalesce(values()?)?
            }
            "nullif" => {
                count(2..=2)?;
                operators::nullif(self.expr(&args[0], cx)?, self.expr(&args[1], cx)?)?
            }
            "greatest" | "least" => {
                plain(call)?;
                if name == "least" { operators::least(values()?)? } else { operators::greatest(values()?)? }
            }
            "$method" => self.method(call, call.name.at, cx)?,
            "$overlaps" => overlaps(self.expr(&args[0], cx)?, self.expr(&args[1], cx)?)?,
            "typeof" => {
                count(1..=1)?;
                literal::string(&self.expr(&args[0], cx)?.ty.to_string())
            }
            "now" => {
                count(0..=0)?;
                self.current("current_timestamp", None)?
            }
            "current_timezone" => {
                count(0..=0)?;
                literal::string("UTC")
            }
            _ => return Ok(None),
        }))
    }

    /// CASE and IF: all results are brought to one type.
    pub(super) fn case(
        &self,
        operand: Option<&ast::Expr>,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        cx: Context<'_>,
    ) -> Result<Typed> {
        let operand = operand.map(|o| self.expr(o, cx)).transpose()?;
        let mut pairs = Vec::new();
        for (when, then) in branches {
            pairs.push((self.expr(when, cx)?, self.expr(then, cx)?));
        }
        let otherwise = otherwise.map(|o| self.expr(o, cx)).transpose()?;
        match operand {
            None => operators::case(pairs, otherwise),
            Some(operand) => operators::simple_case(operand, pairs, otherwise),
        }
    }

    /// A call of a library function.
    fn scalar_call(
        &self,
        function: &'static Function,
        bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
        call: &Call,
        cx: Context<'_>,
    ) -> Result<Typed> {
        let captured = RefCell::new(Vec::new());
        let (values, lambdas) = self.arguments(&call.args, cx, &captured)?;
        let bound = bind(&arguments(&call.args, &values, &lambdas))?;
        let values = coerced(function.name, call, values, &bound.args)?;
        let captures = captured.take().into_iter().map(|c: Typed| c.expr).collect();
        Ok(apply(function.name, bound, values, captures))
    }

    /// The values of a call, and its lambdas before they are analyzed.
    pub(super) fn arguments<'c>(
        &'c self,
        args: &'c [ast::Expr],
        cx: Context<'c>,
        captured: &'c RefCell<Vec<Typed>>,
    ) -> Result<(Vec<Typed>, Vec<CallLambda<'c>>)> {
        let mut values = Vec::new();
        let mut lambdas = Vec::new();
        for arg in args {
            match arg.kind.as_ref() {
                ExprKind::Lambda(parameters, body) => {
                    lambdas.push(CallLambda { analyzer: self, parameters, body, cx, captured });
                }
                _ => values.push(self.expr(arg, cx)?),
            }
        }
        Ok((values, lambdas))
    }
}

/// The arguments as a function's `bind` sees them, in the order written.
pub(super) fn arguments<'c>(args: &[ast::Expr], values: &[Typed], lambdas: &'c [CallLambda<'c>]) -> Vec<Arg<'c>> {
    let (mut values, mut lambdas) = (values.iter(), lambdas.iter());
    let one = |arg: &ast::Expr| match arg.kind.as_ref() {
        ExprKind::Lambda(..) => lambdas.next().map(|l| Arg::Lambda(l)),
        _ => values.next().map(|v| Arg::Value { ty: v.ty.clone(), constant: v.literal().cloned() }),
    };
    args.iter().filter_map(one).collect()
}

/// Brings the values of a call to the types that its function takes.
pub(super) fn coerced(name: &str, call: &Call, values: Vec<Typed>, types: &[Type]) -> Result<Vec<Typed>> {
    if values.len() != types.len() {
        let message = format!("`{name}` was bound to {} arguments, but has {}", types.len(), values.len());
        return Err(SqlError::new(Kind::Internal, message));
    }
    let places = call.args.iter().filter(|a| !matches!(a.kind.as_ref(), ExprKind::Lambda(..)));
    let one = |((value, ty), place): ((Typed, &Type), &ast::Expr)| {
        coercion::coerce(value, ty).map_err(|e| {
            let e = SqlError { message: format!("argument of `{name}`: {}", e.message), ..e };
            e.at(place.at.into())
        })
    };
    values.into_iter().zip(types).zip(places).map(one).collect()
}

/// The library's function of this name.
pub(super) fn library(name: &ast::Ident) -> Result<&'static Function> {
    functions::lookup(&name.value).ok_or_else(|| {
        if let Some(e) = left_out(&name.value) {
            return e.at(name.at.into());
        }
        let e = SqlError::not_found(format!("function `{}` does not exist", name.value)).at(name.at.into());
        match functions::nearest(&name.value).first() {
            Some(near) => e.hint(format!("did you mean `{near}`?")),
            None => e.hint("SHOW FUNCTIONS lists all functions"),
        }
    })
}

/// "is left out", for functions of Trino's manual that are not here.
pub(super) fn left_out(name: &str) -> Option<SqlError> {
    let found = functions::manual::left_out(name)?;
    let e = SqlError::unsupported(format!("`{name}` is not supported: {}", found.reason));
    Some(if found.instead.is_empty() { e } else { e.hint(found.instead) })
}

/// Refuses what only aggregates and windows have.
fn plain(call: &Call) -> Result<()> {
    let what = if call.star {
        "`*`"
    } else if call.distinct {
        "DISTINCT"
    } else if !call.order_by.is_empty() {
        "ORDER BY"
    } else if call.filter.is_some() {
        "FILTER"
    } else {
        return Ok(());
    };
    Err(SqlError::invalid(format!("`{}` is no aggregate and takes no {what}", call.name.value)))
}

/// `(a, b) OVERLAPS (c, d)`: whether two periods, whose ends may be intervals and may come first, have a moment in common.
fn overlaps(left: Typed, right: Typed) -> Result<Typed> {
    use operators::ComparisonOp::{Eq, Ge, Gt, Ne};
    use operators::{and, comparison, not, or};
    let length = |row: &Typed| match &row.ty {
        Type::Row(fields) => {
            fields.get(1).is_some_and(|f| matches!(f.ty, Type::IntervalDayToSecond | Type::IntervalYearToMonth))
        }
        _ => false,
    };
    if length(&left) != length(&right) {
        return Err(SqlError::invalid("OVERLAPS takes two ends or two lengths, not one of each"));
    }
    let (s1, t1) = period(left)?;
    let (s2, t2) = period(right)?;
    let is = |op, a: &Typed, b: &Typed| comparison(op, a.clone(), b.clone());
    let after = |s: &Typed, t: &Typed, other_s: &Typed, other_t: &Typed| {
        let beyond = and(is(Ge, s, other_t)?, is(Ge, t, other_t)?)?;
        and(is(Gt, s, other_s)?, not(beyond)?)
    };
    let first = after(&s1, &t1, &s2, &t2)?;
    let second = after(&s2, &t2, &s1, &t1)?;
    let together = and(is(Eq, &s1, &s2)?, or(is(Ne, &t1, &t2)?, is(Eq, &t1, &t2)?)?)?;
    or(or(first, second)?, together)
}

/// Beginning and end of a period, the earlier first; without a beginning its end is all that is known.
fn period(row: Typed) -> Result<(Typed, Typed)> {
    if !matches!(&row.ty, Type::Row(fields) if fields.len() == 2) {
        return Err(SqlError::invalid(format!("OVERLAPS takes rows of a beginning and an end, not {}", row.ty)));
    }
    let (start, end) = (operators::field_at(row.clone(), 0)?, operators::field_at(row, 1)?);
    let moment = |ty: &Type| {
        matches!(ty, Type::Date | Type::Time(_) | Type::TimeTz(_) | Type::Timestamp(_) | Type::TimestampTz(_))
    };
    if !moment(&start.ty) {
        return Err(SqlError::invalid(format!("OVERLAPS takes dates and times, not {}", start.ty)));
    }
    let end = match end.ty {
        Type::IntervalDayToSecond | Type::IntervalYearToMonth => {
            operators::arithmetic(operators::ArithmeticOp::Add, start.clone(), end)?
        }
        _ => end,
    };
    let reversed = operators::comparison(operators::ComparisonOp::Lt, end.clone(), start.clone())?;
    let turned = operators::or(operators::is_null(start.clone()), reversed)?;
    let first = operators::case(vec![(turned.clone(), end.clone())], Some(start.clone()))?;
    let last = operators::case(vec![(turned, start)], Some(end))?;
    Ok((first, last))
}
