//! A data file that can't be read as what it must be.

use std::fmt;

use datafusion::common::DataFusionError;

/// What of which file can't be decoded, and why. The reason is a text: as a source it would stand for the whole error.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The part, and the file's path in the lake.
    pub(crate) part: String,
    /// What the reader said.
    pub(crate) reason: String,
}

impl Unreadable {
    /// Wraps what a reader said; a store that can't be reached says for itself which file it was asked for.
    pub(crate) fn error(part: impl Into<String>, error: DataFusionError) -> DataFusionError {
        match error {
            DataFusionError::ObjectStore(_) => error,
            other => {
                let reason = other.strip_backtrace();
                DataFusionError::External(Box::new(Unreadable { part: part.into(), reason }))
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} can't be decoded: {}", self.part, self.reason)
    }
}

impl std::error::Error for Unreadable {}
