//! Which columns has a store of AWS Config items?

use crate::column_type::ColumnType::{List, Map, Struct, Text, Timestamp};
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
    Member::new("addendum", Map),
    Member::new("eventData", Struct(EVENT_DATA)),
    Member::text("eventJson"),
];

const EVENT_DATA: &[Member] = &[
    Member::text("configurationItemVersion"),
    Member::text("configurationItemCaptureTime"),
    Member::text("configurationItemStatus"),
    // Items say `configurationStateId`, the published schema another word.
    Member { display: "configurationItemStateId", json_key: "configurationStateId", column_type: Text },
    Member::text("accountId"),
    Member::text("resourceType"),
    Member::text("resourceId"),
    Member::text("resourceName"),
    Member::text("arn"),
    Member::text("awsRegion"),
    Member::text("availabilityZone"),
    Member::text("resourceCreationTime"),
    Member::new("configuration", Map),
    Member::new("supplementaryConfiguration", Map),
    Member::text("relatedEvents"),
    Member::new("relationships", List(&Struct(RELATIONSHIP))),
    Member::new("tags", Map),
];

/// Documented as one struct, although an item has a list of them.
const RELATIONSHIP: &[Member] =
    &[Member::text("name"), Member::text("resourceType"), Member::text("resourceId"), Member::text("resourceName")];
