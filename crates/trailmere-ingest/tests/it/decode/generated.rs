//! Records that nobody would write, against the slow decoder: escapes, unicode, nesting, wrong types, keys given twice,
//! white space, numbers out of range.

use std::io::Read;

use proptest::prelude::*;
use trailmere_ingest::decode::{DecoderOptions, Input};

use super::{decode, decode_with, gzip, log_file, oracle};

/// A JSON value, its strings and numbers spelled out.
#[derive(Clone, Debug)]
enum Json {
    Token(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Writes the value with white space taken from `spaces` in turn.
    fn write(&self, out: &mut String, spaces: &mut impl Iterator<Item = &'static str>) {
        let mut space = |out: &mut String| out.push_str(spaces.next().unwrap_or_default());
        match self {
            Json::Token(token) => out.push_str(token),
            Json::Array(items) => {
                out.push('[');
                space(out);
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    item.write(out, spaces);
                }
                out.push_str(spaces.next().unwrap_or_default());
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                space(out);
                for (position, (key, value)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                        out.push_str(spaces.next().unwrap_or_default());
                    }
                    out.push_str(key);
                    out.push_str(spaces.next().unwrap_or_default());
                    out.push(':');
                    out.push_str(spaces.next().unwrap_or_default());
                    value.write(out, spaces);
                }
                out.push_str(spaces.next().unwrap_or_default());
                out.push('}');
            }
        }
    }
}

const NAMES: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "vpcEndpointId",
    "serviceEventDetails",
    "addendum",
    "insightDetails",
    "eventCategory",
    "tlsDetails",
    "sessionCredentialFromConsole",
    "eventContext",
    "eventData",
    "metadata",
    "insightContext",
    "insightState",
    "events",
    "Event",
    "eventtime",
    "futureField",
];

const MEMBERS: &[&str] = &[
    "type",
    "principalId",
    "arn",
    "ARN",
    "Arn",
    "ARNPrefix",
    "accountId",
    "sessionContext",
    "attributes",
    "creationDate",
    "mfaAuthenticated",
    "sessionIssuer",
    "webIdFederationData",
    "onBehalfOf",
    "tlsVersion",
    "keyExchange",
    "requestContext",
    "tagContext",
    "resourceTags",
    "tags",
    "state",
    "insightContext",
    "statistics",
    "baseline",
    "average",
    "insightDuration",
    "attributions",
    "insight",
    "value",
    "attribute",
    "eventTime",
    "configurationStateId",
    "configuration",
    "relationships",
    "name",
    "details",
    "userIdentity",
    "UID",
    "time",
    "a",
    "b",
    "",
];

const TOKENS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "1e400",
    "-1e400",
    "1E-7",
    "0.1e+2",
    "101.0",
    "5.0",
    "2147483648",
    "-2147483648",
    "9223372036854775808",
    "123456789012345678901234567890",
    r#""""#,
    r#""true""#,
    r#""false""#,
    r#""null""#,
    r#""2024-02-29T23:59:59Z""#,
    r#""20131102T010628Z""#,
    r#""2023-02-29T00:00:00Z""#,
    r#""2024-01-01T00:00:00.123456Z""#,
    r#""Management""#,
    r#""Data""#,
    r#""Insight""#,
    r#""ConfigurationItem""#,
    r#""Evidence""#,
    r#""ActivityAuditLog""#,
    r#""NetworkActivity""#,
    r#""Unheard""#,
    r#""arn:aws:s3:::b/k""#,
    r#""{\"a\": 1}""#,
];

const SPACES: &[&str] = &["", "", "", " ", "\n", "\t\r\n  "];

/// The inside of a string, as delivered.
fn inside() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -!#-\\[\\]-~]{0,12}",
        1 => "[\u{80}-\u{2fff}\u{1f300}-\u{1f5ff}\u{fffd}]{1,4}",
        1 => prop::sample::select(vec![r#"\""#, r"\\", r"\/", r"\b\f\n\r\t", r"\u0041", r"\u00e9", r"\u0000", r"\uD83D\uDE00"])
            .prop_map(str::to_string),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn string() -> impl Strategy<Value = Json> {
    let half = prop::sample::select(vec![r"\ud83d", r"\ude00", r"\ud83d\ud83d\ude00", r"\uDBFFx"]);
    prop_oneof![
        9 => inside().prop_map(|inside| Json::Token(format!("\"{inside}\""))),
        1 => (inside(), half).prop_map(|(inside, half)| Json::Token(format!("\"{inside}{half}\""))),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    let token = prop::sample::select(TOKENS).prop_map(|token| Json::Token(token.to_string()));
    let leaf = prop_oneof![2 => token, 3 => string()];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec((key(), inner), 0..6).prop_map(Json::Object),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(MEMBERS).prop_map(|name| format!("\"{name}\"")),
        2 => inside().prop_map(|inside| format!("\"{inside}\"")),
        1 => Just(r#""\u0061rn""#.to_string()),
    ]
}

/// What lies where, as far as records keep to it.
const LAYOUT: &[(&str, &[&str])] = &[
    (
        "userIdentity",
        &[
            "type",
            "principalId",
            "arn",
            "accountId",
            "accessKeyId",
            "userName",
            "sessionContext",
            "onBehalfOf",
            "inScopeOf",
            "invokedBy",
            "identityProvider",
            "credentialId",
            "invokedByDelegate",
            "assumedRoot",
            "details",
        ],
    ),
    ("sessionContext", &["attributes", "sessionIssuer", "webIdFederationData", "sourceIdentity", "ec2RoleDelivery"]),
    ("attributes", &["creationDate", "mfaAuthenticated"]),
    ("sessionIssuer", &["type", "principalId", "arn", "accountId", "userName"]),
    ("webIdFederationData", &["federatedProvider", "attributes"]),
    ("onBehalfOf", &["userId", "identityStoreArn"]),
    ("invokedByDelegate", &["accountId"]),
    ("tlsDetails", &["tlsVersion", "cipherSuite", "clientProvidedHostHeader", "keyExchange"]),
    ("resources", &["ARN", "arn", "ARNPrefix", "accountId", "type"]),
    ("eventContext", &["requestContext", "tagContext"]),
    ("tagContext", &["resourceTags", "principalTags"]),
    ("resourceTags", &["arn", "tags"]),
    ("insightDetails", &["state", "eventSource", "eventName", "insightType", "errorCode", "insightContext"]),
    ("insightContext", &["statistics", "attributions", "baselineAverage", "insightDuration"]),
    ("statistics", &["baseline", "insight", "insightDuration", "baselineDuration"]),
    ("attributions", &["attribute", "insight", "baseline"]),
    ("insight", &["value", "average"]),
    ("baseline", &["value", "average"]),
    (
        "eventData",
        &[
            "configurationStateId",
            "configuration",
            "relationships",
            "tags",
            "time",
            "attributes",
            "userIdentity",
            "UID",
            "requestParameters",
            "eventTime",
            "errorMessage",
            "evidenceId",
            "resourceName",
        ],
    ),
    ("relationships", &["name", "resourceType"]),
    ("addendum", &["reason", "updatedFields", "originalUID", "originalEventID"]),
    ("metadata", &["ingestionTime", "channelARN"]),
];

const LISTS: &[&str] = &["resources", "attributions", "insight", "baseline", "relationships", "resourceTags"];

/// A value as records have it in this place, mostly.
fn shaped(name: &'static str) -> BoxedStrategy<Json> {
    let Some((_, members)) = LAYOUT.iter().find(|(place, _)| *place == name) else { return value().boxed() };
    let member = prop::sample::select(*members).prop_flat_map(|name| (Just(format!("\"{name}\"")), shaped(name)));
    let object = prop::collection::vec(member, 0..members.len()).prop_map(Json::Object).boxed();
    let list = prop::collection::vec(object.clone(), 0..3).prop_map(Json::Array);
    let list_weight = if LISTS.contains(&name) { 12 } else { 1 };
    prop_oneof![list_weight => list, 5 => object, 1 => value()].boxed()
}

/// A record: any fields, some twice, and what makes it an event somewhere among them.
fn record() -> impl Strategy<Value = Json> {
    let strange =
        prop_oneof![inside().prop_map(|inside| format!("\"{inside}\"")), Just(r#""event\u004eame""#.to_string())];
    let field = prop_oneof![
        12 => prop::sample::select(NAMES).prop_flat_map(|name| (Just(format!("\"{name}\"")), shaped(name))),
        1 => (strange, value()),
    ];
    let categories =
        ["Management", "Data", "NetworkActivity", "Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog"];
    let category = prop::option::of(prop::sample::select(categories.to_vec()));
    let fields = prop::collection::vec(field, 0..14);
    (fields, category, any::<prop::sample::Index>()).prop_map(|(mut fields, category, at)| {
        fields.retain(|(key, _)| !["\"eventVersion\"", "\"eventJson\""].contains(&key.as_str()));
        let mut insert = |at: usize, key: &str, value: &str| {
            fields.insert(at.min(fields.len()), (format!("\"{key}\""), Json::Token(format!("\"{value}\""))));
        };
        insert(at.index(15), "eventTime", "2024-02-29T12:34:56Z");
        if let Some(category) = category {
            insert(usize::MAX, "eventCategory", category);
        }
        // Before any field of the name `events`, which opens a wrapper's list otherwise.
        insert(0, "eventVersion", "1.08");
        Json::Object(fields)
    })
}

fn written() -> impl Strategy<Value = String> {
    (record(), prop::collection::vec(prop::sample::select(SPACES), 1..12)).prop_map(|(record, spaces)| {
        let mut text = String::new();
        record.write(&mut text, &mut spaces.iter().copied().cycle());
        text
    })
}

/// Gives its bytes a few at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_record_has_the_columns_that_the_slow_decoder_gives(records in prop::collection::vec(written(), 1..4)) {
        let texts: Vec<&str> = records.iter().map(String::as_str).collect();
        let decoded = decode(log_file(&texts).as_bytes());
        prop_assert!(decoded.is_whole());
        let expected: Vec<_> = records.iter().filter(|record| !is_other(record)).collect();
        prop_assert_eq!(decoded.rows.len(), expected.len(), "{:?}", decoded.refused);
        for (row, record) in decoded.rows.iter().zip(expected) {
            prop_assert_eq!(&row.json, record);
            let (store_type, cells) = oracle::row(record).expect("an event");
            prop_assert_eq!(row.store_type, store_type);
            for (is, should) in row.cells.iter().zip(&cells) {
                prop_assert_eq!(is, should);
            }
        }
    }

    #[test]
    fn how_a_file_arrives_changes_nothing(records in prop::collection::vec(written(), 1..4), step in 1..5000usize) {
        let texts: Vec<&str> = records.iter().map(String::as_str).collect();
        let (file, lines) = (log_file(&texts), texts.join("\n"));
        let expected = decode(file.as_bytes());
        let small = DecoderOptions { whole_bytes: 16, ..DecoderOptions::default() };
        for bytes in [file.as_bytes().to_vec(), gzip(file.as_bytes()), zstd::encode_all(file.as_bytes(), 1).unwrap()] {
            let arrived = decode_with(small, Input::Reader(&mut Trickle(&bytes, step)));
            prop_assert_eq!(&arrived.rows, &expected.rows);
            prop_assert!(arrived.is_whole());
        }
        let arrived = decode_with(small, Input::Reader(&mut Trickle(lines.as_bytes(), step)));
        prop_assert_eq!(arrived.rows.len(), expected.rows.len());
        prop_assert!(arrived.rows.iter().zip(&expected.rows).all(|(is, should)| is.cells == should.cells));
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode(&bytes);
        let mut file = log_file(&[]).into_bytes();
        file.splice(12..12, bytes);
        decode(&file);
    }

    #[test]
    fn a_changed_byte_harms_the_record_it_is_in_alone(
        records in prop::collection::vec(written(), 3), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut texts = records.clone();
        let mut broken = std::mem::take(&mut texts[1]).into_bytes();
        let at = at.index(broken.len());
        broken[at] = byte;
        let file = [b"{\"Records\":[", records[0].as_bytes(), b",", &broken, b",", records[2].as_bytes(), b"]}"].concat();
        let decoded = decode(&file);
        let found = |record: &String| decoded.rows.iter().any(|row| row.json == *record);
        prop_assert!(is_other(&records[0]) || found(&records[0]));
        prop_assert!(is_other(&records[2]) || found(&records[2]), "{:?}", decoded.refused);
    }
}

/// Whether a record is one that no store takes: given as aggregated, or from another service's notifications.
fn is_other(record: &str) -> bool {
    oracle::row(record).is_none()
}
