//! Would CloudTrail take these selectors for an event data store, and if not, which one and why?

use super::rules::{SelectorField, SelectorOperator};
use super::{AdvancedEventSelector, AdvancedEventSelectors, FieldSelector, selector_place};
use crate::definition::Refusal;
use crate::{Error, EventCategory, Result, StoreType, nearest};

/// The most values that all conditions of all selectors of a store may have together.
pub const MAX_SELECTOR_VALUES: usize = 500;

const MAX_NAME: usize = 1000;
const MAX_FIELD: usize = 1000;
const MAX_VALUE: usize = 2048;

pub(super) fn validate(selectors: &AdvancedEventSelectors) -> Result<StoreType> {
    let mut first: Option<(EventCategory, String)> = None;
    for (index, selector) in selectors.selectors.iter().enumerate() {
        let place = selector_place(index, selector.name.as_deref());
        let category = check_selector(selector).map_err(|error| error.at(&place))?;
        match &first {
            None => first = Some((category, place)),
            Some((other, other_place)) if StoreType::of(*other) != StoreType::of(category) => {
                return Err(refuse(format!("`{other}` events and `{category}` events cannot share a store"))
                    .at(format!("{other_place} and {place}"))
                    .hint("create one store for each; only Management, Data and NetworkActivity can be combined"));
            }
            Some(_) => {}
        }
    }
    check_count(selectors)?;
    match first {
        Some((category, _)) => Ok(StoreType::of(category)),
        None => Err(refuse("there is no selector").hint("give at least one, with `eventCategory`")),
    }
}

fn check_count(selectors: &AdvancedEventSelectors) -> Result<()> {
    let fields = selectors.selectors.iter().flat_map(|selector| &selector.field_selectors);
    let values: usize = fields
        .map(|field| SelectorOperator::ALL.iter().map(|operator| field.values(*operator).len()).sum::<usize>())
        .sum();
    if values > MAX_SELECTOR_VALUES {
        return Err(refuse(format!("the selectors have {values} values, and {MAX_SELECTOR_VALUES} is the most"))
            .hint("use `StartsWith` or `EndsWith` for values that are alike"));
    }
    Ok(())
}

fn check_selector(selector: &AdvancedEventSelector) -> Result<EventCategory> {
    let name_length = selector.name.as_deref().unwrap_or_default().chars().count();
    if name_length > MAX_NAME {
        return Err(malformed(format!("the name has {name_length} characters, and {MAX_NAME} is the most")));
    }
    if selector.field_selectors.is_empty() {
        return Err(malformed("there is no field selector").hint("give at least `eventCategory`"));
    }
    for field in &selector.field_selectors {
        check_shape(field).map_err(|error| error.at(format!("field `{}`", field.field)))?;
    }
    let category = category_of(selector)?;
    for field in &selector.field_selectors {
        check_field(category, field).map_err(|error| error.at(format!("field `{}`", field.field)))?;
    }
    check_required(category, selector)?;
    Ok(category)
}

/// What is wrong in any category.
fn check_shape(selector: &FieldSelector) -> Result<()> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'|');
    let length = selector.field.len();
    if length == 0 || length > MAX_FIELD || !selector.field.bytes().all(word) {
        return Err(malformed(format!("a field's name has 1 to {MAX_FIELD} letters, digits, `.` and `_`")));
    }
    let mut values = SelectorOperator::ALL.iter().flat_map(|operator| selector.values(*operator)).peekable();
    if values.peek().is_none() {
        return Err(refuse("there is no operator").hint("give `Equals`, `StartsWith`, `EndsWith` or their `Not…`"));
    }
    for value in values {
        let length = value.chars().count();
        if length == 0 || length > MAX_VALUE {
            return Err(malformed(format!("a value has 1 to {MAX_VALUE} characters, not {length}")));
        }
    }
    Ok(())
}

fn category_of(selector: &AdvancedEventSelector) -> Result<EventCategory> {
    let of_category = |field: &&FieldSelector| field.field == SelectorField::EventCategory.as_str();
    let found: Vec<&FieldSelector> = selector.field_selectors.iter().filter(of_category).collect();
    let place = "field `eventCategory`";
    let hint = "for instance {\"Field\": \"eventCategory\", \"Equals\": [\"Management\"]}";
    match found.as_slice() {
        [] => Err(refuse("there is no field selector for `eventCategory`").hint(hint)),
        [only] if only.equals.len() == 1 => only.equals[0].parse().map_err(|error: Error| tag(error).at(place)),
        [only] if only.equals.is_empty() => Err(refuse("`eventCategory` takes `Equals` only").at(place).hint(hint)),
        _ => Err(refuse("`eventCategory` takes exactly one value")
            .at(place)
            .hint("write one selector for each category")),
    }
}

fn check_field(category: EventCategory, selector: &FieldSelector) -> Result<()> {
    let Some(field) = SelectorField::parse(&selector.field) else {
        return Err(unknown_field(category, &selector.field));
    };
    let allowed = field.operators(category);
    if allowed.is_empty() {
        let message = format!("`{}` cannot be used for `{category}` events", selector.field);
        return Err(refuse(message).hint(format!("it can have {}", list(&names_of(category)))));
    }
    for operator in SelectorOperator::ALL {
        if !selector.values(operator).is_empty() && !allowed.contains(&operator) {
            let allowed: Vec<&str> = allowed.iter().map(|operator| operator.as_str()).collect();
            let (name, operator) = (&selector.field, operator.as_str());
            return Err(refuse(format!("`{name}` of `{category}` events does not take `{operator}`"))
                .hint(format!("it takes {}", list(&allowed))));
        }
    }
    check_values(category, field, selector)
}

fn check_values(category: EventCategory, field: SelectorField, selector: &FieldSelector) -> Result<()> {
    let exact = || selector.equals.iter().chain(&selector.not_equals);
    let known = field.known_values();
    if let Some(wrong) = exact().find(|value| !known.is_empty() && !known.contains(&value.as_str())) {
        return Err(
            refuse(format!("`{wrong}` is no value of `{}`", field.as_str())).hint(format!("it is {}", list(known)))
        );
    }
    if SelectorField::required(category) == Some(field) && selector.equals.len() > 1 {
        return Err(refuse(format!("`{}` takes one value in a selector", field.as_str()))
            .hint("write one selector for each value"));
    }
    if field == SelectorField::ResourcesType
        && let Some(wrong) = exact().find(|value| !is_resource_type(value))
    {
        return Err(refuse(format!("`{wrong}` is no resource type")).hint("for instance `AWS::S3::Object`"));
    }
    if field == SelectorField::ResourcesArn
        && let Some(wrong) = exact().find(|value| !is_arn(value))
    {
        return Err(
            refuse(format!("`{wrong}` is no full ARN")).hint("use `StartsWith` or `EndsWith` for a part of one")
        );
    }
    Ok(())
}

fn check_required(category: EventCategory, selector: &AdvancedEventSelector) -> Result<()> {
    let Some(required) = SelectorField::required(category) else {
        return Ok(());
    };
    let name = required.as_str();
    match selector.field_selectors.iter().filter(|field| field.field == name).count() {
        0 => Err(refuse(format!("a selector of `{category}` events needs `{name}`"))
            .hint(format!("add {{\"Field\": \"{name}\", \"Equals\": [\"{}\"]}}", example(required)))),
        1 => Ok(()),
        _ => Err(refuse(format!("`{name}` takes one value in a selector"))
            .at(format!("field `{name}`"))
            .hint("write one selector for each value")),
    }
}

fn example(field: SelectorField) -> &'static str {
    if field == SelectorField::ResourcesType { "AWS::S3::Object" } else { "s3.amazonaws.com" }
}

fn unknown_field(category: EventCategory, name: &str) -> Error {
    let known = names_of(category);
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`{category}` events have {}", list(&known)),
    };
    refuse(format!("`{name}` is no field of a selector")).hint(hint)
}

fn names_of(category: EventCategory) -> Vec<&'static str> {
    SelectorField::of(category).into_iter().map(SelectorField::as_str).collect()
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => format!("{only} only"),
        [some @ .., last] => format!("{} or {last}", some.join(", ")),
    }
}

/// `AWS::Service::Type`; the set of types is open.
fn is_resource_type(text: &str) -> bool {
    let parts: Vec<&str> = text.split("::").collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    matches!(parts.as_slice(), ["AWS", service, kind] if word(service) && word(kind))
}

fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, service, _, _, resource] => {
            [partition, service, resource].iter().all(|part| !part.is_empty())
        }
        _ => false,
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Refusal::InvalidEventSelectors.because(message)
}

fn malformed(message: impl Into<String>) -> Error {
    Refusal::InvalidParameter.because(message)
}

fn tag(error: Error) -> Error {
    error.source(Refusal::InvalidEventSelectors)
}
