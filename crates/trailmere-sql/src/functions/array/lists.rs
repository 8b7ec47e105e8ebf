//! How do kernels read arrays, and make arrays out of others' elements without copying them one by one?

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, UInt32Array, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat, take};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::call::downcast;
use crate::function::{Arg, CallArgs};
use crate::types::{Type, item_field};

/// An argument of type array.
pub(crate) struct Lists(ListArray);

impl Lists {
    /// Argument `i` of the call.
    pub(crate) fn of(call: &CallArgs<'_>, i: usize) -> DfResult<Lists> {
        Ok(Lists(downcast::<ListArray>(&call.array(i)?)?.clone()))
    }

    /// The array itself.
    pub(crate) fn array(&self) -> &ListArray {
        &self.0
    }

    /// The elements of all rows.
    pub(crate) fn values(&self) -> &ArrayRef {
        self.0.values()
    }

    /// Where the elements of a row stand; nowhere for NULL.
    pub(crate) fn range(&self, row: usize) -> Range<usize> {
        if self.0.is_null(row) {
            return 0..0;
        }
        let offsets = self.0.offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }

    /// Whether the row has an array.
    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.0.is_valid(row)
    }
}

/// Elements picked for new arrays, row by row.
#[derive(Default)]
pub(crate) struct Picks {
    picked: Vec<Option<u32>>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
    before: usize,
}

impl Picks {
    /// For so many rows.
    pub(crate) fn new(rows: usize) -> Picks {
        Picks { lengths: Vec::with_capacity(rows), valid: Vec::with_capacity(rows), ..Picks::default() }
    }

    /// Adds these elements.
    pub(crate) fn extend(&mut self, positions: impl Iterator<Item = usize>) {
        self.picked.extend(positions.map(|p| Some(p as u32)));
    }

    /// Ends a row.
    pub(crate) fn end(&mut self) {
        self.close(true);
    }

    /// Ends a row that is NULL.
    pub(crate) fn end_null(&mut self) {
        self.picked.truncate(self.before);
        self.close(false);
    }

    fn close(&mut self, valid: bool) {
        self.lengths.push(self.picked.len() - self.before);
        self.before = self.picked.len();
        self.valid.push(valid);
    }

    /// The arrays, of elements of `values`.
    pub(crate) fn finish(self, element: &Type, values: &ArrayRef) -> DfResult<ColumnarValue> {
        let values = if values.is_empty() {
            new_null_array(&element.arrow(), self.picked.len())
        } else {
            take(values, &UInt32Array::from(self.picked), None)?
        };
        let nulls = self.valid.contains(&false).then(|| NullBuffer::from(self.valid));
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(item_field(element), offsets, values, nulls)?)))
    }
}

/// The elements of two arguments in one array, and where the second's begin.
pub(crate) fn both(a: &Lists, b: &Lists) -> DfResult<(ArrayRef, usize)> {
    Ok((concat(&[a.values().as_ref(), b.values().as_ref()])?, a.values().len()))
}

/// The element type of an argument that is an array or NULL.
pub(crate) fn element_of(arg: &Arg<'_>) -> Option<Type> {
    match arg.ty() {
        _ if arg.is_lambda() => None,
        Type::Array(element) => Some(element.as_ref().clone()),
        Type::Unknown => Some(Type::Unknown),
        _ => None,
    }
}
