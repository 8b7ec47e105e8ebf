//! What of an event do selectors look at?

use crate::EventCategory;

/// What selectors ask of one event, borrowed from its bytes: nothing is allocated per event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFacts<'a> {
    /// The category, given or derived.
    pub category: EventCategory,
    /// `eventSource`.
    pub event_source: Option<&'a str>,
    /// `eventName`.
    pub event_name: Option<&'a str>,
    /// `eventType`.
    pub event_type: Option<&'a str>,
    /// `userIdentity.arn`.
    pub user_identity_arn: Option<&'a str>,
    /// `sessionCredentialFromConsole`, as text.
    pub session_credential_from_console: Option<&'a str>,
    /// `errorCode`.
    pub error_code: Option<&'a str>,
    /// `vpcEndpointId`.
    pub vpc_endpoint_id: Option<&'a str>,
    /// `readOnly`; may be absent.
    pub read_only: Option<bool>,
    /// `resources`.
    pub resources: &'a [ResourceFacts<'a>],
}

impl EventFacts<'_> {
    /// The facts of an event of a category, with nothing else in it.
    pub fn of(category: EventCategory) -> Self {
        Self {
            category,
            event_source: None,
            event_name: None,
            event_type: None,
            user_identity_arn: None,
            session_credential_from_console: None,
            error_code: None,
            vpc_endpoint_id: None,
            read_only: None,
            resources: &[],
        }
    }
}

/// One of an event's resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceFacts<'a> {
    /// `ARN`.
    pub arn: Option<&'a str>,
    /// `type`.
    pub resource_type: Option<&'a str>,
}
