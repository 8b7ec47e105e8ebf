//! What value and type does a literal have?

use datafusion::common::ScalarValue;

use crate::call::Typed;
use crate::cast::{self, json_text, number, parse};
use crate::error::{Result, SqlError};
use crate::type_name;
use crate::types::Type;

/// `NULL`.
pub fn null() -> Typed {
    Typed::constant(ScalarValue::Null, Type::Unknown)
}

/// `'text'`.
pub fn string(text: &str) -> Typed {
    let length = u32::try_from(text.chars().count()).ok();
    Typed::constant(ScalarValue::Utf8View(Some(text.to_string())), Type::Varchar(length))
}

/// `TRUE`, `FALSE`.
pub fn boolean(value: &str) -> Option<Typed> {
    let value = parse::boolean(value)?;
    Some(Typed::constant(ScalarValue::Boolean(Some(value)), Type::Boolean))
}

/// `1` is an integer, `3000000000` a bigint, `1.5` a decimal, `1e0` a double; also `0xFF`, `0b1`, `0o7` and `1_000`.
pub fn number(text: &str) -> Result<Typed> {
    let digits = text.replace('_', "");
    let invalid = || SqlError::invalid(format!("invalid numeric literal: `{text}`"));
    let radix = |radix: u32| i64::from_str_radix(&digits[2..], radix).map(integer).map_err(|_| invalid());
    match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => return radix(16),
        Some("0b") => return radix(2),
        Some("0o") => return radix(8),
        _ => {}
    }
    if digits.contains(['e', 'E']) {
        let value = parse::double(&digits).ok_or_else(invalid)?;
        return Ok(Typed::constant(ScalarValue::Float64(Some(value)), Type::Double));
    }
    if digits.contains('.') {
        return decimal(&digits).ok_or_else(invalid);
    }
    match digits.parse::<i64>() {
        Ok(value) => Ok(integer(value)),
        // So that -9223372036854775808 can be written: the minus sign comes later.
        Err(_) if digits == "9223372036854775808" => decimal(&digits).ok_or_else(invalid),
        Err(_) => Err(invalid().hint(format!("a bigint has at most 19 digits; write DECIMAL '{digits}'"))),
    }
}

fn integer(value: i64) -> Typed {
    match i32::try_from(value) {
        Ok(small) => Typed::constant(ScalarValue::Int32(Some(small)), Type::Integer),
        Err(_) => Typed::constant(ScalarValue::Int64(Some(value)), Type::BigInt),
    }
}

/// Precision and scale are those of the digits; zeros in front do not count.
fn decimal(text: &str) -> Option<Typed> {
    let (value, scale) = parse::decimal(text)?;
    let scale = u8::try_from(scale.max(0)).ok()?;
    let value = number::text_to_decimal(text, 38, scale).ok().filter(|_| scale <= 38).unwrap_or(value);
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as u8 + 1;
    let precision = digits.max(scale);
    (precision <= 38).then(|| {
        Typed::constant(ScalarValue::Decimal128(Some(value), precision, scale as i8), Type::Decimal(precision, scale))
    })
}

/// `DATE '…'`, `JSON '…'`, `X'…'`: a literal with the name of its type.
pub fn typed(type_name: &str, text: &str) -> Result<Typed> {
    let name = type_name.trim().to_ascii_lowercase();
    match name.as_str() {
        "x" => return binary(text),
        "decimal" | "numeric" | "dec" => {
            return decimal(text.trim()).ok_or_else(|| invalid(&name, text));
        }
        "time" => return time(text),
        "timestamp" => return timestamp(text),
        "json" => {
            let canonical =
                json_text::canonical(text).map_err(|why| SqlError::invalid(format!("`{text}` is not JSON: {why}")))?;
            return Ok(Typed::constant(ScalarValue::Utf8View(Some(canonical)), Type::Json));
        }
        "char" => {
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX).max(1);
            return cast::cast(string(text), &Type::Char(length));
        }
        "varchar" => return Ok(string(text)),
        _ => {}
    }
    let ty = type_name::parse(&name)?;
    let value = cast::cast(string(text), &ty)?;
    if value.literal().is_none() {
        return Err(invalid(&name, text));
    }
    Ok(value)
}

fn invalid(name: &str, text: &str) -> SqlError {
    SqlError::invalid(format!("'{text}' is not a valid {name} literal"))
}

/// Hexadecimal digits, blanks between them.
fn binary(text: &str) -> Result<Typed> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let nibble = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?);
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let bytes = bytes.ok_or_else(|| SqlError::invalid(format!("`X'{text}'` must have pairs of hexadecimal digits")))?;
    Ok(Typed::constant(ScalarValue::BinaryView(Some(bytes)), Type::Varbinary))
}

/// As precise as written, with a zone or without.
fn time(text: &str) -> Result<Typed> {
    let (_, precision, zone) = parse::time(text).ok_or_else(|| invalid("time", text))?;
    let precision = digits(precision)?;
    let ty = if zone.is_some() { Type::TimeTz(precision) } else { Type::Time(precision) };
    cast::cast(string(text), &ty)
}

fn timestamp(text: &str) -> Result<Typed> {
    let moment = parse::moment(text, parse::Separator::Blank).ok_or_else(|| invalid("timestamp", text))?;
    let precision = digits(moment.precision)?;
    let ty = if moment.zone.is_some() { Type::TimestampTz(precision) } else { Type::Timestamp(precision) };
    let value = cast::cast(string(text), &ty)?;
    if value.literal().is_none() {
        return Err(invalid("timestamp", text));
    }
    Ok(value)
}

fn digits(precision: usize) -> Result<u8> {
    u8::try_from(precision)
        .ok()
        .filter(|p| *p <= 12)
        .ok_or_else(|| SqlError::invalid(format!("precision {precision}: must be in range [0, 12]")))
}

/// The sign before an interval's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// None, or `+`.
    Plus,
    /// `-`
    Minus,
}

impl From<bool> for Sign {
    /// Whether there is a minus.
    fn from(negative: bool) -> Sign {
        if negative { Sign::Minus } else { Sign::Plus }
    }
}

/// `INTERVAL [sign] 'value' from [TO to]`.
pub fn interval(value: &str, sign: impl Into<Sign>, from: &str, to: Option<&str>) -> Result<Typed> {
    let sign = sign.into();
    let (from, to) = (from.to_ascii_lowercase(), to.map(str::to_ascii_lowercase));
    let wrong = || {
        let end = to.as_ref().map(|t| format!(" to {t}")).unwrap_or_default();
        SqlError::invalid(format!("'{value}' is not a valid interval {from}{end}"))
    };
    let unit = |name: &str| UNITS.iter().position(|u| *u == name.trim_end_matches('s'));
    let first = unit(&from).ok_or_else(wrong)?;
    let last = match &to {
        Some(to) => unit(to).filter(|l| *l > first).ok_or_else(wrong)?,
        None => first,
    };
    let months = first < DAY;
    if months != (last < DAY) {
        return Err(wrong());
    }
    let text = value.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let amount = amount(text, first, last).ok_or_else(wrong)?;
    let amount = if negative != (sign == Sign::Minus) { -amount } else { amount };
    if months {
        let amount = i32::try_from(amount).map_err(|_| wrong())?;
        return Ok(Typed::constant(ScalarValue::Int32(Some(amount)), Type::IntervalYearToMonth));
    }
    Ok(Typed::constant(ScalarValue::Int64(Some(amount)), Type::IntervalDayToSecond))
}

const UNITS: [&str; 7] = ["year", "month", "week", "day", "hour", "minute", "second"];
const DAY: usize = 2;
/// Months in the first two, milliseconds in the others.
const SIZES: [i64; 7] = [12, 1, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000];

/// `1-2`, `1 2:3:4.567`: the parts from the first unit on; trailing ones may be left out.
fn amount(text: &str, first: usize, last: usize) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    for (unit, size) in SIZES.iter().enumerate().take(last + 1).skip(first) {
        let end = rest.find([' ', ':', '-']).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let amount = if unit == UNITS.len() - 1 { seconds(part)? } else { whole(part)?.checked_mul(*size)? };
        total = total.checked_add(amount)?;
        if after.is_empty() {
            return Some(total);
        }
        let separator = match unit {
            0 => '-',
            2 | 3 => ' ',
            _ => ':',
        };
        rest = after.strip_prefix(separator)?.trim_start_matches(' ');
    }
    None
}

fn whole(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Seconds with a fraction as milliseconds; finer digits are cut.
fn seconds(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds = if seconds.is_empty() { 0 } else { whole(seconds)? };
    let kept: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole(fraction)?;
    seconds.checked_mul(1000)?.checked_add(whole(&kept)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_types_of_their_digits() {
        for (text, ty) in [
            ("1", "integer"),
            ("3000000000", "bigint"),
            ("1.5", "decimal(2,1)"),
            ("0.30", "decimal(2,2)"),
            (".5", "decimal(1,1)"),
            ("0012.50", "decimal(4,2)"),
            ("1e0", "double"),
            ("0xFF", "integer"),
            ("1_000", "integer"),
        ] {
            assert_eq!(number(text).unwrap().ty.to_string(), ty, "{text}");
        }
        assert!(number("99999999999999999999").is_err());
        assert!(number("1.2.3").is_err());
    }

    #[test]
    fn typed_literals() {
        for (name, text, ty) in [
            ("DATE", "2020-01-02", "date"),
            ("timestamp", "2020-01-02 03:04:05.678", "timestamp(3)"),
            ("timestamp", "2020-01-02 03:04:05 Asia/Tokyo", "timestamp(0) with time zone"),
            ("time", "03:04:05.1+01:00", "time(1) with time zone"),
            ("decimal", "1.50", "decimal(3,2)"),
            ("json", "{\"b\": 1, \"a\": 2}", "json"),
            ("bigint", "1", "bigint"),
            ("uuid", "12151fd2-7586-11e9-8f9e-2a86e4085a59", "uuid"),
            ("ipaddress", "10.0.0.1", "ipaddress"),
            ("char", "ab", "char(2)"),
            ("X", "41 42", "varbinary"),
        ] {
            let value = typed(name, text).unwrap();
            assert_eq!(value.ty.to_string(), ty, "{name} '{text}'");
            assert!(value.literal().is_some(), "{name} '{text}'");
        }
        for (name, text) in [("date", "x"), ("timestamp", "2020-13-01"), ("json", "{"), ("x", "4"), ("blob", "a")] {
            assert!(typed(name, text).is_err(), "{name} '{text}'");
        }
    }

    #[test]
    fn intervals() {
        let of =
            |value: &str, from: &str, to: Option<&str>| interval(value, Sign::Plus, from, to).ok()?.literal().cloned();
        for (value, from, to, millis) in [
            ("10", "hour", None, 36_000_000),
            ("-1", "day", None, -86_400_000),
            ("1 2:3:4.567", "day", Some("second"), 93_784_567),
            ("34:56.789", "minute", Some("second"), 2_096_789),
            ("1.5", "second", None, 1500),
            ("2 3", "day", Some("hour"), 183_600_000),
        ] {
            assert_eq!(of(value, from, to), Some(ScalarValue::Int64(Some(millis))), "{value} {from}");
        }
        assert_eq!(of("1-2", "year", Some("month")), Some(ScalarValue::Int32(Some(14))));
        for (value, from, to) in
            [("x", "day", None), ("1:2", "hour", None), ("1", "day", Some("month")), ("", "day", None)]
        {
            assert_eq!(of(value, from, to), None, "{value} {from}");
        }
    }
}
