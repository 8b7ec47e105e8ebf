//! Where does a text stand in another, and how is it replaced?

use arrow::array::Int64Array;
use arrow::datatypes::Int64Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use memchr::memmem;

use super::{characters, entry};
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, booleans, check_size, numbers, takes, written_texts};
use crate::types::Type;

/// Functions that search.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "strpos",
            "strpos(varchar, part) -> bigint\nstrpos(varchar, part, instance) -> bigint",
            "The position of the first, or n-th, occurrence of a text in another, from 1; 0 if there is none.",
            "strpos('arn:aws:iam::1:user/ann', ':', -1)",
            strpos,
        ),
        entry(
            "position",
            "position(part IN varchar) -> bigint",
            "The position of a text in another, from 1; 0 if there is none.",
            "position('@' IN 'ann@example.com')",
            position,
        ),
        entry(
            "starts_with",
            "starts_with(varchar, prefix) -> boolean",
            "Whether a text starts with another.",
            "starts_with('DescribeInstances', 'Describe')",
            starts_with,
        ),
        entry(
            "ends_with",
            "ends_with(varchar, suffix) -> boolean",
            "Whether a text ends with another.",
            "ends_with('s3.amazonaws.com', '.amazonaws.com')",
            ends_with,
        ),
        entry(
            "replace",
            "replace(varchar, search) -> varchar\nreplace(varchar, search, replacement) -> varchar",
            "Replaces all occurrences of a text, or removes them.",
            "replace('TLSv1.2', 'TLSv')",
            replace,
        ),
    ]
}

fn strpos(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::BigInt, |call| first(call, 0, 1)));
    }
    let types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt];
    if !takes(args, &types) {
        return Err(no_overload("strpos", args, "(varchar, varchar[, bigint])"));
    }
    Ok(ScalarCall::new(types, Type::BigInt, |call| {
        let (text, parts, instances) = (Texts::of(call, 0)?, Texts::of(call, 1)?, Column::<Int64Array>::of(call, 2)?);
        numbers::<Int64Type>(call.rows, |row| {
            let (Some(s), Some(part), Some(n)) = (text.get(row), parts.get(row), instances.get(row)) else {
                return Ok(None);
            };
            if n == 0 {
                return fail("'instance' must be a positive or negative number.");
            }
            Ok(Some(nth(s, part, n).map_or(0, |at| characters::count(&s[..at]) as i64 + 1)))
        })
    }))
}

fn position(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("position", args, "(varchar IN varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::BigInt, |call| first(call, 1, 0)))
}

fn first(call: &CallArgs<'_>, text: usize, part: usize) -> DfResult<ColumnarValue> {
    let (text, parts) = (Texts::of(call, text)?, Texts::of(call, part)?);
    let constant = parts.constant().map(memmem::Finder::new);
    numbers::<Int64Type>(call.rows, |row| {
        let (Some(s), Some(part)) = (text.get(row), parts.get(row)) else { return Ok(None) };
        let found = match &constant {
            Some(finder) => finder.find(s.as_bytes()),
            None => s.find(part),
        };
        Ok(Some(found.map_or(0, |at| characters::count(&s[..at]) as i64 + 1)))
    })
}

/// The byte offset of occurrence `n`, overlapping ones counted, from the end where `n` is negative.
fn nth(s: &str, part: &str, n: i64) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    let nth = usize::try_from(n.unsigned_abs() - 1).ok()?;
    let at = |&i: &usize| s[i..].starts_with(part);
    let mut starts = s.char_indices().map(|(i, _)| i);
    if n > 0 { starts.filter(at).nth(nth) } else { starts.by_ref().rev().filter(at).nth(nth) }
}

fn starts_with(args: &[Arg<'_>]) -> Result<ScalarCall> {
    affix("starts_with", args, |s, prefix| s.starts_with(prefix))
}

fn ends_with(args: &[Arg<'_>]) -> Result<ScalarCall> {
    affix("ends_with", args, |s, suffix| s.ends_with(suffix))
}

fn affix(name: &str, args: &[Arg<'_>], test: fn(&str, &str) -> bool) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload(name, args, "(varchar, varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::Boolean, move |call| {
        let (text, affixes) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        booleans(call.rows, |row| Ok(text.get(row).zip(affixes.get(row)).map(|(s, affix)| test(s, affix))))
    }))
}

fn replace(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR; args.len().clamp(2, 3)];
    if !takes(args, &types) {
        return Err(no_overload("replace", args, "(varchar, varchar[, varchar])"));
    }
    let removes = types.len() == 2;
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let (text, searches) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        let replacements = if removes { None } else { Some(Texts::of(call, 2)?) };
        let constant = searches.constant().map(memmem::Finder::new);
        written_texts(call.rows, |row, out| {
            let (Some(s), Some(search)) = (text.get(row), searches.get(row)) else { return Ok(false) };
            let Some(new) = replacements.as_ref().map_or(Some(""), |r| r.get(row)) else { return Ok(false) };
            match &constant {
                Some(finder) => push_replaced(s, finder, new, out)?,
                None => push_replaced(s, &memmem::Finder::new(search), new, out)?,
            }
            Ok(true)
        })
    }))
}

fn push_replaced(s: &str, search: &memmem::Finder<'_>, new: &str, out: &mut String) -> DfResult<()> {
    let width = search.needle().len();
    if width == 0 {
        for c in s.chars() {
            out.push_str(new);
            out.push(c);
            check_size(out)?;
        }
        out.push_str(new);
        return Ok(());
    }
    let mut from = 0;
    for at in search.find_iter(s.as_bytes()) {
        out.push_str(&s[from..at]);
        out.push_str(new);
        from = at + width;
        check_size(out)?;
    }
    out.push_str(&s[from..]);
    Ok(())
}
