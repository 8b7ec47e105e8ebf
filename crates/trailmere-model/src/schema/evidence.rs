//! Which columns has a store of Audit Manager evidence?

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
    Member::new("addendum", Map),
    Member::new("eventData", Struct(EVENT_DATA)),
    Member::text("eventJson"),
];

const EVENT_DATA: &[Member] = &[
    Member::new("attributes", Map),
    Member::text("awsAccountId"),
    Member::text("awsOrganization"),
    Member::text("complianceCheck"),
    Member::text("dataSource"),
    Member::text("eventName"),
    Member::text("eventSource"),
    Member::text("evidenceAwsAccountId"),
    Member::text("evidenceByType"),
    Member::text("iamId"),
    Member::text("evidenceId"),
    Member::new("time", Timestamp),
    Member::text("assessmentId"),
    Member::text("controlSetId"),
    Member::text("controlId"),
    Member::text("controlName"),
    Member::text("controlDomainName"),
    Member::text("frameworkName"),
    Member::text("frameworkId"),
    Member::text("service"),
    Member::text("serviceCategory"),
    Member::text("resourceArn"),
    Member::text("resourceType"),
    Member::text("evidenceFolderId"),
    Member::text("description"),
    Member::text("manualEvidenceS3ResourcePath"),
    Member::text("evidenceFolderName"),
    Member::text("resourceComplianceCheck"),
];
