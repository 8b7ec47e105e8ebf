//! What is taken off the ends of a text?

use super::entry;
use crate::error::Result;
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, takes, texts};
use crate::types::Type;

/// Functions that trim.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "trim",
            "trim(varchar) -> varchar\ntrim(varchar, characters) -> varchar\ntrim([BOTH|LEADING|TRAILING] characters FROM varchar) -> varchar",
            "Removes white space, or the given characters, from both ends.",
            "trim('  deny ')",
            |args| bind("trim", args, Ends::Both),
        ),
        entry(
            "ltrim",
            "ltrim(varchar) -> varchar\nltrim(varchar, characters) -> varchar",
            "Removes white space, or the given characters, from the start.",
            "ltrim('  deny')",
            |args| bind("ltrim", args, Ends::Start),
        ),
        entry(
            "rtrim",
            "rtrim(varchar) -> varchar\nrtrim(varchar, characters) -> varchar",
            "Removes white space, or the given characters, from the end.",
            "rtrim('deny  ')",
            |args| bind("rtrim", args, Ends::End),
        ),
    ]
}

#[derive(Clone, Copy)]
enum Ends {
    Both,
    Start,
    End,
}

fn bind(name: &'static str, args: &[Arg<'_>], ends: Ends) -> Result<ScalarCall> {
    // A char is trimmed without the blanks that pad it.
    let text = match args.first().map(Arg::ty) {
        Some(ty @ Type::Char(_)) => ty.clone(),
        _ => Type::VARCHAR,
    };
    if takes(args, &[Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![text], Type::VARCHAR, move |call| {
            let text = Texts::of(call, 0)?;
            texts(call.rows, |row| Ok(text.get(row).map(|s| trim(s, ends, is_java_space))))
        }));
    }
    if takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Ok(ScalarCall::new(vec![text, Type::VARCHAR], Type::VARCHAR, move |call| {
            let (text, sets) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
            texts(call.rows, |row| {
                let both = text.get(row).zip(sets.get(row));
                Ok(both.map(|(s, set)| trim(s, ends, |c| set.contains(c))))
            })
        }));
    }
    Err(no_overload(name, args, "(varchar[, varchar])"))
}

fn trim(s: &str, ends: Ends, of: impl Fn(char) -> bool + Copy) -> &str {
    match ends {
        Ends::Both => s.trim_matches(of),
        Ends::Start => s.trim_start_matches(of),
        Ends::End => s.trim_end_matches(of),
    }
}

/// White space as Java has it: Unicode's, but not the non-breaking ones nor U+0085, and the ASCII separators too.
fn is_java_space(c: char) -> bool {
    match c {
        '\u{1c}'..='\u{1f}' => true,
        '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}' => false,
        c => c.is_whitespace(),
    }
}
