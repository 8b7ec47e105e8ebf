//! What should the row of a record be? A second decoder, slow and written from the reference alone: sections 2, 3.2
//! to 3.7. It shares no code with the first, but for the Arrow types of the columns.

use std::fmt;

use arrow::datatypes::{DataType, Fields};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use trailmere_ingest::decode::ScannedRecord;
use trailmere_model::{EventFacts, StoreType, storage_schema};

use super::cells::Cell;
use super::{INGESTED, LOG_FILE};

/// The fields whose column is not just their name in lower case is this list's absence: there are none at top level.
const FIELDS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
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
    "sharedEventID",
    "annotation",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "addendum",
    "edgeDeviceDetails",
    "insightDetails",
    "eventCategory",
    "tlsDetails",
    "sessionCredentialFromConsole",
    "eventContext",
    "insightSource",
    "insightState",
    "insightEventSource",
    "insightEventName",
    "insightErrorCode",
    "insightType",
    "insightContext",
    "eventData",
    "metadata",
];

/// The members of an object in order, as delivered.
#[derive(Clone)]
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Object {
    fn parse(json: &str) -> Option<Object> {
        serde_json::from_str(json).ok()
    }

    /// The last member of this name.
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.get())
    }

    /// The last member of this name in any case.
    fn get_any_case(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.get())
    }
}

fn array(json: &str) -> Option<Vec<Box<RawValue>>> {
    json.starts_with('[').then(|| serde_json::from_str(json).unwrap())
}

/// What a JSON string says: by way of UTF-16, which is how its escapes are defined.
fn said(json: &str) -> String {
    let mut chars = json[1..json.len() - 1].chars();
    let mut units: Vec<u16> = Vec::new();
    while let Some(char) = chars.next() {
        if char != '\\' {
            units.extend(char.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        units.push(match chars.next().unwrap() {
            'u' => u16::from_str_radix(&chars.by_ref().take(4).collect::<String>(), 16).unwrap(),
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            other => other as u16,
        });
    }
    String::from_utf16_lossy(&units)
}

/// JSON text without the white space outside strings.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |char: &char| {
        let kept = in_string || !char.is_ascii_whitespace();
        if *char == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && *char == '\\' && !escaped;
        kept
    };
    json.chars().filter(keep).collect()
}

/// A value in a string column.
fn text(json: &str) -> Option<String> {
    match json {
        "null" => None,
        string if string.starts_with('"') => Some(said(string)),
        other => Some(compact(other)),
    }
}

fn boolean(json: &str) -> Option<bool> {
    match text(json)?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn double(json: &str) -> Option<f64> {
    let number: f64 = json.parse().ok()?;
    number.is_finite().then_some(number)
}

fn time(json: &str) -> Option<i64> {
    use chrono::{DateTime, NaiveDateTime};
    let text = json.starts_with('"').then(|| said(json))?;
    let extended = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.naive_utc());
    let basic = || NaiveDateTime::parse_from_str(&text, "%Y%m%dT%H%M%SZ").ok();
    let bare = || NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let time = extended.or_else(basic).or_else(bare)?;
    Some(time.and_utc().timestamp_micros())
}

/// A value in a column of a type; section 3.7.
fn cell(json: Option<&str>, data_type: &DataType) -> Cell {
    let Some(json) = json.filter(|json| *json != "null") else { return Cell::Null };
    let found = match data_type {
        DataType::Utf8 => text(json).map(Cell::Text),
        DataType::Boolean => boolean(json).map(Cell::Boolean),
        DataType::Int32 => {
            double(json).filter(|number| number.fract() == 0.0 && number.abs() < 2e9).map(|n| Cell::Integer(n as i64))
        }
        DataType::Float64 => double(json).map(Cell::Double),
        DataType::Timestamp(_, _) => time(json).map(Cell::Time),
        DataType::Map(_, _) => Object::parse(json).map(map),
        DataType::List(item) => {
            array(json).map(|items| Cell::List(items.iter().map(|i| cell(Some(i.get()), item.data_type())).collect()))
        }
        DataType::Struct(fields) => Object::parse(json).map(|object| structure(&object, fields)),
        other => panic!("no column has type {other}"),
    };
    found.unwrap_or(Cell::Null)
}

fn map(object: Object) -> Cell {
    let last = |(position, (key, _)): &(usize, &(String, Box<RawValue>))| {
        object.0.iter().rposition(|(other, _)| other == key) == Some(*position)
    };
    let entries = object.0.iter().enumerate().filter(last);
    Cell::Map(entries.map(|(_, (key, value))| (key.clone(), text(value.get()))).collect())
}

fn structure(object: &Object, fields: &Fields) -> Cell {
    let member = |name: &str| match name {
        // Section 2.8: the item says `configurationStateId`.
        "configurationitemstateid" => object
            .0
            .iter()
            .rfind(|(key, _)| {
                ["configurationitemstateid", "configurationstateid"].contains(&key.to_lowercase().as_str())
            })
            .map(|(_, value)| value.get()),
        _ => object.get_any_case(name),
    };
    Cell::Struct(
        fields.iter().map(|field| (field.name().clone(), cell(member(field.name()), field.data_type()))).collect(),
    )
}

/// The store type and row of a record, or `None` if it is no event.
pub(crate) fn row(json: &str) -> Option<(StoreType, Vec<(String, Cell)>)> {
    let record = Object::parse(json)?;
    let category = category(&record);
    let store_type = match category.as_str() {
        "Insight" => StoreType::Insights,
        "ConfigurationItem" => StoreType::Configuration,
        "Evidence" => StoreType::Evidence,
        "ActivityAuditLog" => StoreType::ActivityAuditLog,
        _ => StoreType::CloudTrail,
    };
    let event_time = record.get("eventTime").and_then(time)?;
    let value = |name: &str, data_type: &DataType| match name {
        "eventtime" => Cell::Time(event_time),
        "eventjson" => Cell::text(json),
        "_path" => Cell::text(LOG_FILE),
        "_ingested" => Cell::Time(INGESTED),
        "_verified" => Cell::Null,
        "eventcategory" => Cell::Text(record.get("eventCategory").and_then(text).unwrap_or_else(|| category.clone())),
        _ => {
            let key =
                FIELDS.iter().find(|field| field.to_lowercase() == name).unwrap_or_else(|| panic!("column {name}"));
            match (store_type, record.get(key)) {
                (StoreType::Insights, None) => insight(&record, name, data_type),
                (_, json) => cell(json, data_type),
            }
        }
    };
    let schema = storage_schema(store_type);
    let cells = schema.fields().iter().map(|field| (field.name().clone(), value(field.name(), field.data_type())));
    Some((store_type, cells.collect()))
}

/// Section 2.1: given, or derived.
fn category(record: &Object) -> String {
    let known =
        ["Management", "Data", "NetworkActivity", "Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog"];
    if let Some(given) = record.get("eventCategory").and_then(text).filter(|given| known.contains(&given.as_str())) {
        return given;
    }
    let is_insight = record.get("insightDetails").is_some_and(|details| details.starts_with('{'));
    let is_data = record.get("managementEvent").and_then(boolean) == Some(false);
    let derived = if is_insight {
        "Insight"
    } else if is_data {
        "Data"
    } else {
        "Management"
    };
    derived.to_string()
}

/// Sections 2.5 and 3.3: the details of a trail's Insights event in the columns of a store.
fn insight(record: &Object, column: &str, data_type: &DataType) -> Cell {
    let Some(details) = record.get("insightDetails").and_then(Object::parse) else { return Cell::Null };
    let simple = |key| cell(details.get(key), data_type);
    match column {
        "insightstate" => simple("state"),
        "insighteventsource" => simple("eventSource"),
        "insighteventname" => simple("eventName"),
        "insighterrorcode" => simple("errorCode"),
        "insighttype" => simple("insightType"),
        "insightcontext" => match details.get("insightContext").and_then(Object::parse) {
            Some(context) => insight_context(&context, data_type),
            None => Cell::Null,
        },
        _ => Cell::Null,
    }
}

fn insight_context(context: &Object, data_type: &DataType) -> Cell {
    let DataType::Struct(fields) = data_type else { panic!("insightcontext is a struct") };
    let Some(statistics) = context.get("statistics") else { return structure(context, fields) };
    let statistics = Object::parse(statistics).unwrap_or(Object(Vec::new()));
    let average =
        |key| number_at(statistics.get(key).and_then(Object::parse).as_ref().and_then(|entry| entry.get("average")));
    let member = |name: &str, data_type: &DataType| match (name, data_type) {
        ("baselineaverage", _) => average("baseline"),
        ("insightaverage", _) => average("insight"),
        ("baselineduration", _) => cell(statistics.get("baselineDuration"), data_type),
        ("insightduration", _) => cell(statistics.get("insightDuration"), data_type),
        ("attributions", DataType::List(item)) => match context.get("attributions").and_then(array) {
            Some(items) => Cell::List(items.iter().map(|entry| attribution(entry.get(), item.data_type())).collect()),
            None => Cell::Null,
        },
        (other, _) => panic!("unknown member {other}"),
    };
    Cell::Struct(fields.iter().map(|field| (field.name().clone(), member(field.name(), field.data_type()))).collect())
}

fn number_at(json: Option<&str>) -> Cell {
    json.and_then(double).map_or(Cell::Null, Cell::Double)
}

fn attribution(json: &str, data_type: &DataType) -> Cell {
    let (Some(entry), DataType::Struct(fields)) = (Object::parse(json), data_type) else { return Cell::Null };
    let first = |key| entry.get(key).and_then(array).and_then(|items| Object::parse(items.first()?.get()));
    let member = |name: &str, data_type: &DataType| match name {
        "insightvalue" => cell(first("insight").as_ref().and_then(|first| first.get("value")), data_type),
        "insightaverage" => cell(first("insight").as_ref().and_then(|first| first.get("average")), data_type),
        "baselinevalue" => cell(first("baseline").as_ref().and_then(|first| first.get("value")), data_type),
        "baselineaverage" => cell(first("baseline").as_ref().and_then(|first| first.get("average")), data_type),
        _ => cell(entry.get(name), data_type),
    };
    Cell::Struct(fields.iter().map(|field| (field.name().clone(), member(field.name(), field.data_type()))).collect())
}

/// What selectors are told of a record must be what its columns will say.
pub(crate) fn check_facts(record: &ScannedRecord<'_>) {
    let Some(object) = Object::parse(record.json()) else { return };
    let field = |key| object.get(key).and_then(text);
    let identity = object.get("userIdentity").and_then(Object::parse);
    let resources: Vec<_> = object.get("resources").and_then(array).unwrap_or_default();
    let resources: Vec<_> =
        resources.iter().map(|item| Object::parse(item.get()).unwrap_or(Object(Vec::new()))).collect();
    let member = |item: &Object, key| item.get_any_case(key).and_then(text);
    assert_eq!(record.event_id().as_deref(), field("eventID").as_deref());
    assert_eq!(record.recipient_account_id().as_deref(), field("recipientAccountId").as_deref());
    assert_eq!(record.aws_region().as_deref(), field("awsRegion").as_deref());
    record.with_facts(|facts: &EventFacts<'_>| {
        assert_eq!(facts.category.as_str(), category(&object));
        assert_eq!(facts.event_source, field("eventSource").as_deref());
        assert_eq!(facts.event_name, field("eventName").as_deref());
        assert_eq!(facts.event_type, field("eventType").as_deref());
        assert_eq!(facts.error_code, field("errorCode").as_deref());
        assert_eq!(facts.vpc_endpoint_id, field("vpcEndpointId").as_deref());
        assert_eq!(facts.session_credential_from_console, field("sessionCredentialFromConsole").as_deref());
        assert_eq!(facts.read_only, object.get("readOnly").and_then(boolean));
        assert_eq!(facts.user_identity_arn, identity.as_ref().and_then(|identity| member(identity, "arn")).as_deref());
        assert_eq!(facts.resources.len(), resources.len());
        for (fact, item) in facts.resources.iter().zip(&resources) {
            assert_eq!(fact.arn, member(item, "ARN").as_deref());
            assert_eq!(fact.resource_type, member(item, "type").as_deref());
        }
    });
}
