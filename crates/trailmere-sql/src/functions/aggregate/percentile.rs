//! approx_percentile, approx_most_frequent, numeric_histogram: how are values distributed?

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;

use super::collect::{Collect, Collected, empty_as_null, take_all};
use super::entry;
use super::fold::aggregate_with;
use crate::canonical::{Keys, is_comparable};
use crate::coercion::can_coerce;
use crate::error::{Result, SqlError};
use crate::function::{AggregateCall, Arg, Function, no_overload};
use crate::functions::map::build::map_array;
use crate::functions::sketch::folds::DigestFold;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "approx_percentile",
            "approx_percentile(T, p) -> T\napprox_percentile(T, array(p)) -> array(T)\napprox_percentile(T, weight, p) -> T\napprox_percentile(T, weight, array(p)) -> array(T)",
            "The value below which the part p of all values is, also with weights and for several p.",
            "approx_percentile(42, 0.95)",
            approx_percentile,
        ),
        entry(
            "approx_most_frequent",
            "approx_most_frequent(buckets, value, capacity) -> map(value, bigint)",
            "The most frequent values and how often they occur.",
            "approx_most_frequent(3, 'a', 100)",
            approx_most_frequent,
        ),
        entry(
            "numeric_histogram",
            "numeric_histogram(buckets, value[, weight]) -> map(double, double)",
            "About where the values lie: the means of buckets, and how many values are in each.",
            "numeric_histogram(5, 1.5)",
            numeric_histogram,
        ),
    ]
}

/// A constant as a double.
fn double(arg: &Arg<'_>) -> Option<f64> {
    match arg.constant()?.cast_to(&DataType::Float64).ok()? {
        ScalarValue::Float64(value) => value,
        _ => None,
    }
}

/// One constant or a constant array of them.
fn percentiles(arg: &Arg<'_>) -> Result<(Vec<f64>, bool)> {
    let bad = || SqlError::invalid("the percentile must be a constant between 0 and 1, or an array of them");
    let (values, many) = match arg.ty() {
        Type::Array(_) => {
            let Some(ScalarValue::List(list)) = arg.constant() else { return Err(bad()) };
            let values = arrow::compute::cast(&list.value(0), &DataType::Float64).map_err(|_| bad())?;
            let values = values.as_primitive::<Float64Type>();
            (values.iter().collect::<Option<Vec<f64>>>().ok_or_else(bad)?, true)
        }
        _ => (vec![double(arg).ok_or_else(bad)?], false),
    };
    if values.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(SqlError::invalid("percentile must be between 0 and 1"));
    }
    Ok((values, many))
}

fn approx_percentile(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || {
        no_overload(
            "approx_percentile",
            args,
            "a number, perhaps a weight, a percentile or an array of them, and perhaps an accuracy",
        )
    };
    let is_p = |a: &Arg<'_>| !a.is_lambda() && (can_coerce(a.ty(), &Type::Double) || matches!(a.ty(), Type::Array(_)));
    let number = |a: &Arg<'_>| !a.is_lambda() && can_coerce(a.ty(), &Type::Double);
    let at = if has_weight(args) { 2 } else { 1 };
    if !(2..=4).contains(&args.len()) || !number(&args[0]) || !args.get(at).is_some_and(is_p) {
        return Err(bad());
    }
    let value = match args[0].ty() {
        Type::Real => Type::Real,
        ty if can_coerce(ty, &Type::BigInt) => Type::BigInt,
        _ => Type::Double,
    };
    let (ps, many) = percentiles(&args[at])?;
    let mut types = vec![Type::Double; at];
    types.extend(args[at..].iter().map(|a| a.ty().clone()));
    let identity = format!("{ps:?}");
    if many {
        let returns = Type::array(value.clone());
        let fold = DigestFold::percentiles(value, ps, at == 2);
        return Ok(aggregate_with("approx_percentile", types, returns, identity, fold));
    }
    let fold = DigestFold::percentile(value.clone(), ps[0], at == 2);
    Ok(aggregate_with("approx_percentile", types, value, identity, fold))
}

/// `(x, weight, p)` and not `(x, p, accuracy)`: what can be a percentile is one.
fn has_weight(args: &[Arg<'_>]) -> bool {
    match args {
        [_, second, third] => {
            let constant = |a: &Arg<'_>| double(a).is_some() && !a.ty().is_integer();
            let is_accuracy = constant(second) && constant(third);
            !(is_accuracy || matches!(second.ty(), Type::Array(_)))
        }
        _ => args.len() == 4,
    }
}

fn approx_most_frequent(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || no_overload("approx_most_frequent", args, "a constant number of buckets, a value and a capacity");
    let [buckets, Arg::Value { ty, .. }, capacity] = args else { return Err(bad()) };
    if !is_comparable(ty) || !can_coerce(buckets.ty(), &Type::BigInt) || !can_coerce(capacity.ty(), &Type::BigInt) {
        return Err(bad());
    }
    let n = double(buckets).ok_or_else(bad)?;
    if n < 2.0 {
        return Err(SqlError::invalid("approx_most_frequent bucket count must be greater than one"));
    }
    let value = ty.clone();
    let returns = Type::map(value.clone(), Type::BigInt);
    let types = vec![Type::BigInt, value.clone(), Type::BigInt];
    let arrow = vec![DataType::Int64, value.arrow()];
    let fold = Collect::new(arrow, Some(1), move |rows| most_frequent(rows, &value, n as usize));
    Ok(aggregate_with("approx_most_frequent", types, returns, n.to_string(), fold))
}

fn most_frequent(rows: Collected, value: &Type, n: usize) -> DfResult<ArrayRef> {
    let Collected { columns, offsets } = rows;
    let keys = Keys::of(value, &columns[1])?;
    let (mut picked, mut counts, mut lengths) = (vec![], vec![], vec![]);
    for window in offsets.windows(2) {
        let mut seen: HashMap<&[u8], (u32, i64)> = HashMap::new();
        for row in window[0] as u32..window[1] as u32 {
            seen.entry(keys.get(row as usize)).or_insert((row, 0)).1 += 1;
        }
        let mut most: Vec<(u32, i64)> = seen.into_values().collect();
        most.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        most.truncate(n);
        lengths.push(most.len());
        picked.extend(most.iter().map(|(row, _)| *row));
        counts.extend(most.iter().map(|(_, count)| *count));
    }
    let taken = take_all(&columns[1..2], picked)?;
    let counts = Arc::new(Int64Array::from(counts));
    let lengths = OffsetBuffer::from_lengths(lengths);
    map_array((value, &Type::BigInt), Arc::clone(&taken[0]), counts, lengths, empty_as_null(&offsets))
}

fn numeric_histogram(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || no_overload("numeric_histogram", args, "a constant number of buckets, a number and perhaps a weight");
    let ([buckets, _] | [buckets, _, _]) = args else { return Err(bad()) };
    let numbers = |a: &Arg<'_>| !a.is_lambda() && can_coerce(a.ty(), &Type::Double);
    if !args.iter().all(numbers) || !can_coerce(buckets.ty(), &Type::BigInt) {
        return Err(bad());
    }
    let n = double(buckets).ok_or_else(bad)?;
    if n < 2.0 {
        return Err(SqlError::invalid("numeric_histogram bucket count must be greater than one"));
    }
    let value = if *args[1].ty() == Type::Real { Type::Real } else { Type::Double };
    let mut types = vec![Type::BigInt];
    types.resize(args.len(), Type::Double);
    let arrow = types.iter().map(Type::arrow).collect();
    let returns = Type::map(value.clone(), value.clone());
    let fold = Collect::new(arrow, Some(1), move |rows| histogram(rows, n as usize, &value));
    Ok(aggregate_with("numeric_histogram", types, returns, n.to_string(), fold))
}

/// Joins the two nearest buckets until there are few enough.
fn histogram(rows: Collected, n: usize, value: &Type) -> DfResult<ArrayRef> {
    let Collected { columns, offsets } = rows;
    let values = columns[1].as_primitive::<Float64Type>();
    let weights = columns.get(2).map(|w| w.as_primitive::<Float64Type>());
    let (mut means, mut sizes, mut lengths) = (vec![], vec![], vec![]);
    for window in offsets.windows(2) {
        let row = |i| (values.value(i), weights.map_or(1.0, |w| w.value(i)));
        let mut buckets: Vec<(f64, f64)> = (window[0] as usize..window[1] as usize).map(row).collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        buckets.dedup_by(|b, a| {
            let same = a.0 == b.0;
            a.1 += if same { b.1 } else { 0.0 };
            same
        });
        while buckets.len() > n {
            let gap = |i: &usize| buckets[i + 1].0 - buckets[*i].0;
            let Some(at) = (0..buckets.len() - 1).min_by(|a, b| gap(a).total_cmp(&gap(b))) else { break };
            let (right, left) = (buckets.remove(at + 1), buckets[at]);
            let size = left.1 + right.1;
            buckets[at] = ((left.0 * left.1 + right.0 * right.1) / size, size);
        }
        lengths.push(buckets.len());
        means.extend(buckets.iter().map(|b| b.0));
        sizes.extend(buckets.iter().map(|b| b.1));
    }
    let column = |v: Vec<f64>| arrow::compute::cast(&Float64Array::from(v), &value.arrow());
    let (means, sizes) = (column(means)?, column(sizes)?);
    map_array((value, value), means, sizes, OffsetBuffer::from_lengths(lengths), empty_as_null(&offsets))
}
