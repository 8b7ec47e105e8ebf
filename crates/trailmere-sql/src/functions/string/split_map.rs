//! How does a text of keys and values become a map?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListBuilder, MapArray, StringViewBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Fields};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, takes};
use crate::types::{Type, entries_field, item_field};

/// Functions that split into maps.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "split_to_map",
            "split_to_map(varchar, entry delimiter, key-value delimiter) -> map(varchar, varchar)",
            "Cuts a text into entries, and each into key and value; a key may stand once only.",
            "split_to_map('a=1,b=2', ',', '=')",
            |args| bind("split_to_map", args, Type::VARCHAR, single),
        ),
        entry(
            "split_to_multimap",
            "split_to_multimap(varchar, entry delimiter, key-value delimiter) -> map(varchar, array(varchar))",
            "Cuts a text into entries, and each into key and value; a key holds all its values.",
            "split_to_multimap('a=1,a=2', ',', '=')",
            |args| bind("split_to_multimap", args, Type::array(Type::VARCHAR), multiple),
        ),
    ]
}

fn bind(
    name: &str,
    args: &[Arg<'_>],
    value: Type,
    kernel: fn(&CallArgs<'_>) -> DfResult<ColumnarValue>,
) -> Result<ScalarCall> {
    let types = vec![Type::VARCHAR; 3];
    if !takes(args, &types) {
        return Err(no_overload(name, args, "(varchar, varchar, varchar)"));
    }
    Ok(ScalarCall::new(types, Type::map(Type::VARCHAR, value), kernel))
}

type Entries<'a> = Vec<(&'a str, &'a str)>;

/// The entries of each row; a row with a NULL argument has none.
fn each_row<'a>(
    call: &CallArgs<'_>,
    columns: &'a [Texts; 3],
    quote: &str,
    mut take: impl FnMut(Entries<'a>) -> DfResult<()>,
) -> DfResult<()> {
    for row in 0..call.rows {
        let [text, entry, pair] = columns;
        match (text.get(row), entry.get(row), pair.get(row)) {
            (Some(s), Some(entry), Some(pair)) => take(entries(s, entry, pair, quote)?)?,
            _ => take(vec![])?,
        }
    }
    Ok(())
}

fn entries<'a>(s: &'a str, entry: &str, pair: &str, quote: &str) -> DfResult<Entries<'a>> {
    if entry.is_empty() {
        return fail("entryDelimiter is empty");
    }
    if pair.is_empty() {
        return fail("keyValueDelimiter is empty");
    }
    if entry == pair {
        return fail("entryDelimiter and keyValueDelimiter must not be the same");
    }
    if s.is_empty() {
        return Ok(vec![]);
    }
    // What follows the last delimiter is an entry only if it is not empty.
    let s = s.strip_suffix(entry).unwrap_or(s);
    let split = |text: &'a str| match text.split_once(pair) {
        Some((key, value)) if !value.contains(pair) => Ok((key, value)),
        _ => {
            fail(format!("Key-value delimiter must appear exactly once in each entry. Bad input: {quote}{text}{quote}"))
        }
    };
    s.split(entry).map(split).collect()
}

fn columns(call: &CallArgs<'_>) -> DfResult<[Texts; 3]> {
    Ok([Texts::of(call, 0)?, Texts::of(call, 1)?, Texts::of(call, 2)?])
}

fn single(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let (mut keys, mut values) = (StringViewBuilder::new(), StringViewBuilder::new());
    let mut lengths = Vec::with_capacity(call.rows);
    each_row(call, &columns(call)?, "'", |entries| {
        let mut seen = std::collections::HashSet::new();
        for (key, value) in &entries {
            if !seen.insert(*key) {
                return fail(format!("Duplicate keys ({key}) are not allowed"));
            }
            keys.append_value(key);
            values.append_value(value);
        }
        lengths.push(entries.len());
        Ok(())
    })?;
    map(Arc::new(keys.finish()), Arc::new(values.finish()), lengths, &Type::VARCHAR)
}

fn multiple(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let mut keys = StringViewBuilder::new();
    let mut values = ListBuilder::new(StringViewBuilder::new()).with_field(item_field(&Type::VARCHAR));
    let mut lengths = Vec::with_capacity(call.rows);
    each_row(call, &columns(call)?, "", |entries| {
        let mut order: Vec<&str> = Vec::new();
        let mut groups: std::collections::HashMap<&str, Vec<&str>> = std::collections::HashMap::new();
        for (key, value) in entries {
            groups.entry(key).or_insert_with(|| {
                order.push(key);
                vec![]
            });
            groups.entry(key).or_default().push(value);
        }
        for key in &order {
            keys.append_value(key);
            values.append_value(groups[key].iter().map(Some));
        }
        lengths.push(order.len());
        Ok(())
    })?;
    map(Arc::new(keys.finish()), Arc::new(values.finish()), lengths, &Type::array(Type::VARCHAR))
}

fn map(keys: ArrayRef, values: ArrayRef, lengths: Vec<usize>, value: &Type) -> DfResult<ColumnarValue> {
    let field = entries_field(&Type::VARCHAR, value);
    let fields = match field.data_type() {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    };
    let entries = StructArray::try_new(fields, vec![keys, values], None)?;
    let map = MapArray::try_new(field, OffsetBuffer::from_lengths(lengths), entries, None, false)?;
    Ok(ColumnarValue::Array(Arc::new(map) as Arc<dyn Array>))
}
