//! What does LIKE match? `%` and `_`; an escape only where ESCAPE names one.
//!
//! A constant pattern becomes DataFusion's LIKE, which prunes by prefix; other patterns have a matcher of their own.

use arrow::array::{Array, AsArray, BooleanArray};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Like;

use crate::call::Typed;
use crate::coercion::coerce;
use crate::error::{Result, SqlError, fail};
use crate::function::CallArgs;
use crate::scalar;
use crate::types::Type;

/// `value LIKE pattern [ESCAPE escape]`.
pub fn like(value: Typed, pattern: Typed, escape: Option<Typed>) -> Result<Typed> {
    let value = text(value, "LIKE compares")?;
    let pattern = text(pattern, "the pattern of LIKE is")?;
    let escape = escape.map(|e| text(e, "the escape character of LIKE is")).transpose()?;
    let constant = |t: &Typed| match t.literal() {
        Some(ScalarValue::Utf8View(s)) => Some(s.clone()),
        _ => None,
    };
    let escape_text = match &escape {
        None => Some(None),
        Some(e) => constant(e).map(Some),
    };
    let Some(escape_text) = escape_text else { return Ok(by_row(value, pattern, escape)) };
    let escape_char = match escape_text {
        Some(None) => return Ok(scalar::null_of(&Type::Boolean)),
        Some(Some(text)) => Some(single(&text).map_err(SqlError::invalid)?),
        None => None,
    };
    match constant(&pattern) {
        Some(None) => Ok(scalar::null_of(&Type::Boolean)),
        Some(Some(text)) => {
            let pattern = arrow_pattern(&parse(&text, escape_char).map_err(SqlError::invalid)?);
            let pattern = Expr::Literal(ScalarValue::Utf8View(Some(pattern)), None);
            let like = Like::new(false, Box::new(value.expr), Box::new(pattern), None, false);
            Ok(Typed::new(Expr::Like(like), Type::Boolean))
        }
        None => Ok(by_row(value, pattern, escape)),
    }
}

/// Text as varchar; char with its blanks.
fn text(value: Typed, what: &str) -> Result<Typed> {
    match value.ty {
        Type::Varchar(_) => Ok(value),
        Type::Unknown | Type::Char(_) => coerce(value, &Type::VARCHAR),
        other => Err(SqlError::invalid(format!("{what} text, not {other}")).hint("convert it: CAST(… AS varchar)")),
    }
}

fn single(text: &str) -> std::result::Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err("Escape string must be a single character".to_string()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Any,
    One,
    Char(char),
}

fn parse(pattern: &str, escape: Option<char>) -> std::result::Result<Vec<Part>, String> {
    let mut parts = Vec::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            match chars.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => parts.push(Part::Char(next)),
                _ => {
                    return Err("Escape character must be followed by '%', '_' or the escape character itself".into());
                }
            }
            continue;
        }
        match c {
            '%' if parts.last() == Some(&Part::Any) => {}
            '%' => parts.push(Part::Any),
            '_' => parts.push(Part::One),
            other => parts.push(Part::Char(other)),
        }
    }
    Ok(parts)
}

/// Arrow's LIKE escapes by a backslash.
fn arrow_pattern(parts: &[Part]) -> String {
    let mut out = String::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Any => out.push('%'),
            Part::One => out.push('_'),
            Part::Char(c @ ('%' | '_' | '\\')) => out.extend(['\\', *c]),
            Part::Char(c) => out.push(*c),
        }
    }
    out
}

/// In time of text times pattern at worst: only the last `%` is ever tried again.
fn matches(text: &str, parts: &[Part]) -> bool {
    let (mut rest, mut p) = (text.chars(), 0);
    let mut retry: Option<(std::str::Chars<'_>, usize)> = None;
    loop {
        if parts.get(p) == Some(&Part::Any) {
            p += 1;
            retry = Some((rest.clone(), p));
            continue;
        }
        let before = rest.clone();
        let step = match (parts.get(p), rest.next()) {
            (None, None) => return true,
            (Some(Part::One), Some(_)) => true,
            (Some(Part::Char(c)), Some(t)) => *c == t,
            _ => false,
        };
        if step {
            p += 1;
            continue;
        }
        let Some((mut from, part)) = retry.take() else { return false };
        if before.as_str().is_empty() && from.as_str().is_empty() || from.next().is_none() {
            return false;
        }
        rest = from.clone();
        p = part;
        retry = Some((from, part));
    }
}

/// Whether the text matches the pattern.
#[cfg(test)]
pub(crate) fn matches_text(text: &str, pattern: &str, escape: Option<char>) -> std::result::Result<bool, String> {
    Ok(matches(text, &parse(pattern, escape)?))
}

fn by_row(value: Typed, pattern: Typed, escape: Option<Typed>) -> Typed {
    let args = [value, pattern].into_iter().chain(escape).collect();
    scalar::strict("like", args, Type::Boolean, |call| Ok(scalar::columnar(run(call)?)))
}

fn run(call: &CallArgs<'_>) -> DfResult<BooleanArray> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    let columns: Vec<_> = arrays.iter().map(|a| a.as_string_view()).collect();
    let mut out = Vec::with_capacity(call.rows);
    let mut last: Option<(&str, Option<&str>, Vec<Part>)> = None;
    for row in 0..call.rows {
        if columns.iter().any(|c| c.is_null(row)) {
            out.push(None);
            continue;
        }
        let (pattern, escape) = (columns[1].value(row), columns.get(2).map(|c| c.value(row)));
        if !last.as_ref().is_some_and(|(p, e, _)| *p == pattern && *e == escape) {
            let parts = escape.map(single).transpose().and_then(|e| parse(pattern, e));
            match parts {
                Ok(parts) => last = Some((pattern, escape, parts)),
                Err(message) => return fail(message),
            }
        }
        out.push(last.as_ref().map(|(_, _, parts)| matches(columns[0].value(row), parts)));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match() {
        for (text, pattern, escape, result) in [
            ("monkey", "mon%", None, true),
            ("monkey", "%key", None, true),
            ("monkey", "m%k_y", None, true),
            ("monkey", "", None, false),
            ("", "%", None, true),
            ("", "", None, true),
            ("a_c", "a\\_c", None, false),
            ("a\\xc", "a\\_c", None, true),
            ("a_c", "aX_c", Some('X'), true),
            ("abc", "aX_c", Some('X'), false),
            ("aXc", "aXXc", Some('X'), true),
            ("foob", "f%b__", None, false),
            ("line\nbreak", "l%k", None, true),
            ("größe", "gr__e", None, true),
            ("aaaaaaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%a%c", None, false),
        ] {
            assert_eq!(matches(text, &parse(pattern, escape).unwrap()), result, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn escapes_are_checked() {
        assert!(parse("aXb", Some('X')).is_err());
        assert!(parse("aX", Some('X')).is_err());
        assert!(single("").is_err() && single("ab").is_err());
        assert_eq!(arrow_pattern(&parse("a\\_%X%", Some('X')).unwrap()), "a\\\\_%\\%");
    }
}
