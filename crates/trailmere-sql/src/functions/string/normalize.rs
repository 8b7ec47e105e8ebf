//! How is a text brought to one of Unicode's normal forms?

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::entry;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, takes, texts};
use crate::types::Type;

/// `normalize`.
pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "normalize",
        "normalize(varchar) -> varchar\nnormalize(varchar, NFC | NFD | NFKC | NFKD) -> varchar",
        "The text in a normal form of Unicode: composed or decomposed, compatibility characters kept or replaced.",
        "normalize('scho\u{308}n', NFC)",
        bind,
    )]
}

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR, Type::VARCHAR]) {
        return Err(no_overload("normalize", args, "(varchar[, form])"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::VARCHAR, |call| {
        let (text, forms) = (Texts::of(call, 0)?, Texts::of(call, 1)?);
        texts(call.rows, |row| {
            let (Some(s), Some(form)) = (text.get(row), forms.get(row)) else { return Ok(None) };
            if s.is_ascii() {
                return Ok(Some(Cow::Borrowed(s)));
            }
            Ok(Some(match form.to_ascii_uppercase().as_str() {
                "NFC" => ComposingNormalizerBorrowed::new_nfc().normalize(s),
                "NFD" => DecomposingNormalizerBorrowed::new_nfd().normalize(s),
                "NFKC" => ComposingNormalizerBorrowed::new_nfkc().normalize(s),
                "NFKD" => DecomposingNormalizerBorrowed::new_nfkd().normalize(s),
                other => return fail(format!("Normalization form must be one of [NFD, NFC, NFKD, NFKC]: {other}")),
            }))
        })
    }))
}
