//! Which columns has a store of management, data and network activity events?

use crate::column_type::ColumnType::{Boolean, List, Map, Struct, Timestamp};
use crate::column_type::Member;

/// The published columns, in Lake's order.
pub(super) const COLUMNS: &[Member] = &[
    Member::text("eventVersion"),
    Member::new("userIdentity", Struct(USER_IDENTITY)),
    Member::new("eventTime", Timestamp),
    Member::text("eventSource"),
    Member::text("eventName"),
    Member::text("awsRegion"),
    Member::text("sourceIPAddress"),
    Member::text("userAgent"),
    Member::text("errorCode"),
    Member::text("errorMessage"),
    Member::new("requestParameters", Map),
    Member::new("responseElements", Map),
    Member::new("additionalEventData", Map),
    Member::text("requestID"),
    Member::text("eventID"),
    Member::new("readOnly", Boolean),
    Member::new("resources", List(&Struct(RESOURCE))),
    Member::text("eventType"),
    Member::text("apiVersion"),
    Member::new("managementEvent", Boolean),
    Member::text("recipientAccountId"),
    Member::text("sharedEventID"),
    Member::text("annotation"),
    Member::text("vpcEndpointId"),
    Member::text("vpcEndpointAccountId"),
    Member::new("serviceEventDetails", Map),
    Member::new("addendum", Map),
    Member::new("edgeDeviceDetails", Map),
    Member::new("insightDetails", Map),
    Member::text("eventCategory"),
    Member::new("tlsDetails", Struct(TLS_DETAILS)),
    Member::text("sessionCredentialFromConsole"),
    Member::text("eventJson"),
    Member::text("eventJsonChecksum"),
];

/// Enrichment: read by documented queries, but not among the published columns.
pub(super) const CONTEXT: &[Member] = &[Member::new("eventContext", Struct(EVENT_CONTEXT))];

/// The last three members are ours: newer than the published schema.
const USER_IDENTITY: &[Member] = &[
    Member::text("type"),
    Member::text("principalId"),
    Member::text("arn"),
    Member::text("accountId"),
    Member::text("accessKeyId"),
    Member::text("userName"),
    Member::new("sessionContext", Struct(SESSION_CONTEXT)),
    Member::new("onBehalfOf", Struct(&[Member::text("userId"), Member::text("identityStoreArn")])),
    Member::new("inScopeOf", Struct(IN_SCOPE_OF)),
    Member::text("invokedBy"),
    Member::text("identityProvider"),
    Member::text("credentialId"),
    Member::new("invokedByDelegate", Struct(&[Member::text("accountId")])),
    Member::text("assumedRoot"),
];

const SESSION_CONTEXT: &[Member] = &[
    Member::new("attributes", Struct(&[Member::new("creationDate", Timestamp), Member::text("mfaAuthenticated")])),
    Member::new("sessionIssuer", Struct(SESSION_ISSUER)),
    Member::new("webIdFederationData", Struct(&[Member::text("federatedProvider"), Member::new("attributes", Map)])),
    Member::text("sourceIdentity"),
    Member::text("ec2RoleDelivery"),
    Member::text("ec2IssuedInVpc"),
];

const SESSION_ISSUER: &[Member] = &[
    Member::text("type"),
    Member::text("principalId"),
    Member::text("arn"),
    Member::text("accountId"),
    Member::text("userName"),
];

const IN_SCOPE_OF: &[Member] = &[
    Member::text("sourceArn"),
    Member::text("sourceAccount"),
    Member::text("issuerType"),
    Member::text("credentialsIssuedTo"),
];

const RESOURCE: &[Member] =
    &[Member::text("accountId"), Member::text("type"), Member::text("ARN"), Member::text("ARNPrefix")];

/// `keyExchange` is newer than the published schema.
const TLS_DETAILS: &[Member] = &[
    Member::text("tlsVersion"),
    Member::text("cipherSuite"),
    Member::text("clientProvidedHostHeader"),
    Member::text("keyExchange"),
];

const EVENT_CONTEXT: &[Member] = &[Member::new("requestContext", Map), Member::new("tagContext", Struct(TAG_CONTEXT))];

const TAG_CONTEXT: &[Member] = &[
    Member::new("resourceTags", List(&Struct(&[Member::text("arn"), Member::new("tags", Map)]))),
    Member::new("principalTags", Map),
];
