//! The values of an input in a row group, as they are kept.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringViewArray};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;

use super::rows::Rows;

/// Values, one a row.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    /// As the type that the table has.
    Plain(ArrayRef),
    /// Texts by their positions in a dictionary.
    Coded {
        /// A position in `values`, or NULL.
        codes: Int32Array,
        /// The dictionary: texts, as views.
        values: ArrayRef,
    },
}

impl Decoded {
    /// What a reader gave, in the table's type.
    pub(crate) fn new(array: ArrayRef, data_type: &DataType) -> Result<Self> {
        if let (Some(coded), DataType::Utf8View) = (array.as_dictionary_opt::<Int32Type>(), data_type)
            && let Some(values) = coded.values().as_string_opt::<i32>()
            && values.null_count() == 0
        {
            let values: ArrayRef = Arc::new(StringViewArray::from(values));
            return Ok(Decoded::Coded { codes: coded.keys().clone(), values });
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
            (Decoded::Coded { codes, values }, Rows::All(_)) => take(values, codes, None)?,
            (Decoded::Coded { codes, values }, Rows::Some { at, .. }) => {
                let codes = take(codes, at, None)?;
                take(values, &codes, None)?
            }
        })
    }

    /// The values of these rows; texts by their positions in a dictionary, if they are kept so.
    pub(crate) fn coded(&self, rows: &Rows) -> Result<ArrayRef> {
        let Decoded::Coded { codes, values } = self else { return self.take(rows) };
        let codes = match rows {
            Rows::All(_) => codes.clone(),
            Rows::Some { at, .. } => take(codes, at, None)?.as_primitive::<Int32Type>().clone(),
        };
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::clone(values))?))
    }

    /// Some values that follow each other.
    pub(crate) fn slice(&self, offset: usize, length: usize) -> Decoded {
        match self {
            Decoded::Plain(array) => Decoded::Plain(array.slice(offset, length)),
            Decoded::Coded { codes, values } => {
                Decoded::Coded { codes: codes.slice(offset, length), values: Arc::clone(values) }
            }
        }
    }

    /// Bytes that keeping it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Decoded::Plain(array) => array.get_array_memory_size(),
            Decoded::Coded { codes, values } => codes.get_array_memory_size() + values.get_array_memory_size(),
        }
    }
}
