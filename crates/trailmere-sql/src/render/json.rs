//! How is a value given to a program: as JSON?

use arrow::array::{Array, AsArray, ListArray, MapArray, StructArray};
use arrow::datatypes::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use serde_json::{Map, Number, Value};

use super::{number, primitive, text};
use crate::types::{RowField, Type};

/// A value as JSON: numbers as numbers, NaN and infinities and decimals as strings, binary as hexadecimal digits, maps
/// with text keys as objects and others as lists of pairs, rows as objects where every field has a name of its own.
pub fn json(ty: &Type, array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) || *ty == Type::Unknown {
        return Value::Null;
    }
    match ty {
        Type::Boolean => Value::Bool(array.as_boolean().value(row)),
        Type::TinyInt => Value::from(primitive::<Int8Type>(array, row)),
        Type::SmallInt => Value::from(primitive::<Int16Type>(array, row)),
        Type::Integer | Type::Color => Value::from(primitive::<Int32Type>(array, row)),
        Type::BigInt => Value::from(primitive::<Int64Type>(array, row)),
        Type::Double => float(primitive::<Float64Type>(array, row)),
        Type::Real => real(primitive::<Float32Type>(array, row)),
        Type::Varbinary | Type::HyperLogLog | Type::TDigest | Type::QDigest(_) => {
            Value::String(array.as_binary_view().value(row).iter().map(|b| format!("{b:02x}")).collect())
        }
        Type::Array(element) => list(element, array.as_list(), row),
        Type::Map(key, value) => map(key, value, array.as_map(), row),
        Type::Row(fields) => structure(fields, array.as_struct(), row),
        _ => {
            let mut out = String::new();
            text(ty, array, row, &mut out);
            Value::String(out)
        }
    }
}

fn float(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None => {
            let mut out = String::new();
            number::double(value, &mut out);
            Value::String(out)
        }
    }
}

/// Through text: the shortest digits of a real are not those of the double that equals it.
fn real(value: f32) -> Value {
    float(value.to_string().parse().unwrap_or(f64::from(value)))
}

fn list(ty: &Type, array: &ListArray, row: usize) -> Value {
    let offsets = array.value_offsets();
    (offsets[row] as usize..offsets[row + 1] as usize).map(|i| json(ty, array.values(), i)).collect()
}

fn map(key: &Type, value: &Type, array: &MapArray, row: usize) -> Value {
    let offsets = array.value_offsets();
    let entries = offsets[row] as usize..offsets[row + 1] as usize;
    if key.is_text() {
        let keys = array.keys().as_string_view();
        return Value::Object(
            entries.map(|i| (keys.value(i).to_string(), json(value, array.values(), i))).collect::<Map<_, _>>(),
        );
    }
    entries.map(|i| Value::Array(vec![json(key, array.keys(), i), json(value, array.values(), i)])).collect()
}

fn structure(fields: &[RowField], array: &StructArray, row: usize) -> Value {
    let named = fields.iter().all(|f| f.name.is_some());
    let mut names: Vec<&str> = fields.iter().filter_map(|f| f.name.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let values = fields.iter().enumerate().map(|(i, f)| json(&f.ty, array.column(i), row));
    if !named || names.len() < fields.len() {
        return values.collect();
    }
    let names = fields.iter().map(|f| f.name.clone().unwrap_or_default());
    Value::Object(names.zip(values).collect())
}
