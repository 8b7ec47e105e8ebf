//! VALUES.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, Union};

use super::query::Ctes;
use super::scope::{Env, Frame, Rows, Scope, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, internal, project};
use crate::ast::{self, ExprKind};
use crate::call::Typed;
use crate::coercion;
use crate::error::{Result, SqlError};
use crate::function::field_of;
use crate::types::Type;

impl Analyzer<'_> {
    /// Rows as written; each column gets the type that all its values have in common.
    pub(super) fn values(&self, rows: &[ast::Expr], outer: Option<&Env<'_>>, ctes: &Ctes) -> Result<Rows> {
        let env = Env { frame: Frame::Query, outer };
        let stage = Stage::plain("VALUES");
        let cx = Context { env: &env, ctes, stage: &stage };
        let mut table: Vec<Vec<Typed>> = Vec::with_capacity(rows.len());
        for row in rows {
            let cells = match row.kind.as_ref() {
                ExprKind::Row(fields) => fields.iter().map(|(_, e)| self.expr(e, cx)).collect::<Result<Vec<_>>>()?,
                _ => spread(self.expr(row, cx)?)?,
            };
            if table.first().is_some_and(|first| first.len() != cells.len()) {
                return Err(SqlError::invalid("the rows of VALUES must have as many columns").at(row.at.into()));
            }
            table.push(cells);
        }
        let width = table.first().map_or(0, Vec::len);
        let mut columns = Vec::new();
        for i in 0..width {
            let mut ty = Type::Unknown;
            for (cells, row) in table.iter().zip(rows) {
                ty = coercion::common_type(&ty, &cells[i].ty).ok_or_else(|| {
                    let message = format!("column {} of VALUES has incompatible types: {ty}, {}", i + 1, cells[i].ty);
                    SqlError::invalid(message).at(row.at.into())
                })?;
            }
            columns.push(ScopeColumn::unnamed(self.fresh(), ty));
        }
        let coerce = |cells: Vec<Typed>| -> Result<Vec<Expr>> {
            cells.into_iter().zip(&columns).map(|(v, c)| Ok(coercion::coerce(v, &c.ty)?.expr)).collect()
        };
        let table = table.into_iter().map(coerce).collect::<Result<Vec<_>>>()?;
        let subqueries = stage.take_subqueries();
        let plan = if subqueries.is_empty() && table.iter().flatten().all(|e| matches!(e, Expr::Literal(..))) {
            constant_rows(&table, &columns)?
        } else {
            let one_row = one_row();
            let base = self.attach_all(one_row.clone(), &one_row, subqueries, &|e| Ok(e))?;
            computed_rows(&base, table, &columns)?
        };
        Ok(Rows { plan, scope: Scope { columns } })
    }
}

/// No columns, one row.
pub(super) fn one_row() -> LogicalPlan {
    let schema = Arc::new(datafusion::common::DFSchema::empty());
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema })
}

/// A table in memory: DataFusion's own VALUES does not take all types.
fn constant_rows(table: &[Vec<Expr>], columns: &[ScopeColumn]) -> Result<LogicalPlan> {
    let schema = Arc::new(Schema::new(columns.iter().map(|c| field_of(&c.id, &c.ty)).collect::<Vec<_>>()));
    let mut arrays = Vec::new();
    for i in 0..columns.len() {
        let cells = table.iter().map(|row| match &row[i] {
            Expr::Literal(value, _) => value.to_array().map_err(internal),
            _ => Err(SqlError::invalid("VALUES holds no constant")),
        });
        let cells = cells.collect::<Result<Vec<_>>>()?;
        let cells: Vec<_> = cells.iter().map(|a| a.as_ref()).collect();
        arrays.push(arrow::compute::concat(&cells).map_err(|e| internal(e.into()))?);
    }
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|e| internal(e.into()))?;
    let provider = MemTable::try_new(schema, vec![vec![batch]]).map_err(internal)?;
    let name = format!("values_{}", columns.first().map_or("", |c| c.id.as_str()));
    let reference = datafusion::common::TableReference::bare(name);
    let scan = LogicalPlanBuilder::scan(reference.clone(), provider_as_source(Arc::new(provider)), None);
    let scan = scan.and_then(|b| b.build()).map_err(internal)?;
    let qualified =
        |c: &ScopeColumn| Expr::Column(datafusion::common::Column::new(Some(reference.clone()), &c.id)).alias(&c.id);
    project(scan, columns.iter().map(qualified).collect())
}

fn computed_rows(base: &LogicalPlan, table: Vec<Vec<Expr>>, columns: &[ScopeColumn]) -> Result<LogicalPlan> {
    let row = |cells: Vec<Expr>| {
        let exprs = cells.into_iter().zip(columns).map(|(e, c)| e.alias(&c.id)).collect();
        project(base.clone(), exprs).map(Arc::new)
    };
    let mut inputs = table.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    if inputs.len() == 1 {
        return Ok(inputs.remove(0).as_ref().clone());
    }
    Union::try_new_with_loose_types(inputs).map(LogicalPlan::Union).map_err(internal)
}

/// A row's fields are the columns.
fn spread(value: Typed) -> Result<Vec<Typed>> {
    match &value.ty {
        Type::Row(fields) => (0..fields.len()).map(|i| crate::operators::field_at(value.clone(), i)).collect(),
        _ => Ok(vec![value]),
    }
}
