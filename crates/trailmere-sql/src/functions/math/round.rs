//! round, truncate: to so many digits.

use super::by_type::{Whole, one_number, whole};
use super::entry;
use super::numeric::{decimals, floats, integers, ten};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "round",
            "round(number) -> the same type\nround(number, digits) -> the same type\nround(decimal(p,s)) -> decimal(p-s+1,0)\nround(decimal(p,s), digits) -> decimal(p+1,s)",
            "The number rounded half away from zero, to so many digits after the point.",
            "round(2.567, 2)",
            round,
        ),
        entry(
            "truncate",
            "truncate(number) -> the same type\ntruncate(decimal(p,s)) -> decimal(p-s,0)\ntruncate(decimal(p,s), digits) -> decimal(p,s)",
            "The number with its digits cut off, after so many after the point.",
            "truncate(2.567, 2)",
            truncate,
        ),
    ]
}

fn number_and_digits(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    let bad = || no_overload(name, args, "a number, and perhaps a number of digits");
    let [_, digits] = args else { return Err(bad()) };
    if digits.is_lambda() || !can_coerce(digits.ty(), &Type::BigInt) {
        return Err(bad());
    }
    one_number(name, &args[..1])
}

fn round(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if args.len() == 1 {
        return whole("round", args, Whole::Nearest);
    }
    let ty = number_and_digits("round", args)?;
    let types = vec![ty.clone(), Type::BigInt];
    Ok(match ty {
        Type::Real | Type::Double => ScalarCall::new(types, ty, |call| {
            let digits = super::long(call, 1)?;
            floats(call, |v, row| round_double(v, digits.value(row)))
        }),
        Type::Decimal(p, s) => {
            let precision = (p + 1).min(38);
            ScalarCall::new(types, Type::Decimal(precision, s), move |call| {
                let digits = super::long(call, 1)?;
                decimals(call, (precision, s), |v, row| to_digits(v, s, digits.value(row), Whole::Nearest))
            })
        }
        _ => ScalarCall::new(types, ty.clone(), move |call| {
            let digits = super::long(call, 1)?;
            integers(call, &ty, |v, row| match round_long(v, digits.value(row)) {
                Some(v) => Ok(v),
                None => fail(format!("numerical overflow: {v}")),
            })
        }),
    })
}

fn truncate(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if args.len() == 1 {
        return whole("truncate", args, Whole::TowardZero);
    }
    let ty = match number_and_digits("truncate", args)? {
        Type::Double if *args[0].ty() == Type::Unknown => Type::Decimal(1, 0),
        ty => ty,
    };
    let Type::Decimal(p, s) = ty else { return Err(no_overload("truncate", args, "a decimal and a number of digits")) };
    Ok(ScalarCall::new(vec![ty.clone(), Type::BigInt], ty, move |call| {
        let digits = super::long(call, 1)?;
        decimals(call, (p, s), |v, row| to_digits(v, s, digits.value(row), Whole::TowardZero))
    }))
}

/// An unscaled decimal with so many digits after the point, in the same scale.
fn to_digits(value: i128, scale: u8, digits: i64, to: Whole) -> Option<i128> {
    let dropped = i64::from(scale) - digits;
    if dropped <= 0 {
        return Some(value);
    }
    match ten(dropped as u64) {
        Some(unit) => to.decimal(value, unit).checked_mul(unit),
        None => Some(0),
    }
}

fn round_long(value: i64, digits: i64) -> Option<i64> {
    if digits >= 0 {
        return Some(value);
    }
    let unit = i64::try_from(ten(digits.unsigned_abs()).filter(|u| *u < i128::from(i64::MAX))?).ok()?;
    i64::try_from(Whole::Nearest.decimal(value.into(), unit.into()) * i128::from(unit)).ok()
}

fn round_double(value: f64, digits: i64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let factor = 10f64.powi(digits.clamp(-400, 400) as i32);
    let scaled = value * factor;
    if factor == 0.0 {
        return 0.0 * value;
    }
    // Beyond 2^63 all digits are whole already.
    if !scaled.is_finite() || scaled.abs() >= 9.2e18 { value } else { scaled.round() / factor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_half_away_from_zero() {
        assert_eq!(round_long(99, -1), Some(100));
        assert_eq!(round_long(-5, -1), Some(-10));
        assert_eq!(round_long(i64::MAX, -18), Some(9_000_000_000_000_000_000));
        assert_eq!(round_long(i64::MAX, -3), None);
        assert_eq!(round_long(1, -19), None);
        assert_eq!(round_double(-3.5, 0), -4.0);
        assert_eq!(round_double(3000.1234567890123, 16), 3000.1234567890123);
        assert_eq!(round_double(-0.49999999999999994, 0), 0.0);
        assert_eq!(to_digits(12_345_678, 4, -7, Whole::Nearest), Some(0));
        assert_eq!(to_digits(99_999, 1, -1, Whole::Nearest), Some(100_000));
        assert_eq!(to_digits(123_456, 2, -1, Whole::TowardZero), Some(123_000));
    }
}
