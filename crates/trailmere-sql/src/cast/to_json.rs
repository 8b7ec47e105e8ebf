//! How do values become JSON?

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use super::json_text::quote;
use crate::render::{self, number, primitive};
use crate::types::{RowField, Type};

/// Whether there is a cast to JSON.
pub(crate) fn can(from: &Type) -> bool {
    match from {
        Type::Unknown | Type::Boolean | Type::Varchar(_) | Type::Char(_) | Type::Json => true,
        Type::Date | Type::Timestamp(_) => true,
        // Lake's text of a row with times of another kind; Trino has no such cast.
        Type::TimestampTz(_) | Type::Uuid | Type::IpAddress => true,
        Type::Array(element) => can(element),
        Type::Map(key, value) => is_key(key) && can(value),
        Type::Row(fields) => fields.iter().all(|f| can(&f.ty)),
        _ => from.is_numeric(),
    }
}

fn is_key(ty: &Type) -> bool {
    matches!(ty, Type::Unknown | Type::Boolean) || ty.is_numeric() || ty.is_text()
}

/// Converts a column to JSON.
pub(crate) fn convert(array: &ArrayRef, from: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    Ok(build::text(array, failures, |i, out| {
        write(from, array, i, out);
        Ok(())
    }))
}

/// Appends a value as JSON; `null` for a NULL.
pub(crate) fn write(ty: &Type, array: &dyn Array, row: usize, out: &mut String) {
    if *ty == Type::Unknown || array.is_null(row) {
        out.push_str("null");
        return;
    }
    match ty {
        Type::Real => {
            let value = primitive::<Float32Type>(array, row);
            quoted_unless(value.is_finite(), out, |out| number::real(value, out));
        }
        Type::Double => {
            let value = primitive::<Float64Type>(array, row);
            quoted_unless(value.is_finite(), out, |out| number::double(value, out));
        }
        Type::Decimal(_, scale) => number::decimal(primitive::<Decimal128Type>(array, row), *scale, out),
        Type::Boolean | Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt => {
            render::text(ty, array, row, out);
        }
        Type::Json => out.push_str(array.as_string_view().value(row)),
        Type::Varchar(_) => quote(array.as_string_view().value(row), out),
        Type::Array(element) => list(element, array.as_list(), row, out),
        Type::Map(key, value) => map(key, value, array.as_map(), row, out),
        Type::Row(fields) => structure(fields, array.as_struct(), row, out),
        _ => {
            let mut text = String::new();
            render::text(ty, array, row, &mut text);
            quote(&text, out);
        }
    }
}

fn quoted_unless(plain: bool, out: &mut String, write: impl Fn(&mut String)) {
    if plain {
        return write(out);
    }
    out.push('"');
    write(out);
    out.push('"');
}

fn list(element: &Type, array: &ListArray, row: usize, out: &mut String) {
    let offsets = array.value_offsets();
    out.push('[');
    for (n, i) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(element, array.values(), i, out);
    }
    out.push(']');
}

/// The keys are sorted, as in every canonical JSON.
fn map(key: &Type, value: &Type, array: &MapArray, row: usize, out: &mut String) {
    let offsets = array.value_offsets();
    let mut entries: Vec<(String, usize)> = (offsets[row] as usize..offsets[row + 1] as usize)
        .map(|i| {
            let mut text = String::new();
            render::text(key, array.keys(), i, &mut text);
            (text, i)
        })
        .collect();
    entries.sort();
    out.push('{');
    for (n, (key, i)) in entries.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        quote(key, out);
        out.push(':');
        write(value, array.values(), *i, out);
    }
    out.push('}');
}

fn structure(fields: &[RowField], array: &StructArray, row: usize, out: &mut String) {
    out.push('{');
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        quote(field.name.as_deref().unwrap_or(""), out);
        out.push(':');
        write(&field.ty, array.column(i), row, out);
    }
    out.push('}');
}
