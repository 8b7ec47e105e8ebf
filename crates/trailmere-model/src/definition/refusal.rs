//! Which of AWS's refusals is this? Kept as an error's cause, so that an API can answer with its name.

use thiserror::Error as ThisError;

use crate::Error;

/// Why a definition or a change of state is refused, in AWS's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Refusal {
    /// A value is malformed or out of range.
    #[error("InvalidParameterException")]
    InvalidParameter,
    /// The selectors do not hold together.
    #[error("InvalidEventSelectorsException")]
    InvalidEventSelectors,
    /// The state of the store does not permit it.
    #[error("InvalidEventDataStoreStatusException")]
    InvalidStatus,
    /// The type of the store does not permit it.
    #[error("InvalidEventDataStoreCategoryException")]
    InvalidCategory,
    /// Deletion is pending.
    #[error("InactiveEventDataStoreException")]
    Inactive,
    /// The store is protected from deletion.
    #[error("EventDataStoreTerminationProtectedException")]
    TerminationProtected,
    /// An import is running.
    #[error("EventDataStoreHasOngoingImportException")]
    OngoingImport,
    /// A channel delivers into the store.
    #[error("ChannelExistsForEDSException")]
    ChannelExists,
    /// The name is taken.
    #[error("EventDataStoreAlreadyExistsException")]
    AlreadyExists,
    /// Too many tags.
    #[error("TagsLimitExceededException")]
    TagsLimitExceeded,
    /// A tag is malformed.
    #[error("InvalidTagParameterException")]
    InvalidTag,
    /// The key is malformed.
    #[error("InvalidKmsKeyIdException")]
    InvalidKmsKeyId,
}

impl Refusal {
    /// The refusal as an error, with this as its cause: `error.cause::<Refusal>()` finds it.
    pub fn because(self, message: impl Into<String>) -> Error {
        let error = match self {
            Refusal::TagsLimitExceeded => Error::limit(message),
            _ => Error::invalid(message),
        };
        error.source(self)
    }
}
