//! year, month, day_of_week… : which field has a date, a time or an interval?

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, StructArray};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::local::{HOUR, Local, MILLI, MINUTE, SECOND, Zones, instants, locals};
use crate::call::downcast;
use crate::error::Result;
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::temporal::{civil_from_days, day_of_week, day_of_year, iso_week};
use crate::types::Type;

/// Field, other names, what it is.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, fn(&[Arg<'_>]) -> Result<ScalarCall>);

pub(super) fn all() -> Vec<Function> {
    let rows: [Row; 13] = [
        ("year", &[], "The year of a date.", "year(DATE '2024-03-17')", |a| field("year", a)),
        ("quarter", &[], "The quarter of the year, 1 to 4.", "quarter(DATE '2024-03-17')", |a| field("quarter", a)),
        ("month", &[], "The month, 1 to 12.", "month(DATE '2024-03-17')", |a| field("month", a)),
        ("week", &["week_of_year"], "The ISO week, 1 to 53.", "week(DATE '2024-03-17')", |a| field("week", a)),
        ("day", &["day_of_month"], "The day of the month.", "day(DATE '2024-03-17')", |a| field("day", a)),
        ("day_of_week", &["dow"], "The day of the week, 1 (Monday) to 7.", "day_of_week(DATE '2024-03-17')", |a| {
            field("day_of_week", a)
        }),
        ("day_of_year", &["doy"], "The day of the year, 1 to 366.", "day_of_year(DATE '2024-03-17')", |a| {
            field("day_of_year", a)
        }),
        ("year_of_week", &["yow"], "The year of the ISO week.", "year_of_week(DATE '2024-12-31')", |a| {
            field("year_of_week", a)
        }),
        ("hour", &[], "The hour, 0 to 23.", "hour(TIMESTAMP '2024-03-17 12:34:56')", |a| field("hour", a)),
        ("minute", &[], "The minute, 0 to 59.", "minute(TIMESTAMP '2024-03-17 12:34:56')", |a| field("minute", a)),
        ("second", &[], "The second, 0 to 59.", "second(TIMESTAMP '2024-03-17 12:34:56')", |a| field("second", a)),
        ("millisecond", &[], "The millisecond, 0 to 999.", "millisecond(TIMESTAMP '2024-03-17 12:34:56.789')", |a| {
            field("millisecond", a)
        }),
        (
            "timezone_hour",
            &[],
            "The hours of the zone's offset.",
            "timezone_hour(TIMESTAMP '2024-03-17 12:34:56 +05:45')",
            |a| field("timezone_hour", a),
        ),
    ];
    let mut all: Vec<Function> = rows
        .into_iter()
        .map(|(name, aliases, about, example, bind)| Function {
            aliases,
            ..entry(name, "… (date or time or timestamp or interval) -> bigint", about, example, bind)
        })
        .collect();
    all.push(entry(
        "timezone_minute",
        "timezone_minute(timestamp with time zone) -> bigint",
        "The minutes of the zone's offset.",
        "timezone_minute(TIMESTAMP '2024-03-17 12:34:56 +05:45')",
        |a| field("timezone_minute", a),
    ));
    all
}

/// What is computed of a local time.
type Part = fn(Local) -> i64;

fn of_date(name: &str) -> Option<Part> {
    Some(match name {
        "year" => |v| civil_from_days(v.days).0,
        "quarter" => |v| (i64::from(civil_from_days(v.days).1) - 1) / 3 + 1,
        "month" => |v| i64::from(civil_from_days(v.days).1),
        "week" => |v| iso_week(v.days).1,
        "day" => |v| i64::from(civil_from_days(v.days).2),
        "day_of_week" => |v| day_of_week(v.days),
        "day_of_year" => |v| day_of_year(v.days),
        "year_of_week" => |v| iso_week(v.days).0,
        _ => return None,
    })
}

fn of_time(name: &str) -> Option<Part> {
    Some(match name {
        "hour" => |v| v.picos / HOUR,
        "minute" => |v| v.picos / MINUTE % 60,
        "second" => |v| v.picos / SECOND % 60,
        "millisecond" => |v| v.picos / MILLI % 1000,
        _ => return None,
    })
}

/// Of milliseconds or months.
fn of_interval(name: &str, ty: &Type) -> Option<fn(i64) -> i64> {
    Some(match (ty, name) {
        (Type::IntervalDayToSecond, "day") => |v| v / 86_400_000,
        (Type::IntervalDayToSecond, "hour") => |v| v / 3_600_000 % 24,
        (Type::IntervalDayToSecond, "minute") => |v| v / 60_000 % 60,
        (Type::IntervalDayToSecond, "second") => |v| v / 1_000 % 60,
        (Type::IntervalDayToSecond, "millisecond") => |v| v % 1_000,
        (Type::IntervalYearToMonth, "year") => |v| v / 12,
        (Type::IntervalYearToMonth, "month") => |v| v % 12,
        _ => return None,
    })
}

fn field(name: &'static str, args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload(name, args, "a date, time or interval that has such a field");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    let ty = if *ty == Type::Unknown { Type::Timestamp(3) } else { ty.clone() };
    let part = match &ty {
        Type::Date => of_date(name),
        Type::Timestamp(_) | Type::TimestampTz(_) => of_date(name).or_else(|| of_time(name)),
        Type::Time(_) | Type::TimeTz(_) => of_time(name),
        _ => None,
    };
    if let Some(part) = part {
        let of = ty.clone();
        return Ok(ScalarCall::new(vec![ty], Type::BigInt, move |call| {
            let values = locals(&of, &call.array(0)?)?;
            Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values(values.into_iter().map(part)))))
        }));
    }
    if let Some(part) = of_interval(name, &ty) {
        return Ok(ScalarCall::new(vec![ty], Type::BigInt, move |call| interval_part(&call.array(0)?, part)));
    }
    let minutes = match (name, &ty) {
        ("timezone_hour", Type::TimestampTz(_) | Type::TimeTz(_)) => false,
        ("timezone_minute", Type::TimestampTz(_) | Type::TimeTz(_)) => true,
        _ => return Err(bad()),
    };
    Ok(ScalarCall::new(vec![ty], Type::BigInt, move |call| {
        let part = |offset: i64| if minutes { offset % 60 } else { offset / 60 };
        let values = offsets(&call.array(0)?)?.into_iter().map(part);
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values(values))))
    }))
}

fn interval_part(array: &ArrayRef, part: fn(i64) -> i64) -> DfResult<ColumnarValue> {
    let values: Int64Array = match array.as_primitive_opt::<Int64Type>() {
        Some(millis) => millis.unary(part),
        None => array.as_primitive::<Int32Type>().unary(|months| part(i64::from(months))),
    };
    Ok(ColumnarValue::Array(Arc::new(values)))
}

/// Minutes east of UTC.
fn offsets(array: &ArrayRef) -> DfResult<Vec<i64>> {
    let members = downcast::<StructArray>(array)?;
    if let Some(minutes) = members.column(1).as_primitive_opt::<Int32Type>() {
        return Ok(minutes.values().iter().map(|m| i64::from(*m)).collect());
    }
    let mut zones = Zones::of(array)?;
    let instants = instants(members.column(0));
    let minutes = |(row, instant): (usize, Local)| zones.get(row).offset_at(instant.millis().div_euclid(1000)) / 60;
    Ok(instants.into_iter().enumerate().map(minutes).collect())
}
