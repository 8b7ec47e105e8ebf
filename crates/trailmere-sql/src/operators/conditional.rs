//! What do CASE, IF, COALESCE, NULLIF, GREATEST and LEAST mean?

use arrow::array::Array;
use arrow::compute::interleave;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{ColumnarValue, Expr};

use super::comparison::{ComparisonOp, comparison, is_orderable};
use super::logic::boolean;
use super::nested;
use crate::call::Typed;
use crate::coercion::{coerce, common_type};
use crate::error::{Result, SqlError};
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

/// `GREATEST(…)`: NULL where an argument is.
pub fn greatest(values: Vec<Typed>) -> Result<Typed> {
    extreme("greatest", values, ComparisonOp::Gt)
}

/// `LEAST(…)`: NULL where an argument is.
pub fn least(values: Vec<Typed>) -> Result<Typed> {
    extreme("least", values, ComparisonOp::Lt)
}

fn extreme(name: &str, values: Vec<Typed>, op: ComparisonOp) -> Result<Typed> {
    let common = meet(values.iter(), &format!("the arguments of {}", name.to_uppercase()))?;
    if !is_orderable(&common) {
        return Err(SqlError::invalid(format!("{name} takes values that have an order, not {common}")));
    }
    let values = values.into_iter().map(|v| coerce(v, &common)).collect::<Result<Vec<_>>>()?;
    if common == Type::Unknown {
        return Ok(Typed::constant(ScalarValue::Null, common));
    }
    let ty = common.clone();
    Ok(scalar::strict(name, values, common, move |call| {
        let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let sources: Vec<&dyn Array> = arrays.iter().map(|a| a.as_ref()).collect();
        let mut picks = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            let mut best = 0;
            for n in 1..sources.len() {
                if op.holds(nested::order(&ty, sources[n], row, sources[best], row)) {
                    best = n;
                }
            }
            picks.push((best, row));
        }
        Ok(ColumnarValue::Array(interleave(&sources, &picks)?))
    }))
}
