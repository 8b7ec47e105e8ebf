//! Which selectors are refused, and in which words?

use super::*;
use crate::definition::Refusal;

/// The guide's table of fields, as stores have it: A = all six operators, E = Equals, EN = Equals and NotEquals.
const ALLOWED: [(&str, [&str; 4]); 11] = [
    // field, then Management, Data, NetworkActivity, any other
    ("eventCategory", ["E", "E", "E", "E"]),
    ("eventSource", ["A", "A", "E", "-"]),
    ("eventName", ["A", "A", "A", "-"]),
    ("readOnly", ["E", "E", "-", "-"]),
    ("eventType", ["A", "A", "-", "-"]),
    ("resources.type", ["-", "E", "-", "-"]),
    ("resources.ARN", ["-", "A", "-", "-"]),
    ("userIdentity.arn", ["A", "A", "-", "-"]),
    ("sessionCredentialFromConsole", ["EN", "EN", "-", "-"]),
    ("errorCode", ["-", "-", "E", "-"]),
    ("vpcEndpointId", ["-", "-", "A", "-"]),
];

fn good_value(field: &str, category: EventCategory) -> &'static str {
    match field {
        "eventCategory" => category.as_str(),
        "readOnly" | "sessionCredentialFromConsole" => "true",
        "resources.type" => "AWS::S3::Object",
        "resources.ARN" => "arn:aws:s3:::b/k",
        "errorCode" => "VpceAccessDenied",
        _ => "s3.amazonaws.com",
    }
}

/// What a selector of the category needs besides the field under test.
fn needed(category: EventCategory, field: &str) -> Vec<FieldSelector> {
    let mut fields = Vec::new();
    if field != "eventCategory" {
        fields.push(FieldSelector::equals("eventCategory", [category.as_str()]));
    }
    if category == EventCategory::Data && field != "resources.type" {
        fields.push(FieldSelector::equals("resources.type", ["AWS::S3::Object"]));
    }
    if category == EventCategory::NetworkActivity && field != "eventSource" {
        fields.push(FieldSelector::equals("eventSource", ["s3.amazonaws.com"]));
    }
    fields
}

#[test]
fn every_field_takes_its_operators_and_no_others_in_every_category() {
    for (field, columns) in ALLOWED {
        for category in EventCategory::ALL {
            let letters = columns[(category as usize).min(3)];
            for operator in SelectorOperator::ALL {
                let expected = match letters {
                    "A" => true,
                    "EN" => matches!(operator, SelectorOperator::Equals | SelectorOperator::NotEquals),
                    "E" => operator == SelectorOperator::Equals,
                    _ => false,
                };
                let mut tested = FieldSelector { field: field.to_owned(), ..FieldSelector::default() };
                tested.values_mut(operator).push(good_value(field, category).to_owned());
                let mut field_selectors = needed(category, field);
                field_selectors.push(tested);
                let selector = AdvancedEventSelector { name: None, field_selectors };
                let result = AdvancedEventSelectors { selectors: vec![selector] }.validate();
                let case = format!("{category} {field} {}", operator.as_str());
                assert_eq!(result.is_ok(), expected, "{case}: {result:?}");
                if let Err(error) = result {
                    assert_eq!(error.cause(), Some(&Refusal::InvalidEventSelectors), "{case}");
                    assert!(error.place().is_some_and(|place| place.starts_with("selector 1")), "{case}");
                }
            }
        }
    }
}

#[test]
fn every_category_alone_makes_its_store_type() {
    for category in EventCategory::ALL {
        let field_selectors = match category {
            EventCategory::Data | EventCategory::NetworkActivity => needed(category, ""),
            _ => vec![FieldSelector::equals("eventCategory", [category.as_str()])],
        };
        let selectors = vec![AdvancedEventSelector { name: None, field_selectors }];
        assert_eq!(AdvancedEventSelectors { selectors }.validate().unwrap(), StoreType::of(category));
    }
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let management = r#"{"Field":"eventCategory","Equals":["Management"]}"#;
    let data = r#"{"Field":"eventCategory","Equals":["Data"]}"#;
    let network = r#"{"Field":"eventCategory","Equals":["NetworkActivity"]}"#;
    let s3 = r#"{"Field":"resources.type","Equals":["AWS::S3::Object"]}"#;
    // conditions, message, place after the selector, a part of the hint
    let cases = [
        (
            r#"{"Field":"eventName","Equals":["x"]}"#.to_owned(),
            "there is no field selector for `eventCategory`",
            "",
            "Management",
        ),
        (
            r#"{"Field":"eventCategory","Equals":["Management","Data"]}"#.to_owned(),
            "`eventCategory` takes exactly one value",
            "field `eventCategory`",
            "one selector for each",
        ),
        (
            format!("{management},{data}"),
            "`eventCategory` takes exactly one value",
            "field `eventCategory`",
            "one selector for each",
        ),
        (
            r#"{"Field":"eventCategory","NotEquals":["Data"]}"#.to_owned(),
            "`eventCategory` takes `Equals` only",
            "field `eventCategory`",
            "",
        ),
        (
            r#"{"Field":"eventCategory","Equals":["Managment"]}"#.to_owned(),
            "`Managment` is no event category",
            "field `eventCategory`",
            "did you mean `Management`?",
        ),
        (
            format!(r#"{management},{{"Field":"eventname","Equals":["x"]}}"#),
            "`eventname` is no field of a selector",
            "field `eventname`",
            "did you mean `eventName`?",
        ),
        (
            format!(r#"{management},{{"Field":"tlsDetails","Equals":["x"]}}"#),
            "`tlsDetails` is no field of a selector",
            "field `tlsDetails`",
            "`Management` events have `eventCategory`, ",
        ),
        (
            format!(r#"{management},{{"Field":"resources.ARN","Equals":["arn:aws:s3:::b/k"]}}"#),
            "`resources.ARN` cannot be used for `Management` events",
            "field `resources.ARN`",
            "`userIdentity.arn`",
        ),
        (
            format!(r#"{management},{{"Field":"readOnly","NotEquals":["true"]}}"#),
            "`readOnly` of `Management` events does not take `NotEquals`",
            "field `readOnly`",
            "`Equals` only",
        ),
        (
            format!(r#"{management},{{"Field":"readOnly","Equals":["yes"]}}"#),
            "`yes` is no value of `readOnly`",
            "field `readOnly`",
            "`true` or `false`",
        ),
        (
            format!(r#"{management},{{"Field":"sessionCredentialFromConsole","NotEquals":["false"]}}"#),
            "`false` is no value of `sessionCredentialFromConsole`",
            "field `sessionCredentialFromConsole`",
            "`true` only",
        ),
        (
            format!(r#"{management},{{"Field":"eventName"}}"#),
            "there is no operator",
            "field `eventName`",
            "`StartsWith`",
        ),
        (data.to_owned(), "a selector of `Data` events needs `resources.type`", "", "AWS::S3::Object"),
        (
            format!("{data},{s3},{s3}"),
            "`resources.type` takes one value in a selector",
            "field `resources.type`",
            "one selector for each",
        ),
        (
            format!(r#"{data},{{"Field":"resources.type","Equals":["AWS::S3::Object","AWS::Lambda::Function"]}}"#),
            "`resources.type` takes one value in a selector",
            "field `resources.type`",
            "one selector for each",
        ),
        (
            format!(r#"{data},{{"Field":"resources.type","Equals":["S3::Object"]}}"#),
            "`S3::Object` is no resource type",
            "field `resources.type`",
            "AWS::S3::Object",
        ),
        (
            format!(r#"{data},{s3},{{"Field":"resources.ARN","NotEquals":["b/k"]}}"#),
            "`b/k` is no full ARN",
            "field `resources.ARN`",
            "`StartsWith`",
        ),
        (network.to_owned(), "a selector of `NetworkActivity` events needs `eventSource`", "", "eventSource"),
        (
            format!(r#"{network},{{"Field":"eventSource","Equals":["a.amazonaws.com","b.amazonaws.com"]}}"#),
            "`eventSource` takes one value in a selector",
            "field `eventSource`",
            "one selector for each",
        ),
        (
            format!(
                r#"{network},{{"Field":"eventSource","Equals":["s3.amazonaws.com"]}},{{"Field":"errorCode","Equals":["AccessDenied"]}}"#
            ),
            "`AccessDenied` is no value of `errorCode`",
            "field `errorCode`",
            "`VpceAccessDenied` only",
        ),
    ];
    for (conditions, message, place, hint) in cases {
        let ok = format!(r#"{{"FieldSelectors":[{management}]}}"#);
        let text = format!(r#"[{ok},{{"Name":"mine","FieldSelectors":[{conditions}]}}]"#);
        let error = selectors(&text).validate().unwrap_err();
        assert_eq!(error.message(), message, "{conditions}");
        let expected =
            if place.is_empty() { "selector 2 `mine`".to_owned() } else { format!("selector 2 `mine`, {place}") };
        assert_eq!(error.place(), Some(expected.as_str()), "{conditions}");
        assert!(error.advice().unwrap_or_default().contains(hint), "{conditions}: {:?}", error.advice());
        assert_eq!(error.cause(), Some(&Refusal::InvalidEventSelectors), "{conditions}");
    }
}

#[test]
fn lengths_are_refused_as_malformed() {
    let management = || FieldSelector::equals("eventCategory", ["Management"]);
    let named = |value: &str| FieldSelector::equals("eventName", [value]);
    let (most, more) = ("ä".repeat(2048), "ä".repeat(2049));
    let field = |name: &str| FieldSelector::equals(name, ["x"]);
    let cases = [
        (Some("n".repeat(1000)), vec![management(), named(&most)], None),
        (Some(String::new()), vec![management()], None),
        (Some("n".repeat(1001)), vec![management()], Some("the name has 1001 characters, and 1000 is the most")),
        (None, vec![], Some("there is no field selector")),
        (None, vec![management(), named(&more)], Some("a value has 1 to 2048 characters, not 2049")),
        (None, vec![management(), named("")], Some("a value has 1 to 2048 characters, not 0")),
        (None, vec![management(), field("")], Some("a field's name has 1 to 1000 letters, digits, `.` and `_`")),
        (
            None,
            vec![management(), field("event name")],
            Some("a field's name has 1 to 1000 letters, digits, `.` and `_`"),
        ),
    ];
    for (name, field_selectors, expected) in cases {
        let result =
            AdvancedEventSelectors { selectors: vec![AdvancedEventSelector { name, field_selectors }] }.validate();
        assert_eq!(result.as_ref().err().map(crate::Error::message), expected);
        if let Err(error) = result {
            assert_eq!(error.cause(), Some(&Refusal::InvalidParameter));
        }
    }
}

#[test]
fn five_hundred_values_and_no_more() {
    let with = |extra: usize| {
        // Two selectors: 1 + 400, and 1 + extra values, over different operators.
        let many = |count: usize| (0..count).map(|n| format!("v{n}")).collect::<Vec<_>>();
        let selector = |field: FieldSelector| AdvancedEventSelector {
            name: None,
            field_selectors: vec![FieldSelector::equals("eventCategory", ["Management"]), field],
        };
        let field = || "eventName".to_owned();
        let first =
            FieldSelector { field: field(), equals: many(200), not_ends_with: many(200), ..FieldSelector::default() };
        let second = FieldSelector { field: field(), starts_with: many(extra), ..FieldSelector::default() };
        AdvancedEventSelectors { selectors: vec![selector(first), selector(second)] }
    };
    assert_eq!(with(98).validate().unwrap(), StoreType::CloudTrail);
    let error = with(99).validate().unwrap_err();
    assert_eq!(error.message(), "the selectors have 501 values, and 500 is the most");
    assert_eq!(error.cause(), Some(&Refusal::InvalidEventSelectors));
}

#[test]
fn more_than_five_selectors_are_fine() {
    let selector = AdvancedEventSelectors::default_management().selectors.remove(0);
    assert!(AdvancedEventSelectors { selectors: vec![selector; 40] }.validate().is_ok());
}

#[test]
fn store_types_are_never_mixed() {
    let of = |categories: &[EventCategory]| AdvancedEventSelectors {
        selectors: categories
            .iter()
            .map(|category| AdvancedEventSelector { name: None, field_selectors: needed(*category, "") })
            .collect(),
    };
    for first in EventCategory::ALL {
        for second in EventCategory::ALL {
            let result = of(&[first, second]).validate();
            if StoreType::of(first) == StoreType::of(second) {
                assert_eq!(result.unwrap(), StoreType::of(first));
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!(error.message(), format!("`{first}` events and `{second}` events cannot share a store"));
            assert_eq!(error.place(), Some("selector 1 and selector 2"));
            assert_eq!(error.cause(), Some(&Refusal::InvalidEventSelectors));
        }
    }
    use EventCategory::{Data, Management, NetworkActivity};
    assert_eq!(of(&[Data, NetworkActivity, Management]).validate().unwrap(), StoreType::CloudTrail);
}

#[test]
fn no_selector_at_all_is_refused() {
    assert_eq!(AdvancedEventSelectors::default().validate().unwrap_err().message(), "there is no selector");
}
