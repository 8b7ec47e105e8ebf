//! What is known of a record before anything of it is copied?

use std::borrow::Cow;

use trailmere_model::{EventCategory, EventFacts, ResourceFacts, StoreType};

use super::keys::{Key, Slots};
use super::tape::{Json, NodeKind};

/// One event, scanned once: where its fields are, and what selectors, retention and deduplication ask.
pub struct ScannedRecord<'a> {
    pub(crate) json: Json<'a>,
    pub(crate) slots: &'a Slots,
    pub(crate) event_time: i64,
    pub(crate) category: EventCategory,
    pub(crate) index: u64,
    pub(crate) offset: u64,
}

impl<'a> ScannedRecord<'a> {
    /// The record's JSON text as delivered. Invalid UTF-8 in it has become U+FFFD; nothing else is changed.
    pub fn json(&self) -> &'a str {
        self.json.text
    }

    /// Its position among the records of its file, from 0; what was rejected or skipped counts too.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Where it begins in the inflated text of its file; a record within a string, where the string's object begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// When the event happened, in microseconds since 1970, UTC.
    pub fn event_time(&self) -> i64 {
        self.event_time
    }

    /// The category, as given or, before version 1.07, derived.
    pub fn category(&self) -> EventCategory {
        self.category
    }

    /// The type of store that it belongs to.
    pub fn store_type(&self) -> StoreType {
        StoreType::of(self.category)
    }

    /// `eventID`.
    pub fn event_id(&self) -> Option<Cow<'a, str>> {
        self.text(Key::EventId)
    }

    /// `recipientAccountId`.
    pub fn recipient_account_id(&self) -> Option<Cow<'a, str>> {
        self.text(Key::RecipientAccountId)
    }

    /// `awsRegion`.
    pub fn aws_region(&self) -> Option<Cow<'a, str>> {
        self.text(Key::AwsRegion)
    }

    /// Hands what selectors ask to `use_facts`: borrowed from the record, but for strings with escapes.
    pub fn with_facts<R>(&self, use_facts: impl FnOnce(&EventFacts<'_>) -> R) -> R {
        let keys = [
            Key::EventSource,
            Key::EventName,
            Key::EventType,
            Key::SessionCredentialFromConsole,
            Key::ErrorCode,
            Key::VpcEndpointId,
        ];
        let [source, name, event_type, console, error_code, endpoint] = keys.map(|key| self.text(key));
        let identity_arn = self.json.as_text(self.json.member(self.slots.get(Key::UserIdentity), "arn"));
        let texts: Vec<_> = self.json.items(self.slots.get(Key::Resources)).map(|item| self.resource(item)).collect();
        let resources: Vec<_> = texts
            .iter()
            .map(|(arn, resource_type)| ResourceFacts { arn: arn.as_deref(), resource_type: resource_type.as_deref() })
            .collect();
        use_facts(&EventFacts {
            category: self.category,
            event_source: source.as_deref(),
            event_name: name.as_deref(),
            event_type: event_type.as_deref(),
            user_identity_arn: identity_arn.as_deref(),
            session_credential_from_console: console.as_deref(),
            error_code: error_code.as_deref(),
            vpc_endpoint_id: endpoint.as_deref(),
            read_only: self.json.as_boolean(self.slots.get(Key::ReadOnly)),
            resources: &resources,
        })
    }

    fn text(&self, key: Key) -> Option<Cow<'a, str>> {
        self.json.as_text(self.slots.get(key))
    }

    fn resource(&self, item: u32) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let member = |name| self.json.as_text(self.json.member(item, name));
        (member("arn"), member("type"))
    }
}

/// The category of a record: given, or derived where it is missing (before version 1.07) or unknown.
pub(crate) fn category(json: Json<'_>, slots: &Slots) -> EventCategory {
    let given = json.as_text(slots.get(Key::EventCategory));
    if let Some(category) = given.and_then(|text| EventCategory::ALL.into_iter().find(|known| known.as_str() == text)) {
        return category;
    }
    if json.kind(slots.get(Key::InsightDetails)) == Some(NodeKind::Object) {
        return EventCategory::Insight;
    }
    match json.as_boolean(slots.get(Key::ManagementEvent)) {
        Some(false) => EventCategory::Data,
        _ => EventCategory::Management,
    }
}
