//! What the analyzer asks of whoever owns the tables.

use std::sync::Arc;

use datafusion::logical_expr::{Expr, TableSource};

pub use crate::ast::TableName;
use crate::types::Type;

/// Knows the tables. Asked while planning, so it must not wait: open tables beforehand (see `Statement::table_names`).
pub trait Catalog: Send + Sync {
    /// The table of this name, if there is one.
    fn table(&self, name: &TableName) -> Option<Table>;

    /// Names of tables, for SHOW TABLES and "did you mean".
    fn table_names(&self) -> Vec<String> {
        vec![]
    }
}

/// A catalog without tables.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyCatalog;

impl Catalog for EmptyCatalog {
    fn table(&self, _: &TableName) -> Option<Table> {
        None
    }
}

/// A table as SQL sees it.
#[derive(Clone)]
pub struct Table {
    /// What is scanned.
    pub source: Arc<dyn TableSource>,
    /// The columns, in the order of `*`.
    pub columns: Vec<TableColumn>,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct TableColumn {
    /// Its name; matched without regard to case.
    pub name: String,
    /// How `SELECT *` heads it, where that is not the name.
    pub display: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Left out of `*`.
    pub hidden: bool,
    /// Its value over the source's schema: a column, or something computed. Cast where its Arrow type is not `ty.arrow()`.
    pub expr: Expr,
}
