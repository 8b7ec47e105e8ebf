//! array_sort, array_max, array_min: which element comes first?

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::Int64Type;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::lists::{Lists, Picks, element_of};
use crate::canonical::{Keys, Nan, is_orderable};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::lambda::BoundLambda;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "array_sort",
            "array_sort(array(E)) -> array(E)\narray_sort(array(E), function(E, E, integer)) -> array(E)",
            "The array in ascending order with NULLs last, or in the order of a comparator that returns -1, 0 or 1.",
            "array_sort(ARRAY[3, 1, 2], (x, y) -> IF(x < y, 1, IF(x = y, 0, -1)))",
            array_sort,
        ),
        entry(
            "array_max",
            "array_max(array(E)) -> E",
            "The greatest element; NULL if there is none or one is NULL.",
            "array_max(ARRAY[1, 3, 2])",
            |args| extreme("array_max", args, true),
        ),
        entry(
            "array_min",
            "array_min(array(E)) -> E",
            "The least element; NULL if there is none or one is NULL.",
            "array_min(ARRAY[3, 1, 2])",
            |args| extreme("array_min", args, false),
        ),
    ]
}

fn extreme(name: &str, args: &[Arg<'_>], greatest: bool) -> Result<ScalarCall> {
    let bad = || no_overload(name, args, "an array whose elements can be ordered");
    let [array] = args else { return Err(bad()) };
    let element = element_of(array).filter(is_orderable).ok_or_else(bad)?;
    Ok(ScalarCall::new(vec![Type::array(element.clone())], element.clone(), move |call| {
        let lists = Lists::of(call, 0)?;
        let place = if greatest { Nan::First } else { Nan::Last };
        let keys = Keys::placing_nan(&element, lists.values(), place)?;
        let nulls = lists.values().logical_nulls();
        let one = |row: usize| {
            if nulls.as_ref().is_some_and(|n| lists.range(row).any(|i| n.is_null(i))) {
                return None;
            }
            let better = |a: &usize, b: &usize| keys.get(*a).cmp(keys.get(*b));
            let best = if greatest { lists.range(row).max_by(better) } else { lists.range(row).min_by(better) };
            best.map(|i| i as u32)
        };
        let picked: UInt32Array = (0..call.rows).map(one).collect();
        Ok(ColumnarValue::Array(take(lists.values(), &picked, None)?))
    }))
}

fn array_sort(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("array_sort", args, "an array, and perhaps a comparator (x, y) -> integer");
    let element = args.first().and_then(element_of).ok_or_else(bad)?;
    let ty = Type::array(element.clone());
    match &args[1..] {
        [] if is_orderable(&element) => Ok(ScalarCall::new(vec![ty.clone()], ty, move |call| sorted(call, &element))),
        [comparator] if comparator.is_lambda() => {
            let lambda = comparator.lambda(&[element.clone(), element.clone()])?;
            if !can_coerce(&lambda.returns, &Type::BigInt) {
                return Err(bad());
            }
            let compare = lambda.clone();
            let call = ScalarCall::new(vec![ty.clone()], ty, move |call| sorted_by(call, &element, &compare));
            Ok(call.with_lambdas(vec![lambda]))
        }
        _ => Err(bad()),
    }
}

fn sorted(call: &CallArgs<'_>, element: &Type) -> DfResult<ColumnarValue> {
    let lists = Lists::of(call, 0)?;
    let last = SortOptions { descending: false, nulls_first: false };
    let keys = Keys::ordered(std::slice::from_ref(element), &[Arc::clone(lists.values())], &[last])?;
    let mut picks = Picks::new(call.rows);
    for row in 0..call.rows {
        let mut order: Vec<usize> = lists.range(row).collect();
        order.sort_by(|a, b| keys.get(*a).cmp(keys.get(*b)));
        picks.extend(order.into_iter());
        picks.end();
    }
    picks.finish(element, lists.values())
}

/// Two sorted runs of a row that are being merged.
struct Merge {
    row: u32,
    left: Vec<u32>,
    right: Vec<u32>,
    merged: Vec<u32>,
    at: (usize, usize),
}

impl Merge {
    /// The elements to compare next, if both runs have some.
    fn pending(&self) -> Option<(u32, u32)> {
        Some((*self.left.get(self.at.0)?, *self.right.get(self.at.1)?))
    }

    fn advance(&mut self, order: Ordering) {
        if order == Ordering::Greater {
            self.merged.push(self.right[self.at.1]);
            self.at.1 += 1;
        } else {
            self.merged.push(self.left[self.at.0]);
            self.at.0 += 1;
        }
    }

    fn finish(mut self) -> (u32, Vec<u32>) {
        self.merged.extend(&self.left[self.at.0..]);
        self.merged.extend(&self.right[self.at.1..]);
        (self.row, self.merged)
    }
}

/// A merge sort of all rows at once: each step compares one pair of every merge in one evaluation of the lambda.
fn sorted_by(call: &CallArgs<'_>, element: &Type, compare: &BoundLambda) -> DfResult<ColumnarValue> {
    let lists = Lists::of(call, 0)?;
    let mut runs: Vec<Vec<Vec<u32>>> =
        (0..call.rows).map(|row| lists.range(row).map(|i| vec![i as u32]).collect()).collect();
    while runs.iter().any(|r| r.len() > 1) {
        let mut merges = vec![];
        for (row, runs) in runs.iter_mut().enumerate() {
            let mut left = std::mem::take(runs).into_iter();
            while let Some(run) = left.next() {
                let right = left.next().unwrap_or_default();
                merges.push(Merge { row: row as u32, left: run, right, merged: vec![], at: (0, 0) });
            }
        }
        merge_all(&mut merges, call, lists.values(), compare)?;
        for (row, run) in merges.into_iter().map(Merge::finish) {
            runs[row as usize].push(run);
        }
    }
    let mut picks = Picks::new(call.rows);
    for row in runs {
        picks.extend(row.into_iter().flatten().map(|i| i as usize));
        picks.end();
    }
    picks.finish(element, lists.values())
}

fn merge_all(merges: &mut [Merge], call: &CallArgs<'_>, values: &ArrayRef, compare: &BoundLambda) -> DfResult<()> {
    loop {
        let pending: Vec<(usize, (u32, u32))> =
            merges.iter().enumerate().filter_map(|(i, m)| Some((i, m.pending()?))).collect();
        if pending.is_empty() {
            return Ok(());
        }
        let side = |f: fn(&(u32, u32)) -> u32| {
            take(values, &pending.iter().map(|(_, pair)| f(pair)).collect::<UInt32Array>(), None)
        };
        let outer: UInt32Array = pending.iter().map(|(i, _)| merges[*i].row).collect();
        let result = compare.evaluate(&[side(|p| p.0)?, side(|p| p.1)?], call.captures, &outer)?;
        let result = arrow::compute::cast(&result, &arrow::datatypes::DataType::Int64)?;
        let result = result.as_primitive::<Int64Type>();
        for (n, (i, _)) in pending.iter().enumerate() {
            let order = match result.is_valid(n).then(|| result.value(n)) {
                Some(-1) => Ordering::Less,
                Some(0) => Ordering::Equal,
                Some(1) => Ordering::Greater,
                _ => return fail("Lambda comparator must return either -1, 0, or 1"),
            };
            merges[*i].advance(order);
        }
    }
}
