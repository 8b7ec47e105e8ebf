//! How is a text cut, counted and changed by code point?

use std::collections::HashMap;

use arrow::array::{BinaryViewArray, Int64Array};
use datafusion::error::Result as DfResult;

use super::entry;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Column, Texts, constant_text, takes, written_texts};
use crate::types::Type;

/// Functions that map the characters of a text.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "translate",
            "translate(varchar, from, to) -> varchar",
            "Replaces each character that stands in `from` by the one at the same place of `to`, or removes it.",
            "translate('Palhoça', 'ç', 'c')",
            translate,
        ),
        entry(
            "title_case",
            "title_case(varchar) -> varchar",
            "The first letter of each word in upper case, the others in lower case.",
            "title_case('root account')",
            title_case,
        ),
        entry(
            "overlay",
            "overlay(varchar PLACING replacement FROM start [FOR length]) -> varchar",
            "Puts a text in place of the characters from a position on, as many as it has or as `length` says.",
            "overlay('abcdef' PLACING 'XY' FROM 3)",
            overlay,
        ),
        entry(
            "from_utf8",
            "from_utf8(varbinary) -> varchar\nfrom_utf8(varbinary, replacement) -> varchar",
            "Reads bytes as UTF-8; what is not UTF-8 becomes U+FFFD or the replacement.",
            "from_utf8(X'61C3A4')",
            from_utf8,
        ),
    ]
}

/// The number of code points.
pub(super) fn count(s: &str) -> usize {
    if s.is_ascii() { s.len() } else { s.chars().count() }
}

/// The byte offset of code point `n`, or the text's length where it has no more than `n`.
pub(super) fn offset(s: &str, n: usize) -> usize {
    if s.is_ascii() {
        return n.min(s.len());
    }
    s.char_indices().nth(n).map_or(s.len(), |(i, _)| i)
}

/// Trino's `substr`: from 1, negative from the end, empty where out of range.
pub(super) fn part(s: &str, start: i64, length: i64) -> &str {
    if start == 0 || length <= 0 {
        return "";
    }
    let first = match usize::try_from(start) {
        Ok(start) => start - 1,
        Err(_) => {
            let back = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
            match count(s).checked_sub(back) {
                Some(first) => first,
                None => return "",
            }
        }
    };
    let rest = &s[offset(s, first)..];
    &rest[..offset(rest, usize::try_from(length).unwrap_or(usize::MAX))]
}

/// Appends `s` in lower case, code point by code point as Java does.
pub(super) fn push_lower(s: &str, out: &mut String) {
    if s.is_ascii() {
        let start = out.len();
        out.push_str(s);
        out[start..].make_ascii_lowercase();
        return;
    }
    for c in s.chars() {
        let mut lower = c.to_lowercase();
        // Only U+0130 has more than one character, and Java's simple mapping of it is a plain i.
        out.extend(lower.next());
    }
}

/// Appends `s` in upper case, code point by code point as Java does: what has no single capital stays.
pub(super) fn push_upper(s: &str, out: &mut String) {
    if s.is_ascii() {
        let start = out.len();
        out.push_str(s);
        out[start..].make_ascii_uppercase();
        return;
    }
    for c in s.chars() {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(single), None) => out.push(single),
            _ => out.push(simple_capital(c)),
        }
    }
}

/// The one-character capital of Greek letters with iota below, whose full capitals have two.
fn simple_capital(c: char) -> char {
    let shift = match c {
        '\u{1f80}'..='\u{1faf}' if (c as u32) & 0xf < 8 => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => 0,
    };
    char::from_u32(c as u32 + shift).unwrap_or(c)
}

fn title_case(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("title_case", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            // Each piece is a word with the one white space after it.
            for word in text.get(row).unwrap_or("").split_inclusive(char::is_whitespace) {
                let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
                push_upper(first, out);
                push_lower(rest, out);
            }
            Ok(true)
        })
    }))
}

fn overlay(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let mut types = vec![Type::VARCHAR, Type::VARCHAR, Type::BigInt, Type::BigInt];
    types.truncate(args.len().max(3));
    if !takes(args, &types) {
        return Err(no_overload("overlay", args, "(varchar, varchar, bigint[, bigint])"));
    }
    let limited = types.len() == 4;
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let (text, new, starts) = (Texts::of(call, 0)?, Texts::of(call, 1)?, Column::<Int64Array>::of(call, 2)?);
        let lengths = if limited { Some(Column::<Int64Array>::of(call, 3)?) } else { None };
        written_texts(call.rows, |row, out| {
            let (Some(s), Some(new), Some(start)) = (text.get(row), new.get(row), starts.get(row)) else {
                return Ok(false);
            };
            let Some(length) = lengths.as_ref().map_or(Some(count(new) as i64), |l| l.get(row)) else {
                return Ok(false);
            };
            if start < 1 || length < 0 {
                return fail("overlay needs a start of at least 1 and a length of at least 0");
            }
            let from = offset(s, usize::try_from(start - 1).unwrap_or(usize::MAX));
            let kept = &s[from..];
            out.push_str(&s[..from]);
            out.push_str(new);
            out.push_str(&kept[offset(kept, usize::try_from(length).unwrap_or(usize::MAX))..]);
            Ok(true)
        })
    }))
}

fn translate(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR; 3];
    if !takes(args, &types) {
        return Err(no_overload("translate", args, "(varchar, varchar, varchar)"));
    }
    let constant = match (constant_text(&args[1]), constant_text(&args[2])) {
        (Some(from), Some(to)) => Some(mapping(from, to)),
        _ => None,
    };
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let (text, from, to) = (Texts::of(call, 0)?, Texts::of(call, 1)?, Texts::of(call, 2)?);
        written_texts(call.rows, |row, out| {
            let (Some(s), Some(from), Some(to)) = (text.get(row), from.get(row), to.get(row)) else {
                return Ok(false);
            };
            let own;
            let map = match &constant {
                Some(map) => map,
                None => {
                    own = mapping(from, to);
                    &own
                }
            };
            out.extend(s.chars().filter_map(|c| map.get(&c).copied().unwrap_or(Some(c))));
            Ok(true)
        })
    }))
}

/// What becomes of each character of `from`; the first place of a character counts.
fn mapping(from: &str, to: &str) -> HashMap<char, Option<char>> {
    let mut to = to.chars();
    let mut map = HashMap::new();
    for c in from.chars() {
        let new = to.next();
        map.entry(c).or_insert(new);
    }
    map
}

fn from_utf8(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if takes(args, &[Type::Varbinary]) {
        return Ok(ScalarCall::new(vec![Type::Varbinary], Type::VARCHAR, |call| {
            decode(call, |_| Ok(Some('\u{fffd}')))
        }));
    }
    if takes(args, &[Type::Varbinary, Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![Type::Varbinary, Type::VARCHAR], Type::VARCHAR, |call| {
            let replacements = Texts::of(call, 1)?;
            decode(call, |row| {
                let mut chars = replacements.get(row).unwrap_or("").chars();
                match (chars.next(), chars.next()) {
                    (replacement, None) => Ok(replacement),
                    _ => fail("Replacement character string must empty or a single character"),
                }
            })
        }));
    }
    if takes(args, &[Type::Varbinary, Type::BigInt]) {
        return Ok(ScalarCall::new(vec![Type::Varbinary, Type::BigInt], Type::VARCHAR, |call| {
            let points = Column::<Int64Array>::of(call, 1)?;
            decode(call, |row| {
                let point = points.get(row).unwrap_or(0);
                match u32::try_from(point).ok().and_then(char::from_u32) {
                    Some(c) => Ok(Some(c)),
                    None => fail(format!("Not a valid Unicode code point: {point}")),
                }
            })
        }));
    }
    Err(no_overload("from_utf8", args, "(varbinary), (varbinary, varchar) or (varbinary, bigint)"))
}

fn decode(
    call: &CallArgs<'_>,
    mut replacement: impl FnMut(usize) -> DfResult<Option<char>>,
) -> DfResult<datafusion::logical_expr::ColumnarValue> {
    let bytes = Column::<BinaryViewArray>::of(call, 0)?;
    written_texts(call.rows, |row, out| {
        let Some(bytes) = bytes.get(row) else { return Ok(false) };
        let replacement = replacement(row)?;
        for chunk in bytes.utf8_chunks() {
            out.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                out.extend(replacement);
            }
        }
        Ok(true)
    })
}
