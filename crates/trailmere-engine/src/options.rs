//! Limits and settings of an engine, with defaults that suit a laptop.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::jobs::JobOptions;

/// Settings of an [`crate::Engine`].
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Bytes that all queries of this engine may hold together; beyond it sorts, joins and aggregations spill to disk.
    pub memory_limit: usize,
    /// Bytes of files' footers and page indexes that are kept, so that a second question does not read them again.
    pub metadata_cache: usize,
    /// Bytes of decoded columns that are kept, so that a second question does not decode them again; beside what queries
    /// hold, and at most half of that.
    pub column_cache: usize,
    /// Threads that one query uses.
    pub threads: usize,
    /// Longest statement, in characters. Lake's limit is 10,000; the default here is larger.
    pub statement_limit: usize,
    /// How queries are run as jobs.
    pub jobs: JobOptions,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            memory_limit: 4 << 30,
            metadata_cache: 256 << 20,
            column_cache: 1 << 30,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            statement_limit: 1_000_000,
            jobs: JobOptions::default(),
        }
    }
}

/// What a query is asked with, beside its text.
#[derive(Debug, Clone)]
pub struct QueryRequest {
    /// What `events`, `insights`, `$EDS_ID` and `$EventDataStoreId$` mean: a store's name, id, unique id prefix or ARN.
    pub store: Option<String>,
    /// Values of `$name` parameters; bound as values, never pasted into the text.
    pub parameters: Vec<Parameter>,
    /// The time that the statement sees as now.
    pub now: chrono::DateTime<chrono::Utc>,
    /// How long the query may run.
    pub timeout: Option<Duration>,
}

/// The value of a `$name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, without the dollar sign.
    pub name: String,
    /// The value.
    pub value: ParameterValue,
}

/// How a parameter's value is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterValue {
    /// A varchar.
    Text(String),
    /// The text of a value of a type: cast as Trino casts varchar.
    Typed {
        /// Trino's name of the type.
        type_name: String,
        /// The text.
        text: String,
    },
    /// An SQL expression that needs no table: the default of a saved query's parameter.
    Expression {
        /// Trino's name of the type.
        type_name: String,
        /// The expression.
        sql: String,
    },
}
