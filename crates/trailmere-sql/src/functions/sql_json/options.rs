//! What do the clauses of a SQL/JSON call say?

use crate::error::{Result, SqlError};
use crate::function::Arg;
use crate::functions::arguments::constant_text;

/// How an argument is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As an SQL value.
    Value,
    /// As JSON text.
    Json,
    /// As JSON in UTF-8 bytes.
    Utf8,
    /// As JSON in UTF-16 bytes, the lower byte first.
    Utf16,
    /// As JSON in UTF-32 bytes, the lowest byte first.
    Utf32,
}

/// What an empty result or an error becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    Null,
    Error,
    EmptyArray,
    EmptyObject,
    True,
    False,
    /// DEFAULT: the parser has put the value beside.
    Default,
}

/// Whether the result of JSON_QUERY is wrapped in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapper {
    Without,
    Conditional,
    Unconditional,
}

/// The clauses of a call.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) input: Format,
    /// Of the values passed, or of those that are put together.
    pub(super) formats: Vec<Format>,
    pub(super) on_empty: Behavior,
    pub(super) on_error: Behavior,
    pub(super) wrapper: Wrapper,
    pub(super) omit_quotes: bool,
    pub(super) absent_on_null: bool,
}

impl Options {
    /// Reads the text that the parser made.
    pub(super) fn of(arg: &Arg<'_>) -> Result<Options> {
        let text =
            constant_text(arg).ok_or_else(|| SqlError::invalid("the clauses of a JSON function are constant"))?;
        let mut options = Options {
            input: Format::Json,
            formats: vec![],
            on_empty: Behavior::Null,
            on_error: Behavior::Null,
            wrapper: Wrapper::Without,
            omit_quotes: false,
            absent_on_null: false,
        };
        for word in text.split_whitespace() {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            match key {
                "input" => options.input = value.chars().next().map_or(Format::Json, format),
                "formats" => options.formats = value.chars().map(format).collect(),
                "empty" => options.on_empty = behavior(value),
                "error" => options.on_error = behavior(value),
                "wrapper" if value == "conditional" => options.wrapper = Wrapper::Conditional,
                "wrapper" => options.wrapper = Wrapper::Unconditional,
                "omit_quotes" => options.omit_quotes = true,
                "absent" => options.absent_on_null = true,
                _ => {}
            }
        }
        Ok(options)
    }
}

fn format(letter: char) -> Format {
    match letter {
        'v' => Format::Value,
        '8' => Format::Utf8,
        '6' => Format::Utf16,
        '2' => Format::Utf32,
        _ => Format::Json,
    }
}

fn behavior(word: &str) -> Behavior {
    match word {
        "error" => Behavior::Error,
        "array" => Behavior::EmptyArray,
        "object" => Behavior::EmptyObject,
        "true" => Behavior::True,
        "false" => Behavior::False,
        "default" => Behavior::Default,
        _ => Behavior::Null,
    }
}
