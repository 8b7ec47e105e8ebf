//! The rules of section 3.7 and those that the formats leave open, one by one.

use super::cells::Cell;
use super::{Row, decode, log_file};
use trailmere_model::StoreType;

/// The row of a record with these fields besides what makes it an event.
fn row(fields: &str) -> Row {
    let record = format!(r#"{{"eventVersion":"1.08","eventTime":"2024-01-01T00:00:01Z","eventName":"X",{fields}}}"#);
    let mut decoded = decode(log_file(&[&record]).as_bytes());
    assert!(decoded.refused.is_empty(), "{:?}", decoded.refused);
    decoded.rows.remove(0)
}

#[test]
fn map_values_are_what_was_delivered() {
    let row = row(r#""requestParameters": { "dBName" : "a\"b\u00e9\n", "t": true, "n": 101.0, "e": 1E+2, "nil": null,
        "o": { "K" : [ 1 , {"x y": "a b"} ], "e":"\u00e9" }, "l": [ ], "": "empty key" }"#);
    let expected = [
        ("dBName", Some("a\"b\u{e9}\n")),
        ("t", Some("true")),
        ("n", Some("101.0")),
        ("e", Some("1E+2")),
        ("nil", None),
        ("o", Some(r#"{"K":[1,{"x y":"a b"}],"e":"\u00e9"}"#)),
        ("l", Some("[]")),
        ("", Some("empty key")),
    ];
    assert_eq!(row.cell("requestparameters"), Cell::map(&expected));
}

#[test]
fn null_absent_and_wrong_types_are_null_in_typed_columns() {
    let row = row(r#""requestParameters":"text","responseElements":null,"additionalEventData":[1],"userIdentity":"me",
        "resources":"arn:aws:s3:::b","readOnly":1,"managementEvent":"no","tlsDetails":{"tlsVersion":{"a": 1}}"#);
    for column in [
        "requestparameters",
        "responseelements",
        "additionaleventdata",
        "useridentity",
        "resources",
        "readonly",
        "errorcode",
    ] {
        assert_eq!(row.cell(column), Cell::Null, "{column}");
    }
    assert_eq!(row.cell("managementevent"), Cell::Null);
    assert_eq!(row.cell("tlsdetails.tlsversion"), Cell::text(r#"{"a":1}"#));
    assert_eq!(row.cell("tlsdetails.ciphersuite"), Cell::Null);
}

#[test]
fn an_empty_object_is_an_empty_map_and_a_struct_of_nulls() {
    let row = row(r#""requestParameters":{},"userIdentity":{},"resources":[]"#);
    assert_eq!(row.cell("requestparameters"), Cell::map(&[]));
    assert_eq!(row.cell("useridentity.arn"), Cell::Null);
    assert_eq!(row.cell("resources"), Cell::List(vec![]));
}

#[test]
fn text_is_a_boolean_and_anything_is_text() {
    let row =
        row(r#""readOnly":"true","managementEvent":"false","apiVersion":2012,"errorCode":{"a" : 1},"userAgent":true"#);
    assert_eq!((row.cell("readonly"), row.cell("managementevent")), (Cell::Boolean(true), Cell::Boolean(false)));
    assert_eq!((row.cell("apiversion"), row.cell("useragent")), (Cell::text("2012"), Cell::text("true")));
    assert_eq!(row.cell("errorcode"), Cell::text(r#"{"a":1}"#));
}

#[test]
fn resources_are_spelled_in_any_case() {
    let row = row(
        r#""resources":[{"ARN":"a","accountId":"1","type":"T"},{"arn":"b","ARNPrefix":"p"},null,7,{"ARN":"x","arn":"y"}]"#,
    );
    assert_eq!((row.cell("resources.0.arn"), row.cell("resources.0.type")), (Cell::text("a"), Cell::text("T")));
    assert_eq!((row.cell("resources.1.arn"), row.cell("resources.1.arnprefix")), (Cell::text("b"), Cell::text("p")));
    assert_eq!((row.cell("resources.2"), row.cell("resources.3")), (Cell::Null, Cell::Null));
    assert_eq!(row.cell("resources.4.arn"), Cell::text("y"));
}

#[test]
fn both_spellings_of_a_time_are_read() {
    let at = |text: &str| {
        let identity = format!(r#""userIdentity":{{"sessionContext":{{"attributes":{{"creationDate":{text}}}}}}}"#);
        row(&identity).cell("useridentity.sessioncontext.attributes.creationdate")
    };
    assert_eq!(at(r#""2025-01-22T22:05:56Z""#), Cell::Time(1_737_583_556_000_000));
    assert_eq!(at(r#""20131102T010628Z""#), Cell::Time(1_383_354_388_000_000));
    assert_eq!(at(r#""20131102T010628Z""#), Cell::Time(1_383_354_388_000_000));
    assert_eq!((at(r#""soon""#), at("1383354388"), at("null")), (Cell::Null, Cell::Null, Cell::Null));
}

#[test]
fn of_a_key_given_twice_the_last_one_counts() {
    let row = row(
        r#""eventName":"Y","requestParameters":{"a":1},"requestParameters":{"a":1,"b":2,"\u0061":3,"b":null},"eventName":"Z""#,
    );
    assert_eq!(row.cell("eventname"), Cell::text("Z"));
    assert_eq!(row.cell("requestparameters"), Cell::map(&[("a", Some("3")), ("b", None)]));
}

#[test]
fn a_map_of_many_keys_is_complete_and_has_each_once() {
    let names: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
    let members: Vec<String> = names.iter().chain(&names[..3]).map(|name| format!("\"{name}\":\"v\"")).collect();
    let row = row(&format!("\"requestParameters\":{{{}}}", members.join(",")));
    let Cell::Map(entries) = row.cell("requestparameters") else { panic!("no map") };
    assert_eq!(entries.len(), 100);
    assert_eq!(entries[99].0, "k2", "a key stands where it stood last");
}

#[test]
fn a_category_is_derived_where_it_is_missing() {
    let cases = [
        ("", "Management", StoreType::CloudTrail),
        (r#","managementEvent":true"#, "Management", StoreType::CloudTrail),
        (r#","managementEvent":false"#, "Data", StoreType::CloudTrail),
        (r#","insightDetails":{},"managementEvent":false"#, "Insight", StoreType::Insights),
        (r#","insightDetails":null"#, "Management", StoreType::CloudTrail),
        (r#","eventCategory":null,"managementEvent":false"#, "Data", StoreType::CloudTrail),
        (r#","eventCategory":"NetworkActivity""#, "NetworkActivity", StoreType::CloudTrail),
        (r#","eventCategory":"Brand New""#, "Brand New", StoreType::CloudTrail),
        (r#","eventCategory":"Evidence""#, "Evidence", StoreType::Evidence),
    ];
    for (fields, category, store_type) in cases {
        let row = row(&format!("\"awsRegion\":\"r\"{fields}"));
        assert_eq!((row.cell("eventcategory"), row.store_type), (Cell::text(category), store_type), "{fields}");
    }
}

#[test]
fn an_insights_event_of_a_trail_becomes_flat() {
    let row = row(
        r#""eventCategory":"Insight","sharedEventID":"s","insightDetails":{"state":"End","eventSource":"ec2.amazonaws.com",
        "eventName":"RunInstances","insightType":"ApiErrorRateInsight","errorCode":"Denied","insightContext":{"statistics":
        {"baseline":{"average":9.82222E-5},"insight":{"average":3},"insightDuration":5,"baselineDuration":10080.0},
        "attributions":[{"attribute":"errorCode","insight":[{"value":"null","average":2.5},{"value":"b","average":1}],
        "baseline":[]}]}}"#,
    );
    assert_eq!(row.store_type, StoreType::Insights);
    let texts = ["insightstate", "insighteventsource", "insighteventname", "insighttype", "insighterrorcode"];
    let said = ["End", "ec2.amazonaws.com", "RunInstances", "ApiErrorRateInsight", "Denied"];
    assert_eq!(texts.map(|column| row.cell(column)), said.map(Cell::text));
    assert_eq!(row.cell("insightcontext.baselineaverage"), Cell::Double(9.82222E-5));
    assert_eq!(row.cell("insightcontext.insightaverage"), Cell::Double(3.0));
    assert_eq!(row.cell("insightcontext.baselineduration"), Cell::Integer(10080));
    assert_eq!(row.cell("insightcontext.insightduration"), Cell::Integer(5));
    assert_eq!(row.cell("insightcontext.attributions.0.attribute"), Cell::text("errorCode"));
    assert_eq!(row.cell("insightcontext.attributions.0.insightvalue"), Cell::text("null"));
    assert_eq!(row.cell("insightcontext.attributions.0.baselineaverage"), Cell::Null);
    assert_eq!(row.cell("insightcontext.attributions.0.insight.1.average"), Cell::Double(1.0));
    assert_eq!(row.cell("insightcontext.attributions.0.baseline"), Cell::List(vec![]));
    assert_eq!(row.cell("insightsource"), Cell::Null);
}

#[test]
fn an_insights_event_of_a_store_is_flat_already() {
    let row = row(r#""eventCategory":"Insight","insightSource":"arn:s","insightState":"Start","insightContext":
        {"baselineAverage":1.5,"attributions":[{"attribute":"userAgent","insightValue":"v"}]}"#);
    assert_eq!((row.cell("insightsource"), row.cell("insightstate")), (Cell::text("arn:s"), Cell::text("Start")));
    assert_eq!(row.cell("insightcontext.baselineaverage"), Cell::Double(1.5));
    assert_eq!(row.cell("insightcontext.attributions.0.insightvalue"), Cell::text("v"));
}

#[test]
fn other_store_types_have_their_own_columns() {
    let config = row(r#""eventCategory":"ConfigurationItem","eventData":{"configurationStateId":"7","tags":{"k":"v"},
        "configuration":{"a":{"b" :1}},"relationships":[{"name":"Is in Vpc"}]}"#);
    assert_eq!(config.cell("eventdata.configurationitemstateid"), Cell::text("7"));
    assert_eq!(config.cell("eventdata.configuration.a"), Cell::text(r#"{"b":1}"#));
    assert_eq!(config.cell("eventdata.relationships.0.name"), Cell::text("Is in Vpc"));
    let evidence = row(r#""eventCategory":"Evidence","eventData":{"time":"2024-01-01T00:00:00Z","evidenceId":"e"}"#);
    assert_eq!(evidence.cell("eventdata.time"), Cell::Time(1_704_067_200_000_000));
    assert_eq!(evidence.cell("eventdata.evidenceid"), Cell::text("e"));
    let activity =
        row(r#""eventCategory":"ActivityAuditLog","addendum":{"originalUID":"u"},"metadata":{"channelARN":"c"},
        "eventData":{"UID":"1","userIdentity":{"type":"T","details":{"d":[1]}},"requestParameters":{"p":"q"}}"#);
    assert_eq!(
        (activity.cell("addendum.originaluid"), activity.cell("metadata.channelarn")),
        (Cell::text("u"), Cell::text("c"))
    );
    assert_eq!(activity.cell("eventdata.useridentity.details.d"), Cell::text("[1]"));
    assert_eq!(activity.cell("eventdata.requestparameters.p"), Cell::text("q"));
}

#[test]
fn a_channel_event_without_a_time_of_its_own_has_that_of_its_data() {
    let record = r#"{"eventCategory":"ActivityAuditLog","eventData":{"eventTime":"2024-01-01T00:00:00"}}"#;
    let decoded = decode(record.as_bytes());
    assert_eq!(decoded.rows[0].cell("eventtime"), Cell::Time(1_704_067_200_000_000));
}

#[test]
fn bytes_that_are_no_utf8_lose_no_record() {
    let record = b"{\"eventVersion\":\"1.08\",\"eventTime\":\"2024-01-01T00:00:01Z\",\"eventName\":\"a\xff\xc3b\",\"errorCode\":\"\xc3\xa9\"}";
    let decoded = decode(record);
    assert_eq!(decoded.rows[0].cell("eventname"), Cell::text("a\u{fffd}\u{fffd}b"));
    assert_eq!(decoded.rows[0].cell("errorcode"), Cell::text("\u{e9}"));
    assert!(decoded.rows[0].json.contains("a\u{fffd}\u{fffd}b"));
}

#[test]
fn half_a_surrogate_pair_loses_no_record() {
    let row = row(r#""errorCode":"\ud83d!","requestParameters":{"\ude00":{"k":"\ud83d"}}"#);
    assert_eq!(row.cell("errorcode"), Cell::text("\u{fffd}!"));
    assert_eq!(row.cell("requestparameters"), Cell::map(&[("\u{fffd}", Some(r#"{"k":"\ud83d"}"#))]));
    assert!(row.json.contains(r"\ud83d!"));
}

#[test]
fn what_is_no_event_is_refused_with_its_reason() {
    let cases = [
        ("{}", "neither `eventVersion` nor `eventTime`"),
        ("[]", "result row"),
        ("7 ", "not an object"),
        ("null", "not an object"),
        (r#""text""#, "not an object"),
        (r#"{"eventVersion":"1.08"}"#, "no `eventTime`"),
        (r#"{"eventVersion":"1.08","eventTime":null}"#, "no `eventTime`"),
        (r#"{"eventVersion":"1.08","eventTime":"soon"}"#, "`soon`"),
        (r#"{"eventVersion":"1.08","eventTime":1700000000}"#, "`1700000000`"),
        (r#"{"eventTime":"2024-01-01T00:00:01Z"}"#, "nothing else"),
        (r#"{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2024-01-01T00:00:01.000Z"}"#, "`aws:s3`"),
        (r#"{"detail-type":"Scheduled Event","detail":{}}"#, "`Scheduled Event`"),
    ];
    for (record, reason) in cases {
        let decoded = decode(log_file(&[record]).as_bytes());
        assert_eq!((decoded.rows.len(), decoded.refused.len()), (0, 1), "{record}");
        assert!(decoded.refused[0].reason.contains(reason), "{record}: {}", decoded.refused[0].reason);
        assert_eq!(decoded.refused[0].bytes, record.trim().as_bytes());
        assert_eq!((decoded.refused[0].index, decoded.refused[0].offset), (0, 12));
    }
}
