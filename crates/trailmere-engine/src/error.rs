//! Errors of the SQL crate and of DataFusion, in Trailmere's words.

use datafusion::error::DataFusionError;
use trailmere_model::{Error, Kind};
use trailmere_sql::SqlError;

use crate::scan::Unreadable;

/// An error of the analysis, with the place in the statement.
pub(crate) fn sql_error(error: SqlError, sql: &str) -> Error {
    let mut out = Error::new(kind(error.kind), error.message.clone());
    if error.position.is_some() {
        let place = SqlError { message: String::new(), hint: None, ..error.clone() };
        out = out.at(place.render(sql).trim_start_matches('\n'));
    }
    match error.hint {
        Some(hint) => out.hint(hint),
        None => out,
    }
}

fn kind(kind: trailmere_sql::Kind) -> Kind {
    match kind {
        trailmere_sql::Kind::Syntax => Kind::Syntax,
        trailmere_sql::Kind::Unsupported => Kind::Unsupported,
        trailmere_sql::Kind::NotFound => Kind::NotFound,
        trailmere_sql::Kind::Invalid => Kind::Invalid,
        trailmere_sql::Kind::Limit => Kind::Limit,
        trailmere_sql::Kind::Internal => Kind::Internal,
    }
}

/// An error of planning or running, with the memory that the queries of the engine may have.
pub(crate) fn run_error(error: DataFusionError, sql: &str, memory_limit: usize) -> Error {
    let root = error.find_root();
    if let DataFusionError::External(inner) = root
        && let Some(ours) = inner.downcast_ref::<SqlError>()
    {
        return sql_error(ours.clone(), sql);
    }
    if let DataFusionError::External(inner) = root
        && let Some(Unreadable { part, reason }) = inner.downcast_ref()
    {
        return Error::corrupt(format!("{part} can't be decoded"))
            .source(first_line(reason).to_string())
            .hint("put the file back from a copy; `trailmere doctor` looks over the rest of the lake");
    }
    match root {
        DataFusionError::ResourcesExhausted(message) => {
            let limit = size(memory_limit);
            Error::limit(format!("the query needs more memory than the {limit} it may have: {}", first_line(message)))
                .hint("raise `--memory-limit`, narrow the time range, or ask for fewer columns")
        }
        DataFusionError::ArrowError(inner, _) => Error::invalid(first_line(&inner.to_string()).to_string()),
        DataFusionError::Execution(message) => Error::invalid(first_line(message).to_string()),
        DataFusionError::ObjectStore(inner) => {
            Error::unavailable("a data file can't be read").source(inner.to_string())
        }
        DataFusionError::ParquetError(inner) => {
            Error::corrupt("a data file can't be decoded").source(inner.to_string())
        }
        DataFusionError::NotImplemented(message) => Error::unsupported(first_line(message).to_string()),
        other => Error::internal(format!("the query can't be run: {}", first_line(&other.to_string())))
            .hint("please report this with the statement"),
    }
}

fn size(bytes: usize) -> String {
    match bytes as f64 / f64::from(1 << 20) {
        megabytes if megabytes < 1024.0 => format!("{megabytes:.1} MB"),
        megabytes => format!("{:.1} GB", megabytes / 1024.0),
    }
}

/// DataFusion appends back traces and contexts; users need the sentence.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}
