//! date, last_day_of_month, zones of timestamps, durations.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Date32Array, StructArray};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, Expr};

use super::entry;
use super::local::{Zones, locals, zoned_column};
use super::unix::named;
use crate::call::{Typed, downcast};
use crate::cast;
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, numbers, texts};
use crate::operators;
use crate::temporal::{civil_from_days, days_from_civil, month_length};
use crate::types::Type;
use crate::zone::offset_text;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry("date", "date(x) -> date", "The same as CAST(x AS date).", "date('2024-03-17')", date),
        entry(
            "last_day_of_month",
            "last_day_of_month(date or timestamp) -> date",
            "The last day of the month.",
            "last_day_of_month(DATE '2024-02-01')",
            last_day_of_month,
        ),
        entry(
            "with_timezone",
            "with_timezone(timestamp(p), zone) -> timestamp(p) with time zone",
            "The local time in a zone.",
            "with_timezone(TIMESTAMP '2024-03-17 12:00:00', 'Asia/Tokyo')",
            with_timezone,
        ),
        entry(
            "at_timezone",
            "at_timezone(timestamp(p) with time zone, zone) -> timestamp(p) with time zone",
            "The same instant in another zone.",
            "at_timezone(TIMESTAMP '2024-03-17 12:00:00 UTC', 'Asia/Tokyo')",
            at_timezone,
        ),
        entry(
            "timezone",
            "timezone(timestamp(p) with time zone) -> varchar\ntimezone(time(p) with time zone) -> varchar",
            "The name of the zone.",
            "timezone(TIMESTAMP '2024-03-17 12:00:00 Asia/Tokyo')",
            timezone,
        ),
        entry(
            "to_milliseconds",
            "to_milliseconds(interval day to second) -> bigint",
            "The interval in milliseconds.",
            "to_milliseconds(INTERVAL '2' SECOND)",
            to_milliseconds,
        ),
        entry(
            "parse_duration",
            "parse_duration(varchar) -> interval day to second",
            "The interval of a number and a unit: ns, us, ms, s, m, h or d.",
            "parse_duration('3.81 d')",
            parse_duration,
        ),
    ]
}

fn date(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("date", args, "a text, a date or a timestamp");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    if !matches!(ty, Type::Varchar(_) | Type::Date | Type::Timestamp(_) | Type::TimestampTz(_) | Type::Unknown) {
        return Err(bad());
    }
    let from = ty.clone();
    let to_date = move |expr: Expr| cast::cast(Typed::new(expr, from.clone()), &Type::Date);
    // The types are checked: a CAST between these always binds.
    Ok(ScalarCall::native(vec![ty.clone()], Type::Date, move |mut exprs| {
        let value = exprs.swap_remove(0);
        to_date(value.clone()).map_or(value, |typed| typed.expr)
    }))
}

fn last_day_of_month(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("last_day_of_month", args, "a date or a timestamp");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    let ty = match ty {
        Type::Date | Type::Timestamp(_) | Type::TimestampTz(_) => ty.clone(),
        Type::Unknown => Type::Date,
        _ => return Err(bad()),
    };
    let of = ty.clone();
    Ok(ScalarCall::new(vec![ty], Type::Date, move |call| {
        let last = |days: i64| {
            let (year, month, _) = civil_from_days(days);
            days_from_civil(year, month, month_length(year, month)) as i32
        };
        let values = locals(&of, &call.array(0)?)?;
        Ok(ColumnarValue::Array(Arc::new(Date32Array::from_iter_values(values.iter().map(|v| last(v.days))))))
    }))
}

/// A timestamp and the name of a zone.
fn time_and_zone(name: &str, args: &[Arg<'_>]) -> Result<(Type, u8)> {
    let bad = || no_overload(name, args, "a timestamp and a zone");
    let [time, zone] = args else { return Err(bad()) };
    if time.is_lambda() || zone.is_lambda() || !can_coerce(zone.ty(), &Type::VARCHAR) {
        return Err(bad());
    }
    match time.ty() {
        Type::Timestamp(p) => Ok((Type::Timestamp(*p), *p)),
        Type::Date | Type::Unknown => Ok((Type::Timestamp(3), 3)),
        _ => Err(bad()),
    }
}

fn with_timezone(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (ty, precision) = time_and_zone("with_timezone", args)?;
    Ok(ScalarCall::new(vec![ty.clone(), Type::VARCHAR], Type::TimestampTz(precision), move |call| {
        let array = call.array(0)?;
        let values = locals(&ty, &array)?;
        let zones = Texts::of(call, 1)?;
        let value = |row: usize| match zones.get(row) {
            Some(name) if array.is_valid(row) => {
                let zone = named(name)?;
                Ok(Some((zone.to_instant(values[row].to_picos()), zone.name())))
            }
            _ => Ok(None),
        };
        let values = (0..call.rows).map(value).collect::<DfResult<Vec<_>>>()?;
        Ok(ColumnarValue::Array(zoned_column(precision, values)?))
    }))
}

/// AT TIME ZONE under another name.
fn at_timezone(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty: time, .. }, Arg::Value { ty: zone, .. }] = args else {
        return Err(no_overload("at_timezone", args, "a timestamp and a zone"));
    };
    let (time, zone) = (time.clone(), zone.clone());
    let types = vec![time.clone(), zone.clone()];
    let build = move |value: Expr, name: Expr| {
        operators::at_time_zone(Typed::new(value, time.clone()), Typed::new(name, zone.clone()))
    };
    let column = |name: &str| Expr::Column(datafusion::common::Column::from_name(name));
    let returns = build(column("time"), column("zone"))?.ty;
    // The types are checked: the operator always binds.
    Ok(ScalarCall::native(types, returns, move |exprs| match exprs.as_slice() {
        [value, name] => build(value.clone(), name.clone()).map_or_else(|_| value.clone(), |typed| typed.expr),
        _ => datafusion::logical_expr::lit(false),
    }))
}

fn timezone(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty: ty @ (Type::TimestampTz(_) | Type::TimeTz(_)), .. }] = args else {
        return Err(no_overload("timezone", args, "a time or timestamp with time zone"));
    };
    Ok(ScalarCall::new(vec![ty.clone()], Type::VARCHAR, |call| {
        let array = call.array(0)?;
        let minutes = downcast::<StructArray>(&array)?.column(1).as_primitive_opt::<Int32Type>();
        let mut zones = Zones::of(&array)?;
        texts(call.rows, |row| {
            Ok(array.is_valid(row).then(|| match minutes {
                Some(minutes) => offset_text(minutes.value(row)),
                None => zones.get(row).name(),
            }))
        })
    }))
}

fn to_milliseconds(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty: Type::IntervalDayToSecond, .. }] = args else {
        return Err(no_overload("to_milliseconds", args, "an interval day to second"));
    };
    let types = vec![Type::IntervalDayToSecond];
    Ok(ScalarCall::new(types, Type::BigInt, |call| Ok(ColumnarValue::Array(call.array(0)?))))
}

fn parse_duration(args: &[Arg<'_>]) -> Result<ScalarCall> {
    match args {
        [text] if !text.is_lambda() && can_coerce(text.ty(), &Type::VARCHAR) => {}
        _ => return Err(no_overload("parse_duration", args, "a text")),
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::IntervalDayToSecond, |call| {
        let texts = Texts::of(call, 0)?;
        numbers::<Int64Type>(call.rows, |row| match texts.get(row) {
            None => Ok(None),
            Some(text) => match duration(text) {
                Some(millis) => Ok(Some(millis)),
                None => fail(format!("duration is not a valid data duration string: {text}")),
            },
        })
    }))
}

/// Milliseconds of `3.81 d`.
fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    let plain = number.split('.').count() <= 2 && number.split('.').all(|p| !p.is_empty());
    let value: f64 = number.parse().ok().filter(|_| plain)?;
    let millis = match unit.trim() {
        "ns" => 1e-6,
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 6e4,
        "h" => 3.6e6,
        "d" => 8.64e7,
        _ => return None,
    };
    Some((value * millis + 0.5).floor() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, millis) in [
            ("1234.567 d", Some(106_666_588_800)),
            ("1234us", Some(1)),
            ("1ns", Some(0)),
            ("2 h", Some(7_200_000)),
            ("h", None),
            ("1 week", None),
            ("1.2.3 s", None),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
    }
}
