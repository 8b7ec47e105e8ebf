//! Which events does a store take? Advanced event selectors, in the shape that AWS gives them.

mod basic;
mod compile;
mod parse;
mod rules;
mod shorthand;
mod validate;
mod values;

use serde::{Deserialize, Serialize};

use crate::Result;

pub use compile::CompiledSelectors;
pub use rules::{SelectorField, SelectorOperator};
pub use validate::MAX_SELECTOR_VALUES;

/// A store's selectors: an event is taken if any of them matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdvancedEventSelectors {
    /// The selectors, in the order given.
    pub selectors: Vec<AdvancedEventSelector>,
}

/// One selector: matches an event if all its field selectors do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AdvancedEventSelector {
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The conditions.
    pub field_selectors: Vec<FieldSelector>,
}

/// The conditions on one field: any of the select operators hits, and none of the `Not…` ones does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FieldSelector {
    /// The field, for instance `eventName`.
    pub field: String,
    /// Is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// Begins with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// Ends with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<String>,
    /// Is none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_equals: Vec<String>,
    /// Begins with none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_starts_with: Vec<String>,
    /// Ends with none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_ends_with: Vec<String>,
}

impl AdvancedEventSelectors {
    /// Reads selectors as the AWS CLI takes them: a bare list, one selector, an object with `AdvancedEventSelectors`,
    /// or with `EventSelectors` (basic ones, which are translated), in JSON or in the CLI's shorthand.
    ///
    /// Checks the shape only; [`validate`](Self::validate) checks the rest.
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// Refuses what CloudTrail refuses, naming selector and field; says which type of store the selectors make.
    pub fn validate(&self) -> Result<crate::StoreType> {
        validate::validate(self)
    }

    /// Makes them fast to evaluate.
    pub fn compile(&self) -> CompiledSelectors {
        compile::compile(self)
    }

    /// What a store gets that is created without selectors.
    pub fn default_management() -> Self {
        let category = FieldSelector::equals("eventCategory", ["Management"]);
        Self {
            selectors: vec![AdvancedEventSelector {
                name: Some("Default management events".to_owned()),
                field_selectors: vec![category],
            }],
        }
    }
}

impl FieldSelector {
    /// A condition that a field is one of some values.
    pub fn equals<const N: usize>(field: &str, values: [&str; N]) -> Self {
        Self { field: field.to_owned(), equals: values.map(str::to_owned).to_vec(), ..Self::default() }
    }

    /// The values of an operator; empty if it is not used.
    pub fn values(&self, operator: SelectorOperator) -> &[String] {
        match operator {
            SelectorOperator::Equals => &self.equals,
            SelectorOperator::StartsWith => &self.starts_with,
            SelectorOperator::EndsWith => &self.ends_with,
            SelectorOperator::NotEquals => &self.not_equals,
            SelectorOperator::NotStartsWith => &self.not_starts_with,
            SelectorOperator::NotEndsWith => &self.not_ends_with,
        }
    }

    fn values_mut(&mut self, operator: SelectorOperator) -> &mut Vec<String> {
        match operator {
            SelectorOperator::Equals => &mut self.equals,
            SelectorOperator::StartsWith => &mut self.starts_with,
            SelectorOperator::EndsWith => &mut self.ends_with,
            SelectorOperator::NotEquals => &mut self.not_equals,
            SelectorOperator::NotStartsWith => &mut self.not_starts_with,
            SelectorOperator::NotEndsWith => &mut self.not_ends_with,
        }
    }
}

/// How a selector is named in messages: by its number, from 1, and its name.
fn selector_place(index: usize, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => format!("selector {} `{name}`", index + 1),
        _ => format!("selector {}", index + 1),
    }
}

#[cfg(test)]
mod tests;
