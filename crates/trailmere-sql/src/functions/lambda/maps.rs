//! map_filter, transform_keys, transform_values, map_zip_with.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, MapArray, UInt32Array};
use arrow::compute::{concat, take};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::{Flat, entry, predicate, verdicts};
use crate::call::downcast;
use crate::canonical::{Keys, is_comparable};
use crate::coercion::common_type;
use crate::error::{Result, SqlError};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::map::build::{Entries, Seen, duplicate, map_array};
use crate::functions::map::{check_key, map_of};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "map_filter",
            "map_filter(map(K, V), function(K, V, boolean)) -> map(K, V)",
            "The entries for which the lambda is true.",
            "map_filter(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1)",
            map_filter,
        ),
        entry(
            "transform_keys",
            "transform_keys(map(K1, V), function(K1, V, K2)) -> map(K2, V)",
            "The map with each key replaced by what the lambda makes of the entry.",
            "transform_keys(map(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))",
            transform_keys,
        ),
        entry(
            "transform_values",
            "transform_values(map(K, V1), function(K, V1, V2)) -> map(K, V2)",
            "The map with each value replaced by what the lambda makes of the entry.",
            "transform_values(map(ARRAY['a'], ARRAY[1]), (k, v) -> v + 1)",
            transform_values,
        ),
        entry(
            "map_zip_with",
            "map_zip_with(map(K, V1), map(K, V2), function(K, V1, V2, V3)) -> map(K, V3)",
            "A map of the keys of both, with what the lambda makes of the two values.",
            "map_zip_with(map(ARRAY['a'], ARRAY[1]), map(ARRAY['a'], ARRAY[2]), (k, x, y) -> x + y)",
            map_zip_with,
        ),
    ]
}

fn map_and_lambda<'a, 'b>(name: &str, args: &'a [Arg<'b>]) -> Result<((Type, Type), &'a Arg<'b>)> {
    match args {
        [map, lambda] if lambda.is_lambda() => map_of(map).map(|types| (types, lambda)),
        _ => None,
    }
    .ok_or_else(|| no_overload(name, args, "a map and a lambda (key, value)"))
}

/// The entries of the rows that have a map.
fn flat(map: &MapArray) -> DfResult<(Flat, ArrayRef, ArrayRef)> {
    let offsets = map.offsets();
    let range = |row: usize| {
        if map.is_null(row) { 0..0 } else { offsets[row] as usize..offsets[row + 1] as usize }
    };
    let flat = Flat::of(map.len(), range);
    let (keys, values) = (flat.take(map.keys())?, flat.take(map.values())?);
    Ok((flat, keys, values))
}

fn map_filter(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ((key, value), lambda) = map_and_lambda("map_filter", args)?;
    let lambda = predicate(lambda, &[key.clone(), value.clone()])?;
    let body = lambda.clone();
    let ty = Type::map(key.clone(), value.clone());
    let call = ScalarCall::new(vec![ty.clone()], ty, move |call| {
        let array = call.array(0)?;
        let (flat, keys, values) = flat(downcast(&array)?)?;
        let keep = verdicts(&body, &[Arc::clone(&keys), Arc::clone(&values)], call, &flat.outer)?;
        let mut entries = Entries::default();
        for window in flat.offsets.windows(2) {
            for i in (window[0] as usize..window[1] as usize).filter(|i| keep.is_valid(*i) && keep.value(*i)) {
                entries.push(i, Some(i));
            }
            entries.end(true);
        }
        Ok(ColumnarValue::Array(entries.finish((&key, &value), &keys, &values)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn transform_keys(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ((key, value), lambda) = map_and_lambda("transform_keys", args)?;
    let lambda = lambda.lambda(&[key.clone(), value.clone()])?;
    let body = lambda.clone();
    let new = lambda.returns.clone();
    if !is_comparable(&new) {
        return Err(SqlError::invalid(format!("a map cannot have keys of type {new}")));
    }
    let returns = Type::map(new.clone(), value.clone());
    let call = ScalarCall::new(vec![Type::map(key, value.clone())], returns, move |call| {
        let array = call.array(0)?;
        let (flat, keys, values) = flat(downcast(&array)?)?;
        let keys = body.evaluate(&[keys, Arc::clone(&values)], call.captures, &flat.outer)?;
        let canonical = Keys::of(&new, &keys)?;
        let mut seen = Seen::new(&canonical);
        for window in flat.offsets.windows(2) {
            seen.clear();
            for i in window[0] as usize..window[1] as usize {
                check_key(&new, &keys, i)?;
                if !seen.insert(i) {
                    return duplicate(&new, &keys, i);
                }
            }
        }
        Ok(ColumnarValue::Array(map_array((&new, &value), keys, values, flat.offsets, None)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn transform_values(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ((key, value), lambda) = map_and_lambda("transform_values", args)?;
    let lambda = lambda.lambda(&[key.clone(), value.clone()])?;
    let body = lambda.clone();
    let new = lambda.returns.clone();
    let returns = Type::map(key.clone(), new.clone());
    let call = ScalarCall::new(vec![Type::map(key.clone(), value)], returns, move |call| {
        let array = call.array(0)?;
        let (flat, keys, values) = flat(downcast(&array)?)?;
        let values = body.evaluate(&[Arc::clone(&keys), values], call.captures, &flat.outer)?;
        Ok(ColumnarValue::Array(map_array((&key, &new), keys, values, flat.offsets, None)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn map_zip_with(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("map_zip_with", args, "two maps with keys of one type and a lambda of three parameters");
    let [a, b, lambda] = args else { return Err(bad()) };
    let ((k1, v1), (k2, v2)) = map_of(a).zip(map_of(b)).ok_or_else(bad)?;
    let key = common_type(&k1, &k2).ok_or_else(bad)?;
    let lambda = lambda.lambda(&[key.clone(), v1.clone(), v2.clone()])?;
    let body = lambda.clone();
    let new = lambda.returns.clone();
    let types = vec![Type::map(key.clone(), v1), Type::map(key.clone(), v2)];
    let returns = Type::map(key.clone(), new.clone());
    let call = ScalarCall::new(types, returns, move |call| {
        let pairs = Pairs::of(call, &key)?;
        let values = body.evaluate(&pairs.parameters, call.captures, &pairs.outer)?;
        let keys = Arc::clone(&pairs.parameters[0]);
        let offsets = arrow::buffer::OffsetBuffer::from_lengths(pairs.lengths);
        Ok(ColumnarValue::Array(map_array((&key, &new), keys, values, offsets, None)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

/// The entries of two maps by key.
struct Pairs {
    parameters: [ArrayRef; 3],
    outer: UInt32Array,
    lengths: Vec<usize>,
}

impl Pairs {
    fn of(call: &CallArgs<'_>, key: &Type) -> DfResult<Pairs> {
        let (a, b) = (call.array(0)?, call.array(1)?);
        let (a, b) = (downcast::<MapArray>(&a)?, downcast::<MapArray>(&b)?);
        let all = concat(&[a.keys().as_ref(), b.keys().as_ref()])?;
        let canonical = Keys::of(key, &all)?;
        let second = a.keys().len();
        let (mut keys, mut left, mut right, mut outer, mut lengths) = (vec![], vec![], vec![], vec![], vec![]);
        for row in 0..call.rows {
            let before = keys.len();
            if a.is_valid(row) && b.is_valid(row) {
                let mut position = HashMap::new();
                for i in a.offsets()[row] as usize..a.offsets()[row + 1] as usize {
                    position.insert(canonical.get(i), keys.len());
                    keys.push(i as u32);
                    left.push(Some(i as u32));
                    right.push(None);
                }
                for i in b.offsets()[row] as usize..b.offsets()[row + 1] as usize {
                    match position.get(canonical.get(second + i)) {
                        Some(at) => right[*at] = Some(i as u32),
                        None => {
                            keys.push((second + i) as u32);
                            left.push(None);
                            right.push(Some(i as u32));
                        }
                    }
                }
            }
            lengths.push(keys.len() - before);
            outer.extend(std::iter::repeat_n(row as u32, keys.len() - before));
        }
        let keys = take(&all, &UInt32Array::from(keys), None)?;
        let left = take(a.values(), &UInt32Array::from(left), None)?;
        let right = take(b.values(), &UInt32Array::from(right), None)?;
        Ok(Pairs { parameters: [keys, left, right], outer: outer.into(), lengths })
    }
}
