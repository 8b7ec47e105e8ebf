//! What is the stem of a word?

use super::entry;
use crate::error::{Result, SqlError, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, constant_text, takes, texts};
use crate::types::Type;

mod english;

/// `word_stem`.
pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "word_stem",
        "word_stem(varchar) -> varchar\nword_stem(varchar, language) -> varchar",
        "The stem of a word in lower case; the language is `en`.",
        "word_stem('denied')",
        bind,
    )]
}

/// The other languages that Trino has stemmers for.
const OTHERS: [&str; 20] = [
    "ca", "da", "de", "es", "eu", "fi", "fr", "hu", "hy", "ir", "it", "lt", "nl", "no", "pt", "ro", "ru", "sv", "tr",
    "ga",
];

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR; args.len().clamp(1, 2)];
    if !takes(args, &types) {
        return Err(no_overload("word_stem", args, "(varchar[, language])"));
    }
    if let Some(language) = args.get(1).and_then(constant_text).filter(|l| OTHERS.contains(l)) {
        let message = format!("`word_stem` knows English (`en`) only, not `{language}` yet");
        return Err(SqlError::unsupported(message));
    }
    let named = types.len() == 2;
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let words = Texts::of(call, 0)?;
        let languages = if named { Some(Texts::of(call, 1)?) } else { None };
        texts(call.rows, |row| {
            let Some(word) = words.get(row) else { return Ok(None) };
            match languages.as_ref().map_or(Some("en"), |l| l.get(row)) {
                None => Ok(None),
                Some("en") => Ok(Some(english::stem(word))),
                Some(other) => fail(format!("Unknown stemmer language: {other}")),
            }
        })
    }))
}
