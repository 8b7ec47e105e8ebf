//! How are maps put together out of keys, values and the numbers of entries?

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;

use crate::canonical::Keys;
use crate::error::{Kind, SqlError, fail};
use crate::types::{Type, entries_field, item_field};

/// A map of these entries.
pub(crate) fn map_array(
    (key, value): (&Type, &Type),
    keys: ArrayRef,
    values: ArrayRef,
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
) -> DfResult<ArrayRef> {
    let field = entries_field(key, value);
    let DataType::Struct(members) = field.data_type() else {
        return Err(SqlError::new(Kind::Internal, "a map's entries are no struct").into());
    };
    let entries = StructArray::try_new(members.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, false)?))
}

/// A list of these items.
pub(crate) fn list_array(
    element: &Type,
    values: ArrayRef,
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
) -> DfResult<ArrayRef> {
    Ok(Arc::new(ListArray::try_new(item_field(element), offsets, values, nulls)?))
}

/// The entries of each row: positions in the keys and values, row by row.
#[derive(Default)]
pub(crate) struct Entries {
    /// Positions in the key column.
    pub(crate) keys: Vec<u32>,
    /// Positions in the value column.
    pub(crate) values: Vec<Option<u32>>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
    before: usize,
}

impl Entries {
    /// An entry of the present row.
    pub(crate) fn push(&mut self, key: usize, value: Option<usize>) {
        self.keys.push(key as u32);
        self.values.push(value.map(|v| v as u32));
    }

    /// Ends the present row.
    pub(crate) fn end(&mut self, valid: bool) {
        self.lengths.push(self.keys.len() - self.before);
        self.before = self.keys.len();
        self.valid.push(valid);
    }

    /// The map.
    pub(crate) fn finish(self, types: (&Type, &Type), keys: &ArrayRef, values: &ArrayRef) -> DfResult<ArrayRef> {
        let keys = take(keys, &UInt32Array::from(self.keys), None)?;
        let values = take(values, &UInt32Array::from(self.values), None)?;
        let nulls = self.valid.contains(&false).then(|| NullBuffer::from(self.valid));
        map_array(types, keys, values, OffsetBuffer::from_lengths(self.lengths), nulls)
    }
}

/// The keys that a row has already.
pub(crate) struct Seen<'k> {
    keys: &'k Keys,
    seen: HashSet<&'k [u8]>,
}

impl<'k> Seen<'k> {
    pub(crate) fn new(keys: &'k Keys) -> Self {
        Seen { keys, seen: HashSet::new() }
    }

    /// Whether the key at this position is new.
    pub(crate) fn insert(&mut self, position: usize) -> bool {
        self.seen.insert(self.keys.get(position))
    }

    /// For the next row.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }
}

/// "Duplicate map keys (x) are not allowed".
pub(crate) fn duplicate<T>(key: &Type, keys: &ArrayRef, position: usize) -> DfResult<T> {
    let mut text = String::new();
    crate::render::text(key, keys.as_ref(), position, &mut text);
    fail(format!("Duplicate map keys ({text}) are not allowed"))
}
