//! Queries: WITH, bodies, recursion.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::order::Tail;
use super::scope::{Env, Frame, Rows, Scope, ScopeColumn};
use super::{Analyzer, column, internal, project};
use crate::ast::{self, Cte, InlineFunction, Query, QueryBody, SetOp};
use crate::coercion;
use crate::error::{Result, SqlError};

/// The most steps of a recursive query.
const MAX_STEPS: usize = 10_000;

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
    used: Cell<bool>,
}

enum Definition {
    /// Analyzed where it is used.
    Query(Box<Cte>),
    /// The rows of the step before, within a recursive one.
    Working { plan: Box<LogicalPlan>, columns: Vec<ScopeColumn> },
}

impl Ctes {
    fn with(&self, name: ast::Ident, definition: Definition) -> Ctes {
        let node = Node { name, definition, before: self.clone(), used: Cell::new(false) };
        Ctes { tables: Some(Rc::new(node)), functions: self.functions.clone() }
    }

    fn find(&self, name: &ast::Ident) -> Option<Rc<Node>> {
        let mut at = self.tables.clone();
        while let Some(node) = at {
            if node.name == *name {
                node.used.set(true);
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

impl Ctes {
    /// Whether there are inline functions.
    pub(super) fn has_functions(&self) -> bool {
        !self.functions.is_empty()
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
            ctes = ctes.with(cte.name.clone(), Definition::Query(Box::new(cte.clone())));
        }
        let tail = Tail { order_by: &query.order_by, offset: query.offset.as_ref(), limit: query.limit.as_ref() };
        let rows = self.body(&query.body, &tail, outer, &ctes)?;
        // What nothing uses must be valid too.
        let mut node = ctes.tables.clone();
        for _ in &query.with {
            let Some(at) = node else { break };
            if !at.used.get() {
                self.cte(&at)?;
            }
            node = at.before.tables.clone();
        }
        Ok(rows)
    }

    fn body(&self, body: &QueryBody, tail: &Tail<'_>, outer: Option<&Env<'_>>, ctes: &Ctes) -> Result<Rows> {
        let rows = match body {
            QueryBody::Select(select) => return self.select(select, tail, outer, ctes),
            QueryBody::Nested(query) => self.query(query, outer, ctes)?,
            QueryBody::Values(rows) => self.values(rows, outer, ctes)?,
            QueryBody::Table(name) => self.table(name, ctes)?,
            QueryBody::Corresponding { op, all, left, right, at } => {
                let none = Tail { order_by: &[], offset: None, limit: None };
                let left = self.body(left, &none, outer, ctes)?;
                let right = self.body(right, &none, outer, ctes)?;
                let both =
                    super::setop::corresponding(left, right).and_then(|(l, r)| self.set_operation((*op, *all), l, r));
                both.map_err(|e| e.at((*at).into()))?
            }
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
        if cte.recursive
            && let Some(rows) = self.recursive(cte, &node.before)?
        {
            return Ok(rows);
        }
        let rows = self.query(&cte.query, None, &node.before)?;
        Ok(Rows { plan: rows.plan, scope: rows.scope.aliased(&cte.name, &cte.columns)? })
    }

    /// The same rows under new internal names, so that they can be read twice.
    fn renamed(&self, plan: &LogicalPlan, columns: &[ScopeColumn]) -> Result<Rows> {
        let fresh: Vec<_> = columns.iter().map(|c| ScopeColumn { id: self.fresh(), ..c.clone() }).collect();
        let exprs = columns.iter().zip(&fresh).map(|(old, new)| old.column().alias(&new.id)).collect();
        Ok(Rows { plan: project(plan.clone(), exprs)?, scope: Scope { columns: fresh } })
    }

    /// WITH RECURSIVE: the base, then the step over the rows of the step before until there are none. `None` where the
    /// query does not name itself.
    fn recursive(&self, cte: &Cte, ctes: &Ctes) -> Result<Option<Rows>> {
        let QueryBody::Set { op: SetOp::Union, all, left, right, .. } = &cte.query.body else { return Ok(None) };
        let mut ctes = ctes.clone();
        for inner in &cte.query.with {
            ctes = ctes.with(inner.name.clone(), Definition::Query(Box::new(inner.clone())));
        }
        let none = Tail { order_by: &[], offset: None, limit: None };
        let base = self.body(left, &none, None, &ctes)?;
        let given = base.scope.columns.len() == cte.columns.len();
        let scope = if given { base.scope.aliased(&cte.name, &cte.columns)? } else { base.scope };
        let table = format!("{}_{}", cte.name.value, self.fresh());
        let (scan, ids) = self.working_table(&table, &base.plan, &scope)?;
        let inner = ctes.with(cte.name.clone(), Definition::Working { plan: Box::new(scan), columns: ids });
        let step = self.body(right, &none, None, &inner)?;
        if !inner.tables.as_ref().is_some_and(|n| n.used.get()) {
            return Ok(None);
        }
        let fail = |message: &str| Err(SqlError::invalid(message).at(cte.name.at.into()));
        if !given {
            return fail("a recursive query needs a name for each of its columns");
        }
        let query = &cte.query;
        if !query.order_by.is_empty() || query.offset.is_some() || query.limit.is_some() || limits(right) {
            return fail("a recursive query cannot have ORDER BY, OFFSET or LIMIT");
        }
        if step.scope.columns.len() != scope.columns.len() {
            return fail("both parts of a recursive query must have as many columns");
        }
        let mut exprs = Vec::new();
        for (c, s) in scope.columns.iter().zip(&step.scope.columns) {
            let value = coercion::coerce(s.typed(), &c.ty).map_err(|e| e.at(cte.name.at.into()))?;
            exprs.push(value.expr.alias(&c.id));
        }
        let step = project(step.plan, exprs)?;
        let base = project(base.plan, scope.columns.iter().map(|c| column(&c.id)).collect())?;
        let plan = LogicalPlanBuilder::from(base).to_recursive_query(table, step, !all).and_then(|b| b.build());
        Ok(Some(Rows { plan: plan.map_err(internal)?, scope }))
    }

    /// The rows of the step before, as a table.
    fn working_table(&self, table: &str, base: &LogicalPlan, scope: &Scope) -> Result<(LogicalPlan, Vec<ScopeColumn>)> {
        let fields: Vec<_> = scope.columns.iter().map(|c| crate::function::field_of(&c.id, &c.ty)).collect();
        debug_assert_eq!(base.schema().fields().len(), fields.len(), "the base has the columns of its scope");
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let working = datafusion::catalog::cte_worktable::CteWorkTable::new(table, schema);
        let source = datafusion::datasource::provider_as_source(Arc::new(working));
        let reference = datafusion::common::TableReference::bare(table);
        let scan =
            LogicalPlanBuilder::scan(reference.clone(), source, None).and_then(|b| b.build()).map_err(internal)?;
        let ids: Vec<_> = scope.columns.iter().map(|c| ScopeColumn { id: self.fresh(), ..c.clone() }).collect();
        let relabel = scope.columns.iter().zip(&ids).map(|(c, new)| {
            Expr::Column(datafusion::common::Column::new(Some(reference.clone()), &c.id)).alias(&new.id)
        });
        let rows = super::filter(project(scan, relabel.collect())?, self.recursion_guard())?;
        Ok((rows, ids))
    }

    /// True, until a recursion has taken so many steps that it will not end.
    fn recursion_guard(&self) -> Expr {
        let steps = std::sync::atomic::AtomicUsize::new(0);
        let kernel = move |args: &crate::function::CallArgs<'_>| {
            // A step reads its rows in one batch or more.
            if steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= MAX_STEPS {
                return crate::error::fail(format!("the recursive query does not end: it has taken {MAX_STEPS} steps"));
            }
            let all = arrow::array::BooleanArray::from(vec![true; args.rows]);
            Ok(datafusion::logical_expr::ColumnarValue::Array(Arc::new(all)))
        };
        let call = crate::function::ScalarCall::new(vec![], crate::types::Type::Boolean, kernel);
        let name = format!("recursion_{}", self.fresh());
        crate::call::apply(&name, call.handles_nulls().volatile(), vec![], vec![]).expr
    }

    /// A query that another one holds.
    pub(super) fn subquery(&self, query: &Query, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let boundary = Env::inside(outer, Frame::Query);
        self.query(query, Some(&boundary), ctes)
    }
}

/// Whether a body sorts or limits.
fn limits(body: &QueryBody) -> bool {
    match body {
        QueryBody::Nested(q) => !q.order_by.is_empty() || q.offset.is_some() || q.limit.is_some() || limits(&q.body),
        _ => false,
    }
}
