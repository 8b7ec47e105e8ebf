//! How do values become booleans and numbers?

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use super::parse;
use crate::render::number as show;
use crate::types::Type;

/// To boolean: numbers by being zero or not, text by Trino's words.
pub(crate) fn to_boolean(array: &ArrayRef, from: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    macro_rules! not_zero {
        ($t:ty, $zero:expr) => {{
            let source: &PrimitiveArray<$t> = array.as_primitive();
            build::boolean(array, failures, |i| Ok(source.value(i) != $zero))
        }};
    }
    Ok(match from {
        Type::TinyInt => not_zero!(Int8Type, 0),
        Type::SmallInt => not_zero!(Int16Type, 0),
        Type::Integer => not_zero!(Int32Type, 0),
        Type::BigInt => not_zero!(Int64Type, 0),
        Type::Real => not_zero!(Float32Type, 0.0),
        Type::Double => not_zero!(Float64Type, 0.0),
        Type::Decimal(..) => not_zero!(Decimal128Type, 0),
        _ => {
            let source = array.as_string_view();
            build::boolean(array, failures, |i| {
                let text = source.value(i);
                parse::boolean(text).ok_or_else(|| format!("Cannot cast '{text}' to BOOLEAN"))
            })
        }
    })
}

/// To tinyint, smallint, integer or bigint: halves round away from zero, what does not fit fails.
pub(crate) fn to_integer(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    Ok(match to {
        Type::TinyInt => Arc::new(integer::<Int8Type>(array, from, to, failures)),
        Type::SmallInt => Arc::new(integer::<Int16Type>(array, from, to, failures)),
        Type::Integer => Arc::new(integer::<Int32Type>(array, from, to, failures)),
        _ => Arc::new(integer::<Int64Type>(array, from, to, failures)),
    })
}

fn integer<T>(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    let narrow = |v: i64| T::Native::try_from(v).map_err(|_| format!("Out of range for {to}: {v}"));
    macro_rules! whole {
        ($t:ty) => {{
            let source: &PrimitiveArray<$t> = array.as_primitive();
            build::primitive::<T>(array, failures, |i| narrow(i64::from(source.value(i))))
        }};
    }
    match from {
        Type::Boolean => {
            let source = array.as_boolean();
            build::primitive::<T>(array, failures, |i| narrow(i64::from(source.value(i))))
        }
        Type::TinyInt => whole!(Int8Type),
        Type::SmallInt => whole!(Int16Type),
        Type::Integer => whole!(Int32Type),
        Type::BigInt => whole!(Int64Type),
        Type::Real => {
            let source = array.as_primitive::<Float32Type>();
            build::primitive::<T>(array, failures, |i| narrow(round(f64::from(source.value(i)), from, to)?))
        }
        Type::Double => {
            let source = array.as_primitive::<Float64Type>();
            build::primitive::<T>(array, failures, |i| narrow(round(source.value(i), from, to)?))
        }
        Type::Decimal(_, scale) => {
            let source = array.as_primitive::<Decimal128Type>();
            build::primitive::<T>(array, failures, |i| {
                let value = rescale_down(source.value(i), *scale);
                let value = i64::try_from(value).map_err(|_| format!("Cannot cast '{value}' to {}", upper(to)))?;
                T::Native::try_from(value).map_err(|_| format!("Cannot cast '{value}' to {}", upper(to)))
            })
        }
        _ => {
            let source = array.as_string_view();
            build::primitive::<T>(array, failures, |i| {
                let text = source.value(i);
                let parsed = text.trim().parse::<i64>().ok().and_then(|v| T::Native::try_from(v).ok());
                parsed.ok_or_else(|| format!("Cannot cast '{text}' to {}", upper(to)))
            })
        }
    }
}

/// Trino writes INT for integer in these messages.
fn upper(ty: &Type) -> String {
    if *ty == Type::Integer { "INT".to_string() } else { ty.to_string().to_uppercase() }
}

/// Half away from zero, into 64 bits.
pub(crate) fn round(value: f64, from: &Type, to: &Type) -> Result<i64, String> {
    let rounded = value.round();
    if rounded.is_nan() {
        return Err(format!("Cannot cast {from} NaN to {to}"));
    }
    // i64::MAX as a double is 2^63, which is out of range itself.
    if rounded < i64::MIN as f64 || rounded >= i64::MAX as f64 {
        let mut text = String::new();
        show::double(value, &mut text);
        return Err(format!("Out of range for {to}: {text}"));
    }
    Ok(rounded as i64)
}

/// To real or double.
pub(crate) fn to_float(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    macro_rules! plain {
        ($t:ty) => {{
            let source: &PrimitiveArray<$t> = array.as_primitive();
            match to {
                Type::Real => Arc::new(source.unary::<_, Float32Type>(|v| v as f32)) as ArrayRef,
                _ => Arc::new(source.unary::<_, Float64Type>(|v| v as f64)) as ArrayRef,
            }
        }};
    }
    Ok(match from {
        Type::TinyInt => plain!(Int8Type),
        Type::SmallInt => plain!(Int16Type),
        Type::Integer => plain!(Int32Type),
        Type::BigInt => plain!(Int64Type),
        Type::Real => plain!(Float32Type),
        Type::Double => plain!(Float64Type),
        Type::Decimal(_, scale) => {
            let source: &PrimitiveArray<Decimal128Type> = array.as_primitive();
            match to {
                Type::Real => Arc::new(source.unary::<_, Float32Type>(|v| decimal_to_double(v, *scale) as f32)),
                _ => Arc::new(source.unary::<_, Float64Type>(|v| decimal_to_double(v, *scale))),
            }
        }
        _ => {
            let booleans = array.as_boolean_opt().cloned();
            let texts = array.as_string_view_opt().cloned();
            let value = |i: usize| match (&booleans, &texts) {
                (Some(b), _) => Ok(if b.value(i) { 1.0 } else { 0.0 }),
                (_, Some(s)) => {
                    let text = s.value(i);
                    parse::double(text).ok_or_else(|| format!("Cannot cast '{text}' to {}", upper(to)))
                }
                _ => Err(format!("Cannot cast {from} to {to}")),
            };
            match to {
                Type::Real => Arc::new(build::primitive::<Float32Type>(array, failures, |i| match &texts {
                    // Not through a double: rounding twice is not rounding once.
                    Some(s) => value(i).map(|v| s.value(i).trim().parse::<f32>().unwrap_or(v as f32)),
                    None => value(i).map(|v| v as f32),
                })),
                _ => Arc::new(build::primitive::<Float64Type>(array, failures, value)),
            }
        }
    })
}

/// The double nearest to a decimal.
pub(crate) fn decimal_to_double(value: i128, scale: u8) -> f64 {
    // Both exact, so that the division rounds once.
    if value.unsigned_abs() < 1 << 53 && scale <= 22 {
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    let mut text = String::new();
    show::decimal(value, scale, &mut text);
    text.parse().unwrap_or(f64::NAN)
}

/// To decimal: rounds half up, fails beyond the precision.
pub(crate) fn to_decimal(
    array: &ArrayRef,
    from: &Type,
    (precision, scale): (u8, u8),
    failures: &mut Failures,
) -> DfResult<ArrayRef> {
    let target = Target { precision, scale };
    match from {
        Type::TinyInt => whole_to_decimal::<Int8Type>(array, from, target, failures),
        Type::SmallInt => whole_to_decimal::<Int16Type>(array, from, target, failures),
        Type::Integer => whole_to_decimal::<Int32Type>(array, from, target, failures),
        Type::BigInt => whole_to_decimal::<Int64Type>(array, from, target, failures),
        Type::Boolean => {
            let source = array.as_boolean();
            let value = |i: usize| scale_up(i128::from(source.value(i)), scale);
            target.column(array, failures, value, |i, out| out.push_str(if source.value(i) { "true" } else { "false" }))
        }
        Type::Real => {
            let source = array.as_primitive::<Float32Type>();
            let value = |i: usize| shortest_to_decimal(&format!("{:e}", source.value(i)), scale);
            target.column(array, failures, value, |i, out| quoted("REAL", out, |out| show::real(source.value(i), out)))
        }
        Type::Double => {
            let source = array.as_primitive::<Float64Type>();
            let value = |i: usize| shortest_to_decimal(&format!("{:e}", source.value(i)), scale);
            let text = |i: usize, out: &mut String| quoted("DOUBLE", out, |out| show::double(source.value(i), out));
            target.column(array, failures, value, text)
        }
        Type::Decimal(p, s) => {
            let source = array.as_primitive::<Decimal128Type>();
            let name = format!("DECIMAL({p}, {s})");
            let text = |i: usize, out: &mut String| quoted(&name, out, |out| show::decimal(source.value(i), *s, out));
            target.column(array, failures, |i| rescale(source.value(i), *s, scale), text)
        }
        _ => {
            let source = array.as_string_view();
            build::decimal(array, (precision, scale), failures, |i| {
                let text = source.value(i);
                text_to_decimal(text, precision, scale)
                    .map_err(|why| format!("Cannot cast VARCHAR '{text}' to DECIMAL({precision}, {scale}). {why}"))
            })
        }
    }
}

fn whole_to_decimal<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    from: &Type,
    target: Target,
    failures: &mut Failures,
) -> DfResult<ArrayRef>
where
    i128: From<T::Native>,
{
    let source: &PrimitiveArray<T> = array.as_primitive();
    let value = |i: usize| scale_up(i128::from(source.value(i)), target.scale);
    let text =
        |i: usize, out: &mut String| quoted(&upper(from), out, |out| out.push_str(&format!("{:?}", source.value(i))));
    target.column(array, failures, value, text)
}

/// `REAL '1.5'`.
fn quoted(name: &str, out: &mut String, write: impl Fn(&mut String)) {
    out.push_str(name);
    out.push_str(" '");
    write(out);
    out.push('\'');
}

#[derive(Clone, Copy)]
struct Target {
    precision: u8,
    scale: u8,
}

impl Target {
    /// A column of decimals; `text` writes what is said of a value that does not fit.
    fn column(
        self,
        array: &ArrayRef,
        failures: &mut Failures,
        value: impl Fn(usize) -> Option<i128>,
        text: impl Fn(usize, &mut String),
    ) -> DfResult<ArrayRef> {
        let limit = 10_u128.pow(u32::from(self.precision));
        build::decimal(array, (self.precision, self.scale), failures, |i| {
            value(i).filter(|v| v.unsigned_abs() < limit).ok_or_else(|| {
                let mut message = "Cannot cast ".to_string();
                text(i, &mut message);
                format!("{message} to DECIMAL({}, {})", self.precision, self.scale)
            })
        })
    }
}

/// The unscaled value of a text at `scale`, or why not.
pub(crate) fn text_to_decimal(text: &str, precision: u8, scale: u8) -> Result<i128, &'static str> {
    const LARGE: &str = "Value too large.";
    let Some((value, digits)) = parse::decimal(text) else {
        let number = text.trim().trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
        return Err(if number && parse::double(text).is_some() { LARGE } else { "Value is not a number." });
    };
    let rescaled = shift(value, i32::from(scale).saturating_sub(digits));
    rescaled.filter(|v| v.unsigned_abs() < 10_u128.pow(u32::from(precision))).ok_or(LARGE)
}

/// The unscaled value at another scale, rounded half up; `None` where it overflows.
pub(crate) fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from { scale_up(value, to - from) } else { Some(rescale_down(value, from - to)) }
}

fn scale_up(value: i128, digits: u8) -> Option<i128> {
    value.checked_mul(10_i128.checked_pow(u32::from(digits))?)
}

fn rescale_down(value: i128, digits: u8) -> i128 {
    divide_half_up(value, 10_i128.pow(u32::from(digits)))
}

/// Division by a positive number, halves away from zero.
pub(crate) fn divide_half_up(value: i128, unit: i128) -> i128 {
    let (quotient, rest) = (value / unit, value % unit);
    // 2 * rest could overflow.
    if rest.unsigned_abs() >= unit.unsigned_abs() - rest.unsigned_abs() { quotient + value.signum() } else { quotient }
}

/// By the shortest digits that are this number, as Java's BigDecimal.valueOf; given as text.
fn shortest_to_decimal(text: &str, scale: u8) -> Option<i128> {
    let (value, digits) = parse::decimal(text)?;
    shift(value, i32::from(scale).saturating_sub(digits))
}

/// `value * 10^digits`, rounded half up; `None` where it overflows.
fn shift(value: i128, digits: i32) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    let unit = 10_i128.checked_pow(digits.unsigned_abs());
    if digits >= 0 { value.checked_mul(unit?) } else { Some(unit.map_or(0, |unit| divide_half_up(value, unit))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_become_decimals_by_their_shortest_digits() {
        for (value, scale, unscaled) in [
            (1_234_567_890.51, 0, Some(1_234_567_891)),
            (0.5, 0, Some(1)),
            (-0.5, 0, Some(-1)),
            (1.005, 2, Some(101)),
            (1e-300, 10, Some(0)),
            (1e37, 0, Some(10_i128.pow(37))),
            (1e39, 0, None),
            (f64::NAN, 0, None),
        ] {
            assert_eq!(shortest_to_decimal(&format!("{value:e}"), scale), unscaled, "{value}");
        }
    }

    #[test]
    fn decimals_become_the_nearest_double() {
        assert_eq!(decimal_to_double(3_770_000_000_000_000_000_000_000_000, 26), 37.7);
        assert_eq!(decimal_to_double(-15, 1), -1.5);
    }

    #[test]
    fn text_to_decimal_rounds_half_up() {
        assert_eq!(text_to_decimal("1.25", 2, 1), Ok(13));
        assert_eq!(text_to_decimal("-1.25", 2, 1), Ok(-13));
        assert_eq!(text_to_decimal("100", 2, 0), Err("Value too large."));
        assert_eq!(text_to_decimal("abc", 2, 0), Err("Value is not a number."));
        assert_eq!(text_to_decimal("1e2147483647", 38, 38), Err("Value too large."));
        assert_eq!(text_to_decimal("1e-2147483647", 38, 38), Ok(0));
    }
}
