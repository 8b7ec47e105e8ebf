//! Bitwise functions: and, or, xor, not, shifts, and the number of bits set.

use super::numeric::integers;
use super::{entry, fits, long};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "bitwise_and",
            "bitwise_and(bigint, bigint) -> bigint",
            "The bits that both have.",
            "bitwise_and(19, 25)",
            |a| two("bitwise_and", a, |x, y| x & y),
        ),
        entry(
            "bitwise_or",
            "bitwise_or(bigint, bigint) -> bigint",
            "The bits that either has.",
            "bitwise_or(19, 25)",
            |a| two("bitwise_or", a, |x, y| x | y),
        ),
        entry(
            "bitwise_xor",
            "bitwise_xor(bigint, bigint) -> bigint",
            "The bits that one of both has.",
            "bitwise_xor(19, 25)",
            |a| two("bitwise_xor", a, |x, y| x ^ y),
        ),
        entry("bitwise_not", "bitwise_not(bigint) -> bigint", "The bits that x has not.", "bitwise_not(19)", not),
        entry(
            "bitwise_left_shift",
            "bitwise_left_shift(T, shift) -> T",
            "The bits moved to the left.",
            "bitwise_left_shift(7, 2)",
            |a| shift("bitwise_left_shift", a, left),
        ),
        entry(
            "bitwise_right_shift",
            "bitwise_right_shift(T, shift) -> T",
            "The bits moved to the right, with zeros from the left.",
            "bitwise_right_shift(8, 2)",
            |a| shift("bitwise_right_shift", a, right),
        ),
        entry(
            "bitwise_right_shift_arithmetic",
            "bitwise_right_shift_arithmetic(T, shift) -> T",
            "The bits moved to the right, with the sign from the left.",
            "bitwise_right_shift_arithmetic(-8, 2)",
            |a| shift("bitwise_right_shift_arithmetic", a, arithmetic),
        ),
        entry(
            "bit_count",
            "bit_count(bigint, bits) -> bigint",
            "The number of bits set, in two's complement of so many bits.",
            "bit_count(9, 64)",
            bit_count,
        ),
    ]
}

fn two(name: &str, args: &[Arg<'_>], f: fn(i64, i64) -> i64) -> Result<ScalarCall> {
    if !fits(args, &[Type::BigInt, Type::BigInt]) {
        return Err(no_overload(name, args, "two bigints"));
    }
    Ok(ScalarCall::new(vec![Type::BigInt; 2], Type::BigInt, move |call| {
        let other = long(call, 1)?;
        integers(call, &Type::BigInt, |v, row| Ok(f(v, other.value(row))))
    }))
}

fn not(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !fits(args, &[Type::BigInt]) {
        return Err(no_overload("bitwise_not", args, "a bigint"));
    }
    Ok(ScalarCall::new(vec![Type::BigInt], Type::BigInt, |call| integers(call, &Type::BigInt, |v, _| Ok(!v))))
}

/// Value, shift, bits of the type.
type Shift = fn(i64, u64, u32) -> i64;

/// The number whose low bits these are.
fn sign_extended(value: i64, bits: u32) -> i64 {
    value << (64 - bits) >> (64 - bits)
}

fn left(value: i64, by: u64, bits: u32) -> i64 {
    if by >= u64::from(bits) { 0 } else { sign_extended(value << by, bits) }
}

fn right(value: i64, by: u64, bits: u32) -> i64 {
    if by >= u64::from(bits) {
        return 0;
    }
    let mask = u64::MAX >> (64 - bits);
    sign_extended(((value as u64 & mask) >> by) as i64, bits)
}

fn arithmetic(value: i64, by: u64, _: u32) -> i64 {
    value >> by.min(63)
}

fn shift(name: &str, args: &[Arg<'_>], f: Shift) -> Result<ScalarCall> {
    let bad = || no_overload(name, args, "a whole number and a shift");
    let [Arg::Value { ty, .. }, by] = args else { return Err(bad()) };
    let ty = if *ty == Type::Unknown { Type::BigInt } else { ty.clone() };
    if !ty.is_integer() || by.is_lambda() || !can_coerce(by.ty(), &Type::BigInt) {
        return Err(bad());
    }
    let bits = match ty {
        Type::TinyInt => 8,
        Type::SmallInt => 16,
        Type::Integer => 32,
        _ => 64,
    };
    Ok(ScalarCall::new(vec![ty.clone(), Type::BigInt], ty.clone(), move |call| {
        let by = long(call, 1)?;
        integers(call, &ty, |v, row| match u64::try_from(by.value(row)) {
            Ok(by) => Ok(f(v, by, bits)),
            Err(_) => fail("Shift must be positive"),
        })
    }))
}

fn bit_count(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !fits(args, &[Type::BigInt, Type::BigInt]) {
        return Err(no_overload("bit_count", args, "a number and a number of bits"));
    }
    Ok(ScalarCall::new(vec![Type::BigInt; 2], Type::BigInt, |call| {
        let sizes = long(call, 1)?;
        integers(call, &Type::BigInt, |v, row| {
            let bits = sizes.value(row);
            if !(2..=64).contains(&bits) {
                return fail(format!("Bits specified in bit_count must be between 2 and 64, got {bits}"));
            }
            let bits = bits as u32;
            if sign_extended(v, bits) != v {
                return fail(format!(
                    "Number must be representable with the bits specified. {v} cannot be represented with {bits} bits"
                ));
            }
            Ok((v as u64 & (u64::MAX >> (64 - bits))).count_ones().into())
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_stay_within_the_type() {
        assert_eq!(right(-7, 2, 8), 62);
        assert_eq!(right(-7, 2, 32), 1_073_741_822);
        assert_eq!(right(-7, 64, 16), 0);
        assert_eq!(left(-7, 2, 16), -28);
        assert_eq!(left(64, 1, 8), -128);
        assert_eq!(left(7, 64, 64), 0);
        assert_eq!(arithmetic(-7, 64, 8), -1);
        assert_eq!(arithmetic(-7, 2, 8), -2);
    }
}
