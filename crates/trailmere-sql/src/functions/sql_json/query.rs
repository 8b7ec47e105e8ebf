//! What do JSON_EXISTS, JSON_VALUE and JSON_QUERY find under a path?

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Int32Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::options::{Behavior, Format, Options, Wrapper};
use super::{entry, value};
use crate::error::{Kind, Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall};
use crate::functions::arguments::{booleans, constant_text, numbers, written_texts};
use crate::json::item::Item;
use crate::json::sql_path::SqlPath;
use crate::types::Type;

/// The context item, and the items of each variable that was passed.
type Inputs = (Item, Vec<(String, Vec<Item>)>);

/// The functions that take a path: input, path, options, then name and value of each that is passed.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry("$json_exists", "JSON_EXISTS.", |args| bind(args, Type::Boolean, exists)),
        entry("$json_value", "JSON_VALUE as varchar.", |args| bind(args, Type::VARCHAR, scalar_text)),
        entry("$json_scalar", "JSON_VALUE as json.", |args| bind(args, Type::Json, scalar_json)),
        entry("$json_state", "JSON_VALUE: 0 if found, 1 if empty, 2 on error.", |args| {
            bind(args, Type::Integer, state)
        }),
        entry("$json_query", "JSON_QUERY.", |args| bind(args, Type::VARCHAR, query)),
        entry("$json_access", "Members and elements of JSON.", |args| bind(args, Type::Json, query)),
    ]
}

/// A bound call.
pub(super) struct Call {
    path: SqlPath,
    options: Options,
    input: Type,
    /// Name and type of each value that is passed.
    passed: Vec<(String, Type)>,
}

type Kernel = fn(&Call, &CallArgs<'_>) -> DfResult<ColumnarValue>;

fn bind(args: &[Arg<'_>], returns: Type, kernel: Kernel) -> Result<ScalarCall> {
    let (call, types) = bind_call(args)?;
    Ok(ScalarCall::new(types, returns, move |args| kernel(&call, args)).handles_nulls())
}

/// What all functions with a path have in common, and the types of their arguments.
pub(super) fn bind_call(args: &[Arg<'_>]) -> Result<(Arc<Call>, Vec<Type>)> {
    let [input, path, options, passed @ ..] = args else {
        return Err(SqlError::new(Kind::Internal, "a JSON function without its arguments"));
    };
    let options = Options::of(options)?;
    value::check(input.ty(), options.input)?;
    let text = constant_text(path).ok_or_else(|| SqlError::invalid("the path of a JSON function must be a literal"))?;
    let path = SqlPath::parse(text).map_err(SqlError::invalid)?;
    let mut types = vec![input.ty().clone(), Type::VARCHAR, Type::VARCHAR];
    let mut names = vec![];
    for (pair, format) in passed.chunks(2).zip(&options.formats) {
        let [name, passed] = pair else { continue };
        value::check(passed.ty(), *format)?;
        types.extend([Type::VARCHAR, passed.ty().clone()]);
        let name = constant_text(name).unwrap_or("").to_string();
        if names.iter().any(|(other, _)| *other == name) {
            return Err(SqlError::invalid(format!("`{name}` is passed twice")));
        }
        names.push((name, passed.ty().clone()));
    }
    Ok((Arc::new(Call { path, options, input: input.ty().clone(), passed: names }), types))
}

/// What is under the path in a row.
type Found = std::result::Result<Vec<Item>, String>;
/// A document with the values passed, or why the row has none.
type Document = std::result::Result<Inputs, String>;

impl Call {
    /// What ON ERROR says.
    pub(super) fn on_error(&self) -> Behavior {
        self.options.on_error
    }

    /// Visits the documents of the rows: `None` where the input is NULL.
    pub(super) fn each_document(
        &self,
        args: &CallArgs<'_>,
        mut take: impl FnMut(Option<Document>) -> DfResult<()>,
    ) -> DfResult<()> {
        let input = args.array(0)?;
        let passed = (0..self.passed.len()).map(|i| args.array(4 + 2 * i)).collect::<DfResult<Vec<ArrayRef>>>()?;
        for row in 0..args.rows {
            take(self.document(&input, &passed, row).transpose())?;
        }
        Ok(())
    }

    fn document(
        &self,
        input: &ArrayRef,
        passed: &[ArrayRef],
        row: usize,
    ) -> std::result::Result<Option<Inputs>, String> {
        let Some(context) = value::item(&self.input, self.options.input, input, row)? else { return Ok(None) };
        let mut variables = Vec::with_capacity(passed.len());
        for (((name, ty), array), format) in self.passed.iter().zip(passed).zip(&self.options.formats) {
            let items = match value::item(ty, *format, array, row)? {
                Some(item) => vec![item],
                // A NULL value is JSON's null; a NULL document is nothing.
                None if *format == Format::Value => vec![Item::Null],
                None => vec![],
            };
            variables.push((name.clone(), items));
        }
        Ok(Some((context, variables)))
    }

    fn find(&self, (context, variables): (Item, Vec<(String, Vec<Item>)>)) -> Found {
        self.path.evaluate(&context, &variables).map_err(|reason| format!("path evaluation failed: {reason}"))
    }

    /// The rows' results, each made by `make`.
    fn collect<T>(&self, args: &CallArgs<'_>, make: impl Fn(Option<Found>) -> DfResult<T>) -> DfResult<Vec<T>> {
        let mut all = Vec::with_capacity(args.rows);
        self.each_document(args, |document| {
            all.push(make(document.map(|document| document.and_then(|d| self.find(d))))?);
            Ok(())
        })?;
        Ok(all)
    }
}

fn exists(call: &Call, args: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let all = call.collect(args, |found| match found {
        None => Ok(None),
        Some(Ok(items)) => Ok(Some(!items.is_empty())),
        Some(Err(reason)) => match call.options.on_error {
            Behavior::Error => fail(reason),
            Behavior::True => Ok(Some(true)),
            Behavior::False => Ok(Some(false)),
            _ => Ok(None),
        },
    })?;
    booleans(args.rows, |row| Ok(all[row]))
}

/// What JSON_VALUE has found.
enum Scalar {
    Null,
    Empty,
    Error,
    Value(Item),
}

fn scalar(call: &Call, found: Option<Found>) -> DfResult<Scalar> {
    let error = |reason: String| match call.options.on_error {
        Behavior::Error => fail(reason),
        _ => Ok(Scalar::Error),
    };
    let mut items = match found {
        None => return Ok(Scalar::Null),
        Some(Err(reason)) => return error(reason),
        Some(Ok(items)) => items,
    };
    let cannot = "cannot extract SQL scalar from JSON: ";
    match (items.pop(), items.is_empty()) {
        (None, _) if call.options.on_empty == Behavior::Error => {
            // An error, which ON ERROR does not catch.
            fail(format!("{cannot}JSON path found no items"))
        }
        (None, _) => Ok(Scalar::Empty),
        (Some(_), false) => error(format!("{cannot}JSON path found multiple items")),
        (Some(Item::Array(_) | Item::Object(_)), _) => {
            error(format!("{cannot}JSON path found an item that cannot be converted to an SQL value"))
        }
        (Some(Item::Null), _) => Ok(Scalar::Null),
        (Some(item), _) => Ok(Scalar::Value(item)),
    }
}

fn scalar_text(call: &Call, args: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let all = call.collect(args, |found| scalar(call, found))?;
    written_texts(args.rows, |row, out| match &all[row] {
        Scalar::Value(item) => Ok(item.push_scalar(out)),
        _ => Ok(false),
    })
}

fn scalar_json(call: &Call, args: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let all = call.collect(args, |found| scalar(call, found))?;
    written_texts(args.rows, |row, out| match &all[row] {
        Scalar::Value(item) => {
            item.push(out);
            Ok(true)
        }
        _ => Ok(false),
    })
}

fn state(call: &Call, args: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let all = call.collect(args, |found| scalar(call, found))?;
    numbers::<Int32Type>(args.rows, |row| {
        Ok(Some(match all[row] {
            Scalar::Null | Scalar::Value(_) => 0,
            Scalar::Empty => 1,
            Scalar::Error => 2,
        }))
    })
}

fn query(call: &Call, args: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let all = call.collect(args, |found| queried(call, found))?;
    written_texts(args.rows, |row, out| {
        match &all[row] {
            None => return Ok(false),
            Some(Item::Text(text)) if call.options.omit_quotes => out.push_str(text),
            Some(item) => item.push(out),
        }
        Ok(true)
    })
}

fn queried(call: &Call, found: Option<Found>) -> DfResult<Option<Item>> {
    let Options { on_empty, on_error, wrapper, .. } = call.options;
    let mut items = match found {
        None => return Ok(None),
        Some(Err(reason)) => return behave(on_error, reason),
        Some(Ok(items)) => items,
    };
    if items.is_empty() {
        return behave(on_empty, "conversion from JSON failed: JSON path found no items".to_string());
    }
    let single = matches!(items.as_slice(), [Item::Array(_) | Item::Object(_)]);
    if wrapper == Wrapper::Unconditional || (wrapper == Wrapper::Conditional && !single) {
        return Ok(Some(Item::Array(items)));
    }
    match (items.pop(), items.is_empty()) {
        (item, true) => Ok(item),
        _ => behave(on_error, "conversion from JSON failed: JSON path found multiple items".to_string()),
    }
}

fn behave(behavior: Behavior, reason: String) -> DfResult<Option<Item>> {
    match behavior {
        Behavior::Error => fail(reason),
        Behavior::EmptyArray => Ok(Some(Item::Array(vec![]))),
        Behavior::EmptyObject => Ok(Some(Item::Object(vec![]))),
        _ => Ok(None),
    }
}
