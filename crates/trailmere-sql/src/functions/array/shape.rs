//! Arrays made of arrays: slice, trim_array, flatten, repeat, shuffle, zip, ngrams, combinations, contains_sequence.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use rand::seq::SliceRandom;

use super::entry;
use super::lists::{Lists, Picks, element_of};
use crate::canonical::{Keys, is_comparable};
use crate::coercion::{can_coerce, common_type};
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::map::build::list_array;
use crate::types::{Type, item_field};

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "slice",
            "slice(array(E), start, length) -> array(E)",
            "A part of the array, from a position that counts from 1, or from the end if negative.",
            "slice(ARRAY[1, 2, 3], 2, 2)",
            |args| sliced("slice", args),
        ),
        entry(
            "trim_array",
            "trim_array(array(E), n) -> array(E)",
            "The array without its last n elements.",
            "trim_array(ARRAY[1, 2, 3], 1)",
            |args| sliced("trim_array", args),
        ),
        entry(
            "flatten",
            "flatten(array(array(E))) -> array(E)",
            "The elements of all arrays in one.",
            "flatten(ARRAY[ARRAY[1], ARRAY[2, 3]])",
            flatten,
        ),
        entry(
            "repeat",
            "repeat(T, count) -> array(T)",
            "An array of one element many times.",
            "repeat('x', 3)",
            repeat,
        ),
        entry(
            "shuffle",
            "shuffle(array(E)) -> array(E)",
            "The elements in random order.",
            "cardinality(shuffle(ARRAY[1, 2, 3]))",
            shuffle,
        ),
        entry(
            "zip",
            "zip(array(A), array(B), …) -> array(row(A, B, …))",
            "The arrays side by side as rows; shorter ones are filled with NULL.",
            "zip(ARRAY[1, 2], ARRAY['a', 'b'])",
            zip,
        ),
        entry(
            "ngrams",
            "ngrams(array(E), n) -> array(array(E))",
            "All runs of n elements.",
            "ngrams(ARRAY['a', 'b', 'c'], 2)",
            ngrams,
        ),
        entry(
            "combinations",
            "combinations(array(E), n) -> array(array(E))",
            "All choices of n elements; n is at most 5.",
            "combinations(ARRAY['a', 'b', 'c'], 2)",
            combinations,
        ),
        entry(
            "contains_sequence",
            "contains_sequence(array(E), array(E)) -> boolean",
            "Whether the second array stands within the first.",
            "contains_sequence(ARRAY[1, 2, 3], ARRAY[2, 3])",
            contains_sequence,
        ),
    ]
}

/// `slice` and `trim_array`.
fn sliced(name: &'static str, args: &[Arg<'_>]) -> Result<ScalarCall> {
    let numbers = if name == "slice" { 2 } else { 1 };
    let bad = || {
        no_overload(name, args, if numbers == 2 { "an array, a start and a length" } else { "an array and a number" })
    };
    let element = args.first().and_then(element_of).ok_or_else(bad)?;
    if args.len() != numbers + 1 || args[1..].iter().any(|a| a.is_lambda() || !can_coerce(a.ty(), &Type::BigInt)) {
        return Err(bad());
    }
    let ty = Type::array(element.clone());
    let mut types = vec![ty.clone()];
    types.resize(args.len(), Type::BigInt);
    Ok(ScalarCall::new(types, ty, move |call| {
        let lists = Lists::of(call, 0)?;
        let arrays = (1..=numbers).map(|i| call.array(i)).collect::<DfResult<Vec<ArrayRef>>>()?;
        let numbers: Vec<_> = arrays.iter().map(|a| a.as_primitive::<Int64Type>()).collect();
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            if lists.is_valid(row) && numbers.iter().all(|n| n.is_valid(row)) {
                let range = lists.range(row);
                let from = range.start;
                let part = match numbers[..] {
                    [start, length] => part(range.len() as i64, start.value(row), length.value(row))?,
                    _ => trimmed(range.len() as i64, numbers[0].value(row))?,
                };
                picks.extend(part.map(|i| from + i as usize));
            }
            picks.end();
        }
        picks.finish(&element, lists.values())
    }))
}

fn part(size: i64, start: i64, length: i64) -> DfResult<std::ops::Range<i64>> {
    if length < 0 {
        return fail("length must be greater than or equal to 0");
    }
    if start == 0 {
        return fail("SQL array indices start at 1");
    }
    let from = if start > 0 { start - 1 } else { size.saturating_add(start) };
    if !(0..size).contains(&from) {
        return Ok(0..0);
    }
    Ok(from..from.saturating_add(length).min(size))
}

fn trimmed(size: i64, n: i64) -> DfResult<std::ops::Range<i64>> {
    if n < 0 {
        return fail(format!("size must not be negative: {n}"));
    }
    if n > size {
        return fail(format!("size must not exceed array cardinality {size}: {n}"));
    }
    Ok(0..size - n)
}

fn flatten(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("flatten", args, "an array of arrays");
    let [array] = args else { return Err(bad()) };
    let inner = element_of(array).ok_or_else(bad)?;
    let element = match &inner {
        Type::Array(element) => element.as_ref().clone(),
        Type::Unknown => Type::Unknown,
        _ => return Err(bad()),
    };
    let returns = Type::array(element.clone());
    Ok(ScalarCall::new(vec![Type::array(returns.clone())], returns, move |call| {
        let lists = Lists::of(call, 0)?;
        let inner = lists.values().as_list::<i32>();
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            for i in lists.range(row).filter(|i| inner.is_valid(*i)) {
                picks.extend(inner.offsets()[i] as usize..inner.offsets()[i + 1] as usize);
            }
            picks.end();
        }
        picks.finish(&element, inner.values())
    }))
}

/// Trino's limit of the arrays that `repeat` and `sequence` make.
pub(super) const MOST_ENTRIES: i64 = 10_000;

fn repeat(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty, .. }, count] = args else { return Err(no_overload("repeat", args, "a value and a count")) };
    if !can_coerce(count.ty(), &Type::BigInt) {
        return Err(no_overload("repeat", args, "a value and a count"));
    }
    let element = ty.clone();
    let call = ScalarCall::new(vec![ty.clone(), Type::BigInt], Type::array(ty.clone()), move |call| {
        let values = call.array(0)?;
        let counts = call.array(1)?;
        let counts = counts.as_primitive::<Int64Type>();
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            if counts.is_null(row) {
                picks.end_null();
                continue;
            }
            let n = counts.value(row);
            if n > MOST_ENTRIES {
                return fail("count argument of repeat function must be less than or equal to 10000");
            }
            if n < 0 {
                return fail("count argument of repeat function must be greater than or equal to 0");
            }
            picks.extend(std::iter::repeat_n(row, n as usize));
            picks.end();
        }
        picks.finish(&element, &values)
    });
    Ok(call.handles_nulls())
}

fn shuffle(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("shuffle", args, "an array");
    let [array] = args else { return Err(bad()) };
    let element = element_of(array).ok_or_else(bad)?;
    let ty = Type::array(element.clone());
    let call = ScalarCall::new(vec![ty.clone()], ty, move |call| {
        let lists = Lists::of(call, 0)?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let mut order: Vec<usize> = lists.range(row).collect();
            order.shuffle(&mut rand::rng());
            picks.extend(order.into_iter());
            picks.end();
        }
        picks.finish(&element, lists.values())
    });
    Ok(call.volatile())
}

fn zip(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("zip", args, "two to five arrays");
    if !(2..=5).contains(&args.len()) {
        return Err(bad());
    }
    let elements: Vec<Type> = args.iter().map(element_of).collect::<Option<_>>().ok_or_else(bad)?;
    let types = elements.iter().cloned().map(Type::array).collect();
    let row = Type::anonymous_row(elements);
    Ok(ScalarCall::new(types, Type::array(row.clone()), move |call| {
        let lists = (0..call.values.len()).map(|i| Lists::of(call, i)).collect::<DfResult<Vec<_>>>()?;
        let mut picked: Vec<Vec<Option<u32>>> = vec![vec![]; lists.len()];
        let mut lengths = vec![];
        for row in 0..call.rows {
            let longest = lists.iter().map(|l| l.range(row).len()).max().unwrap_or(0);
            for (list, picked) in lists.iter().zip(&mut picked) {
                let range = list.range(row);
                picked.extend((0..longest).map(|i| (i < range.len()).then(|| (range.start + i) as u32)));
            }
            lengths.push(longest);
        }
        let column = |(list, picked): (&Lists, Vec<Option<u32>>)| take(list.values(), &UInt32Array::from(picked), None);
        let columns = lists.iter().zip(picked).map(column).collect::<Result<Vec<_>, _>>()?;
        let DataType::Struct(fields) = row.arrow() else { return fail("zip makes rows") };
        let rows = Arc::new(StructArray::try_new(fields, columns, None)?);
        Ok(ColumnarValue::Array(list_array(&row, rows, OffsetBuffer::from_lengths(lengths), None)?))
    }))
}

/// An array of arrays of picked elements.
fn nested(picks: Picks, lengths: Vec<usize>, element: &Type, values: &ArrayRef) -> DfResult<ColumnarValue> {
    let ColumnarValue::Array(inner) = picks.finish(element, values)? else { return fail("expected arrays") };
    let item = item_field(&Type::array(element.clone()));
    let outer = ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), inner, None)?;
    Ok(ColumnarValue::Array(Arc::new(outer)))
}

fn array_and_number(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    match args {
        [array, n] if !n.is_lambda() && can_coerce(n.ty(), &Type::BigInt) => element_of(array),
        _ => None,
    }
    .ok_or_else(|| no_overload(name, args, "an array and a number"))
}

fn ngrams(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = array_and_number("ngrams", args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), Type::BigInt], Type::array(ty), move |call| {
        let lists = Lists::of(call, 0)?;
        let sizes = call.array(1)?;
        let sizes = sizes.as_primitive::<Int64Type>();
        let (mut picks, mut lengths) = (Picks::new(call.rows), vec![]);
        for row in 0..call.rows {
            if sizes.is_null(row) || !lists.is_valid(row) {
                lengths.push(0);
                continue;
            }
            if sizes.value(row) <= 0 {
                return fail("N must be positive");
            }
            let range = lists.range(row);
            let n = (sizes.value(row) as usize).min(range.len().max(1));
            let grams = range.len().saturating_sub(n) + 1;
            for first in 0..grams {
                picks.extend((range.start + first)..(range.start + (first + n).min(range.len())));
                picks.end();
            }
            lengths.push(grams);
        }
        nested(picks, lengths, &element, lists.values())
    }))
}

/// Trino's limits of `combinations`.
const MOST_CHOSEN: i64 = 5;
const MOST_COMBINATIONS: usize = 100_000;

fn combinations(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = array_and_number("combinations", args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), Type::BigInt], Type::array(ty), move |call| {
        let lists = Lists::of(call, 0)?;
        let sizes = call.array(1)?;
        let sizes = sizes.as_primitive::<Int64Type>();
        let (mut picks, mut lengths) = (Picks::new(call.rows), vec![]);
        for row in 0..call.rows {
            if sizes.is_null(row) || !lists.is_valid(row) {
                lengths.push(0);
                continue;
            }
            let n = sizes.value(row);
            if n < 0 {
                return fail(format!("combination size must not be negative: {n}"));
            }
            if n > MOST_CHOSEN {
                return fail(format!("combination size must not exceed {MOST_CHOSEN}: {n}"));
            }
            lengths.push(choose(&mut picks, lists.range(row), n as usize)?);
        }
        nested(picks, lengths, &element, lists.values())
    }))
}

/// Picks all choices of `n` positions, in the order in which their last elements come.
fn choose(picks: &mut Picks, range: std::ops::Range<usize>, n: usize) -> DfResult<usize> {
    if n > range.len() {
        return Ok(0);
    }
    let mut chosen: Vec<usize> = (0..n).collect();
    let mut count = 0;
    loop {
        picks.extend(chosen.iter().map(|i| range.start + i));
        picks.end();
        count += 1;
        if count > MOST_COMBINATIONS {
            return fail("combinations exceed max size");
        }
        // The first position that can move on; those before it go back to the start.
        let Some(at) = (0..n).find(|&i| chosen[i] + 1 < *chosen.get(i + 1).unwrap_or(&range.len())) else {
            return Ok(count);
        };
        chosen[at] += 1;
        (0..at).for_each(|i| chosen[i] = i);
    }
}

fn contains_sequence(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("contains_sequence", args, "two arrays of one type");
    let [a, b] = args else { return Err(bad()) };
    let (a, b) = element_of(a).zip(element_of(b)).ok_or_else(bad)?;
    let element = common_type(&a, &b).filter(is_comparable).ok_or_else(bad)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), ty], Type::Boolean, move |call| contains_run(call, &element)))
}

fn contains_run(call: &CallArgs<'_>, element: &Type) -> DfResult<ColumnarValue> {
    let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
    let (keys, wanted) = (Keys::of(element, a.values())?, Keys::of(element, b.values())?);
    let one = |row: usize| {
        let (all, run) = (a.range(row), b.range(row));
        let starts = (all.len() + 1).saturating_sub(run.len());
        let matches = |from: usize| (0..run.len()).all(|i| keys.get(all.start + from + i) == wanted.get(run.start + i));
        Some((0..starts).any(matches))
    };
    Ok(ColumnarValue::Array(Arc::new((0..call.rows).map(one).collect::<BooleanArray>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_count_from_either_end() {
        assert_eq!(part(4, 2, 2).unwrap(), 1..3);
        assert_eq!(part(4, -2, 9).unwrap(), 2..4);
        assert_eq!(part(4, 5, 1).unwrap(), 0..0);
        assert_eq!(part(4, -5, 1).unwrap(), 0..0);
        assert!(part(4, 0, 1).is_err());
        assert!(part(4, 1, -1).is_err());
    }

    #[test]
    fn all_choices_are_made() {
        let mut picks = Picks::new(1);
        assert_eq!(choose(&mut picks, 10..14, 2).unwrap(), 6);
        assert_eq!(choose(&mut picks, 10..14, 0).unwrap(), 1);
        assert_eq!(choose(&mut picks, 10..12, 3).unwrap(), 0);
        assert!(choose(&mut picks, 0..100, 5).is_err());
    }
}
