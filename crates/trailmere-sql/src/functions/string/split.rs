//! How is a text cut at a delimiter?

use arrow::array::{Int64Array, StringViewBuilder};

use super::{characters, entry};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, takes, text_arrays, texts};
use crate::types::Type;

/// Functions that split.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "split",
            "split(varchar, delimiter) -> array(varchar)\nsplit(varchar, delimiter, limit) -> array(varchar)",
            "The parts between the delimiters; with a limit, the last part is the rest.",
            "split('arn:aws:s3:::bucket', ':')",
            split,
        ),
        entry(
            "split_part",
            "split_part(varchar, delimiter, index) -> varchar",
            "The part with a number, from 1; NULL if there are fewer.",
            "split_part('i-1/root', '/', 2)",
            split_part,
        ),
    ]
}

fn split(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let mut types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt];
    types.truncate(args.len().max(2));
    if !takes(args, &types) {
        return Err(no_overload("split", args, "(varchar, varchar[, bigint])"));
    }
    let limited = types.len() == 3;
    Ok(ScalarCall::new(types, Type::array(Type::VARCHAR), move |call| {
        let (text, delimiters) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        let limits = if limited { Some(Column::<Int64Array>::of(call, 2)?) } else { None };
        text_arrays(call.rows, |row, parts| {
            let (Some(s), Some(delimiter)) = (text.get(row), delimiters.get(row)) else { return Ok(false) };
            let Some(limit) = limits.as_ref().map_or(Some(i64::from(i32::MAX)), |l| l.get(row)) else {
                return Ok(false);
            };
            if limit <= 0 {
                return fail("Limit must be positive");
            }
            if limit > i64::from(i32::MAX) {
                return fail("Limit is too large");
            }
            if delimiter.is_empty() {
                return fail("The delimiter may not be the empty string");
            }
            push_parts(s, delimiter, limit as usize, parts);
            Ok(true)
        })
    }))
}

fn push_parts(s: &str, delimiter: &str, limit: usize, parts: &mut StringViewBuilder) {
    for part in s.splitn(limit, delimiter) {
        parts.append_value(part);
    }
}

fn split_part(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt];
    if !takes(args, &types) {
        return Err(no_overload("split_part", args, "(varchar, varchar, bigint)"));
    }
    Ok(ScalarCall::new(types, Type::VARCHAR, |call| {
        let (text, delimiters, indices) =
            (Texts::of(call, 0)?, Texts::of(call, 1)?, Column::<Int64Array>::of(call, 2)?);
        texts(call.rows, |row| {
            let (Some(s), Some(delimiter), Some(index)) = (text.get(row), delimiters.get(row), indices.get(row)) else {
                return Ok(None);
            };
            if index <= 0 {
                return fail("Index must be greater than zero");
            }
            if delimiter.is_empty() {
                return Ok(Some(characters::part(s, index, 1)).filter(|part| !part.is_empty()));
            }
            Ok(s.split(delimiter).nth(usize::try_from(index - 1).unwrap_or(usize::MAX)))
        })
    }))
}
