//! Regular expression functions: what does a Java pattern match in a text?

use arrow::array::Int64Array;
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, booleans, constant_text, numbers, takes, text_arrays, texts};
use crate::types::Type;

mod lambda;
pub(crate) mod pattern;
mod replace;
mod replacement;

use pattern::{Pattern, Patterns};

/// The regular expression functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    vec![
        entry(
            "regexp_like",
            "regexp_like(varchar, pattern) -> boolean",
            "Whether the pattern matches anywhere in the text.",
            r"regexp_like('i-0abc12', '^i-[0-9a-f]+$')",
            like,
        ),
        entry(
            "regexp_extract",
            "regexp_extract(varchar, pattern) -> varchar\nregexp_extract(varchar, pattern, group) -> varchar",
            "The first match, or what a group of it captured; NULL without a match.",
            r"regexp_extract('user/ann', '(\w+)/(\w+)', 2)",
            extract,
        ),
        entry(
            "regexp_extract_all",
            "regexp_extract_all(varchar, pattern) -> array(varchar)\nregexp_extract_all(varchar, pattern, group) -> array(varchar)",
            "All matches, or what a group of each captured.",
            r"regexp_extract_all('10.0.0.1', '\d+')",
            extract_all,
        ),
        entry(
            "regexp_split",
            "regexp_split(varchar, pattern) -> array(varchar)",
            "The parts between the matches.",
            r"regexp_split('a, b;c', '[,;]\s*')",
            split,
        ),
        entry(
            "regexp_count",
            "regexp_count(varchar, pattern) -> bigint",
            "The number of matches.",
            r"regexp_count('1a 2b 14m', '\d+')",
            count,
        ),
        entry(
            "regexp_position",
            "regexp_position(varchar, pattern[, start[, occurrence]]) -> integer",
            "The position of a match, from 1; -1 without a match.",
            r"regexp_position('i-0abc', '\d')",
            position,
        ),
        entry(
            "regexp_replace",
            "regexp_replace(varchar, pattern) -> varchar\nregexp_replace(varchar, pattern, replacement) -> varchar\nregexp_replace(varchar, pattern, function(array(varchar), varchar)) -> varchar",
            "Removes or replaces all matches; `$1` and `${name}` in a replacement stand for groups.",
            r"regexp_replace('ann@example.com', '@.*', '@…')",
            replace::bind,
        ),
    ]
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "regexp", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// The pattern argument, compiled now if it is constant; not refused yet, for it may never be used.
fn compiled(args: &[Arg<'_>]) -> Option<Pattern> {
    args.get(1).and_then(constant_text).map(Pattern::new)
}

fn like(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("regexp_like", args, "(varchar, pattern)"));
    }
    let known = compiled(args);
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::Boolean, move |call| {
        let (text, mut patterns) = (Texts::of(call, 0)?, Patterns::of(call, &known)?);
        booleans(call.rows, |row| {
            let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(None) };
            pattern.is_match(s).map(Some)
        })
    }))
}

/// (varchar, pattern[, group]) with the group, if there is one, as bigint.
fn with_group(name: &str, args: &[Arg<'_>]) -> Result<Vec<Type>> {
    let mut types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt];
    types.truncate(args.len().max(2));
    if takes(args, &types) { Ok(types) } else { Err(no_overload(name, args, "(varchar, pattern[, group])")) }
}

fn groups(call: &CallArgs<'_>) -> DfResult<Option<Column<Int64Array>>> {
    if call.values.len() < 3 { Ok(None) } else { Column::of(call, 2).map(Some) }
}

/// The group number of a row, `None` where NULL.
fn group(groups: &Option<Column<Int64Array>>, row: usize, pattern: &Pattern) -> DfResult<Option<usize>> {
    let Some(groups) = groups else { return Ok(Some(0)) };
    let Some(group) = groups.get(row) else { return Ok(None) };
    let count = pattern.groups()?;
    match usize::try_from(group) {
        Err(_) => fail("Group cannot be negative"),
        Ok(group) if group > count => fail(format!("Pattern has {count} groups. Cannot access group {group}")),
        Ok(group) => Ok(Some(group)),
    }
}

fn extract(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = with_group("regexp_extract", args)?;
    let known = compiled(args);
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let (text, mut patterns, groups) = (Texts::of(call, 0)?, Patterns::of(call, &known)?, groups(call)?);
        texts(call.rows, |row| {
            let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(None) };
            let Some(group) = group(&groups, row, pattern)? else { return Ok(None) };
            if group == 0 {
                return Ok(pattern.find(s, 0)?.map(|range| &s[range]));
            }
            let found = pattern.captures(s, 0)?;
            Ok(found.and_then(|groups| groups.get(group).map(|range| &s[range])))
        })
    }))
}

fn extract_all(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = with_group("regexp_extract_all", args)?;
    let known = compiled(args);
    Ok(ScalarCall::new(types, Type::array(Type::VARCHAR), move |call| {
        let (text, mut patterns, groups) = (Texts::of(call, 0)?, Patterns::of(call, &known)?, groups(call)?);
        text_arrays(call.rows, |row, out| {
            let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(false) };
            let Some(group) = group(&groups, row, pattern)? else { return Ok(false) };
            if group == 0 {
                pattern.each_match(s, |range| {
                    out.append_value(&s[range]);
                    Ok(())
                })?;
            } else {
                pattern.each_captures(s, |groups| {
                    out.append_option(groups.get(group).map(|range| &s[range]));
                    Ok(())
                })?;
            }
            Ok(true)
        })
    }))
}

fn split(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("regexp_split", args, "(varchar, pattern)"));
    }
    let known = compiled(args);
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::array(Type::VARCHAR), move |call| {
        let (text, mut patterns) = (Texts::of(call, 0)?, Patterns::of(call, &known)?);
        text_arrays(call.rows, |row, out| {
            let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(false) };
            let mut from = 0;
            pattern.each_match(s, |range| {
                out.append_value(&s[from..range.start]);
                from = range.end;
                Ok(())
            })?;
            out.append_value(&s[from..]);
            Ok(true)
        })
    }))
}

fn count(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("regexp_count", args, "(varchar, pattern)"));
    }
    let known = compiled(args);
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::BigInt, move |call| {
        let (text, mut patterns) = (Texts::of(call, 0)?, Patterns::of(call, &known)?);
        numbers::<Int64Type>(call.rows, |row| {
            let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(None) };
            let mut count = 0;
            pattern.each_match(s, |_| {
                count += 1;
                Ok(())
            })?;
            Ok(Some(count))
        })
    }))
}

fn position(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let mut types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt, Type::BigInt];
    types.truncate(args.len().max(2));
    if !takes(args, &types) {
        return Err(no_overload("regexp_position", args, "(varchar, pattern[, start[, occurrence]])"));
    }
    let known = compiled(args);
    Ok(ScalarCall::new(types, Type::Integer, move |call| positions(call, &known)))
}

fn positions(call: &CallArgs<'_>, known: &Option<Pattern>) -> DfResult<ColumnarValue> {
    let (text, mut patterns) = (Texts::of(call, 0)?, Patterns::of(call, known)?);
    let optional =
        |i: usize| if call.values.len() > i { Column::<Int64Array>::of(call, i).map(Some) } else { Ok(None) };
    let (starts, occurrences) = (optional(2)?, optional(3)?);
    let or_one = |column: &Option<Column<Int64Array>>, row| column.as_ref().map_or(Some(1), |c| c.get(row));
    numbers::<Int32Type>(call.rows, |row| {
        let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(None) };
        let (Some(start), Some(occurrence)) = (or_one(&starts, row), or_one(&occurrences, row)) else {
            return Ok(None);
        };
        if start < 1 {
            return fail("start position cannot be smaller than 1");
        }
        if occurrence < 1 {
            return fail("occurrence cannot be smaller than 1");
        }
        nth(s, pattern, start, occurrence).map(Some)
    })
}

fn nth(s: &str, pattern: &Pattern, start: i64, occurrence: i64) -> DfResult<i32> {
    let Some((mut from, _)) = s.char_indices().nth(usize::try_from(start - 1).unwrap_or(usize::MAX)) else {
        return Ok(-1);
    };
    let mut left = occurrence;
    while let Some(found) = pattern.find(s, from)? {
        left -= 1;
        if left == 0 {
            return Ok(s[..found.start].chars().count() as i32 + 1);
        }
        from = pattern::next_start(s, &found);
    }
    Ok(-1)
}

#[cfg(test)]
mod tests;
