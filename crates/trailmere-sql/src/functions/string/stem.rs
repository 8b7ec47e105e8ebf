//! What is the stem of a word?

use rust_stemmers::{Algorithm, Stemmer};

use super::entry;
use crate::error::{Result, SqlError, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, constant_text, takes, texts};
use crate::types::Type;

/// `word_stem`.
pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "word_stem",
        "word_stem(varchar) -> varchar\nword_stem(varchar, language) -> varchar",
        "The stem of a word in lower case, by the Snowball project's algorithms; the language is `en` if not said.",
        "word_stem('denied')",
        bind,
    )]
}

/// The languages of Trino's stemmers, as far as there is one here.
fn language(code: &str) -> Option<Algorithm> {
    Some(match code {
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

/// The languages that Trino has and this engine has not.
const MISSING: [&str; 5] = ["ca", "eu", "hy", "ir", "lt"];

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR; args.len().clamp(1, 2)];
    if !takes(args, &types) {
        return Err(no_overload("word_stem", args, "(varchar[, language])"));
    }
    if let Some(missing) = args.get(1).and_then(constant_text).filter(|l| MISSING.contains(l)) {
        return Err(SqlError::unsupported(format!("`word_stem` has no stemmer for the language `{missing}`")));
    }
    let named = types.len() == 2;
    Ok(ScalarCall::new(types, Type::VARCHAR, move |call| {
        let words = Texts::of(call, 0)?;
        let languages = if named { Some(Texts::of(call, 1)?) } else { None };
        let mut last: Option<(String, Stemmer)> = None;
        texts(call.rows, |row| {
            let Some(word) = words.get(row) else { return Ok(None) };
            let Some(code) = languages.as_ref().map_or(Some("en"), |l| l.get(row)) else { return Ok(None) };
            if last.as_ref().is_none_or(|(known, _)| known != code) {
                let Some(algorithm) = language(code) else { return fail(format!("Unknown stemmer language: {code}")) };
                last = Some((code.to_string(), Stemmer::create(algorithm)));
            }
            Ok(last.as_ref().map(|(_, stemmer)| stemmer.stem(word).into_owned()))
        })
    }))
}
