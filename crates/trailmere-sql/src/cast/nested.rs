//! How do arrays, maps and rows become others, member by member?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;

use super::build::Failures;
use super::convert as convert_column;
use crate::operators::nested as compare;
use crate::types::{Type, item_field, row_fields};

/// Converts arrays, maps and rows; a member that fails makes its row fail.
pub(crate) fn convert(array: &ArrayRef, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    match (from, to) {
        (Type::Array(a), Type::Array(b)) => list(array.as_list(), a, b, failures),
        (Type::Map(k1, v1), Type::Map(k2, v2)) => map(array.as_map(), (k1, v1), (k2, v2), failures),
        (Type::Row(a), Type::Row(b)) => {
            let source = array.as_struct();
            let mut columns = Vec::with_capacity(b.len());
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                let mut part = Failures::default();
                columns.push(convert_column(source.column(i), &a.ty, &b.ty, &mut part)?);
                failures.lift(part, |row| source.is_valid(row).then_some(row));
            }
            Ok(Arc::new(StructArray::try_new_with_length(
                row_fields(b),
                columns,
                source.nulls().cloned(),
                source.len(),
            )?))
        }
        _ => crate::error::fail(format!("cannot cast {from} to {to}")),
    }
}

fn list(source: &ListArray, from: &Type, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let mut part = Failures::default();
    let values = convert_column(source.values(), from, to, &mut part)?;
    let offsets = source.offsets();
    failures.lift(part, |item| row_of(offsets, item).filter(|row| source.is_valid(*row)));
    Ok(Arc::new(ListArray::try_new(item_field(to), offsets.clone(), values, source.nulls().cloned())?))
}

/// The row that an item belongs to.
pub(crate) fn row_of(offsets: &[i32], item: usize) -> Option<usize> {
    let row = offsets.partition_point(|o| *o as usize <= item).checked_sub(1)?;
    (row + 1 < offsets.len()).then_some(row)
}

fn map(
    source: &MapArray,
    (key_from, value_from): (&Type, &Type),
    (key_to, value_to): (&Type, &Type),
    failures: &mut Failures,
) -> DfResult<ArrayRef> {
    let offsets = source.offsets();
    let lifted = |part: Failures, failures: &mut Failures| {
        failures.lift(part, |item| row_of(offsets, item).filter(|row| source.is_valid(*row)));
    };
    let mut part = Failures::default();
    let keys = convert_column(source.keys(), key_from, key_to, &mut part)?;
    let broken = part.rows.clone();
    lifted(part, failures);
    let mut part = Failures::default();
    let values = convert_column(source.values(), value_from, value_to, &mut part)?;
    lifted(part, failures);
    let mut part = Failures::default();
    for item in 0..keys.len() {
        if keys.is_null(item) && !broken.contains(&item) {
            part.push(item, "map key is null".to_string());
        }
    }
    lifted(part, failures);
    if key_from != key_to {
        duplicates(&keys, key_to, offsets, failures);
    }
    let keys = without_nulls(keys, key_to)?;
    let DataType::Map(entries, _) = Type::map(key_to.clone(), value_to.clone()).arrow() else {
        return crate::error::fail("not a map");
    };
    let DataType::Struct(fields) = entries.data_type() else { return crate::error::fail("not a map") };
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(entries, offsets.clone(), pairs, source.nulls().cloned(), false)?))
}

/// Keys that were different may have become equal.
pub(crate) fn duplicates(keys: &ArrayRef, ty: &Type, offsets: &[i32], failures: &mut Failures) {
    for (row, ends) in offsets.windows(2).enumerate() {
        let range = ends[0] as usize..ends[1] as usize;
        let mut order: Vec<usize> = range.filter(|i| keys.is_valid(*i)).collect();
        order.sort_by(|a, b| compare::order(ty, keys, *a, keys, *b));
        if order.windows(2).any(|p| compare::order(ty, keys, p[0], keys, p[1]).is_eq()) {
            failures.push(row, "duplicate keys".to_string());
        }
    }
}

/// Arrow's keys may not be NULL, also in a row that has failed already: such a key is filled with another.
pub(crate) fn without_nulls(keys: ArrayRef, ty: &Type) -> DfResult<ArrayRef> {
    if keys.logical_null_count() == 0 || *ty == Type::Unknown {
        return Ok(keys);
    }
    let filler = datafusion::common::ScalarValue::new_default(&ty.arrow())?.to_array_of_size(1)?;
    let indices: Vec<(usize, usize)> = (0..keys.len()).map(|i| if keys.is_null(i) { (1, 0) } else { (0, i) }).collect();
    Ok(arrow::compute::interleave(&[keys.as_ref(), filler.as_ref()], &indices)?)
}
