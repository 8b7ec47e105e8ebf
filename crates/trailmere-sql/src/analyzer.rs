//! From syntax tree to plan: names, types and coercions are settled here; DataFusion only optimises and executes.
//!
//! Every column of every relation has an internal name that is unique in the statement (`c17`). What the user calls it,
//! which type it has and whether `*` shows it stand in a [`scope::Scope`] beside the plan; so duplicates, case and USING
//! are settled without DataFusion.

mod aggregate;
mod apply;
mod call;
mod distinct;
mod expression;
mod group;
mod join;
mod json_access;
mod lambda;
mod name;
mod order;
mod ordered;
mod pattern;
mod pattern_scope;
mod query;
mod relation;
mod routine;
mod scope;
mod select;
mod setop;
mod show;
mod stage;
mod subquery;
mod try_call;
mod unnest;
mod values;
mod varying_frame;
mod window;

use std::cell::Cell;

use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::ident;

use crate::ast::{At, Statement};
use crate::catalog::Catalog;
use crate::error::{Kind, Result, SqlError};
use crate::statement::{OutputColumn, PlanOptions, Planned, StatementKind};

/// More relations than this in one statement, after common table expressions are written out, is a mistake or an attack.
const MAX_RELATIONS: usize = 2_000;

/// Analyzes one statement.
pub(crate) struct Analyzer<'a> {
    catalog: &'a dyn Catalog,
    options: &'a PlanOptions,
    names: Cell<usize>,
    relations: Cell<usize>,
    routines: routine::Compiled,
}

impl<'a> Analyzer<'a> {
    pub(crate) fn new(catalog: &'a dyn Catalog, options: &'a PlanOptions) -> Self {
        Analyzer { catalog, options, names: Cell::new(0), relations: Cell::new(0), routines: Default::default() }
    }

    /// Plans a statement.
    pub(crate) fn statement(&self, statement: &Statement) -> Result<Planned> {
        match statement {
            Statement::Query(query) => {
                let relation = self.query(query, None, &query::Ctes::default())?;
                let columns = output_columns(&relation.scope);
                let shown = relation.scope.columns.iter().map(|c| c.column()).collect();
                let plan = project(relation.plan, shown)?;
                Ok(Planned { plan, columns, kind: StatementKind::Query })
            }
            Statement::Explain { analyze, verbose, statement } => self.explain(*analyze, *verbose, statement),
            Statement::Validate(inner) => {
                self.statement(inner)?;
                let valid = Expr::Literal(datafusion::common::ScalarValue::Boolean(Some(true)), None);
                let plan = project(values::one_row(), vec![valid.alias("valid")])?;
                let columns = vec![OutputColumn { name: "Valid".into(), ty: crate::types::Type::Boolean }];
                Ok(Planned { plan, columns, kind: StatementKind::Show })
            }
            Statement::ShowTables(like) => self.show_tables(like.as_deref()),
            Statement::ShowFunctions(like) => self.show_functions(like.as_deref()),
            Statement::Describe(table) => self.describe(table),
        }
    }

    fn explain(&self, analyze: bool, verbose: bool, statement: &Statement) -> Result<Planned> {
        let inner = self.statement(statement)?;
        let builder = datafusion::logical_expr::LogicalPlanBuilder::from(inner.plan);
        let plan = builder.explain(verbose, analyze).and_then(|b| b.build()).map_err(internal)?;
        let name = |name: &str| OutputColumn { name: name.into(), ty: crate::types::Type::VARCHAR };
        let kind = if analyze { StatementKind::ExplainAnalyze } else { StatementKind::Explain };
        Ok(Planned { plan, columns: vec![name("plan_type"), name("plan")], kind })
    }

    /// A name that nothing else in the statement has.
    fn fresh(&self) -> String {
        let n = self.names.get();
        self.names.set(n + 1);
        format!("c{n}")
    }

    /// Counts a relation against the limit.
    fn count_relation(&self, at: At) -> Result<()> {
        self.relations.set(self.relations.get() + 1);
        if self.relations.get() <= MAX_RELATIONS {
            return Ok(());
        }
        let message = format!("the statement reads more than {MAX_RELATIONS} relations");
        Err(SqlError::new(Kind::Limit, message).at(at.into()))
    }
}

/// The headings of a result.
fn output_columns(scope: &scope::Scope) -> Vec<OutputColumn> {
    let heading = |(i, c): (usize, &scope::ScopeColumn)| OutputColumn {
        name: c.heading.clone().or_else(|| c.name.clone()).unwrap_or_else(|| format!("_col{i}")),
        ty: c.ty.clone(),
    };
    scope.columns.iter().enumerate().map(heading).collect()
}

/// The column of this internal name.
fn column(id: &str) -> Expr {
    ident(id)
}

fn project(plan: LogicalPlan, exprs: Vec<Expr>) -> Result<LogicalPlan> {
    let projection = datafusion::logical_expr::Projection::try_new(exprs, std::sync::Arc::new(plan));
    projection.map(LogicalPlan::Projection).map_err(internal)
}

fn filter(plan: LogicalPlan, predicate: Expr) -> Result<LogicalPlan> {
    let filter = datafusion::logical_expr::Filter::try_new(predicate, std::sync::Arc::new(plan));
    filter.map(LogicalPlan::Filter).map_err(internal)
}

/// All columns of a plan, and more.
fn extend(plan: LogicalPlan, more: Vec<Expr>) -> Result<LogicalPlan> {
    let mut exprs: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
    exprs.extend(more);
    project(plan, exprs)
}

/// What DataFusion refuses although the analysis let it pass.
fn internal(e: datafusion::error::DataFusionError) -> SqlError {
    match e.find_root() {
        datafusion::error::DataFusionError::External(inner) => match inner.downcast_ref::<SqlError>() {
            Some(own) => own.clone(),
            None => SqlError::new(Kind::Internal, inner.to_string()),
        },
        other => SqlError::new(Kind::Internal, other.strip_backtrace()),
    }
}
