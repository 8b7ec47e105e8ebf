//! What do CASE, IF, COALESCE, NULLIF, GREATEST and LEAST mean?

use std::cmp::Ordering;

use arrow::array::Array;
use arrow::compute::interleave;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{ColumnarValue, Expr};

use super::comparison::{ComparisonOp, comparison, is_orderable};
use super::logic::boolean;
use super::nested::Order;
use crate::call::{Typed, apply};
use crate::coercion::{coerce, common_type};
use crate::error::{Result, SqlError};
use crate::function::ScalarCall;
use crate::scalar;
use crate::types::Type;

/// `CASE WHEN … THEN … ELSE … END`.
pub fn case(branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>) -> Result<Typed> {
    let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_ref());
    let common = meet(results, "the branches of CASE")?;
    let mut when_then = Vec::with_capacity(branches.len());
    for (when, then) in branches {
        when_then.push((Box::new(boolean(when)?.expr), Box::new(coerce(then, &common)?.expr)));
    }
    let otherwise = match otherwise {
        Some(value) => coerce(value, &common)?,
        None => scalar::null_of(&common),
    };
    let expr = Expr::Case(Case::new(None, when_then, Some(Box::new(otherwise.expr))));
    Ok(Typed::new(expr, common))
}

/// `CASE operand WHEN … THEN … ELSE … END`.
pub fn simple_case(operand: Typed, branches: Vec<(Typed, Typed)>, otherwise: Option<Typed>) -> Result<Typed> {
    let branches = branches
        .into_iter()
        .map(|(when, then)| Ok((comparison(ComparisonOp::Eq, operand.clone(), when)?, then)))
        .collect::<Result<Vec<_>>>()?;
    case(branches, otherwise)
}

/// `IF(condition, then[, otherwise])`.
pub fn if_then(condition: Typed, then: Typed, otherwise: Option<Typed>) -> Result<Typed> {
    case(vec![(condition, then)], otherwise)
}

/// The type in which all of them meet.
fn meet<'a>(values: impl Iterator<Item = &'a Typed>, what: &str) -> Result<Type> {
    let mut common = Type::Unknown;
    for value in values {
        common = common_type(&common, &value.ty)
            .ok_or_else(|| SqlError::invalid(format!("{what} must be of one type, not {common} and {}", value.ty)))?;
    }
    Ok(common)
}

/// `COALESCE(…)`: later arguments are computed only where the earlier ones are NULL.
pub fn coalesce(values: Vec<Typed>) -> Result<Typed> {
    let common = meet(values.iter(), "the arguments of COALESCE")?;
    let mut values = values.into_iter().map(|v| coerce(v, &common)).collect::<Result<Vec<_>>>()?;
    let Some(last) = values.pop() else {
        return Err(SqlError::invalid("COALESCE takes at least one argument"));
    };
    if values.is_empty() || common == Type::Unknown {
        return Ok(last);
    }
    let branches =
        values.into_iter().map(|v| (Box::new(Expr::IsNotNull(Box::new(v.expr.clone()))), Box::new(v.expr))).collect();
    Ok(Typed::new(Expr::Case(Case::new(None, branches, Some(Box::new(last.expr)))), common))
}

/// `NULLIF(left, right)`: of the left's type.
pub fn nullif(left: Typed, right: Typed) -> Result<Typed> {
    let equal = comparison(ComparisonOp::Eq, left.clone(), right)?;
    let null = scalar::null_of(&left.ty);
    case(vec![(equal, null)], Some(left))
}

/// `GREATEST(…)`: NULL where an argument is; a NaN only where all are.
pub fn greatest(values: Vec<Typed>) -> Result<Typed> {
    extreme("greatest", values)
}

/// `LEAST(…)`: NULL where an argument is; a NaN only where all are.
pub fn least(values: Vec<Typed>) -> Result<Typed> {
    extreme("least", values)
}

fn extreme(name: &'static str, values: Vec<Typed>) -> Result<Typed> {
    let types: Vec<&Type> = values.iter().map(|v| &v.ty).collect();
    let call = extreme_call(name, &types)?;
    let values = values.into_iter().map(|v| coerce(v, &call.returns)).collect::<Result<Vec<_>>>()?;
    Ok(scalar::fold(apply(name, call, values, vec![])))
}

/// `greatest` or `least` as a bound call.
pub(crate) fn extreme_call(name: &'static str, types: &[&Type]) -> Result<ScalarCall> {
    let mut ty = Type::Unknown;
    for other in types {
        ty = common_type(&ty, other)
            .ok_or_else(|| SqlError::invalid(format!("`{name}` takes values of one type, not {ty} and {other}")))?;
    }
    if types.is_empty() || !is_orderable(&ty) {
        return Err(SqlError::invalid(format!("`{name}` takes values that have an order, not {ty}")));
    }
    // Where NaN and NULL within a value never win.
    let (order, wins) = match name {
        "greatest" => (Order::ODD_FIRST, Ordering::Greater),
        _ => (Order::ODD_LAST, Ordering::Less),
    };
    Ok(ScalarCall::new(vec![ty.clone(); types.len()], ty.clone(), move |call| {
        let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let sources: Vec<&dyn Array> = arrays.iter().map(|a| a.as_ref()).collect();
        let mut picks = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            let mut best = 0;
            for n in 1..sources.len() {
                if order.of(&ty, (sources[n], row), (sources[best], row)) == wins {
                    best = n;
                }
            }
            picks.push((best, row));
        }
        Ok(ColumnarValue::Array(interleave(&sources, &picks)?))
    }))
}
