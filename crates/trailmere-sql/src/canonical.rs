//! When are two values the same, and which comes first? A canonical Arrow array decides, and byte strings made of it.
//!
//! Arrow compares as stored; Trino does not: a map has no order, a timestamp with time zone is its instant, -0.0 is 0.0.
//! [`canonical`] maps values so that Arrow's total order is Trino's (NaN is the greatest, and the same as itself).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, MapArray, StructArray, UInt32Array};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{DataType, Field, Fields, Float32Type, Float64Type, Int32Type, Int64Type};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::error::Result as DfResult;

use crate::call::downcast;
use crate::types::{ITEM, Type};

/// Whether Arrow's own equality and order of these values are Trino's.
pub(crate) fn is_canonical(ty: &Type) -> bool {
    match ty {
        Type::Real | Type::Double | Type::TimestampTz(_) | Type::TimeTz(_) | Type::Map(..) => false,
        Type::Array(element) => is_canonical(element),
        Type::Row(fields) => fields.iter().all(|f| is_canonical(&f.ty)),
        _ => true,
    }
}

/// Where NaN stands in the order. It is the same as itself in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nan {
    /// Above all: for sorting and for the least value.
    Last,
    /// Below all: for the greatest value, which a NaN is only among NaNs.
    First,
}

/// The values in a form whose order in Arrow is Trino's; NULLs stay NULLs.
pub(crate) fn canonical(ty: &Type, array: &ArrayRef) -> DfResult<ArrayRef> {
    canonical_with(ty, array, Nan::Last)
}

fn canonical_with(ty: &Type, array: &ArrayRef, place: Nan) -> DfResult<ArrayRef> {
    if is_canonical(ty) {
        return Ok(Arc::clone(array));
    }
    match ty {
        Type::Double => {
            let nan = if place == Nan::Last { f64::NAN.abs() } else { -f64::NAN.abs() };
            let values = array.as_primitive::<Float64Type>();
            Ok(Arc::new(values.unary::<_, Float64Type>(|v| if v.is_nan() { nan } else { v + 0.0 })))
        }
        Type::Real => {
            let nan = if place == Nan::Last { f32::NAN.abs() } else { -f32::NAN.abs() };
            let values = array.as_primitive::<Float32Type>();
            Ok(Arc::new(values.unary::<_, Float32Type>(|v| if v.is_nan() { nan } else { v + 0.0 })))
        }
        Type::TimestampTz(_) => {
            let parts = downcast::<StructArray>(array)?;
            with_parents_nulls(parts.column(0), parts)
        }
        Type::TimeTz(_) => time_in_utc(array),
        Type::Array(element) => {
            let list = downcast::<ListArray>(array)?;
            let values = canonical_with(element, list.values(), place)?;
            let item = Arc::new(Field::new(ITEM, values.data_type().clone(), true));
            Ok(Arc::new(ListArray::try_new(item, list.offsets().clone(), values, list.nulls().cloned())?))
        }
        Type::Row(fields) => {
            let row = downcast::<StructArray>(array)?;
            let columns = fields.iter().zip(row.columns()).map(|(f, c)| canonical_with(&f.ty, c, place));
            structure(columns.collect::<DfResult<_>>()?, row)
        }
        Type::Map(key, value) => sorted_entries(key, value, downcast::<MapArray>(array)?),
        _ => Ok(Arc::clone(array)),
    }
}

fn with_parents_nulls(array: &ArrayRef, parent: &StructArray) -> DfResult<ArrayRef> {
    let nulls = arrow::buffer::NullBuffer::union(array.nulls(), parent.nulls());
    Ok(arrow::array::make_array(array.to_data().into_builder().nulls(nulls).build()?))
}

fn structure(columns: Vec<ArrayRef>, of: &StructArray) -> DfResult<ArrayRef> {
    if columns.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(of.len(), of.nulls().cloned())));
    }
    let fields: Fields =
        columns.iter().enumerate().map(|(i, c)| Field::new(format!("f{i}"), c.data_type().clone(), true)).collect();
    Ok(Arc::new(StructArray::try_new(fields, columns, of.nulls().cloned())?))
}

/// Picoseconds of the day in UTC; below zero where the zone is ahead, as Trino orders them.
fn time_in_utc(array: &ArrayRef) -> DfResult<ArrayRef> {
    const DAY: i64 = 86_400_000_000_000_000;
    let parts = downcast::<StructArray>(array)?;
    let picos = parts.column(0).as_primitive::<Int64Type>();
    let offsets = parts.column(1).as_primitive::<Int32Type>();
    let values: Int64Array = (0..parts.len())
        .map(|i| {
            let shift = i64::from(offsets.value(i)) * 60_000_000_000_000;
            parts.is_valid(i).then(|| (picos.value(i) - shift).rem_euclid(DAY))
        })
        .collect();
    Ok(Arc::new(values))
}

/// A map as the list of its entries, sorted by key.
fn sorted_entries(key: &Type, value: &Type, map: &MapArray) -> DfResult<ArrayRef> {
    let keys = Keys::of(key, map.keys())?;
    let offsets = map.offsets();
    let mut order: Vec<u32> = Vec::with_capacity(map.keys().len());
    let mut lengths = Vec::with_capacity(map.len());
    for row in 0..map.len() {
        let range = offsets[row] as u32..offsets[row + 1] as u32;
        let from = order.len();
        order.extend(range.clone());
        order[from..].sort_by(|a, b| keys.get(*a as usize).cmp(keys.get(*b as usize)));
        lengths.push(range.len());
    }
    let order = UInt32Array::from(order);
    let keys = canonical(key, &take(map.keys(), &order, None)?)?;
    let values = canonical(value, &take(map.values(), &order, None)?)?;
    let fields = Fields::from(vec![
        Field::new("key", keys.data_type().clone(), true),
        Field::new("value", values.data_type().clone(), true),
    ]);
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let item = Arc::new(Field::new(ITEM, DataType::Struct(fields), true));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(entries), map.nulls().cloned())?))
}

/// Values as byte strings that are equal where the values are the same and ordered as the values are.
pub(crate) struct Keys {
    rows: Rows,
}

impl Keys {
    /// In ascending order, NULL first.
    pub(crate) fn of(ty: &Type, array: &ArrayRef) -> DfResult<Keys> {
        Self::ordered(std::slice::from_ref(ty), &[Arc::clone(array)], &[SortOptions::default()])
    }

    /// In ascending order, NaN where it is wanted.
    pub(crate) fn placing_nan(ty: &Type, array: &ArrayRef, place: Nan) -> DfResult<Keys> {
        Self::as_stored(&[canonical_with(ty, array, place)?], &[SortOptions::default()])
    }

    /// Of several columns together.
    pub(crate) fn of_all(types: &[Type], arrays: &[ArrayRef]) -> DfResult<Keys> {
        Self::ordered(types, arrays, &vec![SortOptions::default(); types.len()])
    }

    /// Of several columns, each with its direction.
    pub(crate) fn ordered(types: &[Type], arrays: &[ArrayRef], options: &[SortOptions]) -> DfResult<Keys> {
        let columns: Vec<ArrayRef> =
            types.iter().zip(arrays).map(|(t, a)| canonical(t, a)).collect::<DfResult<Vec<_>>>()?;
        Self::as_stored(&columns, options)
    }

    /// Of columns that are canonical already.
    pub(crate) fn as_stored(columns: &[ArrayRef], options: &[SortOptions]) -> DfResult<Keys> {
        let fields =
            columns.iter().zip(options).map(|(c, o)| SortField::new_with_options(c.data_type().clone(), *o)).collect();
        Ok(Keys { rows: RowConverter::new(fields)?.convert_columns(columns)? })
    }

    /// The key of a row.
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        self.rows.row(row).data()
    }
}

/// Whether a value is NULL or has one within: `=` on it may be NULL.
pub(crate) fn indeterminate(array: &dyn Array, row: usize) -> bool {
    if array.is_null(row) || matches!(array.data_type(), DataType::Null) {
        return true;
    }
    any_child(array, row, &indeterminate)
}

/// Whether a value is NaN or has one within: `=` on it is never true.
pub(crate) fn has_nan(array: &dyn Array, row: usize) -> bool {
    match array.data_type() {
        DataType::Float64 => array.is_valid(row) && array.as_primitive::<Float64Type>().value(row).is_nan(),
        DataType::Float32 => array.is_valid(row) && array.as_primitive::<Float32Type>().value(row).is_nan(),
        _ => array.is_valid(row) && any_child(array, row, &has_nan),
    }
}

fn any_child(array: &dyn Array, row: usize, test: &dyn Fn(&dyn Array, usize) -> bool) -> bool {
    match array.data_type() {
        DataType::List(_) => {
            let values = array.as_list::<i32>().value(row);
            (0..values.len()).any(|i| test(&values, i))
        }
        DataType::Struct(_) => array.as_struct().columns().iter().any(|c| test(c, row)),
        DataType::Map(..) => {
            let values = Arc::clone(array.as_map().value(row).column(1));
            (0..values.len()).any(|i| test(&values, i))
        }
        _ => false,
    }
}

/// Whether `<` and ORDER BY are defined for values of this type.
pub(crate) fn is_orderable(ty: &Type) -> bool {
    match ty {
        Type::Json | Type::Map(..) | Type::HyperLogLog | Type::TDigest | Type::QDigest(_) | Type::Color => false,
        Type::Array(element) => is_orderable(element),
        Type::Row(fields) => fields.iter().all(|f| is_orderable(&f.ty)),
        _ => true,
    }
}

/// Whether `=` is defined for values of this type.
pub(crate) fn is_comparable(ty: &Type) -> bool {
    match ty {
        Type::HyperLogLog | Type::TDigest | Type::QDigest(_) | Type::Color => false,
        Type::Array(element) => is_comparable(element),
        Type::Map(key, value) => is_comparable(key) && is_comparable(value),
        Type::Row(fields) => fields.iter().all(|f| is_comparable(&f.ty)),
        _ => true,
    }
}

/// Whether values of this type can hold NULLs within them.
pub(crate) fn is_nested(ty: &Type) -> bool {
    matches!(ty, Type::Array(_) | Type::Map(..) | Type::Row(_))
}

/// Whether values of this type can be or hold a NaN.
pub(crate) fn can_be_nan(ty: &Type) -> bool {
    match ty {
        Type::Real | Type::Double => true,
        Type::Array(element) => can_be_nan(element),
        Type::Map(_, value) => can_be_nan(value),
        Type::Row(fields) => fields.iter().any(|f| can_be_nan(&f.ty)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int32Array, Int32Builder, MapBuilder, StringViewBuilder};

    use super::*;

    #[test]
    fn maps_are_equal_in_any_order_of_entries() {
        let mut builder = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
        for (k, v) in [("a", 1), ("b", 2)] {
            builder.keys().append_value(k);
            builder.values().append_value(v);
        }
        builder.append(true).unwrap();
        for (k, v) in [("b", 2), ("a", 1)] {
            builder.keys().append_value(k);
            builder.values().append_value(v);
        }
        builder.append(true).unwrap();
        builder.append(true).unwrap();
        let map: ArrayRef = Arc::new(builder.finish());
        let keys = Keys::of(&Type::map(Type::VARCHAR, Type::Integer), &map).unwrap();
        assert_eq!(keys.get(0), keys.get(1));
        assert_ne!(keys.get(0), keys.get(2));
    }

    #[test]
    fn zero_has_no_sign_and_nan_is_the_greatest() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN, f64::INFINITY]));
        let keys = Keys::of(&Type::Double, &array).unwrap();
        assert_eq!(keys.get(0), keys.get(1));
        assert_eq!(keys.get(2), keys.get(3));
        assert!(keys.get(2) > keys.get(4));
    }

    #[test]
    fn nulls_within_are_found() {
        let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
            Some(vec![Some(1), None]),
            Some(vec![Some(1)]),
        ]));
        assert!(indeterminate(&list, 0));
        assert!(!indeterminate(&list, 1));
        assert!(!indeterminate(&Int32Array::from(vec![1]), 0));
    }
}
