//! abs, ceiling, floor, sign: functions that keep the type of a number.

use super::entry;
use super::numeric::{decimals, floats, integers, ten};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::aggregate::divide_half_up;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry("abs", "abs(number) -> the same type", "The absolute value.", "abs(-1)", abs),
        Function {
            aliases: &["ceil"],
            ..entry(
                "ceiling",
                "ceiling(number) -> the same type\nceiling(decimal(p,s)) -> decimal(p-s+1,0)",
                "The next whole number above.",
                "ceiling(1.2)",
                |a| whole("ceiling", a, Whole::Up),
            )
        },
        entry(
            "floor",
            "floor(number) -> the same type\nfloor(decimal(p,s)) -> decimal(p-s+1,0)",
            "The next whole number below.",
            "floor(1.8)",
            |a| whole("floor", a, Whole::Down),
        ),
        entry(
            "sign",
            "sign(number) -> the same type\nsign(decimal) -> decimal(1,0)",
            "1, 0 or -1 by the sign.",
            "sign(-5)",
            sign,
        ),
    ]
}

/// The type of the one number; NULL counts as a double.
pub(super) fn one_number(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    match args {
        [Arg::Value { ty, .. }] if ty.is_numeric() => Ok(ty.clone()),
        [Arg::Value { ty: Type::Unknown, .. }] => Ok(Type::Double),
        _ => Err(no_overload(name, args, "a number")),
    }
}

fn abs(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ty = one_number("abs", args)?;
    let of = ty.clone();
    Ok(match ty {
        Type::Real | Type::Double => ScalarCall::new(vec![ty.clone()], ty, |call| floats(call, |v, _| v.abs())),
        Type::Decimal(p, s) => {
            ScalarCall::new(vec![ty.clone()], ty, move |call| decimals(call, (p, s), |v, _| Some(v.abs())))
        }
        _ => ScalarCall::new(vec![ty.clone()], ty, move |call| {
            integers(call, &of, |v, _| match v.checked_abs() {
                Some(v) => Ok(v),
                None => fail(format!("Value {v} is out of range for abs(bigint)")),
            })
        }),
    })
}

fn sign(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ty = one_number("sign", args)?;
    let of = ty.clone();
    let sign = |v: f64| if v.is_nan() || v == 0.0 { v } else { v.signum() };
    Ok(match ty {
        Type::Real | Type::Double => ScalarCall::new(vec![ty.clone()], ty, move |call| floats(call, |v, _| sign(v))),
        Type::Decimal(..) => {
            ScalarCall::new(vec![ty], Type::Decimal(1, 0), |call| decimals(call, (1, 0), |v, _| Some(v.signum())))
        }
        _ => ScalarCall::new(vec![ty.clone()], ty, move |call| integers(call, &of, |v, _| Ok(v.signum()))),
    })
}

/// Which whole number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Up,
    Down,
    Nearest,
    TowardZero,
}

impl Whole {
    fn double(self, v: f64) -> f64 {
        match self {
            Whole::Up => v.ceil(),
            Whole::Down => v.floor(),
            Whole::Nearest => v.round(),
            Whole::TowardZero => v.trunc(),
        }
    }

    /// An unscaled decimal over a power of ten.
    pub(super) fn decimal(self, v: i128, unit: i128) -> i128 {
        match self {
            Whole::Up => v.div_euclid(unit) + i128::from(v.rem_euclid(unit) != 0),
            Whole::Down => v.div_euclid(unit),
            Whole::Nearest => divide_half_up(v, unit),
            Whole::TowardZero => v / unit,
        }
    }
}

/// A whole number near a number.
pub(super) fn whole(name: &str, args: &[Arg<'_>], to: Whole) -> Result<ScalarCall> {
    let ty = one_number(name, args)?;
    Ok(match ty {
        Type::Real | Type::Double => {
            ScalarCall::new(vec![ty.clone()], ty, move |call| floats(call, |v, _| to.double(v)))
        }
        Type::Decimal(p, s) => {
            let digits = p - s + if to == Whole::TowardZero { 0 } else { s.min(1) };
            let result = (digits.clamp(1, 38), 0);
            let unit = ten(s.into()).unwrap_or(1);
            ScalarCall::new(vec![ty], Type::Decimal(result.0, 0), move |call| {
                decimals(call, result, |v, _| Some(to.decimal(v, unit)))
            })
        }
        _ => ScalarCall::native(vec![ty.clone()], ty, |mut exprs| exprs.swap_remove(0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_decimals() {
        for (value, up, down, nearest, cut) in [
            (12_345, 124, 123, 123, 123),
            (-12_350, -123, -124, -124, -123),
            (-49, 0, -1, 0, 0),
            (12_300, 123, 123, 123, 123),
        ] {
            assert_eq!(Whole::Up.decimal(value, 100), up);
            assert_eq!(Whole::Down.decimal(value, 100), down);
            assert_eq!(Whole::Nearest.decimal(value, 100), nearest);
            assert_eq!(Whole::TowardZero.decimal(value, 100), cut);
        }
    }
}
