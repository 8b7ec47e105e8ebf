//! Which events does a selector take?

use super::*;

const S3_OBJECTS: &str = r#"{"Field":"resources.type","Equals":["AWS::S3::Object"]}"#;

/// The conditions of the guide's worked example, on S3 objects.
fn worked_example() -> AdvancedEventSelectors {
    selecting(
        "Data",
        &format!(
            r#"{S3_OBJECTS},{{"Field":"resources.ARN","Equals":["b/object1"],"StartsWith":["b/"],"EndsWith":["object3"],
                "NotStartsWith":["b/deselect"],"NotEndsWith":["object5"],"NotEquals":["b/object6"]}}"#
        ),
    )
}

#[test]
fn the_worked_example() {
    let compiled = worked_example().compile();
    let cases = [
        ("b/object1", true),
        ("b/object2", true),
        ("b1/object3", true),
        ("b/deselectObject4", false),
        ("b/object5", false),
        ("b/object6", false),
        ("c/object1", false),
        ("b", false),
    ];
    for (arn, expected) in cases {
        let resources = [resource("AWS::S3::Object", arn)];
        assert_eq!(compiled.matches(&data_event(&resources)), expected, "{arn}");
    }
}

#[test]
fn each_operator_alone_on_a_value_another_value_and_an_absent_field() {
    // operator, its value, then: "CreateUser", "DeleteUser", "createuser", absent
    let cases = [
        ("Equals", "CreateUser", [true, false, false, false]),
        ("StartsWith", "Create", [true, false, false, false]),
        ("EndsWith", "User", [true, true, false, false]),
        ("NotEquals", "CreateUser", [false, true, true, true]),
        ("NotStartsWith", "Create", [false, true, true, true]),
        ("NotEndsWith", "User", [false, false, true, true]),
        ("StartsWith", "*", [false, false, false, false]),
    ];
    for (operator, value, expected) in cases {
        let compiled =
            selecting("Management", &format!(r#"{{"Field":"eventName","{operator}":["{value}"]}}"#)).compile();
        let names = [Some("CreateUser"), Some("DeleteUser"), Some("createuser"), None];
        let taken = names.map(|event_name| {
            compiled.matches(&EventFacts { event_name, ..EventFacts::of(EventCategory::Management) })
        });
        assert_eq!(taken, expected, "{operator} {value}");
    }
}

#[test]
fn every_field_looks_at_its_own_value() {
    let management = EventFacts::of(EventCategory::Management);
    let network = EventFacts::of(EventCategory::NetworkActivity);
    let cases = [
        ("eventSource", "kms.amazonaws.com", EventFacts { event_source: Some("kms.amazonaws.com"), ..management }),
        ("eventName", "Decrypt", EventFacts { event_name: Some("Decrypt"), ..management }),
        ("eventType", "AwsApiCall", EventFacts { event_type: Some("AwsApiCall"), ..management }),
        ("readOnly", "true", EventFacts { read_only: Some(true), ..management }),
        ("readOnly", "false", EventFacts { read_only: Some(false), ..management }),
        (
            "userIdentity.arn",
            "arn:aws:iam::1:root",
            EventFacts { user_identity_arn: Some("arn:aws:iam::1:root"), ..management },
        ),
        (
            "sessionCredentialFromConsole",
            "true",
            EventFacts { session_credential_from_console: Some("true"), ..management },
        ),
        ("errorCode", "VpceAccessDenied", EventFacts { error_code: Some("VpceAccessDenied"), ..network }),
        ("vpcEndpointId", "vpce-1", EventFacts { vpc_endpoint_id: Some("vpce-1"), ..network }),
    ];
    for (field, value, event) in cases {
        let condition = format!(r#"{{"Field":"{field}","Equals":["{value}"]}}"#);
        let compiled = selecting(event.category.as_str(), &condition).compile();
        assert!(compiled.matches(&event), "{field}");
        assert!(!compiled.matches(&EventFacts::of(event.category)), "{field} absent");
    }
}

#[test]
fn console_sessions_can_be_left_out() {
    let compiled =
        selecting("Management", r#"{"Field":"sessionCredentialFromConsole","NotEquals":["true"]}"#).compile();
    let event = EventFacts::of(EventCategory::Management);
    assert!(compiled.matches(&event), "an absent field passes, or the condition would be of no use");
    assert!(!compiled.matches(&EventFacts { session_credential_from_console: Some("true"), ..event }));
}

#[test]
fn of_several_resources_only_those_of_the_chosen_type_count() {
    let prefix = r#"{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"]}"#;
    let compiled = selecting("Data", &format!("{S3_OBJECTS},{prefix}")).compile();
    let cases: [(&[ResourceFacts<'_>], bool); 6] = [
        (&[], false),
        (&[resource("AWS::S3::Object", "arn:aws:s3:::b/k")], true),
        (&[resource("AWS::S3::Bucket", "arn:aws:s3:::b/k")], false),
        (&[resource("AWS::S3::Object", "arn:aws:s3:::c/k"), resource("AWS::S3::Bucket", "arn:aws:s3:::b/")], false),
        (&[resource("AWS::S3::Object", "arn:aws:s3:::c/k"), resource("AWS::S3::Object", "arn:aws:s3:::b/k")], true),
        (&[ResourceFacts { arn: None, resource_type: Some("AWS::S3::Object") }], false),
    ];
    for (resources, expected) in cases {
        assert_eq!(compiled.matches(&data_event(resources)), expected, "{resources:?}");
    }
}

#[test]
fn of_several_resources_none_may_be_deselected() {
    let not_mine = r#"{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::logs/"]}"#;
    let compiled = selecting("Data", &format!("{S3_OBJECTS},{not_mine}")).compile();
    let cases: [(&[ResourceFacts<'_>], bool); 4] = [
        (&[resource("AWS::S3::Object", "arn:aws:s3:::b/k")], true),
        (&[resource("AWS::S3::Object", "arn:aws:s3:::b/k"), resource("AWS::S3::Object", "arn:aws:s3:::logs/k")], false),
        (&[resource("AWS::S3::Object", "arn:aws:s3:::b/k"), resource("AWS::S3::Bucket", "arn:aws:s3:::logs/")], true),
        (&[ResourceFacts { arn: None, resource_type: Some("AWS::S3::Object") }], true),
    ];
    for (resources, expected) in cases {
        assert_eq!(compiled.matches(&data_event(resources)), expected, "{resources:?}");
    }
}

#[test]
fn choosing_tables_also_brings_their_stream_events() {
    let compiled = selecting("Data", r#"{"Field":"resources.type","Equals":["AWS::DynamoDB::Table"]}"#).compile();
    let table = resource("AWS::DynamoDB::Table", "arn:aws:dynamodb:eu-west-1:1:table/t");
    let stream = resource("AWS::DynamoDB::Stream", "arn:aws:dynamodb:eu-west-1:1:table/t/stream/x");
    assert!(compiled.matches(&data_event(&[stream, table])));
    assert!(!compiled.matches(&data_event(&[stream])));
}

#[test]
fn conditions_on_one_field_given_twice_must_both_hold() {
    let twice = r#"{"Field":"eventName","StartsWith":["Get"]},{"Field":"eventName","EndsWith":["Object"]}"#;
    let compiled = selecting("Management", twice).compile();
    for (name, expected) in [("GetObject", true), ("GetBucket", false), ("PutObject", false)] {
        let event = EventFacts { event_name: Some(name), ..EventFacts::of(EventCategory::Management) };
        assert_eq!(compiled.matches(&event), expected, "{name}");
    }
}

#[test]
fn the_broader_of_two_selectors_wins_and_both_are_reported() {
    let both = selectors(
        r#"[{"Name":"no KMS","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},
                {"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]},
            {"Name":"data","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]},
            {"Name":"all","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]"#,
    )
    .compile();
    let event = EventFacts::of(EventCategory::Management);
    assert_eq!(both.matching(&EventFacts { event_source: Some("kms.amazonaws.com"), ..event }), [2]);
    assert_eq!(both.matching(&EventFacts { event_source: Some("iam.amazonaws.com"), ..event }), [0, 2]);
    assert_eq!(both.matching(&data_event(&[resource("AWS::S3::Object", "arn:aws:s3:::b/k")])), [1]);
    assert_eq!(both.matching(&EventFacts::of(EventCategory::NetworkActivity)), [0; 0]);
}

#[test]
fn a_category_is_taken_only_where_a_selector_names_it() {
    for named in EventCategory::ALL {
        let compiled = selecting(named.as_str(), "").compile();
        for category in EventCategory::ALL {
            assert_eq!(compiled.matches(&EventFacts::of(category)), category == named, "{named} {category}");
            assert_eq!(compiled.takes_category(category), category == named);
        }
    }
}

#[test]
fn everything_is_every_event_of_the_store_type() {
    for store_type in StoreType::ALL {
        let compiled = CompiledSelectors::everything(store_type);
        for category in EventCategory::ALL {
            let event = EventFacts::of(category);
            let expected = StoreType::of(category) == store_type;
            assert_eq!(compiled.matches(&event), expected, "{store_type} {category}");
            assert_eq!(compiled.matching(&event).len(), usize::from(expected));
        }
    }
}

#[test]
fn the_default_takes_all_management_events_and_nothing_else() {
    let default = AdvancedEventSelectors::default_management();
    assert_eq!(default.validate().unwrap(), StoreType::CloudTrail);
    assert_eq!(default.selectors[0].name.as_deref(), Some("Default management events"));
    let compiled = default.compile();
    assert!(compiled.matches(&EventFacts::of(EventCategory::Management)));
    assert!(!compiled.matches(&data_event(&[resource("AWS::S3::Object", "arn:aws:s3:::b/k")])));
}

#[test]
fn a_field_that_no_event_has_selects_nothing_and_deselects_nothing() {
    let event = EventFacts::of(EventCategory::Management);
    assert!(!selecting("Management", r#"{"Field":"userAgent","Equals":["x"]}"#).compile().matches(&event));
    assert!(selecting("Management", r#"{"Field":"userAgent","NotEquals":["x"]}"#).compile().matches(&event));
}

#[test]
fn values_that_begin_or_end_alike_do_not_hide_each_other() {
    let conditions =
        r#"{"Field":"eventName","StartsWith":["Get","GetObject","List","G","Lis"],"EndsWith":["ed","Enabled","x"]}"#;
    let compiled = selecting("Management", conditions).compile();
    for (name, expected) in [
        ("GetObjectAcl", true),
        ("GetUser", true),
        ("Generate", true),
        ("ListKeys", true),
        ("Lisp", true),
        ("Disabled", true),
        ("Max", true),
        ("HeadObject", false),
        ("", false),
        ("LiGet", false),
        ("Edited1", false),
    ] {
        let event = EventFacts { event_name: Some(name), ..EventFacts::of(EventCategory::Management) };
        assert_eq!(compiled.matches(&event), expected, "{name}");
    }
}
