//! What rustyline asks while the user types.

use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::Color;
use super::complete::{Vocabulary, candidates};
use crate::tokens::{Piece, is_blank, is_complete, pieces};

/// Completion, colours and the end of a statement.
pub(crate) struct LineHelper {
    pub(crate) vocabulary: Vocabulary,
    color: Color,
}

impl LineHelper {
    pub(crate) fn new(vocabulary: Vocabulary, color: Color) -> Self {
        LineHelper { vocabulary, color }
    }
}

impl Helper for LineHelper {}

impl Hinter for LineHelper {
    type Hint = String;
}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, words) = candidates(&self.vocabulary, line, position);
        Ok((start, words.into_iter().map(|w| Pair { display: w.clone(), replacement: w }).collect()))
    }
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let whole =
            text.trim_start().starts_with('\\') || is_blank(text) || is_complete(text) || is_word_of_leaving(text);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// `exit` and `quit` without a backslash, which everybody types.
fn is_word_of_leaving(text: &str) -> bool {
    ["exit", "quit"].contains(&text.trim().to_ascii_lowercase().as_str())
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.color == Color::Off || line.starts_with('\\') {
            return Cow::Borrowed(line);
        }
        let colored = pieces(line).into_iter().map(|(piece, text)| match style(piece) {
            Some(style) => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            None => text.to_string(),
        });
        Cow::Owned(colored.collect())
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.color == Color::On
    }
}

fn style(piece: Piece) -> Option<&'static str> {
    match piece {
        Piece::Keyword => Some("1;34"),
        Piece::Text => Some("32"),
        Piece::Number => Some("36"),
        Piece::Parameter => Some("35"),
        Piece::Comment => Some("2"),
        Piece::Plain => None,
    }
}
