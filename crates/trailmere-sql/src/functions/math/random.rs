//! random: numbers that nobody can foretell.

use arrow::array::{Array, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use rand::Rng;

use super::entry;
use crate::coercion::{can_coerce, common_type};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::numbers;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![Function {
        aliases: &["rand"],
        ..entry(
            "random",
            "random() -> double\nrandom(n) -> type of n\nrandom(m, n) -> their type",
            "A number from 0 to below 1, from 0 to below n, or from m to below n.",
            "random(1, 7) < 7",
            random,
        )
    }]
}

fn random(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("random", args, "nothing, a bound or two bounds");
    if args.is_empty() {
        let call = ScalarCall::new(vec![], Type::Double, |call| {
            let mut generator = rand::rng();
            numbers::<Float64Type>(call.rows, |_| Ok(Some(generator.random())))
        });
        return Ok(call.volatile());
    }
    let [first, rest @ ..] = args else { return Err(bad()) };
    let ty = match rest {
        [] => first.ty().clone(),
        [second] => common_type(first.ty(), second.ty()).ok_or_else(bad)?,
        _ => return Err(bad()),
    };
    let ty = if ty == Type::Unknown { Type::BigInt } else { ty };
    if args.iter().any(Arg::is_lambda) || !can_coerce(&ty, &Type::BigInt) {
        return Err(bad());
    }
    let of = ty.clone();
    let call = ScalarCall::new(vec![ty.clone(); args.len()], ty, move |call| {
        let bounds = (0..call.values.len())
            .map(|i| Ok(cast(&call.array(i)?, &DataType::Int64)?))
            .collect::<DfResult<Vec<_>>>()?;
        let mut generator = rand::rng();
        let mut values = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            if bounds.iter().any(|b| b.is_null(row)) {
                values.push(None);
                continue;
            }
            let bound = |i: usize| bounds[i].as_primitive::<Int64Type>().value(row);
            let (from, to) = if bounds.len() == 1 { (0, bound(0)) } else { (bound(0), bound(1)) };
            if bounds.len() == 1 && to <= 0 {
                return fail("bound must be positive");
            }
            if from >= to {
                return fail("start value must be less than stop value");
            }
            values.push(Some(generator.random_range(from..to)));
        }
        Ok(ColumnarValue::Array(cast(&Int64Array::from(values), &of.arrow())?))
    });
    Ok(call.volatile())
}
