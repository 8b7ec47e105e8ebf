//! How do values become an array or a row?

use arrow::array::{Array, ListArray, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use datafusion::error::Result as DfResult;

use crate::call::Typed;
use crate::coercion::{coerce, common_type};
use crate::error::{Result, SqlError};
use crate::scalar;
use crate::types::{RowField, Type, item_field, row_fields};

/// `ARRAY[…]`: the elements meet in one type.
pub fn array(values: Vec<Typed>) -> Result<Typed> {
    let mut element = Type::Unknown;
    for value in &values {
        element = common_type(&element, &value.ty).ok_or_else(|| {
            SqlError::invalid(format!("the elements of ARRAY must be of one type, not {element} and {}", value.ty))
        })?;
    }
    let values = values.into_iter().map(|v| coerce(v, &element)).collect::<Result<Vec<_>>>()?;
    let returns = Type::array(element.clone());
    Ok(scalar::lenient("array", values, returns, move |call| {
        let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let sources: Vec<&dyn Array> = arrays.iter().map(|a| a.as_ref()).collect();
        let width = sources.len();
        let items = if width == 0 {
            new_empty_array(&element.arrow())
        } else {
            let picks: Vec<(usize, usize)> = (0..call.rows).flat_map(|row| (0..width).map(move |n| (n, row))).collect();
            interleave(&sources, &picks)?
        };
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(width, call.rows));
        Ok(scalar::columnar(ListArray::try_new(item_field(&element), offsets, items, None)?))
    }))
}

/// `ROW(…)`, also with names.
pub fn row(members: Vec<(Option<String>, Typed)>) -> Result<Typed> {
    let (fields, values): (Vec<RowField>, Vec<Typed>) =
        members.into_iter().map(|(name, value)| (RowField { name, ty: value.ty.clone() }, value)).unzip();
    let arrow = row_fields(&fields);
    let returns = Type::Row(fields);
    // The names are in the type, which tells two calls apart only by the types of the arguments and the result.
    Ok(scalar::lenient("row", values, returns, move |call| {
        let columns = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let rows = StructArray::try_new_with_length(arrow.clone(), columns, None, call.rows)?;
        Ok(scalar::columnar(rows))
    }))
}
