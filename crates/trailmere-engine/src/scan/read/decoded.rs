//! The values of an input in a row group, as they are kept.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringViewArray};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;

use super::rows::Rows;

/// Values, one a row.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    /// As the type that the table has.
    Plain(ArrayRef),
    /// Texts, as views, by their positions in a dictionary.
    Coded(DictionaryArray<Int32Type>),
}

impl Decoded {
    /// What a reader gave, in the table's type.
    pub(crate) fn new(array: ArrayRef, data_type: &DataType) -> Result<Self> {
        if let (Some(coded), DataType::Utf8View) = (array.as_dictionary_opt::<Int32Type>(), data_type)
            && let Some(values) = coded.values().as_string_opt::<i32>()
            && values.null_count() == 0
        {
            let values: ArrayRef = Arc::new(StringViewArray::from(values));
            return Ok(Decoded::Coded(coded.with_values(values)));
        }
        match array.data_type() == data_type {
            true => Ok(Decoded::Plain(array)),
            false => Ok(Decoded::Plain(arrow::compute::cast(&array, data_type)?)),
        }
    }

    /// The values of these rows.
    pub(crate) fn take(&self, rows: &Rows) -> Result<ArrayRef> {
        Ok(match (self, rows) {
            (Decoded::Plain(array), Rows::All(_)) => Arc::clone(array),
            (Decoded::Plain(array), Rows::Some { at, .. }) => take(array, at, None)?,
            (Decoded::Coded(coded), Rows::All(_)) => take(coded.values(), coded.keys(), None)?,
            (Decoded::Coded(coded), Rows::Some { at, .. }) => {
                let codes = take(coded.keys(), at, None)?;
                take(coded.values(), &codes, None)?
            }
        })
    }

    /// The values of these rows; texts by their positions in a dictionary, if they are kept so.
    pub(crate) fn coded(&self, rows: &Rows) -> Result<ArrayRef> {
        match (self, rows) {
            (Decoded::Plain(_), _) => self.take(rows),
            (Decoded::Coded(coded), Rows::All(_)) => Ok(Arc::new(coded.clone())),
            (Decoded::Coded(coded), Rows::Some { at, .. }) => Ok(take(coded, at, None)?),
        }
    }

    /// Some values that follow each other.
    pub(crate) fn slice(&self, offset: usize, length: usize) -> Decoded {
        match self {
            Decoded::Plain(array) => Decoded::Plain(array.slice(offset, length)),
            Decoded::Coded(coded) => Decoded::Coded(coded.slice(offset, length)),
        }
    }

    /// Bytes that keeping it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Decoded::Plain(array) => array.get_array_memory_size(),
            Decoded::Coded(coded) => coded.get_array_memory_size(),
        }
    }
}
