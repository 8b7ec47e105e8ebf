//! How do the failures of storage, Delta and Parquet become the errors that a user reads?

use deltalake::DeltaTableError;
use object_store::Error as StorageError;
use trailmere_model::{Error, Kind};

/// Turns a failure of the object store into an error; `doing` completes "cannot …".
pub(crate) fn storage(error: StorageError, doing: impl std::fmt::Display) -> Error {
    let cause = innermost(&error);
    let is_refused = is_refused(&error, &cause);
    let kind = if is_refused { Kind::Invalid } else { storage_kind(&error) };
    let hint = match &error {
        _ if is_refused => Some("check the credentials in use and what they permit on this bucket or folder"),
        StorageError::NotSupported { .. } | StorageError::NotImplemented { .. } => {
            Some("the lake needs conditional puts (`If-None-Match`); choose a server that has them")
        }
        _ => None,
    };
    let wrapped = Error::new(kind, format!("cannot {doing}: {cause}")).source(error);
    match hint {
        Some(hint) => wrapped.hint(hint),
        None => wrapped,
    }
}

/// Turns a failure of the Delta library into an error; `doing` completes "cannot …".
pub(crate) fn delta(error: DeltaTableError, doing: impl std::fmt::Display) -> Error {
    match error {
        DeltaTableError::ObjectStore { source } => storage(source, doing),
        DeltaTableError::NotATable(_) => Error::not_found(format!("cannot {doing}: there is no Delta table")),
        other => {
            let kind = match &other {
                DeltaTableError::InvalidJsonLog { .. } => Kind::Corrupt,
                _ => Kind::Unavailable,
            };
            Error::new(kind, format!("cannot {doing}: {}", innermost(&other))).source(other)
        }
    }
}

/// Turns a failure of reading or writing Parquet into an error; `doing` completes "cannot …".
pub(crate) fn parquet(error: parquet::errors::ParquetError, doing: impl std::fmt::Display) -> Error {
    let error = match error {
        parquet::errors::ParquetError::External(cause) => match cause.downcast::<StorageError>() {
            Ok(cause) => return storage(*cause, doing),
            Err(cause) => parquet::errors::ParquetError::External(cause),
        },
        other => other,
    };
    Error::corrupt(format!("cannot {doing}: {error}")).source(error)
}

/// Turns a failure of an Arrow kernel into an error; `doing` completes "cannot …".
pub(crate) fn arrow(error: arrow::error::ArrowError, doing: impl std::fmt::Display) -> Error {
    Error::internal(format!("cannot {doing}: {error}")).source(error)
}

/// Turns a task that did not come back into an error.
pub(crate) fn task(error: tokio::task::JoinError) -> Error {
    Error::internal("a background task ended early").source(error)
}

/// A storage failure made from a failed system call.
pub(crate) fn io(error: std::io::Error, path: &std::path::Path) -> StorageError {
    let path = path.display().to_string();
    match error.kind() {
        std::io::ErrorKind::NotFound => StorageError::NotFound { path, source: Box::new(error) },
        std::io::ErrorKind::AlreadyExists => StorageError::AlreadyExists { path, source: Box::new(error) },
        std::io::ErrorKind::PermissionDenied => StorageError::PermissionDenied { path, source: Box::new(error) },
        _ => StorageError::Generic { store: "folder", source: format!("{path}: {error}").into() },
    }
}

fn storage_kind(error: &StorageError) -> Kind {
    match error {
        StorageError::NotFound { .. } => Kind::NotFound,
        StorageError::AlreadyExists { .. } | StorageError::Precondition { .. } | StorageError::InvalidPath { .. } => {
            Kind::Invalid
        }
        StorageError::NotSupported { .. } | StorageError::NotImplemented { .. } => Kind::Unsupported,
        _ => Kind::Unavailable,
    }
}

/// A listing that is refused comes as a general failure, which only its text tells from others.
fn is_refused(error: &StorageError, cause: &str) -> bool {
    let said = ["401 Unauthorized", "403 Forbidden", "no AWS credentials"];
    match error {
        StorageError::PermissionDenied { .. } | StorageError::Unauthenticated { .. } => true,
        StorageError::Generic { .. } => said.iter().any(|words| cause.contains(words)),
        _ => false,
    }
}

/// The deepest cause says most; what lies above repeats it in other words.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
