//! to_base, from_base: numbers written in other bases.

use arrow::datatypes::Int64Type;

use super::{entry, fits, long};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, numbers, written_texts};
use crate::types::Type;
use arrow::array::Array;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "to_base",
            "to_base(bigint, radix) -> varchar",
            "The number in a base of 2 to 36.",
            "to_base(255, 16)",
            to_base,
        ),
        entry(
            "from_base",
            "from_base(varchar, radix) -> bigint",
            "The number that a text shows in a base of 2 to 36.",
            "from_base('ff', 16)",
            from_base,
        ),
    ]
}

fn checked(radix: i64) -> datafusion::error::Result<u32> {
    match u32::try_from(radix).ok().filter(|r| (2..=36).contains(r)) {
        Some(radix) => Ok(radix),
        None => fail("Radix must be between 2 and 36"),
    }
}

fn to_base(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !fits(args, &[Type::BigInt, Type::BigInt]) {
        return Err(no_overload("to_base", args, "a number and a radix"));
    }
    Ok(ScalarCall::new(vec![Type::BigInt; 2], Type::Varchar(Some(64)), |call| {
        let (values, radixes) = (long(call, 0)?, long(call, 1)?);
        written_texts(call.rows, |row, out| {
            if values.is_null(row) || radixes.is_null(row) {
                return Ok(false);
            }
            let radix = checked(radixes.value(row))?;
            digits(values.value(row), radix, out);
            Ok(true)
        })
    }))
}

fn digits(value: i64, radix: u32, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let mut rest = value.unsigned_abs();
    let mut digits = vec![];
    while rest > 0 || digits.is_empty() {
        digits.push(char::from_digit((rest % u64::from(radix)) as u32, radix).unwrap_or('0'));
        rest /= u64::from(radix);
    }
    out.extend(digits.iter().rev());
}

fn from_base(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !fits(args, &[Type::VARCHAR, Type::BigInt]) {
        return Err(no_overload("from_base", args, "a text and a radix"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR, Type::BigInt], Type::BigInt, |call| {
        let (texts, radixes) = (Texts::of(call, 0)?, long(call, 1)?);
        numbers::<Int64Type>(call.rows, |row| {
            let Some(text) = texts.get(row).filter(|_| radixes.is_valid(row)) else { return Ok(None) };
            let radix = checked(radixes.value(row))?;
            match i64::from_str_radix(text, radix) {
                Ok(value) => Ok(Some(value)),
                Err(_) => fail(format!("Not a valid base-{radix} number: {text}")),
            }
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_other_bases() {
        for (value, radix, text) in
            [(255, 16, "ff"), (0, 2, "0"), (-8, 2, "-1000"), (i64::MIN, 10, "-9223372036854775808"), (35, 36, "z")]
        {
            let mut out = String::new();
            digits(value, radix, &mut out);
            assert_eq!(out, text);
        }
    }
}
