//! How do rows that wait take no more memory than they need?
//!
//! Builders double their buffers as they grow, and allocators do not take the spare half back. So texts, which are
//! nearly all of a batch, move to buffers of their size; a copy is cheap against decoding.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use trailmere_model::{Error, Result};

/// Less spare memory than this is not worth a copy.
const SPARE_BYTES: usize = 16 << 10;

/// The same rows, without spare memory.
pub(crate) fn compact(batch: RecordBatch) -> Result<RecordBatch> {
    let (schema, columns, _) = batch.into_parts();
    let columns = columns.into_iter().map(column).collect::<Result<Vec<_>, _>>();
    columns
        .and_then(|columns| RecordBatch::try_new(schema, columns))
        .map_err(|error| Error::internal("a batch lost its shape").source(error))
}

fn column(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Utf8 => texts(array),
        DataType::Struct(_) => Ok(Arc::new(structs(array.as_struct())?)),
        DataType::Map(field, ordered) => {
            let (map, field, ordered) = (array.as_map(), field.clone(), *ordered);
            let (entries, nulls) = (structs(map.entries())?, map.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(field, map.offsets().clone(), entries, nulls, ordered)?))
        }
        _ => Ok(array),
    }
}

fn texts(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let texts = array.as_string::<i32>();
    if texts.values().capacity() < texts.values().len() + SPARE_BYTES {
        return Ok(array);
    }
    let values = Buffer::from(texts.values().as_slice().to_vec());
    Ok(Arc::new(StringArray::try_new(texts.offsets().clone(), values, texts.nulls().cloned())?))
}

fn structs(array: &StructArray) -> Result<StructArray, ArrowError> {
    let columns = array.columns().iter().cloned().map(column).collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(array.fields().clone(), columns, array.nulls().cloned())
}

#[cfg(test)]
mod tests {
    use arrow::array::{MapBuilder, StringBuilder, StructBuilder};
    use arrow::datatypes::{Field, Fields, Schema};

    use super::*;

    #[test]
    fn the_rows_stay_and_the_spare_memory_goes() {
        let (mut texts, mut maps) =
            (StringBuilder::new(), MapBuilder::new(None, StringBuilder::new(), StringBuilder::new()));
        let fields = Fields::from(vec![Field::new("inner", DataType::Utf8, true)]);
        let mut structs = StructBuilder::from_fields(fields, 0);
        for n in 0..5000 {
            let text = "x".repeat(n % 50);
            texts.append_option((n % 7 != 0).then_some(&text));
            maps.keys().append_value(format!("key {n}"));
            maps.values().append_option((n % 3 != 0).then_some(&text));
            maps.append(n % 5 != 0).unwrap();
            structs.field_builder::<StringBuilder>(0).unwrap().append_value(&text);
            structs.append(n % 11 != 0);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(texts.finish()), Arc::new(maps.finish()), Arc::new(structs.finish())];
        let fields: Vec<Field> = columns.iter().map(|c| Field::new("c", c.data_type().clone(), true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let before = batch.get_array_memory_size();
        let rows = batch.slice(0, batch.num_rows());
        let compacted = compact(batch).unwrap();
        assert_eq!(compacted, rows);
        assert!(compacted.get_array_memory_size() + 4 * SPARE_BYTES < before, "{before}");
    }
}
