//! Is this event taken? Asked once per event on the way in: sorted by category beforehand, nothing allocated.

use super::rules::SelectorField;
use super::values::Matcher;
use super::{AdvancedEventSelector, AdvancedEventSelectors, FieldSelector};
use crate::{EventCategory, EventFacts, ResourceFacts, StoreType};

/// Selectors made ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledSelectors {
    by_category: [Vec<Compiled>; 7],
}

/// One selector, without its condition on the category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Compiled {
    index: usize,
    /// Cheap fields first.
    checks: Vec<(SelectorField, Matcher)>,
    resource_types: Vec<Matcher>,
    resource_arns: Vec<Matcher>,
    /// Conditions on fields that do not exist: as on an absent field, all that select fail.
    impossible: bool,
}

impl CompiledSelectors {
    /// Takes every event that a store of a type can hold.
    pub fn everything(store_type: StoreType) -> Self {
        let takes =
            |category| if StoreType::of(category) == store_type { vec![Compiled::default()] } else { Vec::new() };
        Self { by_category: EventCategory::ALL.map(takes) }
    }

    /// Whether any selector takes the event.
    pub fn matches(&self, event: &EventFacts<'_>) -> bool {
        self.by_category[event.category as usize].iter().any(|selector| selector.matches(event))
    }

    /// The positions of all selectors that take the event.
    pub fn matching(&self, event: &EventFacts<'_>) -> Vec<usize> {
        let selectors = self.by_category[event.category as usize].iter();
        selectors.filter(|selector| selector.matches(event)).map(|selector| selector.index).collect()
    }

    /// Whether any event of a category can be taken at all.
    pub fn takes_category(&self, category: EventCategory) -> bool {
        !self.by_category[category as usize].is_empty()
    }
}

pub(super) fn compile(selectors: &AdvancedEventSelectors) -> CompiledSelectors {
    let of_category = |category: EventCategory| {
        let numbered = selectors.selectors.iter().enumerate();
        numbered.filter_map(|(index, selector)| compile_for(category, index, selector)).collect()
    };
    CompiledSelectors { by_category: EventCategory::ALL.map(of_category) }
}

/// The selector as events of a category see it, or `None` if it takes none of them.
fn compile_for(category: EventCategory, index: usize, selector: &AdvancedEventSelector) -> Option<Compiled> {
    let mut compiled = Compiled { index, ..Compiled::default() };
    for field_selector in &selector.field_selectors {
        let matcher = Matcher::new(field_selector);
        match SelectorField::parse(&field_selector.field) {
            Some(SelectorField::EventCategory) => {
                if !matcher.matches(Some(category.as_str())) {
                    return None;
                }
            }
            Some(SelectorField::ResourcesType) => compiled.resource_types.push(matcher),
            Some(SelectorField::ResourcesArn) => compiled.resource_arns.push(matcher),
            Some(field) => compiled.checks.push((field, matcher)),
            None => compiled.impossible |= !matcher.matches(None),
        }
    }
    compiled.checks.sort_by_key(|(field, _)| *field);
    (!compiled.impossible).then_some(compiled)
}

impl Compiled {
    fn matches(&self, event: &EventFacts<'_>) -> bool {
        self.checks.iter().all(|(field, matcher)| matcher.matches(value(event, *field)))
            && self.resources_match(event.resources)
    }

    /// Only resources of the chosen type count; one of their ARNs must be selected, none deselected.
    fn resources_match(&self, resources: &[ResourceFacts<'_>]) -> bool {
        if self.resource_types.is_empty() && self.resource_arns.is_empty() {
            return true;
        }
        let typed =
            |resource: &&ResourceFacts<'_>| self.resource_types.iter().all(|m| m.matches(resource.resource_type));
        let type_matches = match resources {
            [] => self.resource_types.iter().all(|matcher| matcher.matches(None)),
            _ => self.resource_types.is_empty() || resources.iter().any(|resource| typed(&resource)),
        };
        let arns = || resources.iter().filter(typed).filter_map(|resource| resource.arn);
        type_matches && self.resource_arns.iter().all(|matcher| matcher.matches_all(arns()))
    }
}

fn value<'a>(event: &EventFacts<'a>, field: SelectorField) -> Option<&'a str> {
    match field {
        SelectorField::ReadOnly => event.read_only.map(|read_only| if read_only { "true" } else { "false" }),
        SelectorField::EventSource => event.event_source,
        SelectorField::EventName => event.event_name,
        SelectorField::EventType => event.event_type,
        SelectorField::ErrorCode => event.error_code,
        SelectorField::SessionCredentialFromConsole => event.session_credential_from_console,
        SelectorField::VpcEndpointId => event.vpc_endpoint_id,
        SelectorField::UserIdentityArn => event.user_identity_arn,
        // Settled when compiled, or asked of the resources.
        SelectorField::EventCategory | SelectorField::ResourcesType | SelectorField::ResourcesArn => None,
    }
}

impl FieldSelector {
    /// Whether the conditions hold for a value of the field, or for its absence.
    pub fn matches(&self, value: Option<&str>) -> bool {
        Matcher::new(self).matches(value)
    }
}
