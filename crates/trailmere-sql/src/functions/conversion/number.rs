//! How is a large number written in a few characters, or a duration in words?

use arrow::array::{Decimal128Array, Float64Array};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::digits::Digits;
use super::entry;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, becomes, takes, written_texts};
use crate::types::Type;

/// Functions that write numbers.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "format_number",
            "format_number(number) -> varchar",
            "The number with a unit: K, M, B, T or Q.",
            "format_number(1234567)",
            format_number,
        ),
        entry(
            "human_readable_seconds",
            "human_readable_seconds(double) -> varchar",
            "A number of seconds in weeks, days, hours, minutes and seconds.",
            "human_readable_seconds(3762)",
            human_readable_seconds,
        ),
    ]
}

fn format_number(args: &[Arg<'_>]) -> Result<ScalarCall> {
    match args {
        [arg] if matches!(arg.ty(), Type::Decimal(..)) => {
            let (ty, scale) = (arg.ty().clone(), scale_of(arg.ty()));
            Ok(ScalarCall::new(vec![ty], Type::VARCHAR, move |call| {
                let values = Column::<Decimal128Array>::of(call, 0)?;
                abbreviated(call, |row| values.get(row).map(|v| (v < 0, Digits::of_decimal(v, i64::from(scale)))))
            }))
        }
        [arg] if becomes(arg, &Type::BigInt) => Ok(ScalarCall::new(vec![Type::BigInt], Type::VARCHAR, |call| {
            let values = Column::<arrow::array::Int64Array>::of(call, 0)?;
            abbreviated(call, |row| values.get(row).map(|v| (v < 0, Digits::of_decimal(i128::from(v), 0))))
        })),
        [arg] if becomes(arg, &Type::Double) => Ok(ScalarCall::new(vec![Type::Double], Type::VARCHAR, |call| {
            let values = Column::<Float64Array>::of(call, 0)?;
            for row in 0..call.rows {
                if values.get(row).is_some_and(|v| !v.is_finite()) {
                    return fail("format_number takes finite numbers only");
                }
            }
            abbreviated(call, |row| values.get(row).map(|v| (v < 0.0, Digits::of_double(v))))
        })),
        args => Err(no_overload("format_number", args, "a number")),
    }
}

fn scale_of(ty: &Type) -> u8 {
    if let Type::Decimal(_, scale) = ty { *scale } else { 0 }
}

const UNITS: [&str; 6] = ["", "K", "M", "B", "T", "Q"];

fn abbreviated(call: &CallArgs<'_>, value: impl Fn(usize) -> Option<(bool, Digits)>) -> DfResult<ColumnarValue> {
    written_texts(call.rows, |row, out| {
        let Some((negative, digits)) = value(row) else { return Ok(false) };
        let unit = (digits.exponent().max(0) / 3).min(UNITS.len() as i64 - 1);
        let scaled = digits.scaled(-3 * unit);
        // Three digits in all, but all that stand before the point.
        let places = (2 - scaled.exponent().max(0)).max(0);
        let rounded = scaled.rounded(places);
        let places = rounded.places().min(places);
        let point = if places > 0 { "." } else { "" };
        let sign = if negative && !rounded.is_zero() { "-" } else { "" };
        out.push_str(sign);
        out.push_str(&rounded.whole());
        out.push_str(point);
        out.push_str(&rounded.fraction(places));
        out.push_str(UNITS[unit as usize]);
        Ok(true)
    })
}

fn human_readable_seconds(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::Double]) {
        return Err(no_overload("human_readable_seconds", args, "(double)"));
    }
    Ok(ScalarCall::new(vec![Type::Double], Type::VARCHAR, |call| {
        let seconds = Column::<Float64Array>::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            let Some(seconds) = seconds.get(row) else { return Ok(false) };
            if !seconds.is_finite() {
                return fail(
                    "Invalid argument found: ".to_string() + if seconds.is_nan() { "NaN" } else { "Infinity" },
                );
            }
            push_duration(seconds.abs().round() as u64, out);
            Ok(true)
        })
    }))
}

fn push_duration(seconds: u64, out: &mut String) {
    const UNITS: [(u64, &str); 5] = [(604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let mut left = seconds;
    let start = out.len();
    for (size, name) in UNITS {
        let count = left / size;
        left %= size;
        if count == 0 && !(size == 1 && out.len() == start) {
            continue;
        }
        let comma = if out.len() > start { ", " } else { "" };
        let plural = if count == 1 { "" } else { "s" };
        out.push_str(&format!("{comma}{count} {name}{plural}"));
    }
}
