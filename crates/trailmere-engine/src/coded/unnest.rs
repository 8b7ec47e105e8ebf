//! Makes a row of each element of lists.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema};
use datafusion::common::{DataFusionError, Result};

/// Rows with the elements of some lists in the lists' places; rows without elements are left out. The lists of a row are
/// equally long.
pub(super) fn unnested(rows: &RecordBatch, lists: &[usize]) -> Result<RecordBatch> {
    let Some(first) = lists.first() else { return Ok(rows.clone()) };
    let first = list(rows, *first)?;
    let count: usize = (0..rows.num_rows()).map(|row| length(first, row)).sum();
    let repeats = match lists.len() == rows.num_columns() {
        true => UInt32Array::new_null(0),
        false => (0..first.len()).flat_map(|row| std::iter::repeat_n(row as u32, length(first, row))).collect(),
    };
    let mut columns: Vec<ArrayRef> = vec![];
    for (place, column) in rows.columns().iter().enumerate() {
        columns.push(match lists.contains(&place) {
            true => elements(list(rows, place)?, count)?,
            false => take(column, &repeats, None)?,
        });
    }
    if columns.iter().any(|column| column.len() != count) {
        return Err(DataFusionError::Internal("lists that were read of the same lists have other lengths".to_owned()));
    }
    let schema = rows.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields: Vec<Field> = fields
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()).with_nullable(true))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

fn list(rows: &RecordBatch, place: usize) -> Result<&ListArray> {
    let lists = rows.columns().get(place).and_then(|column| column.as_list_opt());
    lists.ok_or_else(|| DataFusionError::Internal(format!("column {place} has no lists to unnest")))
}

fn length(lists: &ListArray, row: usize) -> usize {
    if lists.is_null(row) { 0 } else { lists.value_length(row) as usize }
}

/// All elements, one after the other.
fn elements(lists: &ListArray, count: usize) -> Result<ArrayRef> {
    let offsets = lists.value_offsets();
    let (start, end) = (offsets.first().copied().unwrap_or(0) as usize, offsets.last().copied().unwrap_or(0) as usize);
    if end - start == count {
        return Ok(lists.values().slice(start, count));
    }
    // A list that is NULL may have elements all the same.
    let places =
        (0..lists.len()).flat_map(|row| (0..length(lists, row) as u32).map(move |nth| offsets[row] as u32 + nth));
    Ok(take(lists.values(), &places.collect::<UInt32Array>(), None)?)
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use arrow::buffer::{NullBuffer, OffsetBuffer};
    use arrow::datatypes::{DataType, Int32Type};

    use super::*;

    #[test]
    fn each_element_has_a_row_with_the_columns_beside_it() {
        let values: ArrayRef = Arc::new(Int32Array::from_iter_values(0..8));
        let field = Arc::new(Field::new_list_field(DataType::Int32, true));
        // The third list is NULL and has elements.
        for nulls in [None, Some(NullBuffer::from(vec![true, true, false, true]))] {
            let offsets = OffsetBuffer::from_lengths([2, 0, 3, 3]);
            let lists = ListArray::new(Arc::clone(&field), offsets, Arc::clone(&values), nulls.clone());
            let beside: ArrayRef = Arc::new(Int32Array::from(vec![10, 11, 12, 13]));
            let columns: Vec<(&str, ArrayRef)> = vec![("beside", beside), ("list", Arc::new(lists))];
            let rows = RecordBatch::try_from_iter(columns).unwrap();
            for rows in [rows.clone(), rows.slice(1, 3)] {
                let expected: Vec<(i32, i32)> = (0..rows.num_rows())
                    .filter(|row| rows.column(1).is_valid(*row))
                    .flat_map(|row| {
                        let beside = rows.column(0).as_primitive::<Int32Type>().value(row);
                        let list = rows.column(1).as_list::<i32>().value(row);
                        list.as_primitive::<Int32Type>().values().iter().map(|e| (beside, *e)).collect::<Vec<_>>()
                    })
                    .collect();
                let unnested = unnested(&rows, &[1]).unwrap();
                let column = |place: usize| unnested.column(place).as_primitive::<Int32Type>().values().to_vec();
                assert_eq!(column(0).into_iter().zip(column(1)).collect::<Vec<_>>(), expected);
            }
            assert!(unnested(&rows, &[0]).is_err());
        }
    }
}
