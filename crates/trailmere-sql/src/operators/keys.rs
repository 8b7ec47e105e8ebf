//! By what do values group, join and sort, where Arrow's own equality is not SQL's?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, MapArray, StructArray};
use arrow::compute::{kernels::arity, take};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, Expr};

use super::nested;
use crate::call::Typed;
use crate::scalar;
use crate::types::{RowField, Type, item_field, row_fields};

/// The canonical form of a value for GROUP BY, DISTINCT and equi-joins: equal values have equal keys, NULL stays NULL.
/// The key's type is the value's, but for times with zones: those group by what they have in common, the instant, and
/// one of the values has to be carried along.
pub fn group_key(value: Typed) -> Typed {
    let Some(ty) = key_type(&value.ty) else { return value };
    match &value.ty {
        Type::TimestampTz(_) => instant(value),
        Type::TimeTz(_) => time_of_utc_day(value),
        from => {
            let from = from.clone();
            scalar::strict("group_key", vec![value], ty, move |call| {
                let array = call.array(0)?;
                Ok(ColumnarValue::Array(canonical(&array, &from)?))
            })
        }
    }
}

/// Whether a key is its value, if in another form: a map with its entries in another order, but no float that has become
/// another one and no time that has lost its zone.
pub(crate) fn key_is_value(ty: &Type) -> bool {
    match ty {
        Type::Real | Type::Double | Type::TimestampTz(_) | Type::TimeTz(_) => false,
        Type::Array(element) => key_is_value(element),
        Type::Map(key, value) => key_is_value(key) && key_is_value(value),
        Type::Row(fields) => fields.iter().all(|field| key_is_value(&field.ty)),
        _ => true,
    }
}

/// The canonical form of a value for ORDER BY: NaN after all, -0.0 as 0.0, instants without their zones.
pub fn sort_key(value: Typed) -> Typed {
    group_key(value)
}

/// The type of the key where it is not the value itself.
fn key_type(ty: &Type) -> Option<Type> {
    Some(match ty {
        Type::Real | Type::Double => ty.clone(),
        Type::TimestampTz(p) => Type::Timestamp(*p),
        Type::TimeTz(_) => Type::Time(12),
        Type::Array(element) => Type::array(key_type(element)?),
        Type::Map(key, value) => {
            let part = |ty: &Type| key_type(ty).unwrap_or_else(|| ty.clone());
            Type::map(part(key), part(value))
        }
        Type::Row(fields) => {
            if fields.iter().all(|f| key_type(&f.ty).is_none()) {
                return None;
            }
            let part =
                |f: &RowField| RowField { name: f.name.clone(), ty: key_type(&f.ty).unwrap_or_else(|| f.ty.clone()) };
            Type::Row(fields.iter().map(part).collect())
        }
        _ => return None,
    })
}

/// The instant of a timestamp with time zone.
pub(crate) fn instant(value: Typed) -> Typed {
    let Type::TimestampTz(precision) = value.ty else { return value };
    let ty = Type::Timestamp(precision);
    if let Some(ScalarValue::Struct(members)) = value.literal() {
        let scalar = if members.is_null(0) {
            ScalarValue::try_from(&ty.arrow())
        } else {
            ScalarValue::try_from_array(members.column(0), 0)
        };
        if let Ok(scalar) = scalar {
            return Typed::constant(scalar, ty);
        }
    }
    // Not a `get_field`: a NULL timestamp's instant must be NULL too.
    scalar::strict("instant", vec![value], ty, |call| {
        let array = call.array(0)?;
        Ok(ColumnarValue::Array(Arc::clone(array.as_struct().column(0))))
    })
}

pub(crate) fn member(base: Expr, name: &str) -> Expr {
    datafusion::functions::core::expr_fn::get_field(base, name)
}

/// Picoseconds of the UTC day.
pub(crate) fn time_of_utc_day(value: Typed) -> Typed {
    scalar::strict("time_of_utc_day", vec![value], Type::Time(12), |call| {
        let array = call.array(0)?;
        Ok(ColumnarValue::Array(utc_times(array.as_struct())))
    })
}

fn utc_times(members: &StructArray) -> ArrayRef {
    let values = (0..members.len()).map(|i| members.is_valid(i).then(|| nested::time_tz(members, i) as i64));
    Arc::new(values.collect::<Int64Array>())
}

fn canonical(array: &ArrayRef, ty: &Type) -> DfResult<ArrayRef> {
    let Some(key) = key_type(ty) else { return Ok(Arc::clone(array)) };
    match (ty, &key) {
        (Type::Double, _) => {
            let tidy = |v: f64| if v.is_nan() { f64::NAN } else { v + 0.0 };
            Ok(Arc::new(arity::unary::<Float64Type, _, Float64Type>(array.as_primitive(), tidy)))
        }
        (Type::Real, _) => {
            let tidy = |v: f32| if v.is_nan() { f32::NAN } else { v + 0.0 };
            Ok(Arc::new(arity::unary::<Float32Type, _, Float32Type>(array.as_primitive(), tidy)))
        }
        (Type::TimestampTz(_), _) => {
            let instants = array.as_struct().column(0);
            array.nulls().map_or(Ok(Arc::clone(instants)), |nulls| scalar::with_nulls(instants, nulls))
        }
        (Type::TimeTz(_), _) => Ok(utc_times(array.as_struct())),
        (Type::Array(element), Type::Array(to)) => {
            let list = array.as_list::<i32>();
            let values = canonical(list.values(), element)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(item_field(to), offsets, values, nulls)?))
        }
        (Type::Row(fields), Type::Row(to)) => {
            let rows = array.as_struct();
            let columns = fields.iter().enumerate().map(|(i, f)| canonical(rows.column(i), &f.ty));
            let columns = columns.collect::<DfResult<Vec<_>>>()?;
            let nulls = rows.nulls().cloned();
            Ok(Arc::new(StructArray::try_new_with_length(row_fields(to), columns, nulls, rows.len())?))
        }
        (Type::Map(k, v), Type::Map(..)) => sorted_map(array.as_map(), (k, v), &key),
        _ => Ok(Arc::clone(array)),
    }
}

/// A map with its entries in the order of the keys.
fn sorted_map(map: &MapArray, (key, value): (&Type, &Type), to: &Type) -> DfResult<ArrayRef> {
    let mut order: Vec<u32> = Vec::with_capacity(map.keys().len());
    let mut lengths = Vec::with_capacity(map.len());
    for row in 0..map.len() {
        let entries = if map.is_valid(row) { nested::sorted_entries(key, map, row) } else { vec![] };
        lengths.push(entries.len());
        order.extend(entries.into_iter().map(|i| i as u32));
    }
    let order = arrow::array::UInt32Array::from(order);
    let keys = canonical(&take(map.keys(), &order, None)?, key)?;
    let values = canonical(&take(map.values(), &order, None)?, value)?;
    let DataType::Map(entries, _) = to.arrow() else { return crate::error::fail("not a map") };
    let DataType::Struct(fields) = entries.data_type() else { return crate::error::fail("not a map") };
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(entries, offsets, pairs, map.nulls().cloned(), false)?))
}
