//! What can be wrong with a statement, where, and what to do next.

use std::fmt;

/// What the caller can do about an error; the same kinds as the rest of Trailmere uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text is not SQL.
    Syntax,
    /// The text is SQL that this engine refuses by name.
    Unsupported,
    /// A table, column, field or function that does not exist.
    NotFound,
    /// Types or arguments that do not fit, or a value that fails at run time.
    Invalid,
    /// A stated limit is exceeded.
    Limit,
    /// A defect of this crate.
    Internal,
}

/// A place in the statement's text: line and column count from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// Column after the last character on the same line; 0 where unknown.
    pub end_column: u64,
}

/// An error in a statement.
#[derive(Debug, Clone)]
pub struct SqlError {
    /// What kind of error.
    pub kind: Kind,
    /// One sentence, lower case, no final stop, the user's words in backticks.
    pub message: String,
    /// Where in the statement, if known.
    pub position: Option<Position>,
    /// What to do next, if there is something to say.
    pub hint: Option<String>,
}

/// Result with a [`SqlError`].
pub type Result<T, E = SqlError> = std::result::Result<T, E>;

impl SqlError {
    /// An error of `kind`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        SqlError { kind, message: message.into(), position: None, hint: None }
    }

    /// Types, arguments or values that do not fit.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// Something that this engine refuses by name.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// A name that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Adds the place, unless a more precise one is known already.
    pub fn at(mut self, position: Option<Position>) -> Self {
        self.position = self.position.or(position);
        self
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

impl From<SqlError> for datafusion::error::DataFusionError {
    fn from(e: SqlError) -> Self {
        datafusion::error::DataFusionError::External(Box::new(e))
    }
}

/// Fails a kernel at run time with a message for the user (Trino's wording where there is one).
pub fn fail<T>(message: impl Into<String>) -> datafusion::error::Result<T> {
    Err(SqlError::invalid(message).into())
}

impl SqlError {
    /// The message with the line of the statement that it is about, a caret below the place, and the hint.
    pub fn render(&self, sql: &str) -> String {
        let mut out = self.message.clone();
        if let Some(position) = self.position
            && let Some(line) = usize::try_from(position.line).ok().and_then(|n| sql.lines().nth(n.checked_sub(1)?))
        {
            let number = position.line.to_string();
            let column = usize::try_from(position.column).unwrap_or(1).max(1);
            let (from, to) = window(line, column);
            let shown: String =
                line.chars().skip(from).take(to - from).map(|c| if c == '\t' { ' ' } else { c }).collect();
            let before: String = line.chars().skip(from).take(column - 1 - from).collect();
            let length = usize::try_from(position.end_column).ok().and_then(|e| e.checked_sub(column)).unwrap_or(1);
            let blank = " ".repeat(unicode_width::UnicodeWidthStr::width(before.as_str()));
            let carets = "^".repeat(length.clamp(1, to.saturating_sub(column - 1).max(1)));
            let margin = " ".repeat(number.len());
            out.push_str(&format!("\n{margin} --> line {number}, column {column}"));
            out.push_str(&format!("\n{number} | {shown}\n{margin} | {blank}{carets}"));
        }
        if let Some(hint) = &self.hint {
            out.push_str(&format!("\nhint: {hint}"));
        }
        out
    }
}

/// The part of a line to show: all of it, or about 120 characters around the place.
fn window(line: &str, column: usize) -> (usize, usize) {
    const WIDTH: usize = 120;
    let length = line.chars().count();
    if length <= WIDTH {
        return (0, length.max(column - 1));
    }
    let from = (column - 1).saturating_sub(WIDTH / 2).min(length.saturating_sub(WIDTH));
    (from, (from + WIDTH).max(column - 1))
}
