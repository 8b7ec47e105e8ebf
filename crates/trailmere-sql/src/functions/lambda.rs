//! Functions that take lambdas: transform, filter, reduce, the matches, and those of maps.
//!
//! The body is evaluated once over the elements of all rows of a batch, never row by row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::error::{Result, SqlError};
use crate::function::{Arg, CallArgs, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::array::lists::{Lists, Picks, element_of};
use crate::functions::map::build::list_array;
use crate::lambda::BoundLambda;
use crate::types::Type;

pub(crate) mod compiled;
mod maps;
pub(crate) mod reduce;

/// The lambda functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = vec![
        entry(
            "transform",
            "transform(array(T), function(T, U)) -> array(U)",
            "The array with each element replaced by what the lambda makes of it.",
            "transform(ARRAY[1, 2], x -> x * 10)",
            transform,
        ),
        entry(
            "filter",
            "filter(array(T), function(T, boolean)) -> array(T)",
            "The elements for which the lambda is true.",
            "filter(ARRAY[1, 2, 3], x -> x > 1)",
            filter,
        ),
        entry(
            "any_match",
            "any_match(array(T), function(T, boolean)) -> boolean",
            "Whether the lambda is true of any element.",
            "any_match(ARRAY[1, 2], x -> x = 2)",
            |args| matches("any_match", args, Quantifier { looks_for: true, found: true }),
        ),
        entry(
            "all_match",
            "all_match(array(T), function(T, boolean)) -> boolean",
            "Whether the lambda is true of all elements.",
            "all_match(ARRAY[1, 2], x -> x > 0)",
            |args| matches("all_match", args, Quantifier { looks_for: false, found: false }),
        ),
        entry(
            "none_match",
            "none_match(array(T), function(T, boolean)) -> boolean",
            "Whether the lambda is true of no element.",
            "none_match(ARRAY[1, 2], x -> x > 5)",
            |args| matches("none_match", args, Quantifier { looks_for: true, found: false }),
        ),
        entry(
            "zip_with",
            "zip_with(array(T), array(U), function(T, U, R)) -> array(R)",
            "What the lambda makes of each pair of elements; the shorter array is filled with NULLs.",
            "zip_with(ARRAY[1, 2], ARRAY[10, 20], (x, y) -> x + y)",
            zip_with,
        ),
    ];
    all.extend(maps::all());
    all.extend(reduce::all());
    all
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "lambda", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// The elements of all rows that have an array, one after the other, and the row that each belongs to.
pub(crate) struct Flat {
    pub(crate) positions: UInt32Array,
    pub(crate) outer: UInt32Array,
    pub(crate) offsets: OffsetBuffer<i32>,
}

impl Flat {
    pub(crate) fn of(rows: usize, range: impl Fn(usize) -> std::ops::Range<usize>) -> Flat {
        let (mut positions, mut outer, mut lengths) = (vec![], vec![], Vec::with_capacity(rows));
        for row in 0..rows {
            let range = range(row);
            lengths.push(range.len());
            outer.extend(std::iter::repeat_n(row as u32, range.len()));
            positions.extend(range.map(|i| i as u32));
        }
        Flat { positions: positions.into(), outer: outer.into(), offsets: OffsetBuffer::from_lengths(lengths) }
    }

    /// The elements themselves; nothing is copied where all of them are wanted.
    pub(crate) fn take(&self, values: &ArrayRef) -> DfResult<ArrayRef> {
        if self.positions.len() == values.len() {
            return Ok(Arc::clone(values));
        }
        Ok(take(values, &self.positions, None)?)
    }
}

/// A lambda whose body must be boolean.
pub(crate) fn predicate(arg: &Arg<'_>, parameters: &[Type]) -> Result<BoundLambda> {
    let lambda = arg.lambda(parameters)?;
    if !matches!(lambda.returns, Type::Boolean | Type::Unknown) {
        return Err(SqlError::invalid(format!("the lambda must return boolean, not {}", lambda.returns)));
    }
    Ok(lambda)
}

/// What a predicate says of the flattened rows; a NULL of unknown type is a NULL boolean.
pub(crate) fn verdicts(
    lambda: &BoundLambda,
    parameters: &[ArrayRef],
    call: &CallArgs<'_>,
    outer: &UInt32Array,
) -> DfResult<BooleanArray> {
    let result = lambda.evaluate(parameters, call.captures, outer)?;
    match result.as_boolean_opt() {
        Some(verdicts) => Ok(verdicts.clone()),
        None => Ok(BooleanArray::new_null(result.len())),
    }
}

fn array_and_lambda<'a, 'b>(name: &str, args: &'a [Arg<'b>]) -> Result<(Type, &'a Arg<'b>)> {
    match args {
        [array, lambda] if lambda.is_lambda() => element_of(array).map(|element| (element, lambda)),
        _ => None,
    }
    .ok_or_else(|| no_overload(name, args, "an array and a lambda of one parameter"))
}

fn transform(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (element, lambda) = array_and_lambda("transform", args)?;
    let lambda = lambda.lambda(std::slice::from_ref(&element))?;
    let body = lambda.clone();
    let returns = lambda.returns.clone();
    let call = ScalarCall::new(vec![Type::array(element)], Type::array(returns.clone()), move |call| {
        let lists = Lists::of(call, 0)?;
        let flat = Flat::of(call.rows, |row| lists.range(row));
        let values = body.evaluate(&[flat.take(lists.values())?], call.captures, &flat.outer)?;
        Ok(ColumnarValue::Array(list_array(&returns, values, flat.offsets, lists.array().nulls().cloned())?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn filter(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let (element, lambda) = array_and_lambda("filter", args)?;
    let lambda = predicate(lambda, std::slice::from_ref(&element))?;
    let body = lambda.clone();
    let ty = Type::array(element.clone());
    let call = ScalarCall::new(vec![ty.clone()], ty, move |call| {
        let lists = Lists::of(call, 0)?;
        let flat = Flat::of(call.rows, |row| lists.range(row));
        let keep = verdicts(&body, &[flat.take(lists.values())?], call, &flat.outer)?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let range = flat.offsets[row] as usize..flat.offsets[row + 1] as usize;
            let kept = range.filter(|i| keep.is_valid(*i) && keep.value(*i));
            picks.extend(kept.map(|i| flat.positions.value(i) as usize));
            picks.end();
        }
        picks.finish(&element, lists.values())
    });
    Ok(call.with_lambdas(vec![lambda]))
}

/// `any_match` and the like: what settles the question, and with which answer.
#[derive(Clone, Copy)]
struct Quantifier {
    looks_for: bool,
    found: bool,
}

fn matches(name: &str, args: &[Arg<'_>], quantifier: Quantifier) -> Result<ScalarCall> {
    let (element, lambda) = array_and_lambda(name, args)?;
    let lambda = predicate(lambda, std::slice::from_ref(&element))?;
    let body = lambda.clone();
    let call = ScalarCall::new(vec![Type::array(element)], Type::Boolean, move |call| {
        let lists = Lists::of(call, 0)?;
        let flat = Flat::of(call.rows, |row| lists.range(row));
        let verdicts = verdicts(&body, &[flat.take(lists.values())?], call, &flat.outer)?;
        let one = |row: usize| {
            let mut range = flat.offsets[row] as usize..flat.offsets[row + 1] as usize;
            if range.clone().any(|i| verdicts.is_valid(i) && verdicts.value(i) == quantifier.looks_for) {
                return Some(quantifier.found);
            }
            (!range.any(|i| verdicts.is_null(i))).then_some(!quantifier.found)
        };
        Ok(ColumnarValue::Array(Arc::new((0..call.rows).map(one).collect::<BooleanArray>())))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn zip_with(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("zip_with", args, "two arrays and a lambda of two parameters");
    let [a, b, lambda] = args else { return Err(bad()) };
    let (a, b) = element_of(a).zip(element_of(b)).ok_or_else(bad)?;
    let lambda = lambda.lambda(&[a.clone(), b.clone()])?;
    let body = lambda.clone();
    let returns = lambda.returns.clone();
    let call = ScalarCall::new(vec![Type::array(a), Type::array(b)], Type::array(returns.clone()), move |call| {
        let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
        let (mut left, mut right, mut outer, mut lengths) = (vec![], vec![], vec![], vec![]);
        for row in 0..call.rows {
            let both = a.is_valid(row) && b.is_valid(row);
            let (x, y) = (a.range(row), b.range(row));
            let length = if both { x.len().max(y.len()) } else { 0 };
            left.extend((0..length).map(|i| (i < x.len()).then(|| (x.start + i) as u32)));
            right.extend((0..length).map(|i| (i < y.len()).then(|| (y.start + i) as u32)));
            outer.extend(std::iter::repeat_n(row as u32, length));
            lengths.push(length);
        }
        let left = take(a.values(), &UInt32Array::from(left), None)?;
        let right = take(b.values(), &UInt32Array::from(right), None)?;
        let values = body.evaluate(&[left, right], call.captures, &UInt32Array::from(outer))?;
        Ok(ColumnarValue::Array(list_array(&returns, values, OffsetBuffer::from_lengths(lengths), None)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}
