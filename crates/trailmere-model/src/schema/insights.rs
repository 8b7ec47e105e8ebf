//! Which columns has a store of Insights events?

use crate::column_type::ColumnType::{Double, Integer, List, Map, Struct, Timestamp};
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
    Member::text("sharedEventID"),
    Member::new("addendum", Map),
    Member::text("insightSource"),
    Member::text("insightState"),
    Member::text("insightEventSource"),
    Member::text("insightEventName"),
    Member::text("insightErrorCode"),
    Member::text("insightType"),
    Member::new("insightContext", Struct(INSIGHT_CONTEXT)),
    Member::text("eventJson"),
];

const INSIGHT_CONTEXT: &[Member] = &[
    Member::new("baselineAverage", Double),
    Member::new("insightAverage", Double),
    Member::new("baselineDuration", Integer),
    Member::new("insightDuration", Integer),
    Member::new("attributions", List(&Struct(ATTRIBUTION))),
];

/// The published text omits the arrays that its own field descriptions require.
const ATTRIBUTION: &[Member] = &[
    Member::text("attribute"),
    Member::text("insightValue"),
    Member::new("insightAverage", Double),
    Member::text("baselineValue"),
    Member::new("baselineAverage", Double),
    Member::new("insight", List(&Struct(AVERAGE))),
    Member::new("baseline", List(&Struct(AVERAGE))),
];

const AVERAGE: &[Member] = &[Member::text("value"), Member::new("average", Double)];
