//! What does CloudTrail Lake compare that Trino does not: text with times, and text with boolean literals?
//!
//! `eventtime > '2023-01-22'` becomes a comparison with a timestamp literal, so that it prunes like any other.

use arrow::array::AsArray;
use datafusion::common::ScalarValue;

use super::comparison::ComparisonOp;
use crate::call::Typed;
use crate::cast::build::{self, Failures};
use crate::cast::parse::{self, Separator};
use crate::error::{Result, SqlError, fail};
use crate::scalar;
use crate::temporal::{round_picos, stamps};
use crate::types::Type;
use crate::zone::Zone;

/// Brings text to the type of the other side, where Lake does.
pub(crate) fn adapt(op: ComparisonOp, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    if is_moment(&left.ty) && is_varchar(&right.ty) {
        let right = moment(right, &left.ty)?;
        return Ok((left, right));
    }
    if is_varchar(&left.ty) && is_moment(&right.ty) {
        let left = moment(left, &right.ty)?;
        return Ok((left, right));
    }
    if op.is_equality() && is_varchar(&left.ty) && left.literal().is_none() {
        let right = word(right);
        return Ok((left, right));
    }
    if op.is_equality() && is_varchar(&right.ty) && right.literal().is_none() {
        let left = word(left);
        return Ok((left, right));
    }
    Ok((left, right))
}

fn is_moment(ty: &Type) -> bool {
    matches!(ty, Type::Date | Type::Timestamp(_) | Type::TimestampTz(_))
}

fn is_varchar(ty: &Type) -> bool {
    matches!(ty, Type::Varchar(_))
}

/// A boolean literal as the text that it has in events.
fn word(value: Typed) -> Typed {
    match value.literal() {
        Some(ScalarValue::Boolean(Some(v))) => {
            Typed::constant(ScalarValue::Utf8View(Some(v.to_string())), Type::VARCHAR)
        }
        _ => value,
    }
}

/// Says what to do about text that meets a boolean or a number.
pub(crate) fn explain(error: SqlError, left: &Typed, right: &Typed) -> SqlError {
    let (text, other) = if left.ty.is_text() { (left, right) } else { (right, left) };
    match (&text.ty, &other.ty) {
        (Type::Varchar(_), Type::Boolean) if text.literal().is_some() => {
            error.hint("compare a boolean with true or false, without quotes")
        }
        (Type::Varchar(_), ty) if ty.is_numeric() || *ty == Type::Boolean => {
            error.hint(format!("convert the text: CAST(… AS {ty})"))
        }
        _ => error,
    }
}

/// Text as a timestamp in UTC (a date where the other side is one and the text is no more).
fn moment(text: Typed, other: &Type) -> Result<Typed> {
    let days = |t: &str| parse::date(t).and_then(|d| i32::try_from(d).ok());
    if let Some(ScalarValue::Utf8View(Some(t))) = text.literal() {
        if let (Type::Date, Some(days)) = (other, days(t)) {
            return Ok(Typed::constant(ScalarValue::Date32(Some(days)), Type::Date));
        }
        let picos = read(t)
            .map_err(|why| SqlError::invalid(why).hint("write it as 'YYYY-MM-DD' or 'YYYY-MM-DD hh:mm:ss', in UTC"))?;
        let micros = i64::try_from(picos / crate::temporal::PICOS_PER_MICRO).ok();
        return Ok(Typed::constant(ScalarValue::TimestampMicrosecond(micros, None), Type::Timestamp(6)));
    }
    Ok(scalar::strict("lake_timestamp", vec![text], Type::Timestamp(6), |call| {
        let array = call.array(0)?;
        let source = array.as_string_view();
        let mut failures = Failures::default();
        let values = build::values(&array, &mut failures, |i| read(source.value(i)));
        match failures.message {
            Some(message) => fail(message),
            None => Ok(datafusion::logical_expr::ColumnarValue::Array(stamps(6, values.into_iter())?)),
        }
    }))
}

/// Picoseconds since 1970 in UTC, rounded to microseconds.
fn read(text: &str) -> std::result::Result<i128, String> {
    let invalid = || format!("`{text}` is not a timestamp");
    let moment = parse::moment(text, Separator::Lake).ok_or_else(invalid)?;
    let zone = match moment.zone {
        Some(zone) => Zone::parse(zone).ok_or_else(invalid)?,
        None => Zone::UTC,
    };
    let picos = round_picos(zone.to_instant(moment.local()), 6);
    let limit = i128::from(i64::MAX) * crate::temporal::PICOS_PER_MICRO;
    if picos.abs() > limit { Err(invalid()) } else { Ok(picos) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_lake_takes_for_a_timestamp() {
        let at = |text: &str| read(text).ok().map(|p| p / 1_000_000_000_000);
        let day = Some(1_674_345_600);
        for text in [
            "2023-01-22",
            "2023-01-22 00:00",
            "2023-01-22 00:00:00",
            "2023-01-22 00:00:00.000",
            "2023-01-22T00:00:00Z",
            "2023-01-22T00:00:00.000Z",
            "2023-01-22T01:00:00+01:00",
            "2023-1-22 0:00:00",
        ] {
            assert_eq!(at(text), day, "{text}");
        }
        for text in ["", "yesterday", "2023-13-01", "20230122", "2023-01-22 25:00:00"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
