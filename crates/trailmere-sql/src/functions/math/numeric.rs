//! How is one function written for all numeric types? Over 64-bit integers, doubles and unscaled decimals.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float32Array, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::error::fail;
use crate::function::CallArgs;
use crate::types::Type;

/// Computes over whole numbers of any size; what does not fit the type again is an error.
pub(super) fn integers(
    call: &CallArgs<'_>,
    ty: &Type,
    f: impl Fn(i64, usize) -> DfResult<i64>,
) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let values = cast(&array, &DataType::Int64)?;
    let values = values.as_primitive::<Int64Type>();
    let valid = valid(call)?;
    let (least, most) = match ty {
        Type::TinyInt => (i8::MIN.into(), i8::MAX.into()),
        Type::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        Type::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    let mut results = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        if !valid(row) {
            results.push(None);
            continue;
        }
        let result = f(values.value(row), row)?;
        if !(least..=most).contains(&result) {
            return fail(format!("Value {result} is out of range for {ty}"));
        }
        results.push(Some(result));
    }
    Ok(ColumnarValue::Array(cast(&Int64Array::from(results), &ty.arrow())?))
}

/// Computes over double or real.
pub(super) fn floats(call: &CallArgs<'_>, f: impl Fn(f64, usize) -> f64) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let result: ArrayRef = match array.as_primitive_opt::<Float32Type>() {
        Some(v) => Arc::new(Float32Array::from_iter_values((0..call.rows).map(|r| f(v.value(r).into(), r) as f32))),
        None => {
            let v = array.as_primitive::<Float64Type>();
            Arc::new(Float64Array::from_iter_values((0..call.rows).map(|r| f(v.value(r), r))))
        }
    };
    Ok(ColumnarValue::Array(result))
}

/// Computes over unscaled decimals; the result has another precision and scale.
pub(super) fn decimals(
    call: &CallArgs<'_>,
    (precision, scale): (u8, u8),
    f: impl Fn(i128, usize) -> Option<i128>,
) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let values = array.as_primitive::<Decimal128Type>();
    let valid = valid(call)?;
    let limit = 10_u128.pow(u32::from(precision));
    let mut results = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        if !valid(row) {
            results.push(None);
            continue;
        }
        match f(values.value(row), row).filter(|v| v.unsigned_abs() < limit) {
            Some(value) => results.push(Some(value)),
            None => return fail("decimal overflow"),
        }
    }
    let results = Decimal128Array::from(results).with_precision_and_scale(precision, scale as i8)?;
    Ok(ColumnarValue::Array(Arc::new(results)))
}

/// Whether all arguments of a row have a value.
fn valid(call: &CallArgs<'_>) -> DfResult<impl Fn(usize) -> bool> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    Ok(move |row: usize| arrays.iter().all(|a| a.is_valid(row)))
}

/// Ten to the power of `n`, if an unscaled decimal can hold it.
pub(super) fn ten(n: u64) -> Option<i128> {
    if n > 38 { None } else { Some(10_i128.pow(n as u32)) }
}
