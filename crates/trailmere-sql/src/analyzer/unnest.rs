//! UNNEST: arrays and maps become rows beside the rows they stand in.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, LogicalPlan, Unnest};

use super::query::Ctes;
use super::relation::rows_env;
use super::scope::{Env, Rows, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, column, extend, internal};
use crate::ast;
use crate::call::{Typed, apply, downcast};
use crate::error::{Result, SqlError};
use crate::function::{CallArgs, ScalarCall};
use crate::operators;
use crate::types::{RowField, Type, item_field};

impl Analyzer<'_> {
    /// `left, UNNEST(a, b) WITH ORDINALITY`: all arguments side by side, the shorter ones filled with NULL.
    pub(super) fn unnest(
        &self,
        left: Rows,
        (args, ordinality): (&[ast::Expr], bool),
        keep_left: bool,
        (outer, ctes): (&Env<'_>, &Ctes),
    ) -> Result<Rows> {
        let stage = Stage::plain("UNNEST");
        let env = rows_env(outer, &left.scope);
        let cx = Context { env: &env, ctes, stage: &stage };
        let mut values = Vec::new();
        for arg in args {
            let value = self.expr(arg, cx)?;
            if !matches!(value.ty, Type::Array(_) | Type::Map(..)) {
                let message = format!("UNNEST takes arrays and maps, not {}", value.ty);
                return Err(SqlError::invalid(message).at(arg.at.into()));
            }
            values.push(value);
        }
        let plan = self.attach_all(left.plan.clone(), &left.plan, stage.take_subqueries(), &|e| Ok(e))?;
        let types: Vec<Type> = values.iter().map(|v| v.ty.clone()).collect();
        let (list, parts) = zipped(values, ordinality);
        let id = self.fresh();
        let plan = extend(plan, vec![list.expr.alias(&id)])?;
        let handling = if keep_left { NullHandling::PreserveAndExpandEmpty } else { NullHandling::Drop };
        let options = UnnestOptions::new().with_null_handling(handling);
        let unnest = Unnest::try_new(Arc::new(plan), vec![Column::from_name(&id)], options).map_err(internal)?;
        let element = Typed::new(column(&id), parts.clone());
        let (columns, exprs) = self.spread(&types, element, ordinality)?;
        let plan = extend(LogicalPlan::Unnest(unnest), exprs)?;
        let mut scope = left.scope;
        scope.columns.extend(columns);
        Ok(Rows { plan, scope })
    }

    /// The columns that UNNEST makes: an array's elements, a map's keys and values, the fields of rows.
    fn spread(
        &self,
        types: &[Type],
        element: Typed,
        ordinality: bool,
    ) -> Result<(Vec<ScopeColumn>, Vec<datafusion::logical_expr::Expr>)> {
        let mut made: Vec<(Option<String>, Typed)> = Vec::new();
        let zipped = types.len() > 1 || ordinality || matches!(types.first(), Some(Type::Map(..)));
        let mut next = 0;
        let mut part = || -> Result<Typed> {
            next += 1;
            if zipped { operators::field_at(element.clone(), next - 1) } else { Ok(element.clone()) }
        };
        for ty in types {
            match ty {
                Type::Map(..) => made.extend([(None, part()?), (None, part()?)]),
                Type::Array(item) => match item.as_ref() {
                    Type::Row(fields) => {
                        let row = part()?;
                        for (i, field) in fields.iter().enumerate() {
                            made.push((field.name.clone(), operators::field_at(row.clone(), i)?));
                        }
                    }
                    _ => made.push((None, part()?)),
                },
                other => return Err(SqlError::invalid(format!("UNNEST takes arrays and maps, not {other}"))),
            }
        }
        if ordinality {
            made.push((None, part()?));
        }
        let mut columns = Vec::new();
        let mut exprs = Vec::new();
        for (name, value) in made {
            let id = self.fresh();
            exprs.push(value.expr.alias(&id));
            columns.push(ScopeColumn::named(id, name, value.ty));
        }
        Ok((columns, exprs))
    }
}

/// One list of what stands side by side; a single array is that list already. And the type of its elements.
fn zipped(mut values: Vec<Typed>, ordinality: bool) -> (Typed, Type) {
    if let ([Typed { ty: Type::Array(item), .. }], false) = (values.as_slice(), ordinality) {
        let item = item.as_ref().clone();
        return (values.remove(0), item);
    }
    let mut parts = Vec::new();
    for value in &values {
        match &value.ty {
            Type::Array(item) => parts.push(item.as_ref().clone()),
            Type::Map(key, item) => parts.extend([key.as_ref().clone(), item.as_ref().clone()]),
            _ => {}
        }
    }
    if ordinality {
        parts.push(Type::BigInt);
    }
    let element = Type::Row(parts.into_iter().map(|ty| RowField { name: None, ty }).collect());
    let returns = Type::array(element.clone());
    let args = values.iter().map(|v| v.ty.clone()).collect();
    let row = element.clone();
    let kernel = move |args: &CallArgs<'_>| zip(args, &row, ordinality).map(ColumnarValue::Array);
    let name = if ordinality { "unnest_zip_ordinality" } else { "unnest_zip" };
    let call = ScalarCall::new(args, returns, kernel).handles_nulls();
    (apply(name, call, values, vec![]), element)
}

/// The elements of a list or map column, with the range of each row.
struct Parts {
    columns: Vec<ArrayRef>,
    offsets: Vec<usize>,
    lengths: Vec<usize>,
}

fn parts(array: &ArrayRef) -> DfResult<Parts> {
    let (columns, offsets): (Vec<ArrayRef>, &[i32]) = match array.as_any().downcast_ref::<MapArray>() {
        Some(map) => (vec![Arc::clone(map.keys()), Arc::clone(map.values())], map.value_offsets()),
        None => {
            let list = downcast::<ListArray>(array)?;
            (vec![Arc::clone(list.values())], list.value_offsets())
        }
    };
    let row = |i: usize| if array.is_null(i) { 0 } else { (offsets[i + 1] - offsets[i]) as usize };
    let lengths = (0..array.len()).map(row).collect();
    Ok(Parts { columns, offsets: offsets.iter().map(|o| *o as usize).collect(), lengths })
}

/// A list of rows per row: element i of each argument, and i + 1. No elements at all give NULL.
fn zip(args: &CallArgs<'_>, row: &Type, ordinality: bool) -> DfResult<ArrayRef> {
    let arrays = (0..args.values.len()).map(|i| args.array(i)).collect::<DfResult<Vec<_>>>()?;
    let all = arrays.iter().map(parts).collect::<DfResult<Vec<_>>>()?;
    let longest = |i: usize| all.iter().map(|p| p.lengths[i]).max().unwrap_or(0);
    let lengths: Vec<usize> = (0..args.rows).map(longest).collect();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for part in &all {
        let mut indices = Vec::with_capacity(lengths.iter().sum());
        for (i, length) in lengths.iter().enumerate() {
            let element = |k: usize| (k < part.lengths[i]).then(|| (part.offsets[i] + k) as u32);
            indices.extend((0..*length).map(element));
        }
        let indices = UInt32Array::from(indices);
        for column in &part.columns {
            columns.push(take(column, &indices, None)?);
        }
    }
    if ordinality {
        let numbers = lengths.iter().flat_map(|n| 1..=*n as i64);
        columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
    }
    let arrow::datatypes::DataType::Struct(fields) = row.arrow() else {
        return crate::error::fail("UNNEST makes rows");
    };
    let rows = StructArray::try_new(fields, columns, None)?;
    let nulls = NullBuffer::from(lengths.iter().map(|n| *n > 0).collect::<Vec<_>>());
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item_field(row), offsets, Arc::new(rows), Some(nulls))?))
}
