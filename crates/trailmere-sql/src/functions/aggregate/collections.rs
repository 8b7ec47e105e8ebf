//! array_agg, map_agg, multimap_agg, map_union, histogram, listagg: aggregates whose result holds the values.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewBuilder};
use arrow::buffer::OffsetBuffer;
use datafusion::error::Result as DfResult;

use super::collect::{Collect, Collected, empty_as_null, take_all};
use super::entry;
use super::fold::{aggregate, aggregate_with};
use crate::canonical::{Keys, indeterminate, is_comparable, is_nested};
use crate::error::{Result, fail};
use crate::function::{AggregateCall, Arg, Function, no_overload};
use crate::functions::arguments::constant_text;
use crate::functions::map::build::{Seen, list_array, map_array};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "array_agg",
            "array_agg(T) -> array(T)",
            "All values, also NULLs, as an array.",
            "array_agg(1)",
            array_agg,
        ),
        entry(
            "map_agg",
            "map_agg(K, V) -> map(K, V)",
            "A map of the keys and values; of equal keys one is kept.",
            "map_agg('a', 1)",
            map_agg,
        ),
        entry(
            "multimap_agg",
            "multimap_agg(K, V) -> map(K, array(V))",
            "A map of the keys to all their values.",
            "multimap_agg('a', 1)",
            multimap_agg,
        ),
        entry(
            "map_union",
            "map_union(map(K, V)) -> map(K, V)",
            "The union of all maps; of equal keys one is kept.",
            "map_union(map(ARRAY['a'], ARRAY[1]))",
            map_union,
        ),
        entry(
            "histogram",
            "histogram(T) -> map(T, bigint)",
            "How often each value occurs.",
            "histogram('a')",
            histogram,
        ),
        entry(
            "listagg",
            "listagg(varchar[, varchar]) WITHIN GROUP (ORDER BY …) -> varchar",
            "The values joined by a separator.",
            "listagg('a', ',') WITHIN GROUP (ORDER BY 1)",
            listagg,
        ),
    ]
}

fn array_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let [Arg::Value { ty, .. }] = args else { return Err(no_overload("array_agg", args, "one value")) };
    let element = ty.clone();
    let fold = Collect::new(vec![ty.arrow()], None, move |mut rows| {
        let nulls = empty_as_null(&rows.offsets);
        list_array(&element, rows.columns.swap_remove(0), rows.offsets, nulls)
    });
    Ok(aggregate("array_agg", vec![ty.clone()], Type::array(ty.clone()), fold))
}

/// Key and value types of a call `f(key, value)`.
fn key_and_value(name: &str, args: &[Arg<'_>]) -> Result<(Type, Type)> {
    match args {
        [Arg::Value { ty: key, .. }, Arg::Value { ty: value, .. }] if is_comparable(key) => {
            Ok((key.clone(), value.clone()))
        }
        _ => Err(no_overload(name, args, "a key and a value")),
    }
}

fn map_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let (key, value) = key_and_value("map_agg", args)?;
    let types = vec![key.clone(), value.clone()];
    let returns = Type::map(key.clone(), value.clone());
    let arrow = types.iter().map(Type::arrow).collect();
    let fold = Collect::new(arrow, Some(0), move |rows| distinct_keys(rows, (&key, &value)));
    Ok(aggregate("map_agg", types, returns, fold))
}

/// A map of the first of each key.
fn distinct_keys(rows: Collected, (key, value): (&Type, &Type)) -> DfResult<ArrayRef> {
    let Collected { columns, offsets } = rows;
    let keys = Keys::of(key, &columns[0])?;
    let mut seen = Seen::new(&keys);
    let mut picked = vec![];
    let mut lengths = vec![];
    for window in offsets.windows(2) {
        let before = picked.len();
        seen.clear();
        for i in window[0] as usize..window[1] as usize {
            if is_nested(key) && indeterminate(columns[0].as_ref(), i) {
                return fail("map key cannot be indeterminate");
            }
            if seen.insert(i) {
                picked.push(i as u32);
            }
        }
        lengths.push(picked.len() - before);
    }
    let taken = take_all(&columns, picked)?;
    let [keys, values] = [Arc::clone(&taken[0]), Arc::clone(&taken[1])];
    map_array((key, value), keys, values, OffsetBuffer::from_lengths(lengths), empty_as_null(&offsets))
}

/// The rows of each group by key, in the order of first appearance.
struct ByKey {
    /// Where each key first stands.
    first: Vec<u32>,
    /// All rows, key by key.
    rows: Vec<u32>,
    /// Rows a key.
    per_key: Vec<usize>,
    /// Keys a group.
    per_group: Vec<usize>,
}

fn by_key(keys: &Keys, offsets: &OffsetBuffer<i32>) -> ByKey {
    let mut all = ByKey { first: vec![], rows: vec![], per_key: vec![], per_group: vec![] };
    for window in offsets.windows(2) {
        let mut position = std::collections::HashMap::new();
        let mut members: Vec<Vec<u32>> = vec![];
        for row in window[0] as u32..window[1] as u32 {
            let at = *position.entry(keys.get(row as usize)).or_insert_with(|| {
                members.push(vec![]);
                members.len() - 1
            });
            members[at].push(row);
        }
        all.per_group.push(members.len());
        for rows in members {
            all.first.push(rows[0]);
            all.per_key.push(rows.len());
            all.rows.extend(rows);
        }
    }
    all
}

fn multimap_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let (key, value) = key_and_value("multimap_agg", args)?;
    let types = vec![key.clone(), value.clone()];
    let returns = Type::map(key.clone(), Type::array(value.clone()));
    let arrow = types.iter().map(Type::arrow).collect();
    let fold = Collect::new(arrow, Some(0), move |rows| {
        let Collected { columns, offsets } = rows;
        let grouped = by_key(&Keys::of(&key, &columns[0])?, &offsets);
        let keys = take_all(&columns[..1], grouped.first)?;
        let values = take_all(&columns[1..], grouped.rows)?;
        let lists = list_array(&value, Arc::clone(&values[0]), OffsetBuffer::from_lengths(grouped.per_key), None)?;
        let lengths = OffsetBuffer::from_lengths(grouped.per_group);
        let types = (&key, &Type::array(value.clone()));
        map_array(types, Arc::clone(&keys[0]), lists, lengths, empty_as_null(&offsets))
    });
    Ok(aggregate("multimap_agg", types, returns, fold))
}

fn histogram(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let key = match args {
        [Arg::Value { ty, .. }] if is_comparable(ty) => ty.clone(),
        _ => return Err(no_overload("histogram", args, "one value that can be compared")),
    };
    let returns = Type::map(key.clone(), Type::BigInt);
    let ty = key.clone();
    let fold = Collect::new(vec![key.arrow()], Some(0), move |rows| {
        let Collected { columns, offsets } = rows;
        let grouped = by_key(&Keys::of(&key, &columns[0])?, &offsets);
        let keys = take_all(&columns, grouped.first)?;
        let counts: Int64Array = grouped.per_key.iter().map(|n| Some(*n as i64)).collect();
        let lengths = OffsetBuffer::from_lengths(grouped.per_group);
        map_array((&key, &Type::BigInt), Arc::clone(&keys[0]), Arc::new(counts), lengths, empty_as_null(&offsets))
    });
    Ok(aggregate("histogram", vec![ty], returns, fold))
}

fn map_union(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let Some(Type::Map(key, value)) = args.first().map(Arg::ty).filter(|_| args.len() == 1) else {
        return Err(no_overload("map_union", args, "one map"));
    };
    let ty = args[0].ty().clone();
    let (key, value) = (key.as_ref().clone(), value.as_ref().clone());
    let fold = Collect::new(vec![ty.arrow()], Some(0), move |rows| {
        let Collected { columns, offsets } = rows;
        let maps = columns[0].as_map();
        let entries = maps.offsets();
        // The maps of a group stand side by side, and so do their entries.
        let ends: Vec<i32> = offsets.iter().map(|o| entries[*o as usize]).collect();
        let whole = OffsetBuffer::new(ends.into());
        let columns = vec![Arc::clone(maps.keys()), Arc::clone(maps.values())];
        let union = distinct_keys(Collected { columns, offsets: whole }, (&key, &value))?;
        let nulls = empty_as_null(&offsets);
        Ok(arrow::array::make_array(union.to_data().into_builder().nulls(nulls).build()?))
    });
    Ok(aggregate("map_union", vec![ty.clone()], ty, fold))
}

/// Bytes of a joined text at most.
const MOST_JOINED: usize = 1 << 20;

/// What becomes of a text that is too long.
#[derive(Clone)]
enum Overflow {
    Fails,
    /// The filler stands for what is cut, and perhaps its number.
    Truncates {
        filler: String,
        counted: bool,
    },
}

/// The parser gives ON OVERFLOW TRUNCATE as two more arguments.
fn listagg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || no_overload("listagg", args, "a varchar and a constant separator");
    let text = |i: usize| args.get(i).map(|a| constant_text(a).map(str::to_string).ok_or_else(bad)).transpose();
    let (separator, filler, counted) = (text(1)?.unwrap_or_default(), text(2)?, text(3)?);
    if args.is_empty() || args.len() == 3 || !(args[0].ty().is_text() || *args[0].ty() == Type::Unknown) {
        return Err(bad());
    }
    let overflow = match filler {
        None => Overflow::Fails,
        Some(filler) => Overflow::Truncates { filler, counted: counted.as_deref() == Some("count") },
    };
    let types = vec![Type::VARCHAR; args.len()];
    let arrow = types.iter().map(Type::arrow).collect();
    let identity = match &overflow {
        Overflow::Fails => separator.clone(),
        Overflow::Truncates { filler, counted } => format!("{separator:?} {filler:?} {counted}"),
    };
    let fold = Collect::new(arrow, Some(0), move |rows| {
        let values = rows.columns[0].as_string_view();
        let mut builder = StringViewBuilder::new();
        let mut joined = String::new();
        for window in rows.offsets.windows(2) {
            joined.clear();
            let texts = (window[0]..window[1]).map(|i| values.value(i as usize));
            join(texts, &separator, &overflow, &mut joined)?;
            builder.append_option((window[1] > window[0]).then_some(&joined));
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    });
    Ok(aggregate_with("listagg", types, Type::VARCHAR, identity, fold))
}

fn join<'t>(
    mut texts: impl ExactSizeIterator<Item = &'t str>,
    separator: &str,
    overflow: &Overflow,
    out: &mut String,
) -> DfResult<()> {
    let mut first = true;
    while let Some(text) = texts.next() {
        let between = if first { "" } else { separator };
        first = false;
        if out.len() + between.len() + text.len() <= MOST_JOINED {
            out.push_str(between);
            out.push_str(text);
            continue;
        }
        let Overflow::Truncates { filler, counted } = overflow else {
            let message = "Concatenated string has the length in bytes larger than the maximum output length";
            return fail(format!("{message} {MOST_JOINED}"));
        };
        out.push_str(between);
        out.push_str(filler);
        if *counted {
            out.push_str(&format!("({})", texts.len() + 1));
        }
        break;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow::array::StringViewArray;

    use super::*;

    #[test]
    fn rows_are_grouped_by_key_in_order_of_appearance() {
        let array: ArrayRef = Arc::new(StringViewArray::from(vec!["b", "a", "b", "a", "c"]));
        let keys = Keys::of(&Type::VARCHAR, &array).unwrap();
        let grouped = by_key(&keys, &OffsetBuffer::from_lengths([3, 2]));
        assert_eq!(grouped.first, [0, 1, 3, 4]);
        assert_eq!(grouped.rows, [0, 2, 1, 3, 4]);
        assert_eq!(grouped.per_key, [2, 1, 1, 1]);
        assert_eq!(grouped.per_group, [2, 2]);
    }
}
