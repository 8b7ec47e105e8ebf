//! Do selectors read, refuse and choose as the reference says?
//!
//! Oracle: the CloudTrail user guide on advanced event selectors, and the decisions on what it leaves open.

mod evaluation;
mod shapes;
mod validation;

use super::*;
use crate::{EventCategory, EventFacts, ResourceFacts, StoreType};

/// Reads selectors that must be well-formed.
fn selectors(text: &str) -> AdvancedEventSelectors {
    AdvancedEventSelectors::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The only selector of a category, with more conditions.
fn selecting(category: &str, conditions: &str) -> AdvancedEventSelectors {
    let comma = if conditions.is_empty() { "" } else { "," };
    selectors(&format!(
        r#"[{{"FieldSelectors":[{{"Field":"eventCategory","Equals":["{category}"]}}{comma}{conditions}]}}]"#
    ))
}

fn data_event<'a>(resources: &'a [ResourceFacts<'a>]) -> EventFacts<'a> {
    EventFacts { resources, ..EventFacts::of(EventCategory::Data) }
}

fn resource<'a>(resource_type: &'a str, arn: &'a str) -> ResourceFacts<'a> {
    ResourceFacts { arn: Some(arn), resource_type: Some(resource_type) }
}
