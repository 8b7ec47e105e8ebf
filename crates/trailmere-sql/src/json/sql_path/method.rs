//! What do the methods of a path give: `.size()`, `.double()`, `.keyvalue()`…?

use super::evaluate::invalid_type;
use super::{Method, Mode, compare, moment};
use crate::json::item::{Item, Number};

/// Whether lax mode takes the elements of an array for the array.
pub(super) fn unwraps(method: Method) -> bool {
    !matches!(method, Method::Type | Method::Size)
}

/// Appends what a method gives for an item.
pub(super) fn call(
    method: Method,
    argument: Option<&str>,
    item: Item,
    mode: Mode,
    found: &mut Vec<Item>,
) -> Result<(), String> {
    found.push(match method {
        Method::Type => Item::Text(item.type_name().to_string()),
        Method::Size => match item {
            Item::Array(elements) => whole(elements.len()),
            _ if mode == Mode::Lax => whole(1),
            other => return Err(invalid_type("ARRAY", &other)),
        },
        Method::Double => Item::Number(Number::double(to_double(&item)?)),
        Method::Ceiling => Item::Number(rounded(&item, f64::ceil)?),
        Method::Floor => Item::Number(rounded(&item, f64::floor)?),
        Method::Abs => match item {
            Item::Number(number) if number.value < 0.0 => Item::Number(compare::negate(&number)?),
            Item::Number(number) => Item::Number(number),
            other => return Err(invalid_type("NUMBER", &other)),
        },
        Method::Datetime => match item {
            Item::Text(text) => moment::read(&text, argument)?,
            other => return Err(invalid_type("TEXT", &other)),
        },
        Method::KeyValue => {
            let Item::Object(members) = item else { return Err(invalid_type("OBJECT", &item)) };
            found.extend(members.into_iter().map(|(key, value)| {
                let id = ("id".to_string(), whole(0));
                Item::Object(vec![("name".to_string(), Item::Text(key)), ("value".to_string(), value), id])
            }));
            return Ok(());
        }
    });
    Ok(())
}

fn whole(n: usize) -> Item {
    Item::Number(Number::exact(n as i128, 0))
}

fn to_double(item: &Item) -> Result<f64, String> {
    match item {
        Item::Number(number) => Ok(number.value),
        Item::Text(text) => text.trim().parse().map_err(|_| format!("cannot read `{text}` as a double")),
        other => Err(invalid_type("NUMBER or TEXT", other)),
    }
}

fn rounded(item: &Item, round: fn(f64) -> f64) -> Result<Number, String> {
    match item {
        Item::Number(Number { exact: Some((value, scale)), .. }) => {
            let unit = 10_i128.checked_pow(*scale).ok_or("arithmetic overflow")?;
            let up = round(0.5) > 0.5 && value.rem_euclid(unit) != 0;
            Ok(Number::exact(value.div_euclid(unit) + i128::from(up), 0))
        }
        Item::Number(number) => Ok(Number::double(round(number.value))),
        other => Err(invalid_type("NUMBER", other)),
    }
}
