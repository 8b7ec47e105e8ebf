//! What an expression may hold where it stands, and what it leaves to be computed beside it.

use std::cell::RefCell;

use datafusion::logical_expr::Expr;

use super::query::Ctes;
use super::scope::Env;
use super::subquery::Pending;
use crate::ast;
use crate::call::Typed;
use crate::error::{Result, SqlError};

/// The part of a query that an expression stands in. Aggregates, windows and subqueries are not computed within an
/// expression: it refers to a column that the stage's plan gets.
pub(crate) struct Stage<'s> {
    /// Its name in errors.
    pub(crate) clause: &'static str,
    /// The stage in which arguments of aggregates are computed; `None` where aggregates are not allowed.
    pub(crate) input: Option<&'s Stage<'s>>,
    /// Aggregates: internal name and call.
    pub(crate) aggregates: RefCell<Vec<(String, Expr)>>,
    /// Whether window functions are allowed.
    pub(crate) windowed: bool,
    /// Window functions: internal name and call.
    pub(crate) windows: RefCell<Vec<(String, Expr)>>,
    /// Patterns in windows.
    pub(crate) patterns: RefCell<Vec<super::pattern::PatternWindow>>,
    /// Named windows.
    pub(crate) named_windows: &'s [(ast::Ident, ast::WindowSpec)],
    /// Subqueries.
    pub(crate) subqueries: RefCell<Vec<Pending>>,
    /// Expressions that are grouping keys: what they are called after grouping.
    pub(crate) keys: RefCell<Vec<(ast::Expr, Typed)>>,
    /// Calls of `grouping`: the result's name and the keys.
    pub(crate) groupings: RefCell<Vec<(String, Vec<Typed>)>>,
}

impl Stage<'_> {
    /// A stage without aggregates and windows.
    pub(crate) fn plain(clause: &'static str) -> Stage<'static> {
        Stage {
            clause,
            input: None,
            aggregates: RefCell::default(),
            windowed: false,
            windows: RefCell::default(),
            patterns: RefCell::default(),
            named_windows: &[],
            subqueries: RefCell::default(),
            keys: RefCell::default(),
            groupings: RefCell::default(),
        }
    }

    /// Takes the subqueries that have been left so far.
    pub(crate) fn take_subqueries(&self) -> Vec<Pending> {
        self.subqueries.take()
    }
}

/// Where an expression is analyzed.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) env: &'c Env<'c>,
    pub(crate) ctes: &'c Ctes,
    pub(crate) stage: &'c Stage<'c>,
}

impl<'c> Context<'c> {
    /// The same stage, other names.
    pub(crate) fn with_env(self, env: &'c Env<'c>) -> Context<'c> {
        Context { env, ..self }
    }

    /// Where the arguments of an aggregate are analyzed.
    pub(crate) fn input(self, what: &str) -> Result<Context<'c>> {
        match self.stage.input {
            Some(stage) => Ok(Context { stage, ..self }),
            None => Err(SqlError::invalid(format!("{} cannot contain {what}", self.stage.clause))),
        }
    }
}
