//! Is a store created, changed, deleted and restored as the reference says, and refused in its words?
//!
//! Oracle: the CloudTrail API reference on event data stores: parameters, ranges, states.

use chrono::{DateTime, Duration, TimeZone, Utc};

use super::*;
use crate::EventCategory;

fn day(number: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap() + Duration::days(number)
}

fn id() -> Uuid {
    Uuid::parse_str("37382170-182d-42ed-9df9-5aaf0b4b9511").unwrap()
}

fn named(name: &str) -> CreateStore {
    CreateStore { name: name.to_owned(), ..CreateStore::default() }
}

fn of_type(store_type: StoreType) -> CreateStore {
    CreateStore {
        selectors: SelectorChoice::Everything(store_type),
        termination_protection: Some(false),
        ..named("events")
    }
}

fn make(wanted: CreateStore) -> EventDataStore {
    EventDataStore::create(wanted, id(), day(0)).unwrap()
}

fn refused(wanted: CreateStore) -> (String, Refusal) {
    refusal(EventDataStore::create(wanted, id(), day(0)).map(drop))
}

fn refusal(result: Result<()>) -> (String, Refusal) {
    let error = result.unwrap_err();
    assert!(error.place().is_some_and(|place| place.starts_with("event data store `")), "{error}");
    (error.message().to_owned(), *error.cause().expect("a refusal"))
}

#[test]
fn a_store_that_only_has_a_name_gets_lakes_defaults() {
    let store = make(named("events"));
    let expected = EventDataStore {
        id: id(),
        arn: "arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/37382170-182d-42ed-9df9-5aaf0b4b9511".to_owned(),
        name: "events".to_owned(),
        store_type: StoreType::CloudTrail,
        selectors: Some(AdvancedEventSelectors::default_management()),
        multi_region: true,
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        organization_enabled: false,
        billing_mode: BillingMode::Extendable,
        retention: Retention::Days(366),
        termination_protection: true,
        status: StoreStatus::Enabled,
        kms_key_id: None,
        tags: Vec::new(),
        created: day(0),
        updated: day(0),
        delete_after: None,
        restore_to: None,
        is_default: false,
    };
    assert_eq!(store, expected);
    assert!(store.accepts_ingestion());
}

#[test]
fn retention_has_the_range_and_default_of_the_billing_mode() {
    let with = |billing_mode, retention| CreateStore { billing_mode, retention, ..named("events") };
    let fixed = Some(BillingMode::Fixed);
    let days = |days| Some(Retention::Days(days));
    let possible = [
        (None, None, Retention::Days(366)),
        (fixed, None, Retention::Days(2557)),
        (None, days(7), Retention::Days(7)),
        (None, days(3653), Retention::Days(3653)),
        (fixed, days(2557), Retention::Days(2557)),
        (fixed, Some(Retention::Forever), Retention::Forever),
    ];
    for (mode, retention, expected) in possible {
        assert_eq!(make(with(mode, retention)).retention, expected);
    }
    let impossible = [
        (None, days(6), "a retention of 6 days is out of range: 7 to 3653 with `EXTENDABLE_RETENTION_PRICING`"),
        (None, days(3654), "a retention of 3654 days is out of range: 7 to 3653 with `EXTENDABLE_RETENTION_PRICING`"),
        (fixed, days(2558), "a retention of 2558 days is out of range: 7 to 2557 with `FIXED_RETENTION_PRICING`"),
        (fixed, days(0), "a retention of 0 days is out of range: 7 to 2557 with `FIXED_RETENTION_PRICING`"),
    ];
    for (mode, retention, message) in impossible {
        assert_eq!(refused(with(mode, retention)), (message.to_owned(), Refusal::InvalidParameter));
    }
}

#[test]
fn names_have_three_to_128_letters_digits_dots_dashes_and_underscores() {
    for name in ["abc", "A.b_c-9", &"n".repeat(128)] {
        assert_eq!(make(named(name)).name, name);
    }
    for name in ["", "ab", "a b", "a/b", "événements", &"n".repeat(129)] {
        let (message, refusal) = refused(named(name));
        assert_eq!(
            (message, refusal),
            (format!("`{name}` cannot be the name of an event data store"), Refusal::InvalidParameter)
        );
    }
}

#[test]
fn other_parameters_are_checked_too() {
    let text = |text: &str| Some(text.to_owned());
    let tags = |count: usize| (0..count).map(|n| Tag::new(format!("k{n}"), "v")).collect::<Vec<_>>();
    let cases = [
        (CreateStore { region: text("Europe"), ..named("eds") }, "`Europe` is no region", Refusal::InvalidParameter),
        (CreateStore { account: text("123"), ..named("eds") }, "`123` is no account", Refusal::InvalidParameter),
        (CreateStore { kms_key_id: text(""), ..named("eds") }, "`` is no key", Refusal::InvalidKmsKeyId),
        (CreateStore { kms_key_id: text("a key"), ..named("eds") }, "`a key` is no key", Refusal::InvalidKmsKeyId),
        (
            CreateStore { tags: tags(51), ..named("eds") },
            "51 tags are too many: a store has at most 50",
            Refusal::TagsLimitExceeded,
        ),
        (
            CreateStore { tags: vec![Tag::new("", "v")], ..named("eds") },
            "the key of tag `` has 0 characters, and 1 to 128 are possible",
            Refusal::InvalidTag,
        ),
        (
            CreateStore { tags: vec![Tag::new("k", "v".repeat(257))], ..named("eds") },
            "the value of tag `k` has 257 characters, and 1 to 256 are possible",
            Refusal::InvalidTag,
        ),
        (
            CreateStore { multi_region: Some(true), ..of_type(StoreType::ActivityAuditLog) },
            "a store of events from outside AWS belongs to one region and one account",
            Refusal::InvalidParameter,
        ),
        (
            CreateStore { organization_enabled: Some(true), ..of_type(StoreType::ActivityAuditLog) },
            "a store of events from outside AWS belongs to one region and one account",
            Refusal::InvalidParameter,
        ),
    ];
    for (wanted, message, refusal) in cases {
        assert_eq!(refused(wanted), (message.to_owned(), refusal));
    }
    let store = make(CreateStore { tags: tags(50), kms_key_id: text("alias/my-key"), ..named("eds") });
    assert_eq!((store.tags.len(), store.kms_key_id.as_deref()), (50, Some("alias/my-key")));
    assert!(!make(of_type(StoreType::ActivityAuditLog)).multi_region);
}

#[test]
fn selectors_decide_the_type_of_the_store() {
    let insight =
        AdvancedEventSelectors::parse(r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]"#)
            .unwrap();
    let store = make(CreateStore { selectors: SelectorChoice::Chosen(insight.clone()), ..named("insights") });
    assert_eq!((store.store_type, &store.selectors), (StoreType::Insights, &Some(insight)));
    let wrong = AdvancedEventSelectors::default();
    let (message, refusal) = refused(CreateStore { selectors: SelectorChoice::Chosen(wrong), ..named("insights") });
    assert_eq!((message.as_str(), refusal), ("there is no selector", Refusal::InvalidEventSelectors));
}

#[test]
fn a_store_without_selectors_takes_every_event_of_its_type() {
    let everything = make(of_type(StoreType::CloudTrail)).compiled_selectors();
    let default = make(named("events")).compiled_selectors();
    for category in EventCategory::ALL {
        assert_eq!(everything.takes_category(category), StoreType::of(category) == StoreType::CloudTrail);
        assert_eq!(default.takes_category(category), category == EventCategory::Management);
    }
}

#[test]
fn a_single_region_store_takes_its_region_only() {
    let single =
        make(CreateStore { multi_region: Some(false), region: Some("eu-west-1".to_owned()), ..named("events") });
    assert!(single.takes_region("eu-west-1") && !single.takes_region("us-east-1"));
    assert!(make(named("events")).takes_region("eu-west-1"));
}

#[test]
fn ingestion_stops_and_starts_where_the_type_allows() {
    for store_type in StoreType::ALL {
        let pausable = matches!(store_type, StoreType::CloudTrail | StoreType::Configuration);
        let created =
            EventDataStore::create(CreateStore { start_ingestion: Some(false), ..of_type(store_type) }, id(), day(0));
        assert_eq!(created.is_ok(), pausable, "{store_type}");
        let mut store = make(of_type(store_type));
        if !pausable {
            assert_eq!(refusal(store.stop_ingestion(day(1))).1, Refusal::InvalidCategory);
            assert_eq!(refusal(store.start_ingestion(day(1))).1, Refusal::InvalidCategory);
            assert_eq!(refusal(created.map(drop)).1, Refusal::InvalidCategory);
            continue;
        }
        assert_eq!(created.unwrap().status, StoreStatus::StoppedIngestion);
        store.stop_ingestion(day(1)).unwrap();
        assert_eq!(
            (store.status, store.updated, store.accepts_ingestion()),
            (StoreStatus::StoppedIngestion, day(1), false)
        );
        let (message, why) = refusal(store.stop_ingestion(day(2)));
        assert_eq!(message, "the store is `STOPPED_INGESTION`, and must be `ENABLED` to become `STOPPED_INGESTION`");
        assert_eq!(why, Refusal::InvalidStatus);
        store.start_ingestion(day(2)).unwrap();
        assert_eq!(refusal(store.start_ingestion(day(3))).1, Refusal::InvalidStatus);
        assert!(store.accepts_ingestion());
    }
}

#[test]
fn deletion_waits_seven_days_and_can_be_taken_back_until_then() {
    for stopped in [false, true] {
        let mut store = make(of_type(StoreType::CloudTrail));
        if stopped {
            store.stop_ingestion(day(0)).unwrap();
        }
        let before = store.clone();
        store.delete(day(1)).unwrap();
        assert_eq!(
            (store.status, store.delete_after, store.updated),
            (StoreStatus::PendingDeletion, Some(day(8)), day(1))
        );
        assert!(!store.accepts_ingestion());
        assert!(!store.is_gone(day(8) - Duration::microseconds(1)));
        assert!(store.is_gone(day(8)));
        let mut late = store.clone();
        assert_eq!(refusal(late.restore(day(8))).0, "the store can no longer be restored: 7 days have passed");
        store.restore(day(7)).unwrap();
        assert_eq!(store, EventDataStore { updated: day(7), ..before });
        assert!(!store.is_gone(day(100)));
    }
}

#[test]
fn a_protected_store_is_not_deleted() {
    let mut store = make(named("events"));
    let error = store.delete(day(1)).unwrap_err();
    assert_eq!(error.cause(), Some(&Refusal::TerminationProtected));
    assert_eq!(
        error.to_string(),
        "the store is protected from deletion\n  at event data store `events`\nhint: turn its termination protection off first"
    );
    store.update(UpdateStore { termination_protection: Some(false), ..UpdateStore::default() }, day(1)).unwrap();
    store.delete(day(1)).unwrap();
}

#[test]
fn what_a_pending_deletion_rules_out() {
    let mut store = make(of_type(StoreType::CloudTrail));
    store.delete(day(1)).unwrap();
    let rename = || UpdateStore { name: Some("other".to_owned()), ..UpdateStore::default() };
    let before = store.clone();
    assert_eq!(refusal(store.check_active()).1, Refusal::Inactive);
    assert_eq!(refusal(store.update(rename(), day(2))).1, Refusal::Inactive);
    assert_eq!(refusal(store.add_tags(&[Tag::new("a", "b")], day(2))).1, Refusal::Inactive);
    assert_eq!(refusal(store.remove_tags(&["a".to_owned()], day(2))).1, Refusal::Inactive);
    assert_eq!(refusal(store.delete(day(2))).1, Refusal::InvalidStatus);
    assert_eq!(refusal(store.start_ingestion(day(2))).1, Refusal::InvalidStatus);
    assert_eq!(refusal(store.stop_ingestion(day(2))).1, Refusal::InvalidStatus);
    assert_eq!(refusal(store.check_import()).1, Refusal::InvalidStatus);
    assert_eq!(store, before, "a refusal changes nothing");
}

#[test]
fn an_active_store_needs_no_restoring() {
    let mut store = make(named("events"));
    assert_eq!(
        refusal(store.restore(day(1))),
        ("the store is `ENABLED` and needs no restoring".to_owned(), Refusal::InvalidStatus)
    );
    assert!(store.check_active().is_ok());
}

#[test]
fn stores_in_passing_states_are_not_deleted() {
    for status in [StoreStatus::Created, StoreStatus::StartingIngestion, StoreStatus::StoppingIngestion] {
        let mut store = EventDataStore { status, ..make(of_type(StoreType::CloudTrail)) };
        assert_eq!(
            refusal(store.delete(day(1))),
            (format!("the store is `{status}` and cannot be deleted"), Refusal::InvalidStatus)
        );
    }
}

#[test]
fn imports_and_channels_hold_a_store() {
    let store = make(of_type(StoreType::CloudTrail));
    let with = |running_imports, channels| StoreUse { running_imports, channels };
    assert!(store.check_update_use(with(0, 3)).is_ok());
    assert!(store.check_delete_use(with(0, 0)).is_ok());
    assert_eq!(refusal(store.check_update_use(with(1, 0))).1, Refusal::OngoingImport);
    assert_eq!(refusal(store.check_delete_use(with(1, 1))).1, Refusal::OngoingImport);
    assert_eq!(refusal(store.check_delete_use(with(0, 1))).1, Refusal::ChannelExists);
    assert!(store.check_import().is_ok());
    assert_eq!(refusal(make(of_type(StoreType::Insights)).check_import()).1, Refusal::InvalidCategory);
}

#[test]
fn every_parameter_can_be_updated() {
    let mut store = make(CreateStore { billing_mode: Some(BillingMode::Fixed), ..named("events") });
    let selectors = AdvancedEventSelectors::parse(
        r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]"#,
    )
    .unwrap();
    let before = store.clone();
    let wanted = UpdateStore {
        name: Some("data.events".to_owned()),
        selectors: Some(selectors.clone()),
        multi_region: Some(false),
        organization_enabled: Some(true),
        retention: Some(Retention::Days(3653)),
        termination_protection: Some(false),
        kms_key_id: Some("alias/k".to_owned()),
        billing_mode: Some(BillingMode::Extendable),
    };
    store.update(wanted, day(3)).unwrap();
    let expected = EventDataStore {
        name: "data.events".to_owned(),
        selectors: Some(selectors),
        multi_region: false,
        organization_enabled: true,
        retention: Retention::Days(3653),
        termination_protection: false,
        kms_key_id: Some("alias/k".to_owned()),
        billing_mode: BillingMode::Extendable,
        updated: day(3),
        ..before
    };
    assert_eq!(store, expected);
}

#[test]
fn a_change_of_billing_keeps_the_retention_and_never_goes_back() {
    let mut store = make(CreateStore { billing_mode: Some(BillingMode::Fixed), ..named("events") });
    let billing = |mode| UpdateStore { billing_mode: Some(mode), ..UpdateStore::default() };
    store.update(billing(BillingMode::Fixed), day(1)).unwrap();
    store.update(billing(BillingMode::Extendable), day(1)).unwrap();
    assert_eq!((store.billing_mode, store.retention), (BillingMode::Extendable, Retention::Days(2557)));
    let (message, why) = refusal(store.update(billing(BillingMode::Fixed), day(2)));
    assert_eq!(
        (message.as_str(), why),
        ("the billing mode cannot go back to `FIXED_RETENTION_PRICING`", Refusal::InvalidParameter)
    );
}

#[test]
fn what_cannot_be_updated_leaves_the_store_as_it_was() {
    let mut store = make(CreateStore { kms_key_id: Some("alias/k".to_owned()), ..named("events") });
    let insight =
        AdvancedEventSelectors::parse(r#"[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]"#)
            .unwrap();
    let none = UpdateStore::default;
    let renamed = || UpdateStore { name: Some("renamed".to_owned()), ..none() };
    let cases = [
        (none(), "there is nothing to change", Refusal::InvalidParameter),
        (
            UpdateStore { name: Some("x".to_owned()), ..none() },
            "`x` cannot be the name of an event data store",
            Refusal::InvalidParameter,
        ),
        (
            UpdateStore { retention: Some(Retention::Days(5)), ..renamed() },
            "a retention of 5 days is out of range: 7 to 3653 with `EXTENDABLE_RETENTION_PRICING`",
            Refusal::InvalidParameter,
        ),
        (
            UpdateStore { kms_key_id: Some("alias/other".to_owned()), ..renamed() },
            "the key `alias/k` cannot be changed once set",
            Refusal::InvalidParameter,
        ),
        (
            UpdateStore { selectors: Some(insight), ..renamed() },
            "a store of CloudTrail events cannot become one of Insights events",
            Refusal::InvalidEventSelectors,
        ),
        (
            UpdateStore { selectors: Some(AdvancedEventSelectors::default()), ..renamed() },
            "there is no selector",
            Refusal::InvalidEventSelectors,
        ),
    ];
    let before = store.clone();
    for (wanted, message, why) in cases {
        assert_eq!(refusal(store.update(wanted, day(1))), (message.to_owned(), why));
        assert_eq!(store, before);
    }
    let same_key = UpdateStore { kms_key_id: Some("alias/k".to_owned()), ..renamed() };
    store.update(same_key, day(1)).unwrap();
}

#[test]
fn tags_of_the_same_key_are_overwritten() {
    let given = vec![Tag::new("team", "a"), Tag::new("env", "dev"), Tag::new("team", "b")];
    let mut store = make(CreateStore { tags: given, ..named("events") });
    assert_eq!(store.tags, [Tag::new("team", "b"), Tag::new("env", "dev")]);
    store.add_tags(&[Tag::new("env", "prod"), Tag::new("cost", "1")], day(1)).unwrap();
    assert_eq!(store.tags, [Tag::new("team", "b"), Tag::new("env", "prod"), Tag::new("cost", "1")]);
    let more: Vec<Tag> = (0..48).map(|n| Tag::new(n.to_string(), "v")).collect();
    assert_eq!(refusal(store.add_tags(&more, day(2))).1, Refusal::TagsLimitExceeded);
    store.remove_tags(&["team".to_owned(), "absent".to_owned()], day(2)).unwrap();
    assert_eq!((store.tags.len(), store.updated), (2, day(2)));
    store.add_tags(&more, day(3)).unwrap();
    assert_eq!(store.tags.len(), MAX_TAGS);
}

#[test]
fn arns_and_ids_are_read_back() {
    let text = "37382170-182d-42ed-9df9-5aaf0b4b9511";
    for region in ["eu-west-1", "cn-north-1", "us-gov-west-1"] {
        assert_eq!(parse_store_arn(&store_arn(region, "123456789012", id())), Some(id()));
    }
    assert!(store_arn("cn-north-1", "1", id()).starts_with("arn:aws-cn:cloudtrail:"));
    assert!(store_arn("us-gov-west-1", "1", id()).starts_with("arn:aws-us-gov:cloudtrail:"));
    assert_eq!(parse_store_arn(text), Some(id()));
    assert_eq!(parse_store_arn(&text.to_uppercase()), Some(id()));
    for wrong in [
        "",
        "events",
        &text[..35],
        &text.replace('-', ""),
        &format!("{{{text}}}"),
        "arn:aws:cloudtrail:r:a:eventdatastore/x",
        &format!("arn:aws:cloudtrail:r:a:channel/{text}"),
        &format!("arn:aws:s3:r:a:eventdatastore/{text}"),
    ] {
        assert_eq!(parse_store_arn(wrong), None, "{wrong}");
    }
}

#[test]
fn definitions_survive_being_written_down() {
    let mut store = make(CreateStore { tags: vec![Tag::new("a", "b")], ..of_type(StoreType::CloudTrail) });
    store
        .update(
            UpdateStore { selectors: Some(AdvancedEventSelectors::default_management()), ..UpdateStore::default() },
            day(1),
        )
        .unwrap();
    store.delete(day(2)).unwrap();
    let text = serde_json::to_string(&store).unwrap();
    assert_eq!(serde_json::from_str::<EventDataStore>(&text).unwrap(), store);
    for part in [
        r#""status":"PENDING_DELETION""#,
        r#""billing_mode":"EXTENDABLE_RETENTION_PRICING""#,
        r#""retention":366"#,
        r#""store_type":"CloudTrail""#,
        r#""tags":[{"Key":"a","Value":"b"}]"#,
        r#"{"Field":"eventCategory","Equals":["Management"]}"#,
        r#""restore_to":"ENABLED""#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn billing_modes_are_read_in_full_or_by_their_first_word() {
    for (text, mode) in [
        ("EXTENDABLE_RETENTION_PRICING", Some(BillingMode::Extendable)),
        ("extendable", Some(BillingMode::Extendable)),
        ("Fixed", Some(BillingMode::Fixed)),
        ("fixed_retention_pricing", Some(BillingMode::Fixed)),
        ("FIXED_RETENTION", None),
        ("", None),
    ] {
        assert_eq!(text.parse::<BillingMode>().ok(), mode, "{text}");
    }
}

#[test]
fn refusals_carry_awss_names() {
    assert_eq!(Refusal::Inactive.to_string(), "InactiveEventDataStoreException");
    assert_eq!(Refusal::TagsLimitExceeded.because("x").kind(), crate::Kind::Limit);
    assert_eq!(Refusal::AlreadyExists.because("x").kind(), crate::Kind::Invalid);
}
