//! Every shape of section 1.5, recognised by content.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use trailmere_ingest::decode::{Notice, Shape};

use super::{Decoded, decode, event, gzip};

/// A JSON string that says `text`.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn bridge(detail: &str) -> String {
    format!(
        r#"{{"version":"0","id":"1","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"1","time":"2024-01-01T00:00:02Z","region":"us-east-1","resources":[],"detail":{detail}}}"#
    )
}

fn subscription(messages: &[String]) -> String {
    let events = messages.iter().map(|message| format!(r#"{{"id":"1","timestamp":1,"message":{}}}"#, quoted(message)));
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{}]}}"#,
        events.collect::<Vec<_>>().join(",")
    )
}

fn check(text: &str, shape: Shape, names: &[&str]) -> Decoded {
    let decoded = decode(text.as_bytes());
    assert!(decoded.is_whole(), "{text}: {:?}", decoded.report.end);
    assert!(decoded.refused.is_empty(), "{text}: {:?}", decoded.refused);
    assert_eq!(
        (decoded.report.shape, decoded.event_names()),
        (shape, names.iter().map(|n| n.to_string()).collect()),
        "{text}"
    );
    for (row, name) in decoded.rows.iter().zip(names) {
        assert_eq!(row.json, event(name), "{text}");
    }
    let packed = decode(&gzip(text.as_bytes()));
    assert_eq!((&packed.rows, packed.report.shape), (&decoded.rows, shape));
    decoded
}

#[test]
fn every_shape_gives_its_records() {
    let (a, b) = (event("A"), event("B"));
    let pretty = serde_json::to_string_pretty(&serde_json::json!({"Records": [], "x": {"eventVersion": 1}})).unwrap();
    let cases: Vec<(String, Shape, &[&str])> = vec![
        (format!("{{\"Records\":[{a},{b}]}}"), Shape::Records, &["A", "B"]),
        (format!(" {{ \"Records\" : [\n {a} ,\n {b} \n] }} \n"), Shape::Records, &["A", "B"]),
        (format!("\u{feff}{{\"Records\":[{a}]}}"), Shape::Records, &["A"]),
        (
            format!("{{\"note\":{{\"n\":[1,2]}},\"Records\":[{a}],\"more\":[1],\"Records\":[{b}]}}"),
            Shape::Records,
            &["A", "B"],
        ),
        ("{\"Records\":[]}".to_string(), Shape::Records, &[]),
        (pretty, Shape::Records, &[]),
        (format!("[{a},{b}]"), Shape::Array, &["A", "B"]),
        (format!("{a}\n"), Shape::Objects, &["A"]),
        (format!("{a}\n{b}\n\n"), Shape::Objects, &["A", "B"]),
        (format!("{a}{b}"), Shape::Objects, &["A", "B"]),
        (format!("{{\"Records\":[{a}]}}{{\"Records\":[{b}]}}"), Shape::Records, &["A", "B"]),
        (format!("2024-01-01T00:00:02.123Z {a}\n2024-01-01T00:00:03.456Z {b}\n"), Shape::LogLines, &["A", "B"]),
        (
            format!(
                r#"{{"Events":[{{"EventId":"1","EventTime":1704067201.0,"CloudTrailEvent":{}}},{{"EventTime":"2024-01-01T01:00:01+01:00","CloudTrailEvent":{}}}],"NextToken":"t"}}"#,
                quoted(&a),
                quoted(&b)
            ),
            Shape::LookupEvents,
            &["A", "B"],
        ),
        (bridge(&a), Shape::EventBridge, &["A"]),
        (format!("{}\n{}", bridge(&a), bridge(&b)), Shape::EventBridge, &["A", "B"]),
        (subscription(&[a.clone(), b.clone()]), Shape::CloudWatchLogs, &["A", "B"]),
        (
            format!("{}{}", subscription(std::slice::from_ref(&a)), subscription(std::slice::from_ref(&b))),
            Shape::CloudWatchLogs,
            &["A", "B"],
        ),
        (
            format!(
                r#"{{"awslogs":{{"data":"{}"}}}}"#,
                STANDARD.encode(gzip(subscription(std::slice::from_ref(&a)).as_bytes()))
            ),
            Shape::CloudWatchLogs,
            &["A"],
        ),
        (
            format!(
                r#"{{"events":[{{"logStreamName":"s","timestamp":1,"message":{},"ingestionTime":2,"eventId":"3"}}],"searchedLogStreams":[]}}"#,
                quoted(&a)
            ),
            Shape::FilterLogEvents,
            &["A"],
        ),
        (
            format!(
                r#"{{"QueryStatus":"FINISHED","QueryResultRows":[[{{"eventID":"x"}},{{"eventJson":{}}}],[{{"eventjson":{}}}]]}}"#,
                quoted(&a),
                quoted(&b)
            ),
            Shape::ResultRows,
            &["A", "B"],
        ),
        (format!(r#"{{"eventtime":"2024-01-01 00:00:01.000","eventjson":{}}}"#, quoted(&a)), Shape::ResultRows, &["A"]),
        (format!(r#"{{"Type":"Notification","Message":{}}}"#, quoted(&bridge(&a))), Shape::Notices, &["A"]),
        (String::new(), Shape::Empty, &[]),
        (" \n ".to_string(), Shape::Empty, &[]),
    ];
    for (text, shape, names) in cases {
        check(&text, shape, names);
    }
}

#[test]
fn a_record_keeps_a_field_that_other_shapes_have_as_their_list() {
    let record = event("A").replace("\"eventID\"", "\"events\":[1,2],\"Records\":[],\"eventID\"");
    let decoded = decode(format!("{record}\n{record}").as_bytes());
    assert_eq!(decoded.rows.len(), 2);
    assert_eq!((decoded.report.shape, &decoded.rows[1].json), (Shape::Objects, &record));
}

#[test]
fn notices_name_the_files_they_announce() {
    let notice = r#"{"s3Bucket":"b","s3ObjectKey":["k1","k\/2"]}"#;
    for text in
        [notice.to_string(), format!(r#"{{"Type":"Notification","TopicArn":"t","Message":{}}}"#, quoted(notice))]
    {
        let decoded = check(&text, Shape::Notices, &[]);
        let announced = Notice { bucket: "b".to_string(), keys: vec!["k1".to_string(), "k/2".to_string()] };
        assert_eq!((decoded.report.notices, decoded.report.skipped), (vec![announced], 1));
    }
}

#[test]
fn what_holds_no_events_is_passed_over_by_name() {
    let digest = r#"{"awsAccountId":"1","digestStartTime":"2024-01-01T00:00:00Z","digestEndTime":"2024-01-01T01:00:00Z","digestS3Bucket":"b","logFiles":[{"s3Bucket":"b","newestEventTime":"2024-01-01T00:00:00Z"}]}"#;
    assert_eq!(check(digest, Shape::Digest, &[]).report.skipped, 1);
    let aggregated = r#"{"eventVersion":"1.0","accountId":"1","eventId":"e","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","timeWindow":{"windowStart":"2024-01-01T00:00:00Z"},"summary":{}}"#;
    assert_eq!(check(aggregated, Shape::Aggregated, &[]).report.skipped, 1);
    assert_eq!(check(&format!("[{aggregated},{aggregated}]"), Shape::Aggregated, &[]).report.skipped, 2);
    let control = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}"#;
    assert_eq!(check(control, Shape::CloudWatchLogs, &[]).report.skipped, 1);
    let both = format!("{control}{}", subscription(&[event("A")]));
    assert_eq!(check(&both, Shape::CloudWatchLogs, &["A"]).report.skipped, 1);
}

#[test]
fn a_file_of_another_kind_is_refused_once() {
    let png: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    for bytes in [png, b"not json at all\nline 2\n", b"\xff\xfe{\0\"\0", b"id,name\n1,x\n"] {
        let decoded = decode(bytes);
        assert!(decoded.refused.len() == 1 || bytes.contains(&b'{'), "{:?}", decoded.refused);
        assert_eq!((decoded.rows.len(), decoded.report.shape), (0, Shape::Unknown));
    }
    let other: String = (0..5000).map(|line| format!("{{\"line\":{line}}}\n")).collect();
    let decoded = decode(other.as_bytes());
    assert_eq!(decoded.refused.len(), 1000, "a file that seems hopeless is given up");
    assert!(!decoded.is_whole());
}

#[test]
fn compressed_twice_is_read_too() {
    let text = subscription(&[event("A")]);
    for bytes in [gzip(&gzip(text.as_bytes())), zstd::encode_all(&gzip(text.as_bytes())[..], 1).unwrap()] {
        assert_eq!(decode(&bytes).event_names(), ["A"]);
    }
}
