//! How do JSON_OBJECT and JSON_ARRAY put values together?

use arrow::array::{ArrayRef, AsArray};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::options::{Format, Options};
use super::{entry, value};
use crate::error::{Kind, Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall};
use crate::functions::arguments::{Texts, becomes, binaries, constant_text, written_texts};
use crate::json::item::Item;
use crate::types::Type;

/// The functions that make JSON: options, then the values, in objects each after its key.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry("$json_object", "JSON_OBJECT.", object),
        entry("$json_array", "JSON_ARRAY.", array),
        entry("$json_encode", "JSON text in an encoding.", encode),
    ]
}

fn options<'a, 'b>(args: &'a [Arg<'b>]) -> Result<(Options, &'a [Arg<'b>])> {
    let [first, rest @ ..] = args else {
        return Err(SqlError::new(Kind::Internal, "a JSON function without its options"));
    };
    Ok((Options::of(first)?, rest))
}

fn array(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (options, values) = options(args)?;
    let mut types = vec![Type::VARCHAR];
    for (value, format) in values.iter().zip(&options.formats) {
        value::check(value.ty(), *format)?;
        types.push(value.ty().clone());
    }
    let call = ScalarCall::new(types.clone(), Type::VARCHAR, move |call| {
        let arrays = arrays(call)?;
        written_texts(call.rows, |row, out| {
            let mut items = Vec::with_capacity(arrays.len() - 1);
            for (i, format) in options.formats.iter().enumerate() {
                items.extend(item(&types[i + 1], *format, &arrays[i + 1], row, &options)?);
            }
            Item::Array(items).push(out);
            Ok(true)
        })
    });
    Ok(call.handles_nulls())
}

fn arrays(call: &CallArgs<'_>) -> DfResult<Vec<ArrayRef>> {
    (0..call.values.len()).map(|i| call.array(i)).collect()
}

/// The item of a value; `None` where it is left out.
fn item(ty: &Type, format: Format, array: &ArrayRef, row: usize, options: &Options) -> DfResult<Option<Item>> {
    match value::item(ty, format, array, row) {
        Ok(Some(item)) => Ok(Some(item)),
        Ok(None) if options.absent_on_null => Ok(None),
        Ok(None) => Ok(Some(Item::Null)),
        Err(reason) => fail(reason),
    }
}

fn object(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (options, members) = options(args)?;
    let mut types = vec![Type::VARCHAR];
    for (member, format) in members.chunks(2).zip(&options.formats) {
        let [key, value] = member else { continue };
        if !becomes(key, &Type::VARCHAR) {
            return Err(SqlError::invalid(format!("Invalid type of JSON object key: {}", key.ty())));
        }
        value::check(value.ty(), *format)?;
        types.extend([Type::VARCHAR, value.ty().clone()]);
    }
    let call = ScalarCall::new(types.clone(), Type::VARCHAR, move |call| build(call, &types, &options));
    Ok(call.handles_nulls())
}

fn build(call: &CallArgs<'_>, types: &[Type], options: &Options) -> DfResult<ColumnarValue> {
    let arrays = arrays(call)?;
    written_texts(call.rows, |row, out| {
        let mut members: Vec<(String, Item)> = Vec::with_capacity(options.formats.len());
        for (i, format) in options.formats.iter().enumerate() {
            let (key, value) = (1 + 2 * i, 2 + 2 * i);
            if arrow::array::Array::is_null(&arrays[key], row) {
                return fail("null value passed for JSON object key to JSON_OBJECT function");
            }
            let name = arrays[key].as_string_view().value(row);
            let Some(item) = item(&types[value], *format, &arrays[value], row, options)? else { continue };
            if members.iter().any(|(other, _)| other == name) {
                return fail("cannot construct a JSON object with duplicate key");
            }
            members.push((name.to_string(), item));
        }
        Item::Object(in_order_of_java(members)).push(out);
        Ok(true)
    })
}

/// Trino keeps the members in a `HashMap`, and so writes them in its order.
fn in_order_of_java(mut members: Vec<(String, Item)>) -> Vec<(String, Item)> {
    let mut buckets = 16_u32;
    while members.len() as u32 * 4 > buckets * 3 {
        buckets *= 2;
    }
    members.sort_by_key(|(key, _)| {
        let hash = key.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
        (hash ^ hash >> 16) & (buckets - 1)
    });
    members
}

/// `$json_encode(text, encoding)`
fn encode(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let format = match args.get(1).and_then(constant_text) {
        Some("utf16") => Format::Utf16,
        Some("utf32") => Format::Utf32,
        _ => Format::Utf8,
    };
    Ok(ScalarCall::new(vec![Type::VARCHAR; 2], Type::Varbinary, move |call| {
        let text = Texts::of(call, 0)?;
        binaries(call.rows, |row| Ok(text.get(row).map(|s| value::encode(s, format))))
    }))
}
