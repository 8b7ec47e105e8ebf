//! element_at, cardinality, contains and others that look into an array or map.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, MapArray, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::lists::{Lists, element_of};
use crate::call::downcast;
use crate::canonical::{Keys, can_be_nan, has_nan, indeterminate, is_comparable, is_nested};
use crate::coercion::{can_coerce, common_type};
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::ip::bind_contains;
use crate::functions::lambda::{Flat, predicate, verdicts};
use crate::functions::sketch;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "element_at",
            "element_at(array(E), index) -> E\nelement_at(map(K, V), key) -> V",
            "The element at a position, from 1 or from the end if negative, or the value of a key; NULL if there is none.",
            "element_at(map(ARRAY['a'], ARRAY[1]), 'a')",
            element_at,
        ),
        entry(
            "cardinality",
            "cardinality(array(E)) -> bigint\ncardinality(map(K, V)) -> bigint\ncardinality(HyperLogLog) -> bigint",
            "The number of elements or entries, or about of distinct values.",
            "cardinality(ARRAY[1, 2])",
            cardinality,
        ),
        entry(
            "contains",
            "contains(array(E), E) -> boolean\ncontains(ipprefix, ipaddress) -> boolean\ncontains(ipprefix, ipprefix) -> boolean",
            "Whether an array has an element, or a network an address or network.",
            "contains(ARRAY['a', 'b'], 'b')",
            contains,
        ),
        entry(
            "array_position",
            "array_position(array(E), E) -> bigint\narray_position(array(E), E, instance) -> bigint",
            "The position of an element, or of its n-th instance (from the end if negative); 0 if there is none.",
            "array_position(ARRAY['a', 'b'], 'b')",
            array_position,
        ),
        entry(
            "array_first",
            "array_first(array(E)) -> E\narray_first(array(E), function(E, boolean)) -> E",
            "The first element, or the first of which the lambda is true; NULL if there is none.",
            "array_first(ARRAY[1, 2])",
            |args| end("array_first", args, 1),
        ),
        entry(
            "array_last",
            "array_last(array(E)) -> E\narray_last(array(E), function(E, boolean)) -> E",
            "The last element, or the last of which the lambda is true; NULL if there is none.",
            "array_last(ARRAY[1, 2])",
            |args| end("array_last", args, -1),
        ),
    ]
}

fn element_at(args: &[Arg<'_>]) -> Result<ScalarCall> {
    match args {
        [map, key] if !key.is_lambda() => match map.ty() {
            Type::Map(k, v) if can_coerce(key.ty(), k) => {
                let (k, v) = (k.as_ref().clone(), v.as_ref().clone());
                let ty = map.ty().clone();
                Ok(ScalarCall::new(vec![ty, k.clone()], v, move |call| map_element(call, &k)))
            }
            Type::Map(k, v) => {
                // A map of varchar(1) asked for a longer text: the wider key type serves both.
                let wide = common_type(k, key.ty())
                    .ok_or_else(|| no_overload("element_at", args, "an array and an index, or a map and a key"))?;
                let ty = Type::map(wide.clone(), v.as_ref().clone());
                let value = v.as_ref().clone();
                Ok(ScalarCall::new(vec![ty, wide.clone()], value, move |call| map_element(call, &wide)))
            }
            Type::Array(element) if can_coerce(key.ty(), &Type::BigInt) => {
                let returns = element.as_ref().clone();
                Ok(ScalarCall::new(vec![map.ty().clone(), Type::BigInt], returns, array_element))
            }
            _ => Err(no_overload("element_at", args, "an array and an index, or a map and a key")),
        },
        _ => Err(no_overload("element_at", args, "an array and an index, or a map and a key")),
    }
}

/// Positions of the values of a key, one a row.
pub(crate) fn map_element(call: &CallArgs<'_>, key: &Type) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let map = downcast::<MapArray>(&array)?;
    let positions = match (call.scalar(1), key) {
        (Some(ScalarValue::Utf8View(Some(text))), _) => text_positions(map, text)?,
        (None, Type::Varchar(_)) => {
            let wanted = call.array(1)?;
            let wanted = downcast::<StringViewArray>(&wanted)?;
            let keys = downcast::<StringViewArray>(map.keys())?;
            positions(map, |row, at| wanted.is_valid(row) && keys.value(at) == wanted.value(row))
        }
        _ => {
            let keys = Keys::of(key, map.keys())?;
            let wanted = Keys::of(key, &call.array(1)?)?;
            positions(map, |row, at| keys.get(at) == wanted.get(row))
        }
    };
    Ok(ColumnarValue::Array(take(map.values(), &positions, None)?))
}

fn positions(map: &MapArray, same: impl Fn(usize, usize) -> bool) -> UInt32Array {
    let offsets = map.offsets();
    let find =
        |row: usize| (offsets[row] as usize..offsets[row + 1] as usize).find(|at| same(row, *at)).map(|at| at as u32);
    (0..map.len()).map(|row| if map.is_valid(row) { find(row) } else { None }).collect()
}

/// The same for one text: views are compared, and the place where the key was last is looked at first.
fn text_positions(map: &MapArray, text: &str) -> DfResult<UInt32Array> {
    let keys = downcast::<StringViewArray>(map.keys())?;
    let views = keys.views();
    let needle = StringViewArray::from(vec![text]);
    let wanted = needle.views()[0];
    let inline = text.len() <= 12;
    // The low half of a view is the length and the first four bytes.
    let same = |at: usize| match inline {
        true => views[at] == wanted,
        false => views[at] as u64 == wanted as u64 && keys.value(at) == text,
    };
    let offsets = map.offsets();
    let mut guess = 0;
    let mut found = Vec::with_capacity(map.len());
    for row in 0..map.len() {
        let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
        let hit = match map.is_valid(row) {
            false => None,
            true if from + guess < to && same(from + guess) => Some(from + guess),
            true => (from..to).find(|at| same(*at)),
        };
        if let Some(at) = hit {
            guess = at - from;
        }
        found.push(hit.map(|at| at as u32));
    }
    Ok(UInt32Array::from(found))
}

fn array_element(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let lists = Lists::of(call, 0)?;
    let array = call.array(1)?;
    let index = array.as_primitive::<Int64Type>();
    let mut picked = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        if index.is_null(row) || !lists.is_valid(row) {
            picked.push(None);
            continue;
        }
        if index.value(row) == 0 {
            return fail("SQL array indices start at 1");
        }
        picked.push(nth(&lists, row, index.value(row)));
    }
    Ok(ColumnarValue::Array(take(lists.values(), &UInt32Array::from(picked), None)?))
}

fn nth(lists: &Lists, row: usize, index: i64) -> Option<u32> {
    let range = lists.range(row);
    let at = if index > 0 { index - 1 } else { range.len() as i64 + index };
    (0..range.len() as i64).contains(&at).then(|| (range.start as i64 + at) as u32)
}

fn end(name: &str, args: &[Arg<'_>], index: i64) -> Result<ScalarCall> {
    if args.len() == 2 && args[1].is_lambda() {
        return first_match(name, args, index > 0);
    }
    let (1, Some(element)) = (args.len(), args.first().and_then(element_of)) else {
        return Err(no_overload(name, args, "an array"));
    };
    Ok(ScalarCall::new(vec![Type::array(element.clone())], element, move |call| {
        let lists = Lists::of(call, 0)?;
        let picked: UInt32Array = (0..call.rows).map(|row| nth(&lists, row, index)).collect();
        Ok(ColumnarValue::Array(take(lists.values(), &picked, None)?))
    }))
}

fn first_match(name: &str, args: &[Arg<'_>], first: bool) -> Result<ScalarCall> {
    let element = element_of(&args[0]).ok_or_else(|| no_overload(name, args, "an array and a lambda"))?;
    let lambda = predicate(&args[1], std::slice::from_ref(&element))?;
    let body = lambda.clone();
    let call = ScalarCall::new(vec![Type::array(element.clone())], element, move |call| {
        let lists = Lists::of(call, 0)?;
        let flat = Flat::of(call.rows, |row| lists.range(row));
        let found = verdicts(&body, &[flat.take(lists.values())?], call, &flat.outer)?;
        let picked = flat.offsets.windows(2).map(|w| {
            let mut range = w[0] as usize..w[1] as usize;
            let matches = |i: &usize| found.is_valid(*i) && found.value(*i);
            let at = if first { range.find(matches) } else { range.rev().find(matches) };
            at.map(|i| flat.positions.value(i))
        });
        Ok(ColumnarValue::Array(take(lists.values(), &picked.collect::<UInt32Array>(), None)?))
    });
    Ok(call.with_lambdas(vec![lambda]))
}

fn cardinality(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty, .. }] = args else { return Err(no_overload("cardinality", args, "an array or a map")) };
    let ty = match ty {
        Type::Array(_) | Type::Map(..) => ty.clone(),
        Type::Unknown => Type::array(Type::Unknown),
        Type::HyperLogLog => return Ok(ScalarCall::new(vec![ty.clone()], Type::BigInt, sketch::cardinality)),
        _ => return Err(no_overload("cardinality", args, "an array or a map")),
    };
    Ok(ScalarCall::new(vec![ty], Type::BigInt, |call| {
        let array = call.array(0)?;
        let offsets = match array.as_any().downcast_ref::<MapArray>() {
            Some(map) => map.offsets(),
            None => array.as_list::<i32>().offsets(),
        };
        let lengths = offsets.windows(2).map(|w| i64::from(w[1] - w[0]));
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values(lengths))))
    }))
}

/// Array and element in one type.
pub(super) fn with_element(name: &str, args: &[Arg<'_>]) -> Result<Type> {
    let bad = || no_overload(name, args, "an array and a value that fits its elements");
    let [array, value, ..] = args else { return Err(bad()) };
    if value.is_lambda() {
        return Err(bad());
    }
    let element = element_of(array).ok_or_else(bad)?;
    let common = common_type(&element, value.ty()).filter(is_comparable).ok_or_else(bad)?;
    Ok(common)
}

fn contains(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if let Some(call) = bind_contains(args) {
        return Ok(call);
    }
    if args.len() != 2 {
        return Err(no_overload("contains", args, "an array and a value, or a network and an address"));
    }
    let element = with_element("contains", args)?;
    Ok(ScalarCall::new(vec![Type::array(element.clone()), element.clone()], Type::Boolean, move |call| {
        let search = Search::new(call, &element, "contains")?;
        let lists = &search.lists;
        let nulls = lists.values().logical_nulls();
        let one = |row: usize| -> DfResult<Option<bool>> {
            if search.find(row)?.next().is_some() {
                return Ok(Some(true));
            }
            let unknown = nulls.as_ref().is_some_and(|n| lists.range(row).any(|i| n.is_null(i)));
            Ok((!unknown).then_some(false))
        };
        let found = (0..call.rows).map(one).collect::<DfResult<BooleanArray>>()?;
        Ok(ColumnarValue::Array(Arc::new(found)))
    }))
}

/// Elements equal to a value.
pub(super) struct Search {
    pub(super) lists: Lists,
    values: ArrayRef,
    keys: Keys,
    wanted: Keys,
    ty: Type,
    name: &'static str,
}

impl Search {
    pub(super) fn new(call: &CallArgs<'_>, element: &Type, name: &'static str) -> DfResult<Search> {
        let lists = Lists::of(call, 0)?;
        let values = call.array(1)?;
        let (keys, wanted) = (Keys::of(element, lists.values())?, Keys::of(element, &values)?);
        Ok(Search { lists, values, keys, wanted, ty: element.clone(), name })
    }

    /// Where the value of the row stands.
    pub(super) fn find(&self, row: usize) -> DfResult<impl DoubleEndedIterator<Item = usize>> {
        let absent = !self.lists.is_valid(row) || self.values.is_null(row);
        let range = if absent { 0..0 } else { self.lists.range(row) };
        if is_nested(&self.ty) {
            let within = |array: &ArrayRef, i: usize| array.is_valid(i) && indeterminate(array.as_ref(), i);
            let bad = within(&self.values, row) || range.clone().any(|i| within(self.lists.values(), i));
            if bad && !range.is_empty() {
                let name = self.name;
                return fail(format!("{name} does not support arrays with elements that are null or contain null"));
            }
        }
        let nan = can_be_nan(&self.ty) && !absent && has_nan(self.values.as_ref(), row);
        let range = if nan { 0..0 } else { range };
        Ok(range.filter(move |i| self.keys.get(*i) == self.wanted.get(row)))
    }
}

fn array_position(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let element = with_element("array_position", args)?;
    let mut types = vec![Type::array(element.clone()), element.clone()];
    match &args[2..] {
        [] => {}
        [n] if can_coerce(n.ty(), &Type::BigInt) => types.push(Type::BigInt),
        _ => return Err(no_overload("array_position", args, "an array, a value and perhaps an instance")),
    }
    Ok(ScalarCall::new(types, Type::BigInt, move |call| {
        let search = Search::new(call, &element, "array_position")?;
        let instances = if call.values.len() > 2 { Some(call.array(2)?) } else { None };
        let instances = instances.as_ref().map(|a| a.as_primitive::<Int64Type>());
        let one = |row: usize| {
            let n = instances.map_or(1, |a| a.value(row));
            if n == 0 && instances.is_some_and(|a| a.is_valid(row)) && search.lists.is_valid(row) {
                return fail("array_position cannot take a 0-valued instance argument.");
            }
            let mut found = search.find(row)?;
            let skip = n.unsigned_abs().saturating_sub(1) as usize;
            let at = if n < 0 { found.nth_back(skip) } else { found.nth(skip) };
            Ok(Some(at.map_or(0, |at| (at - search.lists.range(row).start) as i64 + 1)))
        };
        let positions = (0..call.rows).map(one).collect::<DfResult<Int64Array>>()?;
        Ok(ColumnarValue::Array(Arc::new(positions)))
    }))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Builder, MapBuilder, StringViewBuilder};

    use super::*;

    fn map_of(rows: &[Option<&[(&str, i32)]>]) -> MapArray {
        let mut builder = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
        for row in rows {
            for (k, v) in row.unwrap_or_default() {
                builder.keys().append_value(k);
                builder.values().append_value(*v);
            }
            builder.append(row.is_some()).unwrap();
        }
        builder.finish()
    }

    #[test]
    fn the_value_of_a_constant_key_is_found_wherever_it_stands() {
        let map = map_of(&[
            Some(&[("bucketName", 1), ("a key that is longer", 2)]),
            None,
            Some(&[("a key that is longer", 3)]),
            Some(&[]),
            Some(&[("a key that is other", 4), ("x", 5), ("bucketName", 6)]),
        ]);
        let at = |key: &str| text_positions(&map, key).unwrap().iter().collect::<Vec<_>>();
        assert_eq!(at("bucketName"), [Some(0), None, None, None, Some(5)]);
        assert_eq!(at("a key that is longer"), [Some(1), None, Some(2), None, None]);
        assert_eq!(at("none"), [None; 5]);
    }
}
