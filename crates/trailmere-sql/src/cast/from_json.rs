//! How does JSON become other types?

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Decimal128Array, ListArray, MapArray, PrimitiveArray, StringViewArray,
    StructArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use super::json_text::{self, Node, is_float};
use super::{nested, number, parse};
use crate::render::number as show;
use crate::types::{RowField, Type, item_field, row_fields};

/// Whether there is a cast from JSON.
pub(crate) fn can(to: &Type) -> bool {
    match to {
        Type::Boolean | Type::Varchar(_) | Type::Json => true,
        Type::Array(element) => can(element),
        Type::Map(key, value) => (*key.as_ref() == Type::Boolean || key.is_numeric() || key.is_text()) && can(value),
        Type::Row(fields) => fields.iter().all(|f| can(&f.ty)),
        _ => to.is_numeric(),
    }
}

/// Converts a column of JSON.
pub(crate) fn convert(array: &ArrayRef, to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let source = array.as_string_view();
    let mut broken = Failures::default();
    let nodes = build::values(array, &mut broken, |i| {
        json_text::parse(source.value(i)).map_err(|why| format!("Cannot cast to {to}: {why}: {}", source.value(i)))
    });
    failures.lift(broken, Some);
    let slots: Vec<Slot<'_>> = nodes.iter().enumerate().map(|(row, node)| Slot { row, node: node.as_ref() }).collect();
    let mut part = Failures::default();
    let result = column(&slots, to, &mut part)?;
    // Trino says what was to be cast, and the whole of it.
    part.message = part.message.map(|why| match part.rows.first() {
        Some(row) => format!("Cannot cast to {to}. {why}: {}", source.value(*row)),
        None => why,
    });
    failures.lift(part, Some);
    Ok(result)
}

/// A value to be converted, and the row of the whole column that it belongs to.
#[derive(Clone, Copy)]
struct Slot<'a> {
    row: usize,
    node: Option<&'a Node<'a>>,
}

type Made<T> = Result<Option<T>, String>;

fn column(slots: &[Slot<'_>], to: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    Ok(match to {
        Type::Boolean => Arc::new(each(slots, failures, boolean).into_iter().collect::<BooleanArray>()),
        Type::TinyInt => Arc::new(integers::<Int8Type>(slots, to, failures)),
        Type::SmallInt => Arc::new(integers::<Int16Type>(slots, to, failures)),
        Type::Integer => Arc::new(integers::<Int32Type>(slots, to, failures)),
        Type::BigInt => Arc::new(integers::<Int64Type>(slots, to, failures)),
        Type::Real => {
            let values = each(slots, failures, |node| float(node, to));
            Arc::new(values.into_iter().map(|v| v.map(|v| v as f32)).collect::<PrimitiveArray<Float32Type>>())
        }
        Type::Double => {
            Arc::new(each(slots, failures, |n| float(n, to)).into_iter().collect::<PrimitiveArray<Float64Type>>())
        }
        Type::Decimal(p, s) => {
            let values = each(slots, failures, |node| decimal(node, *p, *s));
            let array: Decimal128Array = values.into_iter().collect();
            Arc::new(array.with_data_type(DataType::Decimal128(*p, *s as i8)))
        }
        Type::Varchar(limit) => {
            Arc::new(each(slots, failures, |n| text(n, *limit)).into_iter().collect::<StringViewArray>())
        }
        Type::Json => Arc::new(slots.iter().map(|slot| slot.node.map(json)).collect::<StringViewArray>()),
        Type::Array(element) => list(slots, element, failures)?,
        Type::Map(key, value) => map(slots, key, value, failures)?,
        Type::Row(fields) => structure(slots, fields, failures)?,
        _ => new_null_array(&to.arrow(), slots.len()),
    })
}

fn each<'a, T>(slots: &[Slot<'a>], failures: &mut Failures, make: impl Fn(&'a Node<'a>) -> Made<T>) -> Vec<Option<T>> {
    let one = |slot: &Slot<'a>| match slot.node.map(&make) {
        None => None,
        Some(Ok(value)) => value,
        Some(Err(message)) => {
            failures.push(slot.row, message);
            None
        }
    };
    slots.iter().map(one).collect()
}

fn json(node: &Node<'_>) -> String {
    let mut out = String::new();
    json_text::write(node, &mut out);
    out
}

fn unexpected<T>(node: &Node<'_>, to: &str) -> Made<T> {
    Err(format!("Unexpected token when cast to {to}: {}", json(node)))
}

fn boolean(node: &Node<'_>) -> Made<bool> {
    match node {
        Node::Null => Ok(None),
        Node::Bool(value) => Ok(Some(*value)),
        Node::Number(digits) => Ok(Some(digits.parse::<f64>().is_ok_and(|v| v != 0.0))),
        Node::String(text) => parse::boolean(text).map(Some).ok_or_else(|| format!("Cannot cast '{text}' to BOOLEAN")),
        _ => unexpected(node, "boolean"),
    }
}

fn integers<T>(slots: &[Slot<'_>], to: &Type, failures: &mut Failures) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64>,
{
    let narrow = |v: i64| T::Native::try_from(v).map(Some).map_err(|_| format!("Out of range for {to}: {v}"));
    let make = |node: &Node<'_>| match node {
        Node::Null => Ok(None),
        Node::Bool(value) => narrow(i64::from(*value)),
        Node::Number(digits) if is_float(digits) => {
            narrow(number::round(digits.parse().unwrap_or(f64::NAN), &Type::Double, to)?)
        }
        Node::Number(digits) => narrow(digits.parse().map_err(|_| format!("Out of range for {to}: {digits}"))?),
        Node::String(text) => {
            narrow(text.parse().map_err(|_| format!("Cannot cast '{text}' to {}", to.to_string().to_uppercase()))?)
        }
        _ => unexpected(node, &to.to_string()),
    };
    each(slots, failures, make).into_iter().collect()
}

fn float(node: &Node<'_>, to: &Type) -> Made<f64> {
    match node {
        Node::Null => Ok(None),
        Node::Bool(value) => Ok(Some(f64::from(u8::from(*value)))),
        Node::Number(digits) => Ok(digits.parse().ok()),
        Node::String(text) => parse::double(text)
            .map(Some)
            .ok_or_else(|| format!("Cannot cast '{text}' to {}", to.to_string().to_uppercase())),
        _ => unexpected(node, &to.to_string()),
    }
}

fn decimal(node: &Node<'_>, precision: u8, scale: u8) -> Made<i128> {
    let digits = match node {
        Node::Null => return Ok(None),
        Node::Bool(true) => "1",
        Node::Bool(false) => "0",
        Node::Number(digits) => digits,
        Node::String(text) => text.as_ref(),
        _ => return unexpected(node, &format!("decimal({precision},{scale})")),
    };
    number::text_to_decimal(digits, precision, scale)
        .map(Some)
        .map_err(|_| format!("Cannot cast input json to DECIMAL({precision},{scale})"))
}

fn text(node: &Node<'_>, limit: Option<u32>) -> Made<String> {
    let text = match node {
        Node::Null => return Ok(None),
        Node::Bool(value) => value.to_string(),
        Node::Number(digits) if is_float(digits) => {
            let mut out = String::new();
            show::double_cast(digits.parse().unwrap_or(f64::NAN), &mut out);
            out
        }
        Node::Number(digits) => digits.to_string(),
        Node::String(text) => text.to_string(),
        _ => return unexpected(node, "varchar"),
    };
    match limit {
        Some(limit) if text.chars().count() > limit as usize => {
            Err(format!("Cannot cast '{}' to varchar({limit})", json(node)))
        }
        _ => Ok(Some(text)),
    }
}

fn validity(slots: &[Slot<'_>], present: &[bool]) -> Option<NullBuffer> {
    debug_assert_eq!(slots.len(), present.len());
    Some(NullBuffer::from(present.to_vec()))
}

fn list(slots: &[Slot<'_>], element: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let (mut items, mut lengths, mut present) = (vec![], vec![], vec![]);
    for slot in slots {
        let found = match slot.node {
            Some(Node::Array(nodes)) => Some(nodes.as_slice()),
            None | Some(Node::Null) => None,
            Some(other) => {
                failures.push(slot.row, format!("Expected a json array, but got {}", json(other)));
                None
            }
        };
        present.push(found.is_some());
        let found = found.unwrap_or_default();
        lengths.push(found.len());
        items.extend(found.iter().map(|node| Slot { row: slot.row, node: Some(node) }));
    }
    let values = column(&items, element, failures)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item_field(element), offsets, values, validity(slots, &present))?))
}

fn map(slots: &[Slot<'_>], key: &Type, value: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    let empty: &[(std::borrow::Cow<'_, str>, Node<'_>)] = &[];
    let (mut found, mut present) = (vec![], vec![]);
    for slot in slots {
        let members = match slot.node {
            Some(Node::Object(members)) => Some(members.as_slice()),
            None | Some(Node::Null) => None,
            Some(other) => {
                failures.push(slot.row, format!("Expected a json object, but got {}", json(other)));
                None
            }
        };
        present.push(members.is_some());
        found.push(members.unwrap_or(empty));
    }
    let keys: Vec<(usize, Node<'_>)> = (slots.iter().zip(&found))
        .flat_map(|(slot, members)| members.iter().map(|(k, _)| (slot.row, Node::String(k.clone()))))
        .collect();
    let key_slots: Vec<Slot<'_>> = keys.iter().map(|(row, node)| Slot { row: *row, node: Some(node) }).collect();
    let value_slots: Vec<Slot<'_>> = (slots.iter().zip(&found))
        .flat_map(|(slot, members)| members.iter().map(|(_, v)| Slot { row: slot.row, node: Some(v) }))
        .collect();
    let keys = column(&key_slots, key, failures)?;
    let values = column(&value_slots, value, failures)?;
    let offsets = OffsetBuffer::from_lengths(found.iter().map(|m| m.len()));
    let mut twice = Failures::default();
    nested::duplicates(&keys, key, &offsets, &mut twice);
    for row in twice.rows {
        failures.push(slots[row].row, "Duplicate map keys are not allowed".to_string());
    }
    let keys = nested::without_nulls(keys, key)?;
    let DataType::Map(entries, _) = Type::map(key.clone(), value.clone()).arrow() else {
        return crate::error::fail("not a map");
    };
    let DataType::Struct(fields) = entries.data_type() else { return crate::error::fail("not a map") };
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(entries, offsets, pairs, validity(slots, &present), false)?))
}

/// From an array by position, from an object by name without regard to case.
fn structure(slots: &[Slot<'_>], fields: &[RowField], failures: &mut Failures) -> DfResult<ArrayRef> {
    let mut parts: Vec<Vec<Slot<'_>>> = vec![Vec::with_capacity(slots.len()); fields.len()];
    let mut present = Vec::with_capacity(slots.len());
    for slot in slots {
        let mut members: Vec<Option<&Node<'_>>> = vec![None; fields.len()];
        let mut valid = true;
        match slot.node {
            None | Some(Node::Null) => valid = false,
            Some(Node::Array(nodes)) if nodes.len() == fields.len() => {
                members = nodes.iter().map(Some).collect();
            }
            Some(Node::Array(nodes)) => {
                valid = false;
                let message = format!("Expected a json array of {} values, but got {}", fields.len(), nodes.len());
                failures.push(slot.row, message);
            }
            Some(Node::Object(pairs)) => valid = by_name(pairs, fields, &mut members, slot.row, failures),
            Some(other) => {
                valid = false;
                failures.push(slot.row, format!("Expected a json array or object, but got {}", json(other)));
            }
        }
        present.push(valid);
        for (part, node) in parts.iter_mut().zip(members) {
            part.push(Slot { row: slot.row, node });
        }
    }
    let columns = parts.iter().zip(fields).map(|(part, field)| column(part, &field.ty, failures));
    let columns = columns.collect::<DfResult<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new_with_length(row_fields(fields), columns, validity(slots, &present), slots.len())?))
}

fn by_name<'a>(
    pairs: &'a [(std::borrow::Cow<'a, str>, Node<'a>)],
    fields: &[RowField],
    members: &mut [Option<&'a Node<'a>>],
    row: usize,
    failures: &mut Failures,
) -> bool {
    for (name, node) in pairs {
        let position = fields.iter().position(|f| f.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(name)));
        let Some(position) = position else { continue };
        if members[position].replace(node).is_some() {
            failures.push(row, format!("Duplicate field: {}", name.to_lowercase()));
            return false;
        }
    }
    true
}
