//! What is one scanned value: an event, something that holds events, something known that holds none, or neither?

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use trailmere_model::EventCategory;
use trailmere_model::time::parse_event_time;

use super::{Halt, Notice, Output, Shape};
use crate::decode::{ABSENT, Begin, Json, Key, Level, NodeKind, ScannedRecord, Slots, category, space_length};
use crate::inflate::inflate_embedded;

/// What a value was found to be.
enum Found<'a> {
    /// An event of this time and category.
    Event(i64, EventCategory),
    /// The record, or what holds it, is this JSON text.
    Within(Shape, Cow<'a, str>),
    /// The records, or what holds them, are the items of this array.
    Items(Shape, u32),
    Notice(Notice),
    Skipped(Shape),
    Rejected(String),
}

/// Takes the value that the first level has scanned: `bytes` from its start to its end.
pub(super) fn take(out: &mut Output<'_>, levels: &mut [Level], bytes: &[u8]) -> Result<(), Halt> {
    let Some((level, deeper)) = levels.split_first_mut() else {
        return out.reject(bytes, "records within strings, more levels deep than anybody writes them");
    };
    if out.control {
        out.skip(Shape::CloudWatchLogs);
        return Ok(());
    }
    // The lossy way alone would be right too, but it is ten times slower on text that needs no repair.
    let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    if matches!(text, Cow::Owned(_)) && level.scan.value(text.as_bytes(), Begin::Value).is_err() {
        return out.reject(bytes, "invalid UTF-8");
    }
    let json = Json { text: &text, nodes: &level.scan.nodes };
    let found = match json.node(0).kind {
        NodeKind::Object => {
            level.slots.read(json);
            classify(json, &level.slots)
        }
        NodeKind::Array => result_row(json),
        _ => Found::Rejected("not an object".to_string()),
    };
    match found {
        Found::Event(event_time, category) => {
            out.saw(Shape::Objects);
            let (index, offset) = (out.report.records, out.offset);
            out.report.records += 1;
            out.report.events += 1;
            let record = ScannedRecord { json, slots: &level.slots, event_time, category, index, offset };
            out.sink.record(&record).map_err(Halt::Stopped)
        }
        Found::Within(shape, inner) => {
            out.saw(shape);
            take_text(out, deeper, &inner)
        }
        Found::Items(shape, list) => {
            out.saw(shape);
            json.items(list).try_for_each(|item| take_text(out, deeper, &inner_text(json, item)))
        }
        Found::Notice(notice) => {
            out.report.notices.push(notice);
            out.skip(Shape::Notices);
            Ok(())
        }
        Found::Skipped(shape) => {
            out.skip(shape);
            Ok(())
        }
        Found::Rejected(reason) => out.reject(bytes, reason),
    }
}

/// Takes a JSON text that was found within another.
fn take_text(out: &mut Output<'_>, levels: &mut [Level], text: &str) -> Result<(), Halt> {
    let text = text.trim();
    let Some(level) = levels.first_mut() else { return take(out, levels, text.as_bytes()) };
    match level.scan.value(text.as_bytes(), Begin::Value) {
        Ok(end) if end + space_length(&text.as_bytes()[end..]) == text.len() => take(out, levels, text.as_bytes()),
        _ => out.reject(text.as_bytes(), "not JSON"),
    }
}

/// What a value holds: of a string what it says, of anything else its JSON text.
fn inner_text<'a>(json: Json<'a>, value: u32) -> Cow<'a, str> {
    let node = json.node(value);
    match node.kind {
        NodeKind::Text => json.said(node),
        _ => Cow::Borrowed(json.raw(node)),
    }
}

/// The order matters: what says that it is an event is one, whatever else it has.
fn classify<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let kind = |key| json.kind(slots.get(key));
    for key in [Key::EventJson, Key::LowerEventJson] {
        let value = slots.get(key);
        if kind(key) == Some(NodeKind::Text) && json.raw(json.node(value)).trim_start().starts_with('{') {
            return Found::Within(Shape::ResultRows, inner_text(json, value));
        }
    }
    if [Key::EventVersion, Key::EventTime, Key::EventCategory].into_iter().any(|key| slots.has(key)) {
        return event(json, slots);
    }
    if kind(Key::Detail) == Some(NodeKind::Object) && slots.has(Key::DetailType) {
        return event_bridge(json, slots);
    }
    if kind(Key::CloudTrailEvent) == Some(NodeKind::Text) {
        return Found::Within(Shape::LookupEvents, inner_text(json, slots.get(Key::CloudTrailEvent)));
    }
    if slots.has(Key::DigestEnd) && slots.has(Key::DigestFiles) {
        return Found::Skipped(Shape::Digest);
    }
    if slots.has(Key::Bucket) && slots.has(Key::ObjectKeys) {
        return notice(json, slots);
    }
    if kind(Key::NoticeMessage) == Some(NodeKind::Text) && (slots.has(Key::NoticeType) || slots.has(Key::TopicArn)) {
        return Found::Within(Shape::Notices, inner_text(json, slots.get(Key::NoticeMessage)));
    }
    if is_control(json, slots) {
        return Found::Skipped(Shape::CloudWatchLogs);
    }
    let lists = [Key::Records, Key::Events, Key::LogEvents, Key::FilteredEvents, Key::ResultRows];
    if let Some(list) = lists.into_iter().find(|key| kind(*key) == Some(NodeKind::Array)) {
        return Found::Items(list_shape(list), slots.get(list));
    }
    match (kind(Key::LogMessage), kind(Key::AwsLogs)) {
        (Some(NodeKind::Text | NodeKind::Object), _) => log_message(json, slots),
        (_, Some(NodeKind::Object)) => lambda_event(json, slots),
        _ => Found::Rejected("no CloudTrail event: it has neither `eventVersion` nor `eventTime`".to_string()),
    }
}

/// What it means that records are in a list of this key.
fn list_shape(key: Key) -> Shape {
    match key {
        Key::Events => Shape::LookupEvents,
        Key::LogEvents => Shape::CloudWatchLogs,
        Key::FilteredEvents => Shape::FilterLogEvents,
        Key::ResultRows => Shape::ResultRows,
        _ => Shape::Records,
    }
}

/// The shape of a wrapper whose list has this key.
pub(super) fn shape_of_list(key: &[u8]) -> Shape {
    list_shape(match key {
        b"Events" => Key::Events,
        b"logEvents" => Key::LogEvents,
        b"events" => Key::FilteredEvents,
        b"QueryResultRows" => Key::ResultRows,
        _ => Key::Records,
    })
}

/// Whether a CloudWatch Logs batch only checks that its receiver is there.
pub(super) fn is_control(json: Json<'_>, slots: &Slots) -> bool {
    json.as_text(slots.get(Key::LogMessageType)).as_deref() == Some("CONTROL_MESSAGE")
}

fn event<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let text = |key| json.as_text(slots.get(key));
    if text(Key::EventCategory).as_deref() == Some("Aggregated")
        || text(Key::EventType).as_deref() == Some("AwsAggregatedEvent")
    {
        return Found::Skipped(Shape::Aggregated);
    }
    if let Some(source) = text(Key::EventSource).filter(|source| source.starts_with("aws:")) {
        return Found::Rejected(format!("a notification of `{source}`, not a CloudTrail event"));
    }
    let names = [Key::EventVersion, Key::EventSource, Key::EventName, Key::EventId, Key::EventType, Key::EventCategory];
    if !names.into_iter().any(|key| slots.has(key)) {
        return Found::Rejected("no CloudTrail event: it has `eventTime` and nothing else of one".to_string());
    }
    let category = category(json, slots);
    let mut time = slots.get(Key::EventTime);
    if time == ABSENT && category == EventCategory::ActivityAuditLog {
        // The envelope repeats what the channel was given; not every exporter keeps the copy.
        time = json.member(slots.get(Key::EventData), "eventTime");
    }
    match json.as_text(time) {
        None => Found::Rejected("no `eventTime`".to_string()),
        Some(text) => match parse_event_time(&text) {
            Some(micros) => Found::Event(micros, category),
            None => Found::Rejected(format!("`eventTime` is `{}`, which is no time", shortened(&text))),
        },
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

fn event_bridge<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let detail_type = json.as_text(slots.get(Key::DetailType)).unwrap_or_default();
    if !detail_type.ends_with(" via CloudTrail") {
        return Found::Rejected(format!(
            "an EventBridge event of type `{}`, not from CloudTrail",
            shortened(&detail_type)
        ));
    }
    Found::Within(Shape::EventBridge, inner_text(json, slots.get(Key::Detail)))
}

fn notice<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let keys = slots.get(Key::ObjectKeys);
    let mut names: Vec<String> = json.items(keys).filter_map(|key| json.as_text(key)).map(Cow::into_owned).collect();
    if json.kind(keys) == Some(NodeKind::Text) {
        names.push(json.said(json.node(keys)).into_owned());
    }
    let bucket = json.as_text(slots.get(Key::Bucket)).unwrap_or_default().into_owned();
    Found::Notice(Notice { bucket, keys: names })
}

fn log_message<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let message = inner_text(json, slots.get(Key::LogMessage));
    if message.trim_start().starts_with('{') {
        return Found::Within(Shape::CloudWatchLogs, message);
    }
    if message.starts_with("CWL CONTROL MESSAGE") {
        return Found::Skipped(Shape::CloudWatchLogs);
    }
    Found::Rejected("a log message that is not JSON".to_string())
}

/// What Lambda gets from a CloudWatch Logs subscription: gzip in base64.
fn lambda_event<'a>(json: Json<'a>, slots: &Slots) -> Found<'a> {
    let data = json.as_text(json.member(slots.get(Key::AwsLogs), "data")).unwrap_or_default();
    let text = STANDARD.decode(data.as_bytes()).ok().and_then(|packed| inflate_embedded(&packed));
    match text {
        Some(text) => Found::Within(Shape::CloudWatchLogs, Cow::Owned(String::from_utf8_lossy(&text).into_owned())),
        None => Found::Rejected("`awslogs.data` is not gzip in base64".to_string()),
    }
}

/// A row of a Lake query: a list of cells, each an object of one member.
fn result_row(json: Json<'_>) -> Found<'_> {
    let cells = json.items(0).filter(|cell| json.kind(*cell) == Some(NodeKind::Object));
    let event =
        cells.map(|cell| json.member(cell, "eventJson")).find(|value| json.kind(*value) == Some(NodeKind::Text));
    match event {
        Some(value) => Found::Within(Shape::ResultRows, inner_text(json, value)),
        None => Found::Rejected("a result row without the column `eventJson`".to_string()),
    }
}
