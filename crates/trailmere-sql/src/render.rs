//! How is a value shown, as text and as JSON?
//!
//! Text is what the Trino command line and CloudTrail Lake's results print: `{k=v}`, `[a, b]`, `null` within nested
//! values, no quotes. JSON is for programs: numbers stay numbers, maps and rows become objects where they can.

pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod time;

use std::fmt::Write;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, FixedSizeBinaryArray, ListArray, MapArray, PrimitiveArray,
    StructArray,
};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};

use crate::types::{RowField, Type};

pub use json::json;

/// Appends the text of a value; nothing for a NULL.
pub fn text(ty: &Type, array: &dyn Array, row: usize, out: &mut String) {
    if array.is_null(row) || *ty == Type::Unknown {
        return;
    }
    match ty {
        Type::Unknown => {}
        Type::Boolean => push(out, array.as_boolean().value(row)),
        Type::TinyInt => push(out, primitive::<Int8Type>(array, row)),
        Type::SmallInt => push(out, primitive::<Int16Type>(array, row)),
        Type::Integer => push(out, primitive::<Int32Type>(array, row)),
        Type::BigInt => push(out, primitive::<Int64Type>(array, row)),
        Type::Real => number::real(primitive::<Float32Type>(array, row), out),
        Type::Double => number::double(primitive::<Float64Type>(array, row), out),
        Type::Decimal(_, scale) => number::decimal(primitive::<Decimal128Type>(array, row), *scale, out),
        Type::Varchar(_) | Type::Json => out.push_str(array.as_string_view().value(row)),
        Type::Char(length) => padded(array.as_string_view().value(row), *length, out),
        Type::Varbinary | Type::HyperLogLog | Type::TDigest | Type::QDigest(_) => {
            hex_pairs(array.as_binary_view().value(row), out);
        }
        Type::Date => time::date(i64::from(primitive::<Date32Type>(array, row)), out),
        Type::Time(p) => time::time(i128::from(primitive::<Int64Type>(array, row)), *p, out),
        Type::TimeTz(p) => time::time_tz(array.as_struct(), row, *p, out),
        Type::Timestamp(p) => time::timestamp(time::stamp(array, row), *p, out),
        Type::TimestampTz(p) => time::timestamp_tz(array.as_struct(), row, *p, out),
        Type::IntervalDayToSecond => time::day_to_second(primitive::<Int64Type>(array, row), out),
        Type::IntervalYearToMonth => time::year_to_month(primitive::<Int32Type>(array, row), out),
        Type::Array(element) => list(element, array.as_list(), row, out),
        Type::Map(key, value) => map(key, value, array.as_map(), row, out),
        Type::Row(fields) => structure(fields, array.as_struct(), row, out),
        Type::IpAddress => address(fixed(array, row), out),
        Type::IpPrefix => prefix(fixed(array, row), out),
        Type::Uuid => uuid(fixed(array, row), out),
        Type::Color => push(out, primitive::<Int32Type>(array, row)),
    }
}

pub(crate) fn primitive<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    let array: &PrimitiveArray<T> = array.as_primitive();
    array.value(row)
}

pub(crate) fn fixed(array: &dyn Array, row: usize) -> &[u8] {
    let array: &FixedSizeBinaryArray = array.as_fixed_size_binary();
    array.value(row)
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String does not fail.
    let _ = write!(out, "{value}");
}

/// char(n): blanks up to the length.
pub(crate) fn padded(value: &str, length: u32, out: &mut String) {
    out.push_str(value);
    let missing = (length as usize).saturating_sub(value.chars().count());
    out.extend(std::iter::repeat_n(' ', missing));
}

fn hex_pairs(bytes: &[u8], out: &mut String) {
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        push(out, format_args!("{byte:02x}"));
    }
}

fn element(ty: &Type, array: &dyn Array, row: usize, out: &mut String) {
    if array.is_null(row) || *ty == Type::Unknown {
        out.push_str("null");
    } else {
        text(ty, array, row, out);
    }
}

fn list(ty: &Type, array: &ListArray, row: usize, out: &mut String) {
    let offsets = array.value_offsets();
    out.push('[');
    for (n, i) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        element(ty, array.values(), i, out);
    }
    out.push(']');
}

fn map(key: &Type, value: &Type, array: &MapArray, row: usize, out: &mut String) {
    let offsets = array.value_offsets();
    out.push('{');
    for (n, i) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        element(key, array.keys(), i, out);
        out.push('=');
        element(value, array.values(), i, out);
    }
    out.push('}');
}

fn structure(fields: &[RowField], array: &StructArray, row: usize, out: &mut String) {
    out.push('{');
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(name) = &field.name {
            out.push_str(name);
            out.push('=');
        }
        element(&field.ty, array.column(i), row, out);
    }
    out.push('}');
}

/// The text of an IP address; an IPv4 address is held mapped into IPv6.
pub(crate) fn address(bytes: &[u8], out: &mut String) {
    let Ok(bytes) = <[u8; 16]>::try_from(bytes) else { return };
    let v6 = std::net::Ipv6Addr::from(bytes);
    match v6.to_ipv4_mapped() {
        Some(v4) => push(out, v4),
        None => push(out, v6),
    }
}

/// The text of an IP prefix: `10.0.0.0/8`.
pub(crate) fn prefix(bytes: &[u8], out: &mut String) {
    if bytes.len() == 17 {
        address(&bytes[..16], out);
        push(out, format_args!("/{}", bytes[16]));
    }
}

/// The text of a UUID.
pub(crate) fn uuid(bytes: &[u8], out: &mut String) {
    if let Ok(bytes) = <[u8; 16]>::try_from(bytes) {
        push(out, uuid::Uuid::from_bytes(bytes).hyphenated());
    }
}

/// The value as text, `None` for a NULL.
pub fn string(ty: &Type, array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) || *ty == Type::Unknown {
        return None;
    }
    let mut out = String::new();
    text(ty, array, row, &mut out);
    Some(out)
}
