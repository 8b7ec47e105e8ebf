//! How does an SQL value become an item, and an encoded text a text?

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};

use super::options::Format;
use crate::error::{Result, SqlError};
use crate::json::item::{Item, Number};
use crate::types::Type;

/// Refuses a type that cannot be read in the format.
pub(super) fn check(ty: &Type, format: Format) -> Result<()> {
    let fits = match (format, ty) {
        (_, Type::Unknown) => true,
        (Format::Value, Type::Array(_) | Type::Map(..) | Type::Row(_) | Type::Varbinary) => {
            return Err(SqlError::invalid(format!("a value of type {ty} cannot be taken as an SQL/JSON item")));
        }
        (Format::Value, _) => true,
        (Format::Json, ty) => ty.is_text() || matches!(ty, Type::Json | Type::Varbinary),
        (_, ty) => *ty == Type::Varbinary,
    };
    let name = match format {
        Format::Value | Format::Json => "JSON",
        Format::Utf8 => "JSON ENCODING UTF8",
        Format::Utf16 => "JSON ENCODING UTF16",
        Format::Utf32 => "JSON ENCODING UTF32",
    };
    if fits {
        Ok(())
    } else {
        Err(SqlError::invalid(format!("Cannot read input of type {ty} as JSON using formatting {name}")))
    }
}

/// The item of a row: `None` for NULL, an error for what is not JSON.
pub(super) fn item(
    ty: &Type,
    format: Format,
    array: &ArrayRef,
    row: usize,
) -> std::result::Result<Option<Item>, String> {
    if array.is_null(row) || *ty == Type::Unknown {
        return Ok(None);
    }
    if format != Format::Value || *ty == Type::Json {
        let parse = |text: &str| Item::parse(text).map_err(|_| "conversion to JSON failed: ".to_string());
        return match ty {
            Type::Varbinary => parse(&decode(array.as_binary_view().value(row), format)?).map(Some),
            _ => parse(array.as_string_view().value(row)).map(Some),
        };
    }
    let whole = |n: i64| Item::Number(Number::exact(i128::from(n), 0));
    Ok(Some(match ty {
        Type::Boolean => Item::Boolean(array.as_boolean().value(row)),
        Type::TinyInt => whole(i64::from(array.as_primitive::<Int8Type>().value(row))),
        Type::SmallInt => whole(i64::from(array.as_primitive::<Int16Type>().value(row))),
        Type::Integer => whole(i64::from(array.as_primitive::<Int32Type>().value(row))),
        Type::BigInt => whole(array.as_primitive::<Int64Type>().value(row)),
        Type::Decimal(_, scale) => {
            Item::Number(Number::exact(array.as_primitive::<Decimal128Type>().value(row), u32::from(*scale)))
        }
        Type::Double => Item::Number(Number::double(array.as_primitive::<Float64Type>().value(row))),
        Type::Real => {
            let value = array.as_primitive::<Float32Type>().value(row);
            let mut text = String::new();
            crate::render::number::real(value, &mut text);
            Item::Number(Number { text, exact: None, value: f64::from(value) })
        }
        ty => {
            let mut text = String::new();
            crate::render::text(ty, array, row, &mut text);
            Item::Text(text)
        }
    }))
}

fn decode(bytes: &[u8], format: Format) -> std::result::Result<String, String> {
    let text = match format {
        Format::Utf16 => {
            let units: Vec<u16> =
                bytes.chunks(2).map(|b| b.iter().rev().fold(0, |n, b| n << 8 | u16::from(*b))).collect();
            String::from_utf16(&units).ok()
        }
        Format::Utf32 => {
            let point = |b: &[u8]| char::from_u32(b.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b)));
            bytes.chunks(4).map(point).collect()
        }
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.ok_or_else(|| "conversion to JSON failed: ".to_string())
}

/// The bytes of a text in an encoding.
pub(super) fn encode(text: &str, format: Format) -> Vec<u8> {
    match format {
        Format::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Format::Utf32 => text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect(),
        _ => text.as_bytes().to_vec(),
    }
}
