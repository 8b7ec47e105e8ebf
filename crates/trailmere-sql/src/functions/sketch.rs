//! Sketches: HyperLogLog, t-digest and quantile digest as values that can be merged and asked later.
//!
//! They are Trino's in meaning, not in bytes: a sketch that Trino has serialised cannot be read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, lit};

use self::digest::Digest;
use self::folds::DigestFold;
use self::hyperloglog::Distinct;
use crate::canonical::is_comparable;
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{AggregateCall, Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::aggregate::fold::aggregate;
use crate::functions::arguments::numbers;
use crate::functions::array::lists::Lists;
use crate::functions::map::build::list_array;
use crate::types::Type;

pub(crate) mod digest;
pub(crate) mod folds;
pub(crate) mod hyperloglog;

/// What the functions have in common.
const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    kind: FunctionKind,
) -> Function {
    Function { name, aliases: &[], family: "sketch", signature, about, example, kind }
}

/// The functions of sketches of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = makers();
    all.extend(questions());
    all
}

fn makers() -> Vec<Function> {
    use FunctionKind::{Aggregate, Scalar};
    vec![
        entry(
            "approx_set",
            "approx_set(x) -> HyperLogLog",
            "The sketch of the distinct values.",
            "cardinality(approx_set('a'))",
            Aggregate(approx_set),
        ),
        entry(
            "empty_approx_set",
            "empty_approx_set() -> HyperLogLog",
            "The sketch of no values.",
            "cardinality(empty_approx_set())",
            Scalar(empty_approx_set),
        ),
        entry(
            "merge",
            "merge(HyperLogLog) -> HyperLogLog\nmerge(tdigest) -> tdigest\nmerge(qdigest(T)) -> qdigest(T)",
            "The union of sketches.",
            "cardinality(merge(empty_approx_set()))",
            Aggregate(merge),
        ),
        entry(
            "tdigest_agg",
            "tdigest_agg(x[, weight]) -> tdigest",
            "A digest of numbers.",
            "value_at_quantile(tdigest_agg(7), 0.5)",
            Aggregate(tdigest_agg),
        ),
        entry(
            "qdigest_agg",
            "qdigest_agg(x[, weight[, accuracy]]) -> qdigest(type of x)",
            "A quantile digest of numbers.",
            "value_at_quantile(qdigest_agg(7), 0.5)",
            Aggregate(qdigest_agg),
        ),
    ]
}

fn questions() -> Vec<Function> {
    use FunctionKind::Scalar;
    vec![
        entry(
            "value_at_quantile",
            "value_at_quantile(digest, quantile) -> number",
            "The value below which a part of the values is.",
            "value_at_quantile(tdigest_agg(7), 0.5)",
            Scalar(value_at_quantile),
        ),
        entry(
            "values_at_quantiles",
            "values_at_quantiles(digest, array(double)) -> array(number)",
            "The values below which parts of the values are.",
            "values_at_quantiles(tdigest_agg(7), ARRAY[0.1, 0.9])",
            Scalar(values_at_quantiles),
        ),
        entry(
            "quantile_at_value",
            "quantile_at_value(digest, value) -> double",
            "Which part of the values is not above one.",
            "quantile_at_value(qdigest_agg(7), 7)",
            Scalar(quantile_at_value),
        ),
        entry(
            "scale_tdigest",
            "scale_tdigest(tdigest, factor) -> tdigest",
            "The digest with all weights multiplied.",
            "value_at_quantile(scale_tdigest(tdigest_agg(7), 2), 0.5)",
            Scalar(scale),
        ),
        entry(
            "scale_qdigest",
            "scale_qdigest(qdigest, factor) -> qdigest",
            "The quantile digest with all weights multiplied.",
            "value_at_quantile(scale_qdigest(qdigest_agg(7), 2), 0.5)",
            Scalar(scale),
        ),
    ]
}

fn approx_set(args: &[Arg<'_>]) -> Result<AggregateCall> {
    match args {
        [Arg::Value { ty, .. }] if is_comparable(ty) => {
            Ok(hyperloglog::of_values("approx_set", vec![ty.clone()], Type::HyperLogLog, Distinct::set_of_values()))
        }
        _ => Err(no_overload("approx_set", args, "one value")),
    }
}

fn empty_approx_set(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !args.is_empty() {
        return Err(no_overload("empty_approx_set", args, "nothing"));
    }
    let empty = ScalarValue::BinaryView(Some(hyperloglog::EMPTY.to_vec()));
    Ok(ScalarCall::native(vec![], Type::HyperLogLog, move |_| lit(empty.clone())))
}

/// `cardinality` of a HyperLogLog.
pub(crate) fn cardinality(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let sketches = array.as_binary_view();
    numbers::<Int64Type>(call.rows, |row| {
        Ok(sketches.is_valid(row).then(|| hyperloglog::cardinality(sketches.value(row))))
    })
}

fn merge(args: &[Arg<'_>]) -> Result<AggregateCall> {
    match args {
        [Arg::Value { ty: ty @ Type::HyperLogLog, .. }] => {
            Ok(aggregate("merge", vec![ty.clone()], ty.clone(), Distinct::set_of_sketches()))
        }
        [Arg::Value { ty: ty @ (Type::TDigest | Type::QDigest(_)), .. }] => {
            Ok(aggregate("merge", vec![ty.clone()], ty.clone(), DigestFold::merging()))
        }
        _ => Err(no_overload("merge", args, "a HyperLogLog, a tdigest or a qdigest")),
    }
}

/// A number and perhaps a weight; what comes after is not needed here.
fn digest_of(name: &'static str, args: &[Arg<'_>], returns: Type) -> Result<AggregateCall> {
    let fits = |a: &Arg<'_>| !a.is_lambda() && can_coerce(a.ty(), &Type::Double);
    if !(1..=3).contains(&args.len()) || !args.iter().all(fits) {
        return Err(no_overload(name, args, "a number and perhaps a weight"));
    }
    Ok(aggregate(name, vec![Type::Double; args.len()], returns, DigestFold::adding(args.len() > 1)))
}

fn tdigest_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    digest_of("tdigest_agg", args, Type::TDigest)
}

fn qdigest_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let value = match args.first().map(Arg::ty) {
        Some(Type::Real) => Type::Real,
        Some(ty) if can_coerce(ty, &Type::BigInt) => Type::BigInt,
        _ => Type::Double,
    };
    digest_of("qdigest_agg", args, Type::QDigest(Box::new(value)))
}

/// The type of a digest and of the values in it.
fn digest_type(name: &str, args: &[Arg<'_>], second: &Type) -> Result<(Type, Type)> {
    let bad = || no_overload(name, args, "a tdigest or qdigest and a number or an array of them");
    let [Arg::Value { ty, .. }, other] = args else { return Err(bad()) };
    if other.is_lambda() || !can_coerce(other.ty(), second) {
        return Err(bad());
    }
    match ty {
        Type::TDigest => Ok((ty.clone(), Type::Double)),
        Type::QDigest(value) => Ok((ty.clone(), value.as_ref().clone())),
        _ => Err(bad()),
    }
}

fn checked(quantile: f64) -> DfResult<f64> {
    if (0.0..=1.0).contains(&quantile) { Ok(quantile) } else { fail("Quantile should be within bounds [0, 1]") }
}

/// Doubles as values of a digest's type.
pub(crate) fn in_type(values: Float64Array, ty: &Type) -> DfResult<ArrayRef> {
    let values: ArrayRef = match ty {
        Type::BigInt => Arc::new(values.unary::<_, Float64Type>(|v| (v + 0.5).floor())),
        _ => Arc::new(values),
    };
    Ok(cast(&values, &ty.arrow())?)
}

fn value_at_quantile(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (digest, value) = digest_type("value_at_quantile", args, &Type::Double)?;
    Ok(ScalarCall::new(vec![digest, Type::Double], value.clone(), move |call| {
        let (digests, quantiles) = (call.array(0)?, call.array(1)?);
        let (digests, quantiles) = (digests.as_binary_view(), quantiles.as_primitive::<Float64Type>());
        let one = |row: usize| {
            if digests.is_null(row) || quantiles.is_null(row) {
                return Ok(None);
            }
            Ok(Digest::read(digests.value(row)).quantile(checked(quantiles.value(row))?))
        };
        let values = (0..call.rows).map(one).collect::<DfResult<Float64Array>>()?;
        Ok(ColumnarValue::Array(in_type(values, &value)?))
    }))
}

fn values_at_quantiles(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (digest, value) = digest_type("values_at_quantiles", args, &Type::array(Type::Double))?;
    let types = vec![digest, Type::array(Type::Double)];
    Ok(ScalarCall::new(types, Type::array(value.clone()), move |call| {
        let digests = call.array(0)?;
        let digests = digests.as_binary_view();
        let lists = Lists::of(call, 1)?;
        let quantiles = cast(lists.values(), &DataType::Float64)?;
        let quantiles = quantiles.as_primitive::<Float64Type>();
        let (mut values, mut lengths) = (vec![], vec![]);
        for row in 0..call.rows {
            let range = if digests.is_valid(row) { lists.range(row) } else { 0..0 };
            lengths.push(range.len());
            if !range.is_empty() {
                let mut digest = Digest::read(digests.value(row));
                for i in range {
                    values.push(digest.quantile(checked(quantiles.value(i))?));
                }
            }
        }
        let values = in_type(values.into_iter().collect(), &value)?;
        let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
        Ok(ColumnarValue::Array(list_array(&value, values, offsets, None)?))
    }))
}

fn quantile_at_value(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (digest, _) = digest_type("quantile_at_value", args, &Type::Double)?;
    Ok(ScalarCall::new(vec![digest, Type::Double], Type::Double, |call| {
        let (digests, values) = (call.array(0)?, call.array(1)?);
        let (digests, values) = (digests.as_binary_view(), values.as_primitive::<Float64Type>());
        numbers::<Float64Type>(call.rows, |row| {
            if digests.is_null(row) || values.is_null(row) {
                return Ok(None);
            }
            Ok(Digest::read(digests.value(row)).rank(values.value(row)))
        })
    }))
}

fn scale(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (digest, _) = digest_type("scale_tdigest", args, &Type::Double)?;
    Ok(ScalarCall::new(vec![digest.clone(), Type::Double], digest, |call| {
        let (digests, factors) = (call.array(0)?, call.array(1)?);
        let (digests, factors) = (digests.as_binary_view(), factors.as_primitive::<Float64Type>());
        let one = |row: usize| {
            if digests.is_null(row) || factors.is_null(row) {
                return Ok(None);
            }
            if factors.value(row) <= 0.0 {
                return fail("Scale factor should be positive.");
            }
            let mut digest = Digest::read(digests.value(row));
            digest.scale(factors.value(row));
            Ok(Some(digest.bytes()))
        };
        let scaled = (0..call.rows).map(one).collect::<DfResult<Vec<_>>>()?;
        Ok(ColumnarValue::Array(Arc::new(BinaryViewArray::from_iter(scaled))))
    }))
}
