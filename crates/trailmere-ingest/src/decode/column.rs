//! How does a JSON value become a cell of an Arrow column of its type?
//!
//! One rule for every store type: the tree of columns is built from the schema, and a value of another type than its
//! column's becomes its JSON text in a string column and NULL in any other. NULLs are counted and written in runs, so
//! that a column which is nearly always NULL costs next to nothing.

mod list;
mod map;
mod structure;
mod texts;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, TimestampMicrosecondBuilder};
use trailmere_model::time::parse_event_time;
use trailmere_model::{ColumnType, Error, Result};

pub(crate) use list::ListColumn;
use map::MapColumn;
pub(crate) use structure::StructColumn;
use texts::Texts;

use super::compact::compact_into;
use super::tape::{ABSENT, Json, Node, NodeKind};
use super::text::unescape_into;

/// A column under construction.
pub(crate) enum Column {
    Text(Leaf<Texts>),
    Boolean(Leaf<BooleanBuilder>),
    Integer(Leaf<Int32Builder>),
    Bigint(Leaf<Int64Builder>),
    Double(Leaf<Float64Builder>),
    Timestamp(Leaf<TimestampMicrosecondBuilder>),
    Map(Box<MapColumn>),
    List(Box<ListColumn>),
    Struct(Box<StructColumn>),
}

/// A builder and the NULLs that are still to be appended to it.
#[derive(Default)]
pub(crate) struct Leaf<B> {
    builder: B,
    nulls: usize,
}

impl Column {
    pub(crate) fn new(column_type: &ColumnType) -> Self {
        match column_type {
            ColumnType::Text => Column::Text(Leaf::default()),
            ColumnType::Boolean => Column::Boolean(Leaf::default()),
            ColumnType::Integer => Column::Integer(Leaf::default()),
            ColumnType::Bigint => Column::Bigint(Leaf::default()),
            ColumnType::Double => Column::Double(Leaf::default()),
            ColumnType::Timestamp => Column::Timestamp(Leaf::default()),
            ColumnType::Map => Column::Map(Box::default()),
            ColumnType::List(item) => Column::List(Box::new(ListColumn::new(item))),
            ColumnType::Struct(members) => Column::Struct(Box::new(StructColumn::new(members))),
        }
    }

    /// Appends a value, or NULL if it is absent. `scratch` is for texts that must be rewritten.
    pub(crate) fn append(&mut self, json: Json<'_>, value: u32, scratch: &mut String) {
        let Some(kind) = json.kind(value).filter(|kind| *kind != NodeKind::Null) else { return self.append_nulls(1) };
        let node = json.node(value);
        match self {
            Column::Text(leaf) => append_text(leaf.ready(), json, node, scratch),
            Column::Boolean(leaf) => leaf.append(json.as_boolean(value)),
            Column::Integer(leaf) => leaf.append(number(json, node).and_then(integer::<i32>)),
            Column::Bigint(leaf) => leaf.append(number(json, node).and_then(integer::<i64>)),
            Column::Double(leaf) => leaf.append(number(json, node).and_then(double)),
            Column::Timestamp(leaf) => {
                let time = (kind == NodeKind::Text).then(|| parse_event_time(&json.said(node))).flatten();
                leaf.append(time);
            }
            Column::Map(column) => column.append(json, value, scratch),
            Column::List(column) => column.append(json, value, scratch),
            Column::Struct(column) => column.append(json, value, scratch),
        }
    }

    /// Appends NULLs.
    pub(crate) fn append_nulls(&mut self, count: usize) {
        match self {
            Column::Text(leaf) => leaf.nulls += count,
            Column::Boolean(leaf) => leaf.nulls += count,
            Column::Integer(leaf) => leaf.nulls += count,
            Column::Bigint(leaf) => leaf.nulls += count,
            Column::Double(leaf) => leaf.nulls += count,
            Column::Timestamp(leaf) => leaf.nulls += count,
            Column::Map(column) => column.nulls += count,
            Column::List(column) => column.nulls += count,
            Column::Struct(column) => column.nulls += count,
        }
    }

    /// Appends a text that is no JSON value: to a string column only.
    pub(crate) fn append_str(&mut self, text: &str) {
        match self {
            Column::Text(leaf) => leaf.ready().push(text),
            _ => self.append_nulls(1),
        }
    }

    /// Appends a time in microseconds: to a timestamp column only.
    pub(crate) fn append_time(&mut self, micros: i64) {
        match self {
            Column::Timestamp(leaf) => leaf.append(Some(micros)),
            _ => self.append_nulls(1),
        }
    }

    /// Takes what was appended and starts over.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef> {
        Ok(match self {
            Column::Text(leaf) => Arc::new(leaf.ready().finish()?),
            Column::Boolean(leaf) => Arc::new(leaf.ready().finish()),
            Column::Integer(leaf) => Arc::new(leaf.ready().finish()),
            Column::Bigint(leaf) => Arc::new(leaf.ready().finish()),
            Column::Double(leaf) => Arc::new(leaf.ready().finish()),
            Column::Timestamp(leaf) => Arc::new(leaf.ready().finish()),
            Column::Map(column) => Arc::new(column.finish()?),
            Column::List(column) => Arc::new(column.finish()?),
            Column::Struct(column) => Arc::new(column.finish()?),
        })
    }
}

/// What the leaves have in common.
pub(crate) trait Builder {
    type Value;
    fn push_nulls(&mut self, count: usize);
    fn push(&mut self, value: Self::Value);
}

impl<B: Builder> Leaf<B> {
    /// The builder, with all NULLs that are due.
    #[inline]
    fn ready(&mut self) -> &mut B {
        if self.nulls > 0 {
            self.builder.push_nulls(std::mem::take(&mut self.nulls));
        }
        &mut self.builder
    }

    #[inline]
    fn append(&mut self, value: Option<B::Value>) {
        match value {
            Some(value) => self.ready().push(value),
            None => self.nulls += 1,
        }
    }
}

macro_rules! builders {
    ($($builder:ty => $value:ty,)*) => {
        $(impl Builder for $builder {
            type Value = $value;

            fn push_nulls(&mut self, count: usize) {
                self.append_nulls(count);
            }

            fn push(&mut self, value: $value) {
                self.append_value(value);
            }
        })*
    };
}

builders! {
    BooleanBuilder => bool,
    Int32Builder => i32,
    Int64Builder => i64,
    Float64Builder => f64,
    TimestampMicrosecondBuilder => i64,
}

impl Builder for Texts {
    type Value = String;

    fn push_nulls(&mut self, count: usize) {
        self.push_nulls(count);
    }

    fn push(&mut self, value: String) {
        self.push(&value);
    }
}

/// Appends a value to a string column, as [`Json::as_text`] has it, without an allocation of its own.
#[inline]
fn append_text(texts: &mut Texts, json: Json<'_>, node: Node, scratch: &mut String) {
    let raw = json.raw(node);
    match node.kind {
        NodeKind::Null => texts.push_nulls(1),
        _ if !node.marked => texts.push(raw),
        NodeKind::Text => {
            scratch.clear();
            unescape_into(raw, scratch);
            texts.push(scratch);
        }
        _ => {
            scratch.clear();
            compact_into(raw, scratch);
            texts.push(scratch);
        }
    }
}

fn number<'a>(json: Json<'a>, node: Node) -> Option<&'a str> {
    (node.kind == NodeKind::Number).then(|| json.raw(node))
}

/// A whole number in range, also when it is written with a fraction of zeros or an exponent.
fn integer<I: TryFrom<i64> + std::str::FromStr>(token: &str) -> Option<I> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    token.parse().ok().or_else(|| {
        let value = double(token).filter(|value| value.fract() == 0.0 && value.abs() <= EXACT)?;
        I::try_from(value as i64).ok()
    })
}

/// A number that fits; `1e400` does not.
fn double(token: &str) -> Option<f64> {
    token.parse().ok().filter(|value: &f64| value.is_finite())
}

/// An Arrow error that only a fault of ours can cause.
fn internal(error: arrow::error::ArrowError) -> Error {
    Error::internal("the columns of a batch do not fit together").source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_range_are_integers() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("2147483647", Some(i32::MAX)),
            ("2147483648", None),
            ("5.0", Some(5)),
            ("5e2", Some(500)),
            ("5.5", None),
            ("1e400", None),
        ];
        for (token, value) in cases {
            assert_eq!(integer::<i32>(token), value, "{token}");
        }
        assert_eq!(integer::<i64>("9223372036854775807"), Some(i64::MAX));
        assert_eq!(double("1e400"), None);
    }
}
