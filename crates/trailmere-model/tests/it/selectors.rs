//! Do compiled selectors choose what a slow and simple reading of the rules chooses?
//!
//! Oracle: `naive`, which is the reference's evaluation written down line by line.

use proptest::prelude::*;
use proptest::sample::select;
use trailmere_model::{
    AdvancedEventSelector, AdvancedEventSelectors, EventCategory, EventFacts, FieldSelector, ResourceFacts,
    SelectorField,
};

mod naive {
    use super::*;

    pub(super) fn matches(selectors: &AdvancedEventSelectors, event: &EventFacts<'_>) -> bool {
        selectors.selectors.iter().any(|selector| selector_matches(selector, event))
    }

    pub(super) fn selector_matches(selector: &AdvancedEventSelector, event: &EventFacts<'_>) -> bool {
        selector.field_selectors.iter().all(|field| match field.field.as_str() {
            "resources.type" => type_matches(selector, event),
            "resources.ARN" => arn_matches(field, selector, event),
            name => field_matches(field, value(name, event)),
        })
    }

    fn field_matches(field: &FieldSelector, value: Option<&str>) -> bool {
        let selecting = !(field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty());
        match value {
            None => !selecting,
            Some(text) => (!selecting || selected(field, text)) && !deselected(field, text),
        }
    }

    fn selected(field: &FieldSelector, text: &str) -> bool {
        field.equals.iter().any(|v| text == v)
            || field.starts_with.iter().any(|v| text.starts_with(v.as_str()))
            || field.ends_with.iter().any(|v| text.ends_with(v.as_str()))
    }

    fn deselected(field: &FieldSelector, text: &str) -> bool {
        field.not_equals.iter().any(|v| text == v)
            || field.not_starts_with.iter().any(|v| text.starts_with(v.as_str()))
            || field.not_ends_with.iter().any(|v| text.ends_with(v.as_str()))
    }

    fn of_chosen_type<'a>(selector: &AdvancedEventSelector, event: &EventFacts<'a>) -> Vec<ResourceFacts<'a>> {
        let types: Vec<_> = selector.field_selectors.iter().filter(|field| field.field == "resources.type").collect();
        let chosen =
            |resource: &&ResourceFacts<'_>| types.iter().all(|field| field_matches(field, resource.resource_type));
        event.resources.iter().filter(chosen).copied().collect()
    }

    fn type_matches(selector: &AdvancedEventSelector, event: &EventFacts<'_>) -> bool {
        if event.resources.is_empty() {
            let types = selector.field_selectors.iter().filter(|field| field.field == "resources.type");
            return types.into_iter().all(|field| field_matches(field, None));
        }
        !of_chosen_type(selector, event).is_empty()
    }

    fn arn_matches(field: &FieldSelector, selector: &AdvancedEventSelector, event: &EventFacts<'_>) -> bool {
        let arns: Vec<&str> = of_chosen_type(selector, event).iter().filter_map(|resource| resource.arn).collect();
        let selecting = !(field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty());
        let any_selected = arns.iter().any(|arn| selected(field, arn));
        let any_deselected = arns.iter().any(|arn| deselected(field, arn));
        (!selecting || any_selected) && !any_deselected
    }

    fn value<'a>(field: &str, event: &EventFacts<'a>) -> Option<&'a str> {
        match field {
            "eventCategory" => Some(event.category.as_str()),
            "eventSource" => event.event_source,
            "eventName" => event.event_name,
            "eventType" => event.event_type,
            "userIdentity.arn" => event.user_identity_arn,
            "sessionCredentialFromConsole" => event.session_credential_from_console,
            "errorCode" => event.error_code,
            "vpcEndpointId" => event.vpc_endpoint_id,
            "readOnly" => event.read_only.map(|yes| if yes { "true" } else { "false" }),
            _ => None,
        }
    }
}

/// Short texts of few letters, so that they often equal, begin or end each other.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[ab]{0,4}", 1 => "[aä€]{1,3}", 1 => select(vec!["true", "false"]).prop_map(str::to_owned)]
}

fn values() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![5 => Just(Vec::new()), 3 => prop::collection::vec(text(), 1..4), 1 => prop::collection::vec(text(), 4..40)]
}

fn field_selector() -> impl Strategy<Value = FieldSelector> {
    let mut names: Vec<&str> = SelectorField::ALL.map(SelectorField::as_str)[1..].to_vec();
    names.extend(["resources.type", "resources.ARN", "noSuchField"]);
    (select(names), values(), values(), values(), values(), values(), values()).prop_map(
        |(field, equals, starts_with, ends_with, not_equals, not_starts_with, not_ends_with)| FieldSelector {
            field: field.to_owned(),
            equals,
            starts_with,
            ends_with,
            not_equals,
            not_starts_with,
            not_ends_with,
        },
    )
}

fn selector() -> impl Strategy<Value = AdvancedEventSelector> {
    let categories = prop::collection::vec(select(EventCategory::ALL.to_vec()), 1..3);
    let category = (categories, any::<bool>()).prop_map(|(categories, negated)| {
        let names: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let (equals, not_equals) = if negated { (Vec::new(), names) } else { (names, Vec::new()) };
        FieldSelector { field: "eventCategory".to_owned(), equals, not_equals, ..FieldSelector::default() }
    });
    (prop::option::weighted(0.9, category), prop::collection::vec(field_selector(), 0..4)).prop_map(
        |(category, mut fields)| {
            fields.extend(category);
            AdvancedEventSelector { name: None, field_selectors: fields }
        },
    )
}

#[derive(Clone, Debug)]
struct Event {
    category: EventCategory,
    texts: Vec<Option<String>>,
    read_only: Option<bool>,
    resources: Vec<(Option<String>, Option<String>)>,
}

fn event() -> impl Strategy<Value = Event> {
    let optional = || prop::option::weighted(0.8, text());
    (
        select(EventCategory::ALL.to_vec()),
        prop::collection::vec(optional(), 7),
        any::<Option<bool>>(),
        prop::collection::vec((optional(), optional()), 0..4),
    )
        .prop_map(|(category, texts, read_only, resources)| Event { category, texts, read_only, resources })
}

fn with_facts<T>(event: &Event, ask: impl FnOnce(&EventFacts<'_>) -> T) -> T {
    let resources: Vec<ResourceFacts<'_>> = event
        .resources
        .iter()
        .map(|(arn, resource_type)| ResourceFacts { arn: arn.as_deref(), resource_type: resource_type.as_deref() })
        .collect();
    let text = |index: usize| event.texts[index].as_deref();
    ask(&EventFacts {
        category: event.category,
        event_source: text(0),
        event_name: text(1),
        event_type: text(2),
        user_identity_arn: text(3),
        session_credential_from_console: text(4),
        error_code: text(5),
        vpc_endpoint_id: text(6),
        read_only: event.read_only,
        resources: &resources,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn compiled_selectors_choose_what_the_rules_choose(
        selectors in prop::collection::vec(selector(), 0..5),
        events in prop::collection::vec(event(), 1..12),
    ) {
        let selectors = AdvancedEventSelectors { selectors };
        let compiled = selectors.compile();
        for event in &events {
            let (expected, taken, matching) = with_facts(event, |facts| {
                (naive::matches(&selectors, facts), compiled.matches(facts), compiled.matching(facts))
            });
            prop_assert_eq!(taken, expected, "{:?}", event);
            let indexes: Vec<usize> = with_facts(event, |facts| {
                let numbered = selectors.selectors.iter().enumerate();
                numbered.filter(|(_, selector)| naive::selector_matches(selector, facts)).map(|(index, _)| index).collect()
            });
            prop_assert_eq!(matching, indexes, "{:?}", event);
        }
    }

    #[test]
    fn a_deselect_always_wins_over_a_select(value in text(), mut field in field_selector()) {
        field.not_equals.push(value.clone());
        field.equals.push(value.clone());
        prop_assert!(!field.matches(Some(&value)));
    }

    #[test]
    fn selectors_survive_being_written_down(selectors in prop::collection::vec(selector(), 1..5)) {
        let selectors = AdvancedEventSelectors { selectors };
        let text = serde_json::to_string(&selectors).expect("JSON");
        prop_assert_eq!(&serde_json::from_str::<AdvancedEventSelectors>(&text).expect("selectors"), &selectors);
        prop_assert_eq!(AdvancedEventSelectors::parse(&text).expect("selectors"), selectors);
    }
}
