//! How are the matches of a pattern replaced?

use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::pattern::{Pattern, Patterns};
use super::replacement::Replacement;
use super::{compiled, lambda};
use crate::error::Result;
use crate::function::{Arg, CallArgs, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, becomes, check_size, takes, written_texts};
use crate::types::Type;

/// Binds `regexp_replace`.
pub(super) fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let known = compiled(args);
    if let [text, pattern, function] = args
        && function.is_lambda()
        && becomes(text, &Type::VARCHAR)
        && becomes(pattern, &Type::VARCHAR)
    {
        return lambda::bind(function, known);
    }
    if takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::VARCHAR, move |call| replace(call, &known, None)));
    }
    if takes(args, &[Type::VARCHAR, Type::VARCHAR, Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::VARCHAR; 3], Type::VARCHAR, move |call| {
            replace(call, &known, Some(Texts::of(call, 2)?))
        }));
    }
    Err(no_overload("regexp_replace", args, "(varchar, pattern[, replacement or lambda])"))
}

fn replace(call: &CallArgs<'_>, known: &Option<Pattern>, replacements: Option<Texts>) -> DfResult<ColumnarValue> {
    let (text, mut patterns) = (Texts::of(call, 0)?, Patterns::of(call, known)?);
    let constant = replacements.as_ref().is_none_or(|r| r.constant().is_some()) && known.is_some();
    let mut shared: Option<Replacement> = None;
    written_texts(call.rows, |row, out| {
        let (Some(s), Some(pattern)) = (text.get(row), patterns.get(row)) else { return Ok(false) };
        let Some(new) = replacements.as_ref().map_or(Some(""), |r| r.get(row)) else { return Ok(false) };
        // A replacement that is wrong hurts only where there is something to replace.
        if !pattern.is_match(s)? {
            out.push_str(s);
            return Ok(true);
        }
        if shared.is_none() || !constant {
            shared = Some(Replacement::parse(new, pattern)?);
        }
        if let Some(replacement) = &shared {
            push_replaced(s, pattern, replacement, out)?;
        }
        Ok(true)
    })
}

fn push_replaced(s: &str, pattern: &Pattern, replacement: &Replacement, out: &mut String) -> DfResult<()> {
    let mut from = 0;
    if let Some(text) = replacement.text() {
        pattern.each_match(s, |range| {
            out.push_str(&s[from..range.start]);
            out.push_str(text);
            from = range.end;
            check_size(out)
        })?;
    } else {
        pattern.each_captures(s, |groups| {
            let range = groups.whole();
            out.push_str(&s[from..range.start]);
            replacement.push(s, &groups, out);
            from = range.end;
            check_size(out)
        })?;
    }
    out.push_str(&s[from..]);
    Ok(())
}
