//! When is a text JSON, and what is its canonical form?

use super::{entry, input};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, booleans, takes, written_texts};
use crate::json::canonical::push_canonical;
use crate::json::scan::{Kind, Malformed, Scanner};
use crate::types::Type;

/// Functions between text and JSON.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "json_parse",
            "json_parse(varchar) -> json",
            "Reads a text as JSON; fails if it is not.",
            "json_parse('[1, 2]')",
            parse,
        ),
        entry(
            "json_format",
            "json_format(json) -> varchar",
            "The JSON value as text.",
            "json_format(JSON '{\"a\": 1}')",
            format,
        ),
        entry(
            "is_json_scalar",
            "is_json_scalar(json) -> boolean\nis_json_scalar(varchar) -> boolean",
            "Whether a JSON value is neither object nor array.",
            "is_json_scalar('[1, 2]')",
            is_scalar,
        ),
    ]
}

fn parse(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !takes(args, &[Type::VARCHAR]) {
        return Err(no_overload("json_parse", args, "(varchar)"));
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Json, |call| {
        let text = Texts::of(call, 0)?;
        written_texts(call.rows, |row, out| {
            let Some(text) = text.get(row) else { return Ok(false) };
            match push_canonical(text, out) {
                Ok(()) => Ok(true),
                Err(Malformed) => fail(format!("Cannot convert value to JSON: '{}'", shortened(text))),
            }
        })
    }))
}

fn format(args: &[Arg<'_>]) -> Result<ScalarCall> {
    match args {
        [arg] if matches!(arg.ty(), Type::Json | Type::Unknown) && !arg.is_lambda() => {
            Ok(ScalarCall::new(vec![Type::Json], Type::VARCHAR, |call| Ok(call.values[0].clone())))
        }
        args => Err(no_overload("json_format", args, "(json)")),
    }
}

fn is_scalar(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (Some(json), 1) = (args.first().and_then(input), args.len()) else {
        return Err(no_overload("is_json_scalar", args, "(json or varchar)"));
    };
    Ok(ScalarCall::new(vec![json], Type::Boolean, |call| {
        let json = Texts::of(call, 0)?;
        booleans(call.rows, |row| {
            let Some(text) = json.get(row) else { return Ok(None) };
            match scalar(text) {
                Ok(scalar) => Ok(Some(scalar)),
                Err(Malformed) => fail(format!("Invalid JSON value: {}", shortened(text))),
            }
        })
    }))
}

fn scalar(text: &str) -> Result<bool, Malformed> {
    let mut scanner = Scanner::new(text);
    let kind = scanner.kind()?;
    scanner.skip()?;
    if scanner.is_at_end() { Ok(!matches!(kind, Kind::Object | Kind::Array)) } else { Err(Malformed) }
}

/// A text short enough for a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}
