//! Queries: WITH, bodies, recursion.

use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::order::Tail;
use super::scope::{Env, Frame, Rows, Scope, ScopeColumn};
use super::{Analyzer, column, internal, project};
use crate::ast::{self, Cte, InlineFunction, Query, QueryBody, SetOp};
use crate::coercion;
use crate::error::{Result, SqlError};

/// The common table expressions and inline functions that are visible; the last hides those before it.
#[derive(Clone, Default)]
pub(crate) struct Ctes {
    tables: Option<Rc<Node>>,
    functions: Vec<Rc<InlineFunction>>,
}

struct Node {
    name: ast::Ident,
    definition: Definition,
    before: Ctes,
}

enum Definition {
    /// Analyzed where it is used.
    Query(Cte),
    /// The rows of the step before, within a recursive one.
    Working { plan: Box<LogicalPlan>, columns: Vec<ScopeColumn> },
}

impl Ctes {
    fn with(&self, name: ast::Ident, definition: Definition) -> Ctes {
        let node = Node { name, definition, before: self.clone() };
        Ctes { tables: Some(Rc::new(node)), functions: self.functions.clone() }
    }

    fn find(&self, name: &ast::Ident) -> Option<Rc<Node>> {
        let mut at = self.tables.clone();
        while let Some(node) = at {
            if node.name == *name {
                return Some(node);
            }
            at = node.before.tables.clone();
        }
        None
    }

    /// The inline function of this name.
    pub(super) fn function(&self, name: &str) -> Option<Rc<InlineFunction>> {
        self.functions.iter().rev().find(|f| ast::same_name(&f.name.value, name)).cloned()
    }

    /// What the body of an inline function sees: the functions before it.
    pub(super) fn before_function(&self, name: &str) -> Ctes {
        let at = self.functions.iter().rposition(|f| ast::same_name(&f.name.value, name)).unwrap_or(0);
        Ctes { tables: None, functions: self.functions[..at].to_vec() }
    }
}

impl Analyzer<'_> {
    /// A query; `outer` is what a correlated one sees.
    pub(super) fn query(&self, query: &Query, outer: Option<&Env<'_>>, ctes: &Ctes) -> Result<Rows> {
        let mut ctes = ctes.clone();
        ctes.functions.extend(query.functions.iter().cloned().map(Rc::new));
        for (i, cte) in query.with.iter().enumerate() {
            if query.with[..i].iter().any(|c| c.name == cte.name) {
                let message = format!("WITH names `{}` twice", cte.name.value);
                return Err(SqlError::invalid(message).at(cte.name.at.into()));
            }
            ctes = ctes.with(cte.name.clone(), Definition::Query(cte.clone()));
        }
        let tail = Tail { order_by: &query.order_by, offset: query.offset.as_ref(), limit: query.limit.as_ref() };
        let rows = self.body(&query.body, &tail, outer, &ctes)?;
        // Unused ones must be valid too.
        for cte in &query.with {
            if let Some(node) = ctes.find(&cte.name)
                && !mentions(&query.body, &cte.name)
            {
                self.cte(&node)?;
            }
        }
        Ok(rows)
    }

    fn body(&self, body: &QueryBody, tail: &Tail<'_>, outer: Option<&Env<'_>>, ctes: &Ctes) -> Result<Rows> {
        let rows = match body {
            QueryBody::Select(select) => return self.select(select, tail, outer, ctes),
            QueryBody::Nested(query) => self.query(query, outer, ctes)?,
            QueryBody::Values(rows) => self.values(rows, outer, ctes)?,
            QueryBody::Table(name) => self.table(name, ctes)?,
            QueryBody::Set { op, all, left, right, at } => {
                let none = Tail { order_by: &[], offset: None, limit: None };
                let left = self.body(left, &none, outer, ctes)?;
                let right = self.body(right, &none, outer, ctes)?;
                self.set_operation((*op, *all), left, right).map_err(|e| e.at((*at).into()))?
            }
        };
        self.ordered(rows, tail, ctes)
    }

    /// The rows of a common table expression, if `name` is one.
    pub(super) fn find_cte(&self, name: &ast::TableName, ctes: &Ctes) -> Result<Option<Rows>> {
        let [only] = name.parts.as_slice() else { return Ok(None) };
        match ctes.find(only) {
            Some(node) => self.cte(&node).map(Some),
            None => Ok(None),
        }
    }

    fn cte(&self, node: &Node) -> Result<Rows> {
        let cte = match &node.definition {
            Definition::Query(cte) => cte,
            Definition::Working { plan, columns } => return self.renamed(plan, columns),
        };
        let rows = match recursion(cte) {
            Some((base, step, all)) => self.recursive(cte, base, (step, all), &node.before)?,
            None => self.query(&cte.query, None, &node.before)?,
        };
        Ok(Rows { plan: rows.plan, scope: rows.scope.aliased(&cte.name, &cte.columns)? })
    }

    /// The same rows under new internal names, so that they can be read twice.
    fn renamed(&self, plan: &LogicalPlan, columns: &[ScopeColumn]) -> Result<Rows> {
        let fresh: Vec<_> = columns.iter().map(|c| ScopeColumn { id: self.fresh(), ..c.clone() }).collect();
        let exprs = columns.iter().zip(&fresh).map(|(old, new)| old.column().alias(&new.id)).collect();
        Ok(Rows { plan: project(plan.clone(), exprs)?, scope: Scope { columns: fresh } })
    }

    /// WITH RECURSIVE: the base, then the step over the rows of the step before until there are none.
    fn recursive(&self, cte: &Cte, base: &QueryBody, (step, all): (&QueryBody, bool), ctes: &Ctes) -> Result<Rows> {
        if cte.columns.is_empty() {
            let message = format!("the recursive `{}` needs names for its columns", cte.name.value);
            return Err(SqlError::invalid(message).at(cte.name.at.into()));
        }
        let none = Tail { order_by: &[], offset: None, limit: None };
        let base = self.body(base, &none, None, ctes)?;
        let scope = base.scope.aliased(&cte.name, &cte.columns)?;
        let table = format!("{}_{}", cte.name.value, self.fresh());
        let schema = Arc::new(base.plan.schema().as_arrow().clone());
        let working = datafusion::catalog::cte_worktable::CteWorkTable::new(&table, schema);
        let source = datafusion::datasource::provider_as_source(Arc::new(working));
        let reference = datafusion::common::TableReference::bare(table.clone());
        let scan =
            LogicalPlanBuilder::scan(reference.clone(), source, None).and_then(|b| b.build()).map_err(internal)?;
        let ids: Vec<_> = scope.columns.iter().map(|c| ScopeColumn { id: self.fresh(), ..c.clone() }).collect();
        let scanned = scope.columns.iter().zip(&ids);
        let relabel = scanned.map(|(c, new)| {
            Expr::Column(datafusion::common::Column::new(Some(reference.clone()), &c.id)).alias(&new.id)
        });
        let plan = Box::new(project(scan, relabel.collect())?);
        let inner = ctes.with(cte.name.clone(), Definition::Working { plan, columns: ids });
        let step = self.body(step, &none, None, &inner)?;
        let mut exprs = Vec::new();
        for (c, s) in scope.columns.iter().zip(&step.scope.columns) {
            let value = coercion::coerce(s.typed(), &c.ty).map_err(|e| e.at(cte.name.at.into()))?;
            exprs.push(value.expr.alias(&c.id));
        }
        if step.scope.columns.len() != scope.columns.len() {
            let message = "the two parts of a recursive query must have as many columns";
            return Err(SqlError::invalid(message).at(cte.name.at.into()));
        }
        let step = project(step.plan, exprs)?;
        let base = project(base.plan, scope.columns.iter().map(|c| column(&c.id)).collect())?;
        let plan = LogicalPlanBuilder::from(base).to_recursive_query(table, step, !all).and_then(|b| b.build());
        Ok(Rows { plan: plan.map_err(internal)?, scope })
    }

    /// A query that another one holds.
    pub(super) fn subquery(&self, query: &Query, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let boundary = Env::inside(outer, Frame::Query);
        self.query(query, Some(&boundary), ctes)
    }
}

/// Base, step and ALL of a recursive common table expression; `None` where it does not name itself.
fn recursion(cte: &Cte) -> Option<(&QueryBody, &QueryBody, bool)> {
    match &cte.query.body {
        QueryBody::Set { op: SetOp::Union, all, left, right, .. } if cte.recursive && mentions(right, &cte.name) => {
            Some((left, right, *all))
        }
        _ => None,
    }
}

/// Whether a body may read a relation of this name: its text does.
fn mentions(body: &QueryBody, name: &ast::Ident) -> bool {
    // The derived form of a tree names every table in it.
    let text = format!("{body:?}").to_lowercase();
    text.contains(&format!("value: {:?}", name.value.to_lowercase()))
}
