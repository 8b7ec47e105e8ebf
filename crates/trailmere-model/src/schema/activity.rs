//! Which columns has a store of events from outside AWS?

use crate::column_type::ColumnType::{Map, Struct, Timestamp};
use crate::column_type::Member;

/// The published columns, in Lake's order, and the event as delivered.
pub(super) const COLUMNS: &[Member] = &[
    Member::text("eventVersion"),
    Member::text("eventCategory"),
    Member::text("eventType"),
    Member::text("eventID"),
    Member::new("eventTime", Timestamp),
    Member::text("awsRegion"),
    Member::text("recipientAccountId"),
    Member::new("addendum", Struct(ADDENDUM)),
    Member::new("metadata", Struct(&[Member::text("ingestionTime"), Member::text("channelARN")])),
    Member::new("eventData", Struct(EVENT_DATA)),
    Member::text("eventJson"),
];

const ADDENDUM: &[Member] = &[
    Member::text("reason"),
    Member::text("updatedFields"),
    Member::text("originalUID"),
    Member::text("originalEventID"),
];

const EVENT_DATA: &[Member] = &[
    Member::text("version"),
    Member::new(
        "userIdentity",
        Struct(&[Member::text("type"), Member::text("principalId"), Member::new("details", Map)]),
    ),
    Member::text("userAgent"),
    Member::text("eventSource"),
    Member::text("eventName"),
    Member::text("eventTime"),
    Member::text("UID"),
    Member::new("requestParameters", Map),
    Member::new("responseElements", Map),
    Member::text("errorCode"),
    Member::text("errorMessage"),
    Member::text("sourceIPAddress"),
    Member::text("recipientAccountId"),
    Member::new("additionalEventData", Map),
];
