//! How is a converted column put together, row by row, without stopping at a value that does not fit?

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryViewBuilder, BooleanBuilder, FixedSizeBinaryBuilder, PrimitiveArray,
    PrimitiveBuilder, StringViewBuilder,
};
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;

/// The rows that could not be converted.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// Which rows.
    pub(crate) rows: Vec<usize>,
    /// Why, for the first of them.
    pub(crate) message: Option<String>,
}

impl Failures {
    pub(crate) fn push(&mut self, row: usize, message: String) {
        self.rows.push(row);
        self.message.get_or_insert(message);
    }

    /// Takes over the failures of a part, where `row_of` says which row a part belongs to, if any.
    pub(crate) fn lift(&mut self, part: Failures, row_of: impl Fn(usize) -> Option<usize>) {
        let rows: Vec<usize> = part.rows.into_iter().filter_map(row_of).collect();
        if let (Some(first), Some(message)) = (rows.first(), part.message) {
            self.push(*first, message);
            self.rows.extend(rows);
        }
    }
}

/// A column of numbers.
pub(crate) fn primitive<T: ArrowPrimitiveType>(
    source: &dyn Array,
    failures: &mut Failures,
    mut value: impl FnMut(usize) -> Result<T::Native, String>,
) -> PrimitiveArray<T> {
    let nulls = source.logical_nulls();
    let mut builder = PrimitiveBuilder::<T>::with_capacity(source.len());
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            builder.append_null();
            continue;
        }
        match value(i) {
            Ok(v) => builder.append_value(v),
            Err(message) => {
                failures.push(i, message);
                builder.append_null();
            }
        }
    }
    builder.finish()
}

/// A column of booleans.
pub(crate) fn boolean(
    source: &dyn Array,
    failures: &mut Failures,
    mut value: impl FnMut(usize) -> Result<bool, String>,
) -> ArrayRef {
    let nulls = source.logical_nulls();
    let mut builder = BooleanBuilder::with_capacity(source.len());
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            builder.append_null();
            continue;
        }
        match value(i) {
            Ok(v) => builder.append_value(v),
            Err(message) => {
                failures.push(i, message);
                builder.append_null();
            }
        }
    }
    Arc::new(builder.finish())
}

/// A column of text; `write` appends a row's text to the buffer, which is reused.
pub(crate) fn text(
    source: &dyn Array,
    failures: &mut Failures,
    mut write: impl FnMut(usize, &mut String) -> Result<(), String>,
) -> ArrayRef {
    let nulls = source.logical_nulls();
    let mut builder = StringViewBuilder::with_capacity(source.len());
    let mut buffer = String::new();
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            builder.append_null();
            continue;
        }
        buffer.clear();
        match write(i, &mut buffer) {
            Ok(()) => builder.append_value(&buffer),
            Err(message) => {
                failures.push(i, message);
                builder.append_null();
            }
        }
    }
    Arc::new(builder.finish())
}

/// A column of bytes.
pub(crate) fn binary(source: &dyn Array, mut write: impl FnMut(usize, &mut Vec<u8>)) -> ArrayRef {
    let nulls = source.logical_nulls();
    let mut builder = BinaryViewBuilder::with_capacity(source.len());
    let mut buffer = Vec::new();
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            builder.append_null();
            continue;
        }
        buffer.clear();
        write(i, &mut buffer);
        builder.append_value(&buffer);
    }
    Arc::new(builder.finish())
}

/// A column of values of `N` bytes.
pub(crate) fn fixed<const N: usize>(
    source: &dyn Array,
    failures: &mut Failures,
    mut value: impl FnMut(usize) -> Result<[u8; N], String>,
) -> DfResult<ArrayRef> {
    let nulls = source.logical_nulls();
    let mut builder = FixedSizeBinaryBuilder::with_capacity(source.len(), N as i32);
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            builder.append_null();
            continue;
        }
        match value(i) {
            Ok(bytes) => builder.append_value(bytes)?,
            Err(message) => {
                failures.push(i, message);
                builder.append_null();
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Optional values, for columns of two parts.
pub(crate) fn values<T>(
    source: &dyn Array,
    failures: &mut Failures,
    mut value: impl FnMut(usize) -> Result<T, String>,
) -> Vec<Option<T>> {
    let nulls = source.logical_nulls();
    let mut out = Vec::with_capacity(source.len());
    for i in 0..source.len() {
        if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
            out.push(None);
            continue;
        }
        out.push(match value(i) {
            Ok(v) => Some(v),
            Err(message) => {
                failures.push(i, message);
                None
            }
        });
    }
    out
}

/// A column of decimals.
pub(crate) fn decimal(
    source: &dyn Array,
    (precision, scale): (u8, u8),
    failures: &mut Failures,
    value: impl FnMut(usize) -> Result<i128, String>,
) -> DfResult<ArrayRef> {
    let array = primitive::<arrow::datatypes::Decimal128Type>(source, failures, value);
    Ok(Arc::new(array.with_data_type(DataType::Decimal128(precision, scale as i8))))
}
