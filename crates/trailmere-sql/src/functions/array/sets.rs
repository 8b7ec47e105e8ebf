//! Arrays as sets: array_distinct, array_union, array_intersect, array_except, arrays_overlap, array_remove, array_histogram.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Int64Array, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::element::{Search, with_element};
use super::entry;
use super::lists::{Lists, Picks, both, element_of};
use crate::canonical::{Keys, is_comparable};
use crate::coercion::common_type;
use crate::error::Result;
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::map::build::map_array;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "array_distinct",
            "array_distinct(array(E)) -> array(E)",
            "The array without duplicates.",
            "array_distinct(ARRAY[1, 2, 1])",
            array_distinct,
        ),
        entry(
            "array_union",
            "array_union(array(E), array(E)) -> array(E)",
            "The elements of either array, without duplicates.",
            "array_union(ARRAY[1], ARRAY[1, 2])",
            |args| set("array_union", args, union),
        ),
        entry(
            "array_intersect",
            "array_intersect(array(E), array(E)) -> array(E)",
            "The elements that are in both arrays, without duplicates.",
            "array_intersect(ARRAY[1, 2], ARRAY[2])",
            |args| set("array_intersect", args, |call, ty| among(call, ty, true)),
        ),
        entry(
            "array_except",
            "array_except(array(E), array(E)) -> array(E)",
            "The elements of the first array that are not in the second, without duplicates.",
            "array_except(ARRAY[1, 2], ARRAY[2])",
            |args| set("array_except", args, |call, ty| among(call, ty, false)),
        ),
        entry(
            "arrays_overlap",
            "arrays_overlap(array(E), array(E)) -> boolean",
            "Whether the arrays have an element in common; NULL if they may have.",
            "arrays_overlap(ARRAY[1, 2], ARRAY[2])",
            arrays_overlap,
        ),
        entry(
            "array_remove",
            "array_remove(array(E), E) -> array(E)",
            "The array without the elements equal to a value.",
            "array_remove(ARRAY[1, 2, 1], 1)",
            array_remove,
        ),
        entry(
            "array_histogram",
            "array_histogram(array(E)) -> map(E, bigint)",
            "How often each element occurs; NULLs are left out.",
            "array_histogram(ARRAY['a', 'b', 'a'])",
            array_histogram,
        ),
    ]
}

fn one_array(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    let bad = || no_overload(name, args, "an array whose elements can be compared");
    let [array] = args else { return Err(bad()) };
    element_of(array).filter(is_comparable).ok_or_else(bad)
}

fn array_distinct(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = one_array("array_distinct", args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone()], ty, move |call| {
        let lists = Lists::of(call, 0)?;
        let keys = Keys::of(&element, lists.values())?;
        let mut picks = Picks::new(call.rows);
        let mut seen = HashSet::new();
        for row in 0..call.rows {
            seen.clear();
            picks.extend(lists.range(row).filter(|i| seen.insert(keys.get(*i))));
            picks.end();
        }
        picks.finish(&element, lists.values())
    }))
}

type SetKernel = fn(&CallArgs<'_>, &Type) -> DfResult<ColumnarValue>;

/// The common element type of two arrays.
fn two_arrays(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    let bad = || no_overload(name, args, "two arrays of one type");
    let [a, b] = args else { return Err(bad()) };
    let (a, b) = element_of(a).zip(element_of(b)).ok_or_else(bad)?;
    common_type(&a, &b).filter(is_comparable).ok_or_else(bad)
}

fn set(name: &str, args: &[Arg<'_>], kernel: SetKernel) -> Result<ScalarCall> {
    let element = two_arrays(name, args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), ty.clone()], ty, move |call| kernel(call, &element)))
}

fn union(call: &CallArgs<'_>, element: &Type) -> DfResult<ColumnarValue> {
    let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
    let (values, second) = both(&a, &b)?;
    let keys = Keys::of(element, &values)?;
    let mut picks = Picks::new(call.rows);
    let mut seen = HashSet::new();
    for row in 0..call.rows {
        seen.clear();
        let all = a.range(row).chain(b.range(row).map(|i| i + second));
        picks.extend(all.filter(|i| seen.insert(keys.get(*i))));
        picks.end();
    }
    picks.finish(element, &values)
}

/// The distinct elements of the first array that are, or are not, in the second.
fn among(call: &CallArgs<'_>, element: &Type, wanted: bool) -> DfResult<ColumnarValue> {
    let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
    let (keys, others) = (Keys::of(element, a.values())?, Keys::of(element, b.values())?);
    let mut picks = Picks::new(call.rows);
    let (mut seen, mut second) = (HashSet::new(), HashSet::new());
    for row in 0..call.rows {
        seen.clear();
        second.clear();
        second.extend(b.range(row).map(|i| others.get(i)));
        let kept = a.range(row).filter(|i| second.contains(keys.get(*i)) == wanted && seen.insert(keys.get(*i)));
        picks.extend(kept);
        picks.end();
    }
    picks.finish(element, a.values())
}

fn arrays_overlap(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = two_arrays("arrays_overlap", args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), ty], Type::Boolean, move |call| {
        let (a, b) = (Lists::of(call, 0)?, Lists::of(call, 1)?);
        let (keys, others) = (Keys::of(&element, a.values())?, Keys::of(&element, b.values())?);
        let (a_nulls, b_nulls) = (a.values().logical_nulls(), b.values().logical_nulls());
        let is_null = |nulls: &Option<arrow::buffer::NullBuffer>, i| nulls.as_ref().is_some_and(|n| n.is_null(i));
        let mut second = HashSet::new();
        let one = |row: usize| {
            second.clear();
            second.extend(b.range(row).filter(|i| !is_null(&b_nulls, *i)).map(|i| others.get(i)));
            if a.range(row).any(|i| !is_null(&a_nulls, i) && second.contains(keys.get(i))) {
                return Some(true);
            }
            let empty = a.range(row).is_empty() || b.range(row).is_empty();
            let unknown = a.range(row).any(|i| is_null(&a_nulls, i)) || b.range(row).any(|i| is_null(&b_nulls, i));
            (empty || !unknown).then_some(false)
        };
        let found: BooleanArray = (0..call.rows).map(one).collect();
        Ok(ColumnarValue::Array(Arc::new(found)))
    }))
}

fn array_remove(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if args.len() != 2 {
        return Err(no_overload("array_remove", args, "an array and a value"));
    }
    let element = with_element("array_remove", args)?;
    let ty = Type::array(element.clone());
    Ok(ScalarCall::new(vec![ty.clone(), element.clone()], ty, move |call| {
        let search = Search::new(call, &element, "array_remove")?;
        let mut picks = Picks::new(call.rows);
        for row in 0..call.rows {
            let removed: HashSet<usize> = search.find(row)?.collect();
            picks.extend(search.lists.range(row).filter(|i| !removed.contains(i)));
            picks.end();
        }
        picks.finish(&element, search.lists.values())
    }))
}

fn array_histogram(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = one_array("array_histogram", args)?;
    let returns = Type::map(element.clone(), Type::BigInt);
    Ok(ScalarCall::new(vec![Type::array(element.clone())], returns, move |call| {
        let lists = Lists::of(call, 0)?;
        let keys = Keys::of(&element, lists.values())?;
        let nulls = lists.values().logical_nulls();
        let (mut first, mut counts, mut lengths) = (vec![], vec![], vec![]);
        for row in 0..call.rows {
            let before = first.len();
            let mut position = HashMap::new();
            for i in lists.range(row).filter(|i| nulls.as_ref().is_none_or(|n| n.is_valid(*i))) {
                let at = *position.entry(keys.get(i)).or_insert_with(|| {
                    first.push(i as u32);
                    counts.push(0i64);
                    counts.len() - 1
                });
                counts[at] += 1;
            }
            lengths.push(first.len() - before);
        }
        let keys = take(lists.values(), &UInt32Array::from(first), None)?;
        let counts = Arc::new(Int64Array::from(counts));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ColumnarValue::Array(map_array((&element, &Type::BigInt), keys, counts, offsets, None)?))
    }))
}
