//! Which rows does JSON_TABLE make: one for each item of its path, times what its nested paths find there?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Builder, ListArray, StringViewBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use serde_json::Value;

use super::entry;
use super::options::Behavior;
use super::query::{Call, bind_call};
use crate::error::{Kind, Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall};
use crate::functions::arguments::constant_text;
use crate::json::item::Item;
use crate::json::sql_path::SqlPath;
use crate::types::{Type, item_field};

/// `$json_table(input, path, options, name, value…, plan)`: an array of rows, which hold for each path, in the order of
/// their numbers, the item and its ordinality.
pub(super) fn all() -> Vec<Function> {
    vec![entry("$json_table", "The rows of JSON_TABLE.", bind)]
}

/// A path with those nested in it.
struct Node {
    number: usize,
    path: SqlPath,
    /// Whether an item without nested rows makes a row of its own.
    outer: bool,
    nested: Option<Siblings>,
}

/// Paths nested in the same one.
enum Siblings {
    One(Box<Node>),
    /// Their rows one after the other.
    Union(Vec<Siblings>),
    /// Each row of one with each of the others.
    Cross(Vec<Siblings>),
}

type Variables = [(String, Vec<Item>)];
/// The item and ordinality of each path that has one.
type Row = Vec<(usize, Item, i64)>;
/// More rows of one document are refused.
const MOST_ROWS: usize = 1 << 22;

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let Some((plan, args)) = args.split_last() else {
        return Err(SqlError::new(Kind::Internal, "JSON_TABLE without its plan"));
    };
    let (call, mut types) = bind_call(args)?;
    types.push(Type::VARCHAR);
    let broken = || SqlError::new(Kind::Internal, "JSON_TABLE with a broken plan");
    let plan: Value = constant_text(plan).and_then(|text| serde_json::from_str(text).ok()).ok_or_else(broken)?;
    let mut count = 0;
    let root = node(&plan, &mut count)?;
    let columns = (0..count).flat_map(|_| [Type::Json, Type::BigInt]);
    let returns = Type::array(Type::anonymous_row(columns));
    let row_type = match returns.arrow() {
        DataType::List(item) => item.data_type().clone(),
        other => other,
    };
    let call = ScalarCall::new(types, returns, move |args| rows(args, &call, &root, (count, &row_type)));
    Ok(call.handles_nulls())
}

/// Reads a node of the plan: `{"number", "path", "outer", "nested"}`.
fn node(value: &Value, count: &mut usize) -> Result<Node> {
    let text = value["path"].as_str().unwrap_or_default();
    *count += 1;
    Ok(Node {
        number: value["number"].as_u64().unwrap_or(0) as usize,
        path: SqlPath::parse(text).map_err(SqlError::invalid)?,
        outer: value["outer"].as_bool().unwrap_or(true),
        nested: value.get("nested").map(|nested| siblings(nested, count)).transpose()?,
    })
}

/// Reads `{"union": […]}`, `{"cross": […]}` or a node.
fn siblings(value: &Value, count: &mut usize) -> Result<Siblings> {
    for (key, make) in [("union", Siblings::Union as fn(Vec<Siblings>) -> Siblings), ("cross", Siblings::Cross)] {
        if let Some(parts) = value.get(key).and_then(Value::as_array) {
            return Ok(make(parts.iter().map(|part| siblings(part, count)).collect::<Result<_>>()?));
        }
    }
    Ok(Siblings::One(Box::new(node(value, count)?)))
}

fn rows(args: &CallArgs<'_>, call: &Call, root: &Node, (count, ty): (usize, &DataType)) -> DfResult<ColumnarValue> {
    let mut items: Vec<StringViewBuilder> = (0..count).map(|_| StringViewBuilder::new()).collect();
    let mut ordinals: Vec<Int64Builder> = (0..count).map(|_| Int64Builder::new()).collect();
    let mut lengths = Vec::with_capacity(args.rows);
    call.each_document(args, |document| {
        let found = match document {
            None => vec![],
            Some(Ok((context, variables))) => {
                call_error(node_rows(root, &context, &variables), call)?.unwrap_or_default()
            }
            Some(Err(reason)) => call_error(Err(reason), call)?.unwrap_or_default(),
        };
        lengths.push(found.len());
        for row in &found {
            for number in 0..count {
                let cell = row.iter().find(|(n, ..)| *n == number);
                let text = cell.map(|(_, item, _)| {
                    let mut text = String::new();
                    item.push(&mut text);
                    text
                });
                items[number].append_option(text);
                ordinals[number].append_option(cell.map(|(.., ordinal)| *ordinal));
            }
        }
        Ok(())
    })?;
    let columns: Vec<ArrayRef> = items
        .iter_mut()
        .zip(&mut ordinals)
        .flat_map(|(items, ordinals)| [Arc::new(items.finish()) as ArrayRef, Arc::new(ordinals.finish())])
        .collect();
    let DataType::Struct(fields) = ty else { return fail("JSON_TABLE makes rows") };
    let entries = StructArray::try_new(fields.clone(), columns, None)?;
    let field = Arc::new(item_field(&Type::Unknown).as_ref().clone().with_data_type(ty.clone()));
    let list = ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(entries), None)?;
    Ok(ColumnarValue::Array(Arc::new(list) as Arc<dyn Array>))
}

/// An error fails, or leaves nothing, as ON ERROR says.
fn call_error<T>(result: std::result::Result<T, String>, call: &Call) -> DfResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(reason) if call.on_error() == Behavior::Error => fail(reason),
        Err(_) => Ok(None),
    }
}

/// The rows of a path; a nested path that fails fails it all.
fn node_rows(node: &Node, context: &Item, variables: &Variables) -> std::result::Result<Vec<Row>, String> {
    let found = node.path.evaluate(context, variables).map_err(|e| format!("path evaluation failed: {e}"))?;
    let mut rows = Vec::with_capacity(found.len());
    for (i, item) in found.into_iter().enumerate() {
        let nested = match &node.nested {
            Some(nested) => sibling_rows(nested, &item, variables)?,
            None => vec![vec![]],
        };
        let nested = if nested.is_empty() && node.outer { vec![vec![]] } else { nested };
        for mut row in nested {
            row.push((node.number, item.clone(), i as i64 + 1));
            rows.push(row);
        }
        limited(rows.len())?;
    }
    Ok(rows)
}

fn sibling_rows(siblings: &Siblings, item: &Item, variables: &Variables) -> std::result::Result<Vec<Row>, String> {
    match siblings {
        Siblings::One(node) => node_rows(node, item, variables),
        Siblings::Union(parts) => {
            let mut rows = vec![];
            for part in parts {
                rows.extend(sibling_rows(part, item, variables)?);
            }
            Ok(rows)
        }
        Siblings::Cross(parts) => {
            let mut rows: Vec<Row> = vec![vec![]];
            for part in parts {
                let others = sibling_rows(part, item, variables)?;
                limited(rows.len().saturating_mul(others.len()))?;
                rows = rows
                    .iter()
                    .flat_map(|row| others.iter().map(|other| [row.clone(), other.clone()].concat()))
                    .collect();
            }
            Ok(rows)
        }
    }
}

fn limited(rows: usize) -> std::result::Result<(), String> {
    if rows > MOST_ROWS { Err(format!("JSON_TABLE makes more than {MOST_ROWS} rows of a document")) } else { Ok(()) }
}
