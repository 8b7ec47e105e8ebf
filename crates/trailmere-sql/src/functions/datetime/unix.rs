//! Unix time: from_unixtime, from_unixtime_nanos, to_unixtime.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::local::{instants_of, zoned_column};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::aggregate::divide_half_up;
use crate::functions::arguments::{Texts, numbers};
use crate::temporal::PICOS_PER_MILLI;
use crate::types::Type;
use crate::zone::Zone;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "from_unixtime",
            "from_unixtime(double) -> timestamp(3) with time zone\nfrom_unixtime(double, zone) -> timestamp(3) with time zone\nfrom_unixtime(double, hours, minutes) -> timestamp(3) with time zone",
            "The time so many seconds after 1970, in UTC or another zone.",
            "from_unixtime(1700000000)",
            from_unixtime,
        ),
        entry(
            "from_unixtime_nanos",
            "from_unixtime_nanos(bigint) -> timestamp(9) with time zone\nfrom_unixtime_nanos(decimal) -> timestamp(9) with time zone",
            "The time so many nanoseconds after 1970.",
            "from_unixtime_nanos(1700000000000000000)",
            from_unixtime_nanos,
        ),
        entry(
            "to_unixtime",
            "to_unixtime(timestamp) -> double\nto_unixtime(timestamp with time zone) -> double",
            "The seconds since 1970.",
            "to_unixtime(TIMESTAMP '2024-03-17 00:00:00')",
            to_unixtime,
        ),
    ]
}

fn from_unixtime(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = match args.len() {
        1 => vec![Type::Double],
        2 => vec![Type::Double, Type::VARCHAR],
        _ => vec![Type::Double, Type::BigInt, Type::BigInt],
    };
    let fits = |(a, t): (&Arg<'_>, &Type)| !a.is_lambda() && can_coerce(a.ty(), t);
    if args.len() != types.len() || !args.iter().zip(&types).all(fits) {
        return Err(no_overload("from_unixtime", args, "seconds, and perhaps a zone or hours and minutes"));
    }
    Ok(ScalarCall::new(types, Type::TimestampTz(3), |call| {
        let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let names = if arrays.len() == 2 { Some(Texts::of(call, 1)?) } else { None };
        let mut values = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            if arrays.iter().any(|a| a.is_null(row)) {
                values.push(None);
                continue;
            }
            let millis = millis(arrays[0].as_primitive::<Float64Type>().value(row))?;
            let zone = match (names.as_ref().and_then(|n| n.get(row)), &arrays[1..]) {
                (Some(name), _) => named(name)?,
                (None, [hours, minutes]) => fixed(hours, minutes, row)?,
                _ => Zone::UTC,
            };
            values.push(Some((i128::from(millis) * PICOS_PER_MILLI, zone.name())));
        }
        Ok(ColumnarValue::Array(zoned_column(3, values)?))
    }))
}

/// Whole milliseconds; what a timestamp cannot hold is an error.
fn millis(seconds: f64) -> DfResult<i64> {
    const MOST: f64 = 2_251_799_813_685_247.0;
    let millis = (seconds * 1000.0 + 0.5).floor();
    if millis.is_nan() {
        return Ok(0);
    }
    if millis.abs() > MOST {
        return fail(format!("Millis overflow: {}", millis as i64));
    }
    Ok(millis as i64)
}

/// The zone of this name.
pub(super) fn named(name: &str) -> DfResult<Zone> {
    match Zone::parse(name) {
        Some(zone) => Ok(zone),
        None => fail(format!("'{name}' is not a valid time zone")),
    }
}

fn fixed(hours: &ArrayRef, minutes: &ArrayRef, row: usize) -> DfResult<Zone> {
    let (hours, minutes) =
        (hours.as_primitive::<Int64Type>().value(row), minutes.as_primitive::<Int64Type>().value(row));
    let offset = hours.checked_mul(60).and_then(|h| h.checked_add(minutes));
    match offset.filter(|o| o.abs() <= 14 * 60) {
        Some(offset) => Ok(Zone::Fixed(offset as i32)),
        None => fail(format!("Invalid offset {hours} hours {minutes} minutes: it must be within 14 hours")),
    }
}

fn from_unixtime_nanos(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("from_unixtime_nanos", args, "a number of nanoseconds");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    let (ty, scale) = match ty {
        Type::Decimal(_, scale) => (ty.clone(), u32::from(*scale)),
        ty if can_coerce(ty, &Type::BigInt) => (Type::BigInt, 0),
        _ => return Err(bad()),
    };
    Ok(ScalarCall::new(vec![ty], Type::TimestampTz(9), move |call| {
        let array = call.array(0)?;
        let value = |row: usize| {
            let nanos = match array.as_primitive_opt::<Decimal128Type>() {
                Some(decimals) => divide_half_up(decimals.value(row), 10_i128.pow(scale)),
                None => array.as_primitive::<Int64Type>().value(row).into(),
            };
            array.is_valid(row).then(|| (nanos * 1000, Zone::UTC.name()))
        };
        Ok(ColumnarValue::Array(zoned_column(9, (0..call.rows).map(value).collect())?))
    }))
}

fn to_unixtime(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("to_unixtime", args, "a timestamp");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    let ty = match ty {
        Type::Timestamp(_) | Type::TimestampTz(_) => ty.clone(),
        Type::Date | Type::Unknown => Type::Timestamp(3),
        _ => return Err(bad()),
    };
    let of = ty.clone();
    Ok(ScalarCall::new(vec![ty], Type::Double, move |call| {
        let values = instants_of(&of, &call.array(0)?)?;
        numbers::<Float64Type>(call.rows, |row| {
            let v = values[row];
            // Micros are exact in a double for some 285 years; what is finer is added on its own.
            let micros = v.days as f64 * 86_400_000_000.0 + (v.picos / 1_000_000) as f64;
            Ok(Some(micros / 1e6 + (v.picos % 1_000_000) as f64 / 1e12))
        })
    }))
}
