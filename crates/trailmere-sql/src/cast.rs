//! How does a value become a value of another type, by CAST or TRY_CAST?
//!
//! A cast works on whole columns and notes the rows that fail: CAST then fails with Trino's message for the first of
//! them, TRY_CAST makes them NULL. Where DataFusion's own cast means the same, it is used, so that filters reach the scan.

pub(crate) mod address;
pub(crate) mod binary;
pub(crate) mod build;
pub(crate) mod from_json;
pub(crate) mod json_text;
pub(crate) mod nested;
pub(crate) mod number;
pub(crate) mod parse;
pub(crate) mod temporal;
pub(crate) mod to_json;
pub(crate) mod to_text;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray, new_null_array};
use arrow::buffer::NullBuffer;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{Cast, ColumnarValue, Expr};

use crate::call::Typed;
use crate::error::{Result, SqlError, fail};
use crate::scalar;
use crate::types::{Type, row_fields};
use build::Failures;

/// CAST: fails on the first value that does not fit.
pub fn cast(value: Typed, to: &Type) -> Result<Typed> {
    convert_expr(value, to, Failing::Fails)
}

/// TRY_CAST: NULL for a value that does not fit.
pub fn try_cast(value: Typed, to: &Type) -> Result<Typed> {
    convert_expr(value, to, Failing::IsNull)
}

/// The name of the call that takes the day of a timestamp in microseconds; it never fails.
pub(crate) const DAY_OF_TIMESTAMP: &str = "cast to date";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
    Fails,
    IsNull,
}

fn convert_expr(value: Typed, to: &Type, failing: Failing) -> Result<Typed> {
    if value.ty == *to {
        return Ok(value);
    }
    if !can_cast(&value.ty, to) {
        return Err(SqlError::invalid(format!("cannot cast {} to {to}", value.ty)));
    }
    if value.literal().is_some_and(ScalarValue::is_null) {
        return Ok(scalar::null_of(to));
    }
    if relabels(&value.ty, to) {
        return Ok(Typed::new(value.expr, to.clone()));
    }
    if is_native(&value.ty, to) {
        return Ok(native(value, to));
    }
    let (from, target) = (value.ty.clone(), to.clone());
    let name = match failing {
        _ if *to == Type::Date && matches!(value.ty, Type::Timestamp(0..=6)) => DAY_OF_TIMESTAMP,
        Failing::Fails => "cast",
        Failing::IsNull => "try_cast",
    };
    Ok(scalar::strict(name, vec![value], to.clone(), move |call| {
        let array = match &call.values[0] {
            ColumnarValue::Scalar(value) => value.to_array()?,
            ColumnarValue::Array(array) => Arc::clone(array),
        };
        let single = matches!(&call.values[0], ColumnarValue::Scalar(_));
        let result = finish(&array, &from, &target, failing)?;
        if single {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }))
}

fn finish(array: &ArrayRef, from: &Type, to: &Type, failing: Failing) -> DfResult<ArrayRef> {
    let mut failures = Failures::default();
    let result = convert(array, from, to, &mut failures)?;
    match failures.message {
        None => Ok(result),
        Some(message) if failing == Failing::Fails => fail(message),
        Some(_) => without(&result, &failures.rows),
    }
}

/// The column with NULL in `rows`.
pub(crate) fn without(array: &ArrayRef, rows: &[usize]) -> DfResult<ArrayRef> {
    let mut valid = vec![true; array.len()];
    for &row in rows {
        valid[row] = false;
    }
    scalar::with_nulls(array, &NullBuffer::from(valid))
}

/// A char with its blanks as varchar: what an implicit coercion gives.
pub(crate) fn pad(value: Typed, to: &Type) -> Typed {
    let Type::Char(length) = value.ty else { return value };
    scalar::strict("pad", vec![value], to.clone(), move |call| {
        let array = call.array(0)?;
        let source: &StringViewArray = crate::call::downcast(&array)?;
        Ok(ColumnarValue::Array(build::text(&array, &mut Failures::default(), |i, out| {
            crate::render::padded(source.value(i), length, out);
            Ok(())
        })))
    })
}

/// Converts a column, noting the rows that do not fit (they come out NULL).
pub(crate) fn convert(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    if relabels(from, to) {
        return Ok(Arc::clone(array));
    }
    if *from == Type::Unknown {
        return Ok(new_null_array(&to.arrow(), array.len()));
    }
    match (from, to) {
        (_, Type::Json) => to_json::convert(array, from, failures),
        (Type::Json, _) => from_json::convert(array, to, failures),
        (Type::Array(_) | Type::Map(..) | Type::Row(_), Type::Varchar(_)) => to_text::nested(array, from, to, failures),
        (Type::Array(_) | Type::Map(..) | Type::Row(_), _) => nested::convert(array, from, to, failures),
        (_, Type::Varchar(_) | Type::Char(_)) => to_text::convert(array, from, to, failures),
        (_, Type::Boolean) => number::to_boolean(array, from, failures),
        (_, Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt) => {
            number::to_integer(array, from, to, failures)
        }
        (_, Type::Real | Type::Double) => number::to_float(array, from, to, failures),
        (_, Type::Decimal(p, s)) => number::to_decimal(array, from, (*p, *s), failures),
        (_, Type::Date) => temporal::to_date(array, from, failures),
        (_, Type::Time(p)) => temporal::to_time(array, from, *p, failures),
        (_, Type::TimeTz(p)) => temporal::to_time_tz(array, from, *p, failures),
        (_, Type::Timestamp(p)) => temporal::to_timestamp(array, from, *p, failures),
        (_, Type::TimestampTz(p)) => temporal::to_timestamp_tz(array, from, *p, failures),
        (_, Type::IpAddress | Type::IpPrefix | Type::Uuid) => address::convert(array, from, to, failures),
        _ => binary::convert(array, from, to),
    }
}

/// Whether there is a CAST from one type to the other.
pub fn can_cast(from: &Type, to: &Type) -> bool {
    use Type::*;
    let number = |t: &Type| t.is_numeric() || *t == Boolean;
    let sketch = |t: &Type| matches!(t, HyperLogLog | TDigest | QDigest(_));
    match (from, to) {
        _ if from == to => true,
        (Unknown, _) => true,
        (Array(a), Array(b)) => can_cast(a, b),
        (Map(k1, v1), Map(k2, v2)) => can_cast(k1, k2) && can_cast(v1, v2),
        (Row(a), Row(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| can_cast(&a.ty, &b.ty)),
        (_, Json) => to_json::can(from),
        (Json, _) => from_json::can(to),
        // Trino has no such cast; published Lake queries search in the text of a map.
        (Array(_) | Map(..) | Row(_), Varchar(_)) => to_json::can(from),
        (a, b) if number(a) && number(b) => true,
        (a, b) if a.is_text() && (number(b) || b.is_text()) => true,
        (a, b) if b.is_text() => !sketch(a) && !matches!(a, Varbinary | Array(_) | Map(..) | Row(_) | Color),
        (a, Date | Time(_) | TimeTz(_) | Timestamp(_) | TimestampTz(_)) => temporal::can(a, to),
        (a, Varbinary) => a.is_text() || matches!(a, IpAddress | Uuid) || sketch(a),
        (Varbinary, b) => matches!(b, IpAddress | Uuid) || sketch(b),
        (a, IpAddress | IpPrefix | Uuid) if a.is_text() => true,
        (IpAddress, IpPrefix) | (IpPrefix, IpAddress) => true,
        _ => false,
    }
}

/// Whether the same Arrow values serve as the other type.
pub(crate) fn relabels(from: &Type, to: &Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (Type::Varchar(a), Type::Varchar(b)) => b.is_none() || matches!((a, b), (Some(a), Some(b)) if a <= b),
        (Type::Char(a), Type::Char(b)) => a <= b,
        (Type::Timestamp(a), Type::Timestamp(b)) | (Type::TimestampTz(a), Type::TimestampTz(b)) => {
            a <= b && (*b <= 6 || *a > 6)
        }
        (Type::Time(a), Type::Time(b)) | (Type::TimeTz(a), Type::TimeTz(b)) => a <= b,
        (Type::Array(a), Type::Array(b)) => relabels(a, b),
        (Type::Map(k1, v1), Type::Map(k2, v2)) => relabels(k1, k2) && relabels(v1, v2),
        (Type::Row(a), Type::Row(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| relabels(&a.ty, &b.ty))
                && row_fields(a).iter().zip(row_fields(b).iter()).all(|(a, b)| a.name() == b.name())
        }
        _ => false,
    }
}

/// Whether DataFusion's cast has the same meaning and can't fail.
fn is_native(from: &Type, to: &Type) -> bool {
    let width = |t: &Type| match t {
        Type::TinyInt => 1,
        Type::SmallInt => 2,
        Type::Integer => 4,
        Type::BigInt => 8,
        _ => 0,
    };
    match (from, to) {
        (a, b) if a.is_integer() && b.is_integer() => width(a) < width(b),
        (a, Type::Double) => a.is_integer() || *a == Type::Real,
        (Type::Date, Type::Timestamp(p)) => *p <= 6,
        _ => false,
    }
}

fn native(value: Typed, to: &Type) -> Typed {
    if let Some(literal) = value.literal()
        && let Ok(scalar) = literal.cast_to(&to.arrow())
    {
        return Typed::constant(scalar, to.clone());
    }
    Typed::new(Expr::Cast(Cast::new(Box::new(value.expr), to.arrow())), to.clone())
}

#[cfg(test)]
mod tests;
