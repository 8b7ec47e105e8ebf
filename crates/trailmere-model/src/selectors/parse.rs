//! How are selectors written down? Every shape that the AWS CLI takes, told apart by what is in it.

use serde_json::{Map, Value};

use super::basic::{self, BasicEventSelector};
use super::rules::SelectorOperator;
use super::{AdvancedEventSelector, AdvancedEventSelectors, FieldSelector, selector_place, shorthand};
use crate::definition::Refusal;
use crate::{Error, Result, nearest};

const ADVANCED: &str = "AdvancedEventSelectors";
const BASIC: &str = "EventSelectors";
const BASIC_KEYS: [&str; 4] =
    ["ReadWriteType", "IncludeManagementEvents", "DataResources", "ExcludeManagementEventSources"];

pub(super) fn parse(text: &str) -> Result<AdvancedEventSelectors> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(wrong("there are no selectors"));
    }
    let value = if text.starts_with(['[', '{']) {
        serde_json::from_str(text).map_err(|error| {
            Error::syntax("the selectors are no JSON")
                .at(format!("line {}, column {}", error.line(), error.column()))
                .source(error)
        })?
    } else {
        shorthand::parse(text)?
    };
    from_value(value)
}

fn from_value(value: Value) -> Result<AdvancedEventSelectors> {
    match value {
        Value::Array(items) => from_list(items),
        Value::Object(mut object) if object.contains_key(ADVANCED) || object.contains_key(BASIC) => {
            let advanced = selectors_under(&mut object, ADVANCED)?;
            let basic = selectors_under(&mut object, BASIC)?;
            match (advanced.is_empty(), basic.is_empty()) {
                (false, false) => {
                    Err(wrong(format!("`{ADVANCED}` and `{BASIC}` cannot be given together")).hint("keep one"))
                }
                (true, false) => from_basic(basic),
                _ => from_advanced(advanced),
            }
        }
        Value::Object(object) => from_list(vec![Value::Object(object)]),
        _ => Err(wrong("selectors are a list or an object").hint("begin with `[`")),
    }
}

fn selectors_under(object: &mut Map<String, Value>, key: &str) -> Result<Vec<Value>> {
    match object.remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(wrong(format!("`{key}` is no list"))),
    }
}

fn from_list(items: Vec<Value>) -> Result<AdvancedEventSelectors> {
    let is_basic = |item: &Value| BASIC_KEYS.iter().any(|key| item.get(key).is_some());
    match items.iter().filter(|item| is_basic(item)).count() {
        0 => from_advanced(items),
        all if all == items.len() => from_basic(items),
        _ => Err(wrong("basic and advanced event selectors cannot be given together").hint("keep one kind")),
    }
}

fn from_basic(items: Vec<Value>) -> Result<AdvancedEventSelectors> {
    let mut selectors = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let selector: BasicEventSelector = serde_json::from_value(item)
            .map_err(|error| wrong(lowercase_first(&error.to_string())).at(selector_place(index, None)))?;
        selectors.extend(basic::translate(selector).map_err(|error| error.at(selector_place(index, None)))?);
    }
    Ok(AdvancedEventSelectors { selectors })
}

fn from_advanced(items: Vec<Value>) -> Result<AdvancedEventSelectors> {
    let mut selectors = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let name = item.get("Name").and_then(Value::as_str).map(str::to_owned);
        selectors.push(selector(item).map_err(|error| error.at(selector_place(index, name.as_deref())))?);
    }
    Ok(AdvancedEventSelectors { selectors })
}

fn selector(item: Value) -> Result<AdvancedEventSelector> {
    let Value::Object(object) = item else {
        return Err(wrong("a selector is an object with `FieldSelectors`"));
    };
    let mut selector = AdvancedEventSelector::default();
    let mut fields = None;
    for (key, value) in object {
        match (key.as_str(), value) {
            ("Name", Value::Null) => {}
            ("Name", Value::String(name)) => selector.name = Some(name),
            ("Name", _) => return Err(wrong("`Name` is no text")),
            ("FieldSelectors", Value::Array(items)) => fields = Some(items),
            ("FieldSelectors", _) => return Err(wrong("`FieldSelectors` is no list")),
            (other, _) => return Err(unknown_key(other, ["Name", "FieldSelectors"])),
        }
    }
    let Some(fields) = fields else {
        return Err(wrong("there are no `FieldSelectors`"));
    };
    for (index, item) in fields.into_iter().enumerate() {
        let name = item.get("Field").and_then(Value::as_str);
        let place = name.map_or_else(|| format!("field selector {}", index + 1), |name| format!("field `{name}`"));
        selector.field_selectors.push(field_selector(item).map_err(|error| error.at(place))?);
    }
    Ok(selector)
}

fn field_selector(item: Value) -> Result<FieldSelector> {
    let Value::Object(object) = item else {
        return Err(wrong("a field selector is an object with `Field` and operators"));
    };
    let mut selector = FieldSelector::default();
    let mut named = false;
    for (key, value) in object {
        if key == "Field" {
            let Value::String(field) = value else {
                return Err(wrong("`Field` is no text"));
            };
            (selector.field, named) = (field, true);
            continue;
        }
        let Some(operator) = SelectorOperator::ALL.into_iter().find(|operator| operator.as_str() == key) else {
            return Err(unknown_key(
                &key,
                ["Field"].into_iter().chain(SelectorOperator::ALL.map(SelectorOperator::as_str)),
            ));
        };
        *selector.values_mut(operator) = values(&key, value)?;
    }
    if named { Ok(selector) } else { Err(wrong("there is no `Field`")) }
}

fn values(operator: &str, value: Value) -> Result<Vec<String>> {
    let Value::Array(items) = value else {
        return Err(wrong(format!("`{operator}` is no list")).hint(format!("write \"{operator}\": [\"…\"]")));
    };
    if items.is_empty() {
        return Err(wrong(format!("`{operator}` has no values")));
    }
    let text = |item| match item {
        Value::String(text) => Ok(text),
        other => Err(wrong(format!("`{other}` in `{operator}` is no text")).hint(format!("write \"{other}\""))),
    };
    items.into_iter().map(text).collect()
}

fn unknown_key<'a>(key: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Error {
    let hint = match nearest(key, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    wrong(format!("`{key}` is not known here")).hint(hint)
}

/// serde's messages begin with a capital letter now and then, ours never.
fn lowercase_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn wrong(message: impl Into<String>) -> Error {
    Refusal::InvalidParameter.because(message)
}
