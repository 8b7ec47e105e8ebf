//! What is the canonical text of a JSON value: no white space, keys in order, numbers as Java writes them?

use std::cmp::Ordering;
use std::fmt::Write;

use super::scan::{DEEPEST, Kind, Malformed, Quoted, Scanner};
use crate::render::number;

/// What becomes of an object's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// In order; of a repeated key, the last value stays.
    Sorted,
    /// As written.
    AsWritten,
}

/// Appends the canonical form of a whole JSON text; fails if it is not one value.
pub(crate) fn push_canonical(text: &str, out: &mut String) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(text);
    push_value(&mut scanner, Keys::Sorted, out, 0)?;
    if scanner.is_at_end() { Ok(()) } else { Err(Malformed) }
}

/// Appends the value that comes next, without white space.
pub(crate) fn push_compact(scanner: &mut Scanner<'_>, out: &mut String) -> Result<(), Malformed> {
    push_value(scanner, Keys::AsWritten, out, 0)
}

fn push_value(scanner: &mut Scanner<'_>, keys: Keys, out: &mut String, depth: usize) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed);
    }
    match scanner.kind()? {
        Kind::Object => push_object(scanner, keys, out, depth),
        Kind::Array => push_array(scanner, keys, out, depth),
        Kind::String => {
            push_quoted(scanner.string()?, out);
            Ok(())
        }
        Kind::Number => {
            push_number(scanner.raw()?, out);
            Ok(())
        }
        Kind::Boolean | Kind::Null => {
            out.push_str(scanner.raw()?);
            Ok(())
        }
    }
}

fn push_array(scanner: &mut Scanner<'_>, keys: Keys, out: &mut String, depth: usize) -> Result<(), Malformed> {
    let mut place = scanner.enter();
    out.push('[');
    let start = out.len();
    while scanner.element(&mut place)? {
        if out.len() > start {
            out.push(',');
        }
        push_value(scanner, keys, out, depth + 1)?;
    }
    out.push(']');
    Ok(())
}

/// A member as written to the output.
struct Member {
    key: String,
    start: usize,
    end: usize,
}

fn push_object(scanner: &mut Scanner<'_>, keys: Keys, out: &mut String, depth: usize) -> Result<(), Malformed> {
    let mut place = scanner.enter();
    out.push('{');
    let start = out.len();
    let mut members: Vec<Member> = Vec::new();
    while let Some(key) = scanner.member(&mut place)? {
        if out.len() > start {
            out.push(',');
        }
        let from = out.len();
        push_quoted(key, out);
        out.push(':');
        push_value(scanner, keys, out, depth + 1)?;
        if keys == Keys::Sorted {
            let mut text = String::with_capacity(key.raw.len());
            key.push_to(&mut text);
            members.push(Member { key: text, start: from, end: out.len() });
        }
    }
    sort_members(members, start, out);
    out.push('}');
    Ok(())
}

/// Brings the members, which stand in `out` from `start` on, into order.
fn sort_members(mut members: Vec<Member>, start: usize, out: &mut String) {
    if members.is_sorted_by(|a, b| compare(&a.key, &b.key) == Ordering::Less) {
        return;
    }
    let written = out.split_off(start);
    // The sort is stable: of equal keys the last written stands last.
    members.sort_by(|a, b| compare(&a.key, &b.key));
    for (i, member) in members.iter().enumerate() {
        if members.get(i + 1).is_some_and(|next| next.key == member.key) {
            continue;
        }
        if out.len() > start {
            out.push(',');
        }
        out.push_str(&written[member.start - start..member.end - start]);
    }
}

/// Java's order of strings: by UTF-16 units.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

fn push_quoted(text: Quoted<'_>, out: &mut String) {
    if !text.escaped {
        out.push('"');
        out.push_str(text.raw);
        out.push('"');
        return;
    }
    let mut plain = String::with_capacity(text.raw.len());
    text.push_to(&mut plain);
    push_string(&plain, out);
}

/// Appends a text as a JSON string, as Jackson escapes it.
pub(crate) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xc => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        from = i + 1;
        match escape {
            "" => {
                let _ = write!(out, "\\u{b:04X}");
            }
            escape => out.push_str(escape),
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends a number: whole ones as they are, others as Java prints the nearest double.
pub(crate) fn push_number(raw: &str, out: &mut String) {
    if !raw.contains(['.', 'e', 'E']) {
        out.push_str(if raw == "-0" { "0" } else { raw });
        return;
    }
    push_double(raw.parse().unwrap_or(f64::NAN), out);
}

/// Appends a double; those that JSON has no number for as strings.
pub(crate) fn push_double(value: f64, out: &mut String) {
    let quote = if value.is_finite() { "" } else { "\"" };
    out.push_str(quote);
    number::double(value, out);
    out.push_str(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_keys_and_drops_white_space() {
        for (text, canonical) in [
            (r#" { "b" : 1 , "a" : [ true , null ] } "#, r#"{"a":[true,null],"b":1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"b":{"d":1,"c":2},"a":""}"#, r#"{"a":"","b":{"c":2,"d":1}}"#),
            (r#"["\u0041\/\u0001\n\u00e9"]"#, "[\"A/\\u0001\\né\"]"),
            (
                "[1.50, 1e2, -0, 0.00001, 12345678901234567890, 1E400]",
                "[1.5,100.0,0,1.0E-5,12345678901234567890,\"Infinity\"]",
            ),
        ] {
            let mut out = String::new();
            assert_eq!(push_canonical(text, &mut out), Ok(()), "{text}");
            assert_eq!(out, canonical);
        }
    }

    #[test]
    fn wants_one_value() {
        for text in ["", "{} {}", "INVALID", "[1,]"] {
            assert_eq!(push_canonical(text, &mut String::new()), Err(Malformed), "{text}");
        }
    }
}
