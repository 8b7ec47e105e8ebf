//! Trino's `SELECT` on DataFusion: how does Trino text become a plan?
//!
//! Touches no file, clock or network, and knows nothing of CloudTrail. Rejects what it cannot honour by name and
//! position; never approximates silently.

mod analyzer;
pub mod ast;
pub mod call;
mod canonical;
pub mod cast;
pub mod catalog;
pub mod coercion;
pub mod error;
pub mod function;
pub mod functions;
mod json;
pub mod lambda;
pub mod literal;
mod nearest;
pub mod operators;
mod parser;
mod pattern;
#[cfg(test)]
mod properties;
pub mod render;
mod routine;
pub mod scalar;
pub mod session;
pub mod statement;
mod temporal;
#[cfg(test)]
mod testing;
pub mod type_name;
pub mod types;
mod zone;

pub use call::Typed;
pub use catalog::{Catalog, EmptyCatalog, Table, TableColumn, TableName};
pub use error::{Kind, Position, SqlError};
pub use json::member::member_text;
pub use parser::{Fragment, split_script};
pub use statement::{OutputColumn, PlanOptions, Planned, Statement, StatementKind, parse_script};
pub use types::{RowField, Type};
