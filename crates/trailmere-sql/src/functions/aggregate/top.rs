//! max, min, max_by, min_by, also with the n greatest or least.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Int64Type;
use datafusion::error::Result as DfResult;

use super::collect::{Collect, Collected, empty_as_null, take_all};
use super::extreme::Extreme;
use super::fold::aggregate;
use super::{entry, extreme};
use crate::canonical::{Keys, Nan, is_orderable};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{AggregateCall, Arg, Function, no_overload};
use crate::functions::map::build::list_array;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "max",
            "max(T) -> T\nmax(T, n) -> array(T)",
            "The greatest value, or the n greatest.",
            "max(1)",
            |args| most("max", args, true),
        ),
        entry("min", "min(T) -> T\nmin(T, n) -> array(T)", "The least value, or the n least.", "min(1)", |args| {
            most("min", args, false)
        }),
        entry(
            "max_by",
            "max_by(x, y) -> type of x\nmax_by(x, y, n) -> array(type of x)",
            "The x of the row with the greatest y, or of the n rows with the greatest.",
            "max_by('a', 1)",
            |args| most_by("max_by", args, true),
        ),
        entry(
            "min_by",
            "min_by(x, y) -> type of x\nmin_by(x, y, n) -> array(type of x)",
            "The x of the row with the least y, or of the n rows with the least.",
            "min_by('a', 1)",
            |args| most_by("min_by", args, false),
        ),
    ]
}

fn most(name: &'static str, args: &[Arg<'_>], greatest: bool) -> Result<AggregateCall> {
    match args {
        [value, n] if !value.is_lambda() && is_orderable(value.ty()) && can_coerce(n.ty(), &Type::BigInt) => {
            Ok(ranked(name, vec![value.ty().clone(), Type::BigInt], greatest))
        }
        _ => extreme(name, args, greatest),
    }
}

fn most_by(name: &'static str, args: &[Arg<'_>], greatest: bool) -> Result<AggregateCall> {
    let bad = || no_overload(name, args, "a value, a value to order by and perhaps a number");
    if args.len() < 2 || args[..2].iter().any(Arg::is_lambda) || !is_orderable(args[1].ty()) {
        return Err(bad());
    }
    let (value, key) = (args[0].ty().clone(), args[1].ty().clone());
    match &args[2..] {
        [] => {
            let fold = Extreme { value: value.clone(), key: key.clone(), greatest };
            Ok(aggregate(name, vec![value.clone(), key], value, fold))
        }
        [n] if can_coerce(n.ty(), &Type::BigInt) => Ok(ranked(name, vec![value, key, Type::BigInt], greatest)),
        _ => Err(bad()),
    }
}

/// The first of `types`, ordered by the last but one; the last is how many.
fn ranked(name: &'static str, types: Vec<Type>, greatest: bool) -> AggregateCall {
    let arrow = types.iter().map(Type::arrow).collect();
    let (value, key) = (types[0].clone(), types[types.len() - 2].clone());
    let by = types.len() - 2;
    let element = value.clone();
    let fold = Collect::new(arrow, Some(by), move |rows| first_n(rows, (&element, &key), by, greatest));
    aggregate(name, types, Type::array(value), fold)
}

fn first_n(rows: Collected, (value, key): (&Type, &Type), by: usize, greatest: bool) -> DfResult<ArrayRef> {
    let Collected { columns, offsets } = rows;
    let keys = Keys::placing_nan(key, &columns[by], if greatest { Nan::First } else { Nan::Last })?;
    let counts = columns[by + 1].as_primitive::<Int64Type>();
    let mut picked = vec![];
    let mut lengths = Vec::with_capacity(offsets.len());
    for window in offsets.windows(2) {
        let mut group: Vec<u32> = (window[0] as u32..window[1] as u32).collect();
        let n = match group.first().filter(|i| counts.is_valid(**i as usize)).map(|i| counts.value(*i as usize)) {
            Some(n) if !(1..=10_000).contains(&n) => {
                return fail(format!(
                    "third argument of max_by/min_by must be a positive integer up to 10000, not {n}"
                ));
            }
            Some(n) => n as usize,
            None => 0,
        };
        group.sort_by(|a, b| {
            let order = keys.get(*a as usize).cmp(keys.get(*b as usize));
            if greatest { order.reverse() } else { order }
        });
        group.truncate(n);
        lengths.push(group.len());
        picked.extend(group);
    }
    let values = take_all(&columns[..1], picked)?;
    list_array(value, Arc::clone(&values[0]), OffsetBuffer::from_lengths(lengths), empty_as_null(&offsets))
}
