//! Vectors of numbers: dot_product, cosine_similarity, cosine_distance, euclidean_distance.

use arrow::array::{Array, AsArray, MapArray};
use arrow::datatypes::Float64Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::lists::{Lists, element_of};
use crate::call::downcast;
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::numbers;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "dot_product",
            "dot_product(array(double), array(double)) -> double",
            "The dot product of two vectors.",
            "dot_product(ARRAY[1, 2], ARRAY[3, 4])",
            |args| vectors("dot_product", args, dot),
        ),
        entry(
            "euclidean_distance",
            "euclidean_distance(array(double), array(double)) -> double",
            "The distance between two points.",
            "euclidean_distance(ARRAY[1, 2], ARRAY[4, 6])",
            |args| vectors("euclidean_distance", args, distance),
        ),
        entry(
            "cosine_similarity",
            "cosine_similarity(array(double), array(double)) -> double\ncosine_similarity(map(varchar, double), map(varchar, double)) -> double",
            "The cosine of the angle between two vectors, which may be sparse.",
            "cosine_similarity(ARRAY[1, 2], ARRAY[3, 4])",
            |args| cosine("cosine_similarity", args, similarity),
        ),
        entry(
            "cosine_distance",
            "cosine_distance(array(double), array(double)) -> double\ncosine_distance(map(varchar, double), map(varchar, double)) -> double",
            "One less the cosine of the angle between two vectors.",
            "cosine_distance(ARRAY[1, 2], ARRAY[3, 4])",
            |args| cosine("cosine_distance", args, |a, b| Ok(1.0 - similarity(a, b)?)),
        ),
    ]
}

type Measure = fn(&[f64], &[f64]) -> DfResult<f64>;

fn dot(a: &[f64], b: &[f64]) -> DfResult<f64> {
    Ok(a.iter().zip(b).map(|(x, y)| x * y).sum())
}

fn distance(a: &[f64], b: &[f64]) -> DfResult<f64> {
    Ok(a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt())
}

fn similarity(a: &[f64], b: &[f64]) -> DfResult<f64> {
    let (mut product, mut left, mut right) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        product += x * y;
        left += x * x;
        right += y * y;
    }
    if left == 0.0 || right == 0.0 {
        return fail("Vector magnitude cannot be zero");
    }
    Ok(product / (left.sqrt() * right.sqrt()))
}

fn vectors(name: &str, args: &[Arg<'_>], measure: Measure) -> Result<ScalarCall> {
    let fits = |a: &Arg<'_>| element_of(a).is_some_and(|e| can_coerce(&e, &Type::Double));
    if args.len() != 2 || !args.iter().all(fits) {
        return Err(no_overload(name, args, "two arrays of numbers"));
    }
    let ty = Type::array(Type::Double);
    Ok(ScalarCall::new(vec![ty.clone(), ty], Type::Double, move |call| {
        let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
        numbers::<Float64Type>(call.rows, |row| {
            if !a.is_valid(row) || !b.is_valid(row) {
                return Ok(None);
            }
            let Some((x, y)) = vector(&a, row).zip(vector(&b, row)) else { return Ok(None) };
            if x.len() != y.len() {
                return fail("The arguments must have the same length");
            }
            measure(&x, &y).map(Some)
        })
    }))
}

/// The numbers of a row, unless one is NULL.
fn vector(lists: &Lists, row: usize) -> Option<Vec<f64>> {
    let values = lists.values().as_primitive::<Float64Type>();
    lists.range(row).map(|i| values.is_valid(i).then(|| values.value(i))).collect()
}

fn cosine(name: &str, args: &[Arg<'_>], measure: Measure) -> Result<ScalarCall> {
    let sparse = Type::map(Type::VARCHAR, Type::Double);
    let is_map = |a: &Arg<'_>| matches!(a.ty(), Type::Map(..)) && can_coerce(a.ty(), &sparse);
    let is_null = |a: &Arg<'_>| !a.is_lambda() && *a.ty() == Type::Unknown;
    if args.len() == 2 && args.iter().any(is_map) && args.iter().all(|a| is_map(a) || is_null(a)) {
        return Ok(ScalarCall::new(vec![sparse.clone(), sparse], Type::Double, move |call| maps(call, measure)));
    }
    vectors(name, args, measure)
}

fn maps(call: &CallArgs<'_>, measure: Measure) -> DfResult<ColumnarValue> {
    let (a, b) = (call.array(0)?, call.array(1)?);
    let (a, b) = (downcast::<MapArray>(&a)?, downcast::<MapArray>(&b)?);
    numbers::<Float64Type>(call.rows, |row| {
        if a.is_null(row) || b.is_null(row) {
            return Ok(None);
        }
        let Some((a, b)) = sparse(a, row).zip(sparse(b, row)) else { return Ok(None) };
        let mut keys: Vec<&str> = a.iter().chain(&b).map(|(k, _)| *k).collect();
        keys.sort_unstable();
        keys.dedup();
        let dense = |v: &[(&str, f64)]| -> Vec<f64> {
            keys.iter().map(|k| v.iter().find(|(key, _)| key == k).map_or(0.0, |(_, x)| *x)).collect()
        };
        match measure(&dense(&a), &dense(&b)) {
            Err(_) => Ok(None),
            Ok(value) => Ok(Some(value)),
        }
    })
}

fn sparse(map: &MapArray, row: usize) -> Option<Vec<(&str, f64)>> {
    let (keys, values) = (map.keys().as_string_view(), map.values().as_primitive::<Float64Type>());
    let range = map.offsets()[row] as usize..map.offsets()[row + 1] as usize;
    range.map(|i| values.is_valid(i).then(|| (keys.value(i), values.value(i)))).collect()
}
