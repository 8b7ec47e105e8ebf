//! How many bytes is `1.5MB`?

use arrow::array::Decimal128Builder;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

use super::entry;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, takes};
use crate::types::Type;

/// Functions that read sizes.
pub(super) fn all() -> Vec<Function> {
    vec![Function {
        aliases: &["parse_presto_data_size"],
        ..entry(
            "parse_data_size",
            "parse_data_size(varchar) -> decimal(38,0)",
            "The number of bytes of a size such as `2.5MB`; units are powers of 1024.",
            "parse_data_size('2.5MB')",
            bind,
        )
    }]
}

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("parse_data_size", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Decimal(38, 0), parse_all))
}

fn parse_all(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let texts = Texts::of(call, 0)?;
    let mut builder = Decimal128Builder::with_capacity(call.rows).with_precision_and_scale(38, 0)?;
    for row in 0..call.rows {
        match texts.get(row) {
            None => builder.append_null(),
            Some(text) => match parse(text) {
                Ok(bytes) => builder.append_value(bytes),
                Err(reason) => return fail(format!("{reason}: '{text}'")),
            },
        }
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

const UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const LARGEST: i128 = 10_i128.pow(38) - 1;

fn parse(text: &str) -> std::result::Result<i128, &'static str> {
    const INVALID: &str = "Invalid data size";
    let (number, unit) = text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or(INVALID)?);
    let power = UNITS.iter().position(|u| *u == unit).ok_or(INVALID)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(INVALID);
    }
    let factor = 1_i128 << (10 * power);
    let whole: i128 = whole.parse().map_err(|_| "Value out of range")?;
    let whole = whole.checked_mul(factor).ok_or("Value out of range")?;
    let total = whole.checked_add(part(fraction, factor)).ok_or("Value out of range")?;
    if total > LARGEST { Err("Value out of range") } else { Ok(total) }
}

/// `0.fraction × factor`, rounded down.
fn part(fraction: &str, factor: i128) -> i128 {
    // Each digit's share, carried from the last to the first, stays below the factor's size times ten.
    let mut scaled = 0;
    for digit in fraction.bytes().rev() {
        scaled = (i128::from(digit - b'0') * factor * 1_000_000 + scaled) / 10;
    }
    scaled / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes() {
        for (text, bytes) in [
            ("1B", 1),
            ("1.9B", 1),
            ("1kB", 1024),
            ("2.2kB", 2252),
            ("2.23kB", 2283),
            ("7ZB", 8_264_141_345_021_879_123_968),
            ("69175290276410818560EB", 79_753_679_747_094_952_374_228_423_616_820_674_560),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "B", "-1B", "10KB", "1", "12345K", "A1B", "1.B", ".5B", "999999999999999999YB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
