//! How alike are two texts, and how does one sound?

use arrow::datatypes::Int64Type;

use super::{characters, entry};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, booleans, numbers, takes, written_texts};
use crate::types::Type;

/// Functions that compare texts.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "levenshtein_distance",
            "levenshtein_distance(varchar, varchar) -> bigint",
            "The number of insertions, deletions and substitutions that make one text of the other.",
            "levenshtein_distance('GetObject', 'PutObject')",
            levenshtein,
        ),
        entry(
            "hamming_distance",
            "hamming_distance(varchar, varchar) -> bigint",
            "The number of places in which two texts of the same length differ.",
            "hamming_distance('like', 'hate')",
            hamming,
        ),
        entry(
            "soundex",
            "soundex(varchar) -> varchar(4)",
            "The Soundex code of an English word.",
            "soundex('Miller')",
            soundex,
        ),
        entry(
            "luhn_check",
            "luhn_check(varchar) -> boolean",
            "Whether a text of digits is valid by the Luhn algorithm.",
            "luhn_check('79927398713')",
            luhn,
        ),
    ]
}

/// Above this product of lengths Trino refuses.
const LARGEST_PRODUCT: usize = 1_000_000;

fn levenshtein(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("levenshtein_distance", args, "(varchar, varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR, Type::VARCHAR], Type::BigInt, |call| {
        let (a, b) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        numbers::<Int64Type>(call.rows, |row| {
            let (Some(a), Some(b)) = (a.get(row), b.get(row)) else { return Ok(None) };
            let product = characters::count(a).saturating_mul(characters::count(b).saturating_sub(1));
            if product > LARGEST_PRODUCT {
                return fail("The combined inputs for Levenshtein distance are too large");
            }
            Ok(Some(strsim::levenshtein(a, b) as i64))
        })
    }))
}

fn hamming(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("hamming_distance", args, "(varchar, varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR, Type::VARCHAR], Type::BigInt, |call| {
        let (a, b) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        numbers::<Int64Type>(call.rows, |row| {
            let (Some(a), Some(b)) = (a.get(row), b.get(row)) else { return Ok(None) };
            match strsim::hamming(a, b) {
                Ok(distance) => Ok(Some(distance as i64)),
                Err(_) => fail("The input strings to hamming_distance function must have the same length"),
            }
        })
    }))
}

fn soundex(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("soundex", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Varchar(Some(4)), |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            let Some(s) = text.get(row) else { return Ok(false) };
            match push_soundex(s, out) {
                Ok(()) => Ok(true),
                Err(c) => {
                    let index = c as i64 - 'A' as i64;
                    fail(format!("The character is not mapped: {c} (index={index})"))
                }
            }
        })
    }))
}

/// Appends the code; fails with a letter that is not English.
fn push_soundex(s: &str, out: &mut String) -> Result<(), char> {
    const DIGITS: &[u8; 26] = b"01230120022455012623010202";
    let digit = |c: char| match c {
        'A'..='Z' => Ok(char::from(DIGITS[c as usize - 'A' as usize])),
        _ => Err(c),
    };
    let mut letters = s.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase);
    let Some(first) = letters.next() else { return Ok(()) };
    out.push(first);
    let (mut last, mut length) = (digit(first)?, 1);
    for c in letters {
        if length == 4 {
            break;
        }
        // H and W do not part two letters of the same code.
        if matches!(c, 'H' | 'W') {
            continue;
        }
        let code = digit(c)?;
        if code != '0' && code != last {
            out.push(code);
            length += 1;
        }
        last = code;
    }
    out.extend(std::iter::repeat_n('0', 4 - length));
    Ok(())
}

fn luhn(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("luhn_check", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Boolean, |call| {
        let text = Texts::of(call, 0)?;
        booleans(call.rows, |row| {
            let Some(s) = text.get(row) else { return Ok(None) };
            let mut sum = 0;
            for (i, b) in s.bytes().rev().enumerate() {
                if !b.is_ascii_digit() {
                    return fail("String contains a non-digit character");
                }
                let digit = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
                sum += digit / 10 + digit % 10;
            }
            Ok(Some(!s.is_empty() && sum % 10 == 0))
        })
    }))
}
