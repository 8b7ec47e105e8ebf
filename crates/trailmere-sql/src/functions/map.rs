//! Map functions: what do Trino's functions of maps do?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use self::build::{Entries, Seen, duplicate, list_array, map_array};
use crate::call::downcast;
use crate::canonical::{Keys, indeterminate, is_comparable, is_nested};
use crate::coercion::common_type;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::array::lists::{Lists, element_of};
use crate::types::Type;

pub(crate) mod build;

/// The map functions of Trino's manual; those with lambdas are the family `lambda`.
pub(crate) fn all() -> Vec<Function> {
    vec![
        entry(
            "map",
            "map() -> map(unknown, unknown)\nmap(array(K), array(V)) -> map(K, V)",
            "A map of keys and values.",
            "map(ARRAY['a', 'b'], ARRAY[1, 2])",
            map,
        ),
        entry(
            "map_from_entries",
            "map_from_entries(array(row(K, V))) -> map(K, V)",
            "A map of entries; an error if a key stands twice.",
            "map_from_entries(ARRAY[('a', 1), ('b', 2)])",
            |args| from_entries("map_from_entries", args),
        ),
        entry(
            "multimap_from_entries",
            "multimap_from_entries(array(row(K, V))) -> map(K, array(V))",
            "A map of the keys to all their values.",
            "multimap_from_entries(ARRAY[('a', 1), ('a', 2)])",
            |args| from_entries("multimap_from_entries", args),
        ),
        entry(
            "map_entries",
            "map_entries(map(K, V)) -> array(row(K, V))",
            "The entries as an array of rows.",
            "map_entries(map(ARRAY['a'], ARRAY[1]))",
            |args| parts("map_entries", args),
        ),
        entry(
            "map_keys",
            "map_keys(map(K, V)) -> array(K)",
            "The keys as an array.",
            "map_keys(map(ARRAY['a'], ARRAY[1]))",
            |args| parts("map_keys", args),
        ),
        entry(
            "map_values",
            "map_values(map(K, V)) -> array(V)",
            "The values as an array.",
            "map_values(map(ARRAY['a'], ARRAY[1]))",
            |args| parts("map_values", args),
        ),
        entry(
            "map_concat",
            "map_concat(map(K, V), map(K, V), …) -> map(K, V)",
            "The union of maps; of equal keys the last map's is taken.",
            "map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['a'], ARRAY[2]))",
            map_concat,
        ),
    ]
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "map", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// Key and value types of an argument that is a map or NULL.
pub(crate) fn map_of(arg: &Arg<'_>) -> Option<(Type, Type)> {
    match arg.ty() {
        _ if arg.is_lambda() => None,
        Type::Map(key, value) => Some((key.as_ref().clone(), value.as_ref().clone())),
        Type::Unknown => Some((Type::Unknown, Type::Unknown)),
        _ => None,
    }
}

fn map(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("map", args, "nothing, or an array of keys and an array of values");
    let (key, value) = match args {
        [] => (Type::Unknown, Type::Unknown),
        [keys, values] => element_of(keys).zip(element_of(values)).ok_or_else(bad)?,
        _ => return Err(bad()),
    };
    if !is_comparable(&key) {
        return Err(bad());
    }
    let returns = Type::map(key.clone(), value.clone());
    if args.is_empty() {
        return Ok(ScalarCall::new(vec![], returns, move |call| {
            let empty = |ty: &Type| arrow::array::new_empty_array(&ty.arrow());
            let offsets = OffsetBuffer::new_zeroed(call.rows);
            Ok(ColumnarValue::Array(map_array((&key, &value), empty(&key), empty(&value), offsets, None)?))
        }));
    }
    let types = vec![Type::array(key.clone()), Type::array(value.clone())];
    Ok(ScalarCall::new(types, returns, move |call| map_of_arrays(call, (&key, &value))))
}

fn map_of_arrays(call: &CallArgs<'_>, (key, value): (&Type, &Type)) -> DfResult<ColumnarValue> {
    let (keys, values) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
    let canonical = Keys::of(key, keys.values())?;
    let mut seen = Seen::new(&canonical);
    let mut entries = Entries::default();
    for row in 0..call.rows {
        if keys.is_valid(row) && values.is_valid(row) {
            let (from, to) = (keys.range(row), values.range(row));
            if from.len() != to.len() {
                return fail("Key and value arrays must be the same length");
            }
            seen.clear();
            for (k, v) in from.zip(to) {
                check_key(key, keys.values(), k)?;
                if !seen.insert(k) {
                    return duplicate(key, keys.values(), k);
                }
                entries.push(k, Some(v));
            }
        }
        entries.end(true);
    }
    Ok(ColumnarValue::Array(entries.finish((key, value), keys.values(), values.values())?))
}

/// Keys are not NULL and have no NULL within.
pub(crate) fn check_key(key: &Type, keys: &ArrayRef, position: usize) -> DfResult<()> {
    if keys.is_null(position) || *keys.data_type() == DataType::Null {
        return fail("map key cannot be null");
    }
    if is_nested(key) && indeterminate(keys.as_ref(), position) {
        let mut text = String::new();
        crate::render::text(key, keys.as_ref(), position, &mut text);
        return fail(format!("map key cannot be indeterminate: {text}"));
    }
    Ok(())
}

fn from_entries(name: &'static str, args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload(name, args, "an array of rows of a key and a value");
    let [array] = args else { return Err(bad()) };
    let (key, value) = match element_of(array).ok_or_else(bad)? {
        Type::Row(fields) if fields.len() == 2 => (fields[0].ty.clone(), fields[1].ty.clone()),
        Type::Unknown => (Type::Unknown, Type::Unknown),
        _ => return Err(bad()),
    };
    if !is_comparable(&key) {
        return Err(bad());
    }
    let multi = name == "multimap_from_entries";
    let result = if multi { Type::array(value.clone()) } else { value.clone() };
    let returns = Type::map(key.clone(), result);
    let ty = match array.ty() {
        Type::Array(element) if **element != Type::Unknown => array.ty().clone(),
        _ => Type::array(Type::anonymous_row([Type::Unknown, Type::Unknown])),
    };
    Ok(ScalarCall::new(vec![ty], returns, move |call| {
        let lists = Lists::of(call, 0)?;
        let rows = downcast::<StructArray>(lists.values())?;
        for row in 0..call.rows {
            for i in lists.range(row) {
                if rows.is_null(i) {
                    return fail("map entry cannot be null");
                }
                check_key(&key, rows.column(0), i)?;
            }
        }
        if multi { multimap(&lists, rows, (&key, &value)) } else { single(&lists, rows, (&key, &value)) }
    }))
}

fn single(lists: &Lists, rows: &StructArray, types: (&Type, &Type)) -> DfResult<ColumnarValue> {
    let keys = Keys::of(types.0, rows.column(0))?;
    let mut seen = Seen::new(&keys);
    let mut entries = Entries::default();
    for row in 0..lists.array().len() {
        seen.clear();
        for i in lists.range(row) {
            if !seen.insert(i) {
                return duplicate(types.0, rows.column(0), i);
            }
            entries.push(i, Some(i));
        }
        entries.end(true);
    }
    Ok(ColumnarValue::Array(entries.finish(types, rows.column(0), rows.column(1))?))
}

fn multimap(lists: &Lists, rows: &StructArray, (key, value): (&Type, &Type)) -> DfResult<ColumnarValue> {
    let keys = Keys::of(key, rows.column(0))?;
    let (mut first, mut members, mut per_row) = (vec![], Vec::<Vec<u32>>::new(), vec![]);
    for row in 0..lists.array().len() {
        let before = first.len();
        let mut position = std::collections::HashMap::new();
        for i in lists.range(row) {
            let at = *position.entry(keys.get(i)).or_insert_with(|| {
                first.push(i as u32);
                members.push(vec![]);
                members.len() - 1
            });
            members[at].push(i as u32);
        }
        per_row.push(first.len() - before);
    }
    let per_key = OffsetBuffer::from_lengths(members.iter().map(Vec::len));
    let all = UInt32Array::from(members.concat());
    let values = list_array(value, take(rows.column(1), &all, None)?, per_key, None)?;
    let keys = take(rows.column(0), &UInt32Array::from(first), None)?;
    let types = (key, &Type::array(value.clone()));
    Ok(ColumnarValue::Array(map_array(types, keys, values, OffsetBuffer::from_lengths(per_row), None)?))
}

/// `map_keys`, `map_values`, `map_entries`: the same buffers under another type.
fn parts(name: &'static str, args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload(name, args, "a map");
    let [arg] = args else { return Err(bad()) };
    let (key, value) = map_of(arg).ok_or_else(bad)?;
    let element = match name {
        "map_keys" => key.clone(),
        "map_values" => value.clone(),
        _ => Type::anonymous_row([key.clone(), value.clone()]),
    };
    let returns = Type::array(element.clone());
    Ok(ScalarCall::new(vec![Type::map(key, value)], returns, move |call| {
        let array = call.array(0)?;
        let map = downcast::<MapArray>(&array)?;
        let values: ArrayRef = match (name, element.arrow()) {
            ("map_keys", _) => Arc::clone(map.keys()),
            ("map_values", _) => Arc::clone(map.values()),
            (_, DataType::Struct(fields)) => {
                let columns = vec![Arc::clone(map.keys()), Arc::clone(map.values())];
                Arc::new(StructArray::try_new(fields, columns, None)?)
            }
            _ => return fail("map entries are rows"),
        };
        Ok(ColumnarValue::Array(list_array(&element, values, map.offsets().clone(), map.nulls().cloned())?))
    }))
}

fn map_concat(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("map_concat", args, "two or more maps of one type");
    let mut common = args.first().filter(|_| args.len() > 1).and_then(map_of).ok_or_else(bad)?;
    for arg in &args[1..] {
        let (key, value) = map_of(arg).ok_or_else(bad)?;
        common = common_type(&common.0, &key).zip(common_type(&common.1, &value)).ok_or_else(bad)?;
    }
    let ty = Type::map(common.0.clone(), common.1.clone());
    let (key, value) = common;
    Ok(ScalarCall::new(vec![ty.clone(); args.len()], ty, move |call| concat_maps(call, (&key, &value))))
}

fn concat_maps(call: &CallArgs<'_>, types: (&Type, &Type)) -> DfResult<ColumnarValue> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    let maps: Vec<&MapArray> = arrays.iter().map(|a| a.as_map()).collect();
    let all =
        |part: fn(&MapArray) -> &ArrayRef| concat(&maps.iter().map(|m| part(m).as_ref()).collect::<Vec<&dyn Array>>());
    let (keys, values) = (all(MapArray::keys)?, all(MapArray::values)?);
    let mut starts = vec![0];
    for map in &maps {
        starts.push(starts[starts.len() - 1] + map.keys().len());
    }
    let canonical = Keys::of(types.0, &keys)?;
    let mut entries = Entries::default();
    for row in 0..call.rows {
        let mut order: Vec<&[u8]> = vec![];
        let mut last = std::collections::HashMap::new();
        for (map, start) in maps.iter().zip(&starts) {
            if map.is_null(row) {
                continue;
            }
            for i in map.offsets()[row] as usize..map.offsets()[row + 1] as usize {
                let key = canonical.get(start + i);
                if last.insert(key, start + i).is_none() {
                    order.push(key);
                }
            }
        }
        for key in order {
            entries.push(last[key], Some(last[key]));
        }
        entries.end(true);
    }
    Ok(ColumnarValue::Array(entries.finish(types, &keys, &values)?))
}
