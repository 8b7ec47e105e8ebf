//! What stands in a replacement: text, and groups as `$1` or `${name}`?

use super::pattern::{Groups, Pattern};
use crate::error::fail;
use datafusion::error::Result as DfResult;

/// A replacement for the matches of one pattern.
pub(super) struct Replacement {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads a replacement.
    pub(super) fn parse(text: &str, pattern: &Pattern) -> DfResult<Replacement> {
        let mut parts = vec![Part::Text(String::new())];
        let mut rest = text;
        while let Some(at) = rest.find(['$', '\\']) {
            push_text(&rest[..at], &mut parts);
            let special = &rest[at..];
            rest = if let Some(reference) = special.strip_prefix('$') {
                let (group, after) = group(reference, text, pattern)?;
                parts.push(Part::Group(group));
                after
            } else {
                let Some(c) = special[1..].chars().next() else { return illegal(text) };
                push_text(&special[1..1 + c.len_utf8()], &mut parts);
                &special[1 + c.len_utf8()..]
            };
        }
        push_text(rest, &mut parts);
        Ok(Replacement { parts })
    }

    /// Whether no group is used: the groups of a match need not be known.
    pub(super) fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends what replaces a match in `s`.
    pub(super) fn push(&self, s: &str, groups: &Groups<'_>, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => out.push_str(groups.get(*group).map_or("", |range| &s[range])),
            }
        }
    }
}

fn push_text(text: &str, parts: &mut Vec<Part>) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(Part::Text(text.to_string())),
    }
}

fn illegal<T>(text: &str) -> DfResult<T> {
    fail(format!("Illegal replacement sequence: {text}"))
}

/// The group named after a `$`, and what follows.
fn group<'a>(rest: &'a str, text: &str, pattern: &Pattern) -> DfResult<(usize, &'a str)> {
    if let Some(named) = rest.strip_prefix('{') {
        let (name, after) = named.split_once('}').unwrap_or((named, ""));
        return match pattern.group_named(name)? {
            Some(group) => Ok((group, after)),
            None => fail(format!("Illegal replacement sequence: unknown group {{ {name} }}")),
        };
    }
    let groups = pattern.groups()?;
    let mut digits = rest.chars().map_while(|c| c.to_digit(10)).map(|d| d as usize);
    let Some(mut group) = digits.next() else { return illegal(text) };
    if group > groups {
        return fail(format!("Illegal replacement sequence: unknown group {group}"));
    }
    // As many digits as still name a group.
    let mut length = 1;
    for digit in digits {
        if group * 10 + digit > groups {
            break;
        }
        group = group * 10 + digit;
        length += 1;
    }
    Ok((group, &rest[length..]))
}
