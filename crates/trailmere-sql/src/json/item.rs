//! What is an item of the SQL/JSON data model, and how is it read and written?

use super::canonical::{push_double, push_string};
use super::scan::{DEEPEST, Kind, Malformed, Scanner};

/// A JSON value, or a date or time that a path has made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// null
    Null,
    /// true, false
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A date or time: its SQL type and its text.
    Moment(&'static str, String),
    /// An array.
    Array(Vec<Item>),
    /// An object; of a repeated key, the last value.
    Object(Vec<(String, Item)>),
}

/// A number: exact where it is written without an exponent and has at most 38 digits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    /// As it stands in JSON.
    pub(crate) text: String,
    /// The unscaled value and the digits after the point.
    pub(crate) exact: Option<(i128, u32)>,
    /// The nearest double.
    pub(crate) value: f64,
}

impl Number {
    /// Reads a number of JSON or of a path.
    pub(crate) fn parse(text: &str) -> Number {
        let value = text.parse().unwrap_or(f64::NAN);
        let plain = !text.contains(['e', 'E']);
        let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect();
        let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len()) as u32;
        let exact = if plain && digits.len() <= 39 { digits.parse().ok().map(|v| (v, scale)) } else { None };
        match exact {
            Some(_) => Number { text: text.to_string(), exact, value },
            None => Number::double(value),
        }
    }

    /// A double.
    pub(crate) fn double(value: f64) -> Number {
        let mut text = String::new();
        push_double(value, &mut text);
        Number { text, exact: None, value }
    }

    /// An exact number.
    pub(crate) fn exact(value: i128, scale: u32) -> Number {
        let mut text = String::new();
        crate::render::number::decimal(value, scale.min(38) as u8, &mut text);
        Number { value: text.parse().unwrap_or(f64::NAN), exact: Some((value, scale)), text }
    }
}

impl Item {
    /// Reads a whole JSON text.
    pub(crate) fn parse(text: &str) -> Result<Item, Malformed> {
        let mut scanner = Scanner::new(text);
        let item = read(&mut scanner, 0)?;
        if scanner.is_at_end() { Ok(item) } else { Err(Malformed) }
    }

    /// Appends the item as JSON.
    pub(crate) fn push(&self, out: &mut String) {
        match self {
            Item::Null => out.push_str("null"),
            Item::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
            Item::Number(number) => out.push_str(&number.text),
            Item::Text(text) | Item::Moment(_, text) => push_string(text, out),
            Item::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    item.push(out);
                }
                out.push(']');
            }
            Item::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    push_string(key, out);
                    out.push(':');
                    value.push(out);
                }
                out.push('}');
            }
        }
    }

    /// Appends a scalar as SQL casts it to varchar; `false` for null, arrays and objects.
    pub(crate) fn push_scalar(&self, out: &mut String) -> bool {
        match self {
            Item::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
            Item::Number(Number { exact: Some(_), text, .. }) => out.push_str(text),
            Item::Number(number) => crate::render::number::double_cast(number.value, out),
            Item::Text(text) | Item::Moment(_, text) => out.push_str(text),
            Item::Null | Item::Array(_) | Item::Object(_) => return false,
        }
        true
    }

    /// What `type()` says.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Item::Null => "null",
            Item::Boolean(_) => "boolean",
            Item::Number(_) => "number",
            Item::Text(_) => "string",
            Item::Moment(ty, _) => ty,
            Item::Array(_) => "array",
            Item::Object(_) => "object",
        }
    }
}

fn read(scanner: &mut Scanner<'_>, depth: usize) -> Result<Item, Malformed> {
    if depth > DEEPEST {
        return Err(Malformed);
    }
    Ok(match scanner.kind()? {
        Kind::Null => {
            scanner.skip()?;
            Item::Null
        }
        Kind::Boolean => Item::Boolean(scanner.raw()? == "true"),
        Kind::Number => Item::Number(Number::parse(scanner.raw()?)),
        Kind::String => {
            let mut text = String::new();
            scanner.string()?.push_to(&mut text);
            Item::Text(text)
        }
        Kind::Array => {
            let mut items = Vec::new();
            let mut place = scanner.enter();
            while scanner.element(&mut place)? {
                items.push(read(scanner, depth + 1)?);
            }
            Item::Array(items)
        }
        Kind::Object => read_object(scanner, depth)?,
    })
}

fn read_object(scanner: &mut Scanner<'_>, depth: usize) -> Result<Item, Malformed> {
    let mut members: Vec<(String, Item)> = Vec::new();
    let mut place = scanner.enter();
    while let Some(key) = scanner.member(&mut place)? {
        let mut name = String::new();
        key.push_to(&mut name);
        let value = read(scanner, depth + 1)?;
        match members.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => members.push((name, value)),
        }
    }
    Ok(Item::Object(members))
}
