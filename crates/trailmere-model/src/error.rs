//! How does a failure say what happened, where, and what to do next?

use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about a failure; a closed set, mapped once to exit codes and once to AWS exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A text could not be parsed.
    Syntax,
    /// Understood, but not offered.
    Unsupported,
    /// The named thing does not exist.
    NotFound,
    /// A value, a definition or a state does not permit it.
    Invalid,
    /// A setting's limit was reached.
    Limit,
    /// Stopped by the user.
    Cancelled,
    /// Storage or network failed; the same call may succeed later.
    Unavailable,
    /// Stored or delivered bytes are not what they must be.
    Corrupt,
    /// A fault of this program.
    Internal,
}

impl Kind {
    /// The kind in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Syntax => "syntax",
            Kind::Unsupported => "unsupported",
            Kind::NotFound => "not found",
            Kind::Invalid => "invalid",
            Kind::Limit => "limit",
            Kind::Cancelled => "cancelled",
            Kind::Unavailable => "unavailable",
            Kind::Corrupt => "corrupt",
            Kind::Internal => "internal",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Source = Box<dyn StdError + Send + Sync>;

/// A failure: its kind, a message, the place it happened at, a hint, and the cause below it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    at: Option<String>,
    hint: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// Makes an error; the message is lower case, without a final stop, with the user's own words in backticks.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), at: None, hint: None, source: None }
    }

    /// Names the place: file, record, field, store or position. An outer place goes before an inner one.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        let outer = place.into();
        self.at = Some(match self.at {
            Some(inner) => format!("{outer}, {inner}"),
            None => outer,
        });
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn source(mut self, cause: impl Into<Source>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place, if one is known.
    pub fn place(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// What to do next, if known.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The cause, if it is of type `E`.
    pub fn cause<E: StdError + 'static>(&self) -> Option<&E> {
        self.source.as_ref().and_then(|cause| cause.downcast_ref())
    }

    /// [`Kind::Syntax`].
    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(Kind::Syntax, message)
    }

    /// [`Kind::Unsupported`].
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// [`Kind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// [`Kind::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// [`Kind::Limit`].
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(Kind::Limit, message)
    }

    /// [`Kind::Cancelled`].
    pub fn cancelled(message: impl Into<String>) -> Self {
        Self::new(Kind::Cancelled, message)
    }

    /// [`Kind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// [`Kind::Corrupt`].
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Kind::Corrupt, message)
    }

    /// [`Kind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.at {
            write!(f, "\n  at {place}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|cause| cause.as_ref() as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_message_place_and_hint_on_a_line_each() {
        let error = Error::invalid("`x` is no region").at("store `a`").hint("try `eu-west-1`");
        assert_eq!(error.to_string(), "`x` is no region\n  at store `a`\nhint: try `eu-west-1`");
        assert_eq!(Error::limit("too much").to_string(), "too much");
    }

    #[test]
    fn an_outer_place_goes_before_an_inner_one() {
        let error = Error::corrupt("no JSON").at("record 3").at("file `a.json.gz`");
        assert_eq!(error.place(), Some("file `a.json.gz`, record 3"));
    }

    #[test]
    fn keeps_its_cause() {
        let error = Error::unavailable("cannot read").source(std::io::Error::other("disk on fire"));
        assert_eq!(error.cause::<std::io::Error>().map(ToString::to_string).as_deref(), Some("disk on fire"));
        assert!(error.cause::<fmt::Error>().is_none());
        assert!(StdError::source(&error).is_some());
        assert!(std::mem::size_of::<Error>() <= 128, "errors travel in every result: keep them small");
    }
}
