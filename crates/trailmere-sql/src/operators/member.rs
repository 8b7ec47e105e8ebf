//! How is one element taken out of an array, a map or a row?

use arrow::array::{Array, ArrayRef, AsArray, MapArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::{keys, nested};
use crate::call::Typed;
use crate::coercion::{coerce, common_type};
use crate::error::{Result, SqlError, fail};
use crate::function::CallArgs;
use crate::render;
use crate::scalar;
use crate::types::{RowField, Type, row_fields};

/// `base[index]`: what is not there is an error.
pub fn subscript(base: Typed, index: Typed) -> Result<Typed> {
    match base.ty.clone() {
        Type::Array(element) if index.ty.is_integer() || index.ty == Type::Unknown => {
            let index = coerce(index, &Type::BigInt)?;
            Ok(scalar::strict("subscript", vec![base, index], *element, elements))
        }
        Type::Map(key, value) => {
            // The key is compared in the map's own type where that can hold it.
            let Some(common) = common_type(&key, &index.ty) else {
                return Err(SqlError::invalid(format!("the keys of {} are not of type {}", base.ty, index.ty)));
            };
            let base = coerce(base, &Type::map(common.clone(), value.as_ref().clone()))?;
            let index = coerce(index, &common)?;
            Ok(scalar::strict("subscript", vec![base, index], *value, move |call| lookup(call, &common)))
        }
        Type::Row(fields) => position(base, &fields, &index),
        _ => Err(SqlError::invalid(format!("cannot use [] on {}", base.ty))),
    }
}

fn position(base: Typed, fields: &[RowField], index: &Typed) -> Result<Typed> {
    let number = index.literal().and_then(|v| v.cast_to(&arrow::datatypes::DataType::Int64).ok());
    let Some(ScalarValue::Int64(Some(number))) = number.filter(|_| index.ty.is_integer()) else {
        return Err(SqlError::invalid("the subscript of a row must be a constant, from 1"));
    };
    let at = usize::try_from(number).ok().filter(|n| (1..=fields.len()).contains(n));
    match at {
        Some(at) => field_at(base, at - 1),
        None => Err(SqlError::invalid(format!("the row has {} fields, no number {number}", fields.len()))),
    }
}

/// The field of a row by its name, in any case.
pub fn field(base: Typed, name: &str) -> Result<Typed> {
    let Type::Row(fields) = &base.ty else {
        return Err(SqlError::invalid(format!("{} has no fields, so no `{name}`", base.ty)));
    };
    let same = |f: &RowField| f.name.as_ref().is_some_and(|n| n.to_lowercase() == name.to_lowercase());
    let mut found = fields.iter().enumerate().filter(|(_, f)| same(f)).map(|(i, _)| i);
    match (found.next(), found.next()) {
        (Some(at), None) => field_at(base, at),
        (Some(_), Some(_)) => Err(SqlError::invalid(format!("the row has two fields `{name}`"))),
        _ => Err(unknown_field(fields, name)),
    }
}

fn unknown_field(fields: &[RowField], name: &str) -> SqlError {
    let names: Vec<&str> = fields.iter().filter_map(|f| f.name.as_deref()).collect();
    let nearest = names
        .iter()
        .map(|n| (strsim::damerau_levenshtein(&n.to_lowercase(), &name.to_lowercase()), *n))
        .filter(|(distance, _)| *distance <= name.len().div_ceil(3))
        .min();
    let error = SqlError::not_found(format!("the row has no field `{name}`"));
    match nearest {
        Some((_, n)) => error.hint(format!("did you mean `{n}`?")),
        None if names.is_empty() => error.hint("its fields have no names: take them by number, as in r[1]"),
        None => error.hint(format!("its fields are {}", names.join(", "))),
    }
}

/// The field of a row by its position, from 0.
pub fn field_at(base: Typed, at: usize) -> Result<Typed> {
    let Type::Row(fields) = &base.ty else {
        return Err(SqlError::invalid(format!("{} has no fields", base.ty)));
    };
    let (arrow, Some(found)) = (row_fields(fields), fields.get(at)) else {
        return Err(SqlError::invalid(format!("the row has {} fields", fields.len())));
    };
    let ty = found.ty.clone();
    if let Some(ScalarValue::Struct(rows)) = base.literal() {
        if rows.is_null(0) {
            return Ok(scalar::null_of(&ty));
        }
        if let Ok(value) = ScalarValue::try_from_array(rows.column(at), 0) {
            return Ok(Typed::constant(value, ty));
        }
    }
    Ok(Typed::new(keys::member(base.expr, arrow[at].name()), ty))
}

/// A column, and whether its one row stands for all.
fn operand(call: &CallArgs<'_>, i: usize) -> DfResult<(ArrayRef, bool)> {
    match &call.values[i] {
        ColumnarValue::Scalar(value) => Ok((value.to_array()?, true)),
        ColumnarValue::Array(array) => Ok((ArrayRef::clone(array), false)),
    }
}

fn elements(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let ((base, one_base), (index, one_index)) = (operand(call, 0)?, operand(call, 1)?);
    let (list, index) = (base.as_list::<i32>(), index.as_primitive::<Int64Type>());
    let mut picks = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let (i, j) = (if one_base { 0 } else { row }, if one_index { 0 } else { row });
        if list.is_null(i) || index.is_null(j) {
            picks.push(None);
            continue;
        }
        let (items, at) = (nested::span(list.value_offsets(), i), index.value(j));
        if at == 0 {
            return fail("SQL array indices start at 1");
        }
        if at < 0 {
            return fail(format!("Array subscript is negative: {at}"));
        }
        if at as u64 > items.len() as u64 {
            return fail(format!("Array subscript must be less than or equal to array length: {at} > {}", items.len()));
        }
        picks.push(Some((items.start as i64 + at - 1) as u32));
    }
    Ok(ColumnarValue::Array(take(list.values(), &UInt32Array::from(picks), None)?))
}

fn lookup(call: &CallArgs<'_>, key: &Type) -> DfResult<ColumnarValue> {
    let ((base, one_base), (wanted, one_wanted)) = (operand(call, 0)?, operand(call, 1)?);
    let map = base.as_map();
    let mut picks = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let (i, j) = (if one_base { 0 } else { row }, if one_wanted { 0 } else { row });
        if map.is_null(i) || wanted.is_null(j) {
            picks.push(None);
            continue;
        }
        match find(map, i, &wanted, j, key) {
            Some(at) => picks.push(Some(at as u32)),
            None => {
                let text = render::string(key, &wanted, j).unwrap_or_default();
                return fail(format!("Key not present in map: {text}"));
            }
        }
    }
    Ok(ColumnarValue::Array(take(map.values(), &UInt32Array::from(picks), None)?))
}

/// Where the entry with this key is among the map's entries.
pub(crate) fn find(map: &MapArray, row: usize, wanted: &ArrayRef, at: usize, key: &Type) -> Option<usize> {
    let mut entries = nested::span(map.value_offsets(), row);
    if let (Some(keys), Some(wanted)) = (map.keys().as_string_view_opt(), wanted.as_string_view_opt()) {
        let wanted = wanted.value(at);
        return entries.find(|e| keys.value(*e) == wanted);
    }
    entries.find(|e| nested::order(key, map.keys(), *e, wanted, at).is_eq())
}
