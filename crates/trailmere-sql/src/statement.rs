//! A statement, from its text to its plan.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};
use datafusion::logical_expr::LogicalPlan;

use crate::analyzer::Analyzer;
use crate::ast;
use crate::call::Typed;
use crate::catalog::{Catalog, TableName};
use crate::error::{Kind, Result, SqlError};
use crate::parser;
use crate::types::Type;

/// What planning depends on beside the statement and the catalog.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// What `now()` and `current_timestamp` are.
    pub now: DateTime<Utc>,
    /// Values of `$name`, each a constant.
    pub parameters: Vec<(String, Typed)>,
    /// The most characters that a statement may have.
    pub max_length: usize,
}

impl PlanOptions {
    /// No parameters, 1,000,000 characters.
    pub fn new(now: DateTime<Utc>) -> Self {
        PlanOptions { now, parameters: vec![], max_length: 1_000_000 }
    }
}

/// A parsed statement.
#[derive(Debug, Clone)]
pub struct Statement {
    text: String,
    ast: ast::Statement,
    tables: Vec<TableName>,
}

/// A planned statement.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What DataFusion optimises and runs. Its columns are those of `columns`, under names of its own.
    pub plan: LogicalPlan,
    /// The visible columns.
    pub columns: Vec<OutputColumn>,
    /// What kind of statement it is.
    pub kind: StatementKind,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputColumn {
    /// Its heading: as the statement spelled it, or `_col0`. Need not be unique.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Gives rows.
    Query,
    /// Shows the plan: DataFusion's own columns (Utf8), one row a plan.
    Explain,
    /// Runs the query and shows the plan with its metrics; as EXPLAIN.
    ExplainAnalyze,
    /// SHOW and DESCRIBE: rows that need no table.
    Show,
}

/// Stack for parsing and planning: both recurse as deep as the statement nests.
const STACK: usize = 256 << 20;

impl Statement {
    /// Parses one statement; a semicolon may end it.
    pub fn parse(text: &str) -> Result<Statement> {
        let (ast, tables) = with_stack(|| parser::parse_statement(text))?;
        Ok(Statement { text: text.to_string(), ast, tables })
    }

    /// The tables that the statement names, each once; common table expressions may be among them.
    pub fn table_names(&self) -> &[TableName] {
        &self.tables
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Analyzes the statement: names, types, coercions.
    pub fn plan(&self, catalog: &dyn Catalog, options: &PlanOptions) -> Result<Planned> {
        let length = self.text.chars().count();
        if length > options.max_length {
            let message = format!("the statement has {length} characters; {} are allowed", options.max_length);
            return Err(SqlError::new(Kind::Limit, message));
        }
        with_stack(|| {
            let planned = Analyzer::new(catalog, options).statement(&self.ast)?;
            let plan = crate::operators::protect_plan(planned.plan)
                .map_err(|e| SqlError::new(Kind::Internal, e.to_string()))?;
            Ok(Planned { plan, ..planned })
        })
    }
}

/// Parses every statement of a script, in order; the first error ends it.
pub fn parse_script(script: &str) -> Result<Vec<Statement>> {
    parser::split_script(script).into_iter().map(|f| Statement::parse(f.text)).collect()
}

/// Runs on a stack of its own: a thread for each would take a fifth of planning a short statement.
fn with_stack<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    let caught = catch_unwind(AssertUnwindSafe(|| stacker::grow(STACK, f)));
    let failed = || SqlError::new(Kind::Internal, "the analysis of the statement failed; please report it");
    caught.unwrap_or_else(|_| Err(failed()))
}
