//! What stands after FROM: tables, subqueries, table functions, samples.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder};

use super::query::Ctes;
use super::scope::{Env, Frame, Rows, Scope, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, filter, internal, project};
use crate::ast::{self, Relation, RelationKind, TableArgument, TableFunction, TableName};
use crate::call::apply;
use crate::catalog::Table;
use crate::coercion;
use crate::error::{Result, SqlError};
use crate::function::ScalarCall;
use crate::types::Type;

impl Analyzer<'_> {
    /// The relations of FROM, each seeing those before it where it is lateral.
    pub(super) fn from(&self, relations: &[Relation], outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let mut all = Rows { plan: super::values::one_row(), scope: Scope::default() };
        for (i, relation) in relations.iter().enumerate() {
            all = if i == 0 && !is_lateral(relation) {
                self.relation(relation, outer, ctes)?
            } else {
                self.joined(all, relation, (ast::JoinKind::Cross, &ast::JoinCondition::None), (outer, ctes))?
            };
        }
        Ok(all)
    }

    /// A relation that sees no sibling.
    pub(super) fn relation(&self, relation: &Relation, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        self.count_relation(relation.at)?;
        match relation.kind.as_ref() {
            RelationKind::Table(name) => self.table(name, ctes),
            RelationKind::Subquery(query) => {
                let rows = self.query(query, outer.outer.map(|_| outer), ctes)?;
                Ok(Rows { scope: anonymous(rows.scope), ..rows })
            }
            RelationKind::Aliased(inner, alias, columns) => {
                let rows = self.relation(inner, outer, ctes)?;
                Ok(Rows { plan: rows.plan, scope: rows.scope.aliased(alias, columns)? })
            }
            RelationKind::Unnest(..) | RelationKind::Lateral(_) => {
                let none = Rows { plan: super::values::one_row(), scope: Scope::default() };
                self.joined(none, relation, (ast::JoinKind::Cross, &ast::JoinCondition::None), (outer, ctes))
            }
            RelationKind::Join(kind, left, right, condition) => {
                let left = self.relation(left, outer, ctes)?;
                self.joined(left, right, (*kind, condition), (outer, ctes))
            }
            RelationKind::Sample(inner, percentage) => {
                let rows = self.relation(inner, outer, ctes)?;
                self.sample(rows, percentage, outer, ctes)
            }
            RelationKind::Function(function) => self.table_function(function, relation.at, outer, ctes),
            RelationKind::Match(inner, m) => {
                let rows = self.relation(inner, outer, ctes)?;
                self.match_recognize(rows, m, outer, ctes)
            }
        }
    }

    /// A table, or a common table expression.
    pub(super) fn table(&self, name: &TableName, ctes: &Ctes) -> Result<Rows> {
        self.count_relation(name.at)?;
        if let Some(rows) = self.find_cte(name, ctes)? {
            return Ok(rows);
        }
        let Some(table) = self.catalog.table(name) else {
            return Err(self.unknown_table(name));
        };
        self.scan(name, table)
    }

    pub(super) fn unknown_table(&self, name: &TableName) -> SqlError {
        let known = self.catalog.table_names();
        let e = SqlError::not_found(format!("table `{}` does not exist", name.text())).at(name.at.into());
        match crate::nearest::nearest(&name.text(), known.iter().map(String::as_str)) {
            Some(near) => e.hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => e,
            None => e.hint("SHOW TABLES lists all tables"),
        }
    }

    fn scan(&self, name: &TableName, table: Table) -> Result<Rows> {
        let reference = TableReference::bare(format!("t{}", self.fresh()));
        let schema = table.source.schema();
        let scan = LogicalPlanBuilder::scan(reference.clone(), table.source, None);
        let scan = scan.and_then(|b| b.build()).map_err(internal)?;
        let relation: Vec<String> = name.parts.iter().map(|p| p.value.clone()).collect();
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for c in table.columns {
            let id = self.fresh();
            let value = qualified(c.expr, &reference)?;
            let as_is = match &value {
                Expr::Column(column) => {
                    schema.field_with_name(&column.name).is_ok_and(|f| *f.data_type() == c.ty.arrow())
                }
                _ => false,
            };
            let value = if as_is { value } else { converted(value, &c.ty, &scan)? };
            exprs.push(value.alias(&id));
            let column = ScopeColumn::named(id, Some(c.name), c.ty);
            columns.push(ScopeColumn { relation: relation.clone(), heading: c.display, hidden: c.hidden, ..column });
        }
        Ok(Rows { plan: project(scan, exprs)?, scope: Scope { columns } })
    }

    /// TABLESAMPLE: each row is kept with the probability given; SYSTEM does the same.
    fn sample(&self, rows: Rows, percentage: &ast::Expr, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let stage = Stage::plain("TABLESAMPLE");
        let value = self.expr(percentage, Context { env: outer, ctes, stage: &stage })?;
        let value = coercion::coerce(value, &Type::Double)?;
        let share = match value.literal() {
            Some(datafusion::common::ScalarValue::Float64(Some(p))) if (0.0..=100.0).contains(p) => *p / 100.0,
            _ => return Err(SqlError::invalid("a sample takes a percentage from 0 to 100").at(percentage.at.into())),
        };
        let kernel = move |args: &crate::function::CallArgs<'_>| {
            let kept = (0..args.rows).map(|_| Some(rand::random::<f64>() < share));
            Ok(ColumnarValue::Array(Arc::new(kept.collect::<arrow::array::BooleanArray>())))
        };
        let call = ScalarCall::new(vec![], Type::Boolean, kernel).handles_nulls().volatile();
        let chosen = apply("sample", call, vec![], vec![]);
        Ok(Rows { plan: filter(rows.plan, chosen.expr)?, scope: rows.scope })
    }

    /// `TABLE(sequence(…))`, `TABLE(exclude_columns(…))`.
    fn table_function(&self, function: &TableFunction, at: ast::At, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        match function.name.value.to_lowercase().as_str() {
            "sequence" => self.sequence(function, at, outer, ctes),
            "exclude_columns" => self.exclude_columns(function, at, outer, ctes),
            _ => {
                let e = SqlError::not_found(format!("table function `{}` does not exist", function.name.value));
                Err(e.at(function.name.at.into()).hint("table functions are `sequence` and `exclude_columns`"))
            }
        }
    }

    fn sequence(&self, function: &TableFunction, at: ast::At, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let one = || ast::Expr::new(ast::ExprKind::Typed("bigint".into(), "1".into()), at);
        let zero = || ast::Expr::new(ast::ExprKind::Typed("bigint".into(), "0".into()), at);
        let null = |e: &ast::Expr| matches!(e.kind.as_ref(), ast::ExprKind::Null);
        let mut args = [Some(zero()), None, Some(one())];
        for (i, (name, value)) in function.args.iter().enumerate() {
            let place = match name {
                Some(name) => ["start", "stop", "step"].iter().position(|n| ast::same_name(n, &name.value)),
                None => Some(i),
            };
            match (place, value) {
                (_, TableArgument::Scalar(e)) if null(e) => {
                    return Err(SqlError::invalid("an argument of `sequence` must not be NULL").at(e.at.into()));
                }
                (Some(place), TableArgument::Scalar(e)) if place < 3 => {
                    let cast = ast::ExprKind::Cast(e.clone(), Type::BigInt, false);
                    args[place] = Some(ast::Expr::new(cast, e.at));
                }
                _ => return Err(SqlError::invalid("`sequence` takes start, stop and step").at(at.into())),
            }
        }
        let args: Vec<_> = args.into_iter().flatten().collect();
        if args.len() < 3 {
            return Err(SqlError::invalid("`sequence` needs `stop`").at(at.into()));
        }
        let kind = RelationKind::Unnest(vec![ast::Expr::call("sequence", args, at)], false);
        let name = |text: &str| ast::Ident::new(text, at);
        let unnest = Relation { kind: Box::new(kind), at };
        let kind = RelationKind::Aliased(unnest, name("sequence"), vec![name("sequential_number")]);
        self.relation(&Relation { kind: Box::new(kind), at }, outer, ctes)
    }

    fn exclude_columns(&self, function: &TableFunction, at: ast::At, outer: &Env<'_>, ctes: &Ctes) -> Result<Rows> {
        let (mut input, mut columns) = (None, None);
        for (_, value) in &function.args {
            match value {
                TableArgument::Table(relation) => input = Some(relation),
                TableArgument::Descriptor(names) => columns = Some(names),
                TableArgument::Scalar(_) => {}
            }
        }
        let (Some(input), Some(names)) = (input, columns) else {
            let message = "`exclude_columns` takes input => TABLE(…) and columns => DESCRIPTOR(…)";
            return Err(SqlError::invalid(message).at(at.into()));
        };
        let rows = self.relation(input, outer, ctes)?;
        for name in names {
            if !rows.scope.columns.iter().any(|c| c.is_named(&name.value)) {
                let message = format!("the input has no column `{}`", name.value);
                return Err(SqlError::not_found(message).at(name.at.into()));
            }
        }
        let kept = |c: &ScopeColumn| !c.hidden && !names.iter().any(|n| c.is_named(&n.value));
        let columns: Vec<_> = rows.scope.columns.into_iter().filter(kept).collect();
        if columns.is_empty() {
            return Err(SqlError::invalid("all columns of the input are excluded").at(at.into()));
        }
        Ok(Rows { plan: rows.plan, scope: Scope { columns } })
    }
}

/// Columns of a subquery without alias have names, but no relation.
fn anonymous(mut scope: Scope) -> Scope {
    scope.columns.retain(|c| !c.hidden);
    scope.columns.iter_mut().for_each(|c| c.relation.clear());
    scope
}

/// Whether a relation sees those before it.
pub(super) fn is_lateral(relation: &Relation) -> bool {
    match relation.kind.as_ref() {
        RelationKind::Unnest(..) | RelationKind::Lateral(_) => true,
        RelationKind::Aliased(inner, ..) => is_lateral(inner),
        _ => false,
    }
}

/// The expression's columns as columns of the scanned table.
fn qualified(expr: Expr, table: &TableReference) -> Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let qualified = expr.transform(|e| {
        Ok(match e {
            Expr::Column(c) => {
                let column = datafusion::common::Column::new(Some(table.clone()), c.name);
                Transformed::yes(Expr::Column(column))
            }
            other => Transformed::no(other),
        })
    });
    qualified.map(|t| t.data).map_err(internal)
}

/// A scanned value in the Arrow type of its Trino type.
fn converted(value: Expr, ty: &Type, scan: &LogicalPlan) -> Result<Expr> {
    use datafusion::logical_expr::ExprSchemable;
    let found = value.get_type(scan.schema()).map_err(internal)?;
    if found == ty.arrow() { Ok(value) } else { Ok(datafusion::logical_expr::cast(value, ty.arrow())) }
}

/// Where relations are analyzed.
pub(super) fn rows_env<'e>(outer: &'e Env<'e>, scope: &'e Scope) -> Env<'e> {
    Env::inside(outer, Frame::Rows(scope))
}
