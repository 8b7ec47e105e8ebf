//! Which fields and operators may a selector of each category use?

use crate::EventCategory;

/// A field that selectors can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelectorField {
    /// `eventCategory`: required in every selector.
    EventCategory,
    /// `readOnly`, compared as the text `true` or `false`.
    ReadOnly,
    /// `eventSource`.
    EventSource,
    /// `eventName`.
    EventName,
    /// `eventType`.
    EventType,
    /// `errorCode`.
    ErrorCode,
    /// `sessionCredentialFromConsole`: `true` or absent.
    SessionCredentialFromConsole,
    /// `vpcEndpointId`.
    VpcEndpointId,
    /// `userIdentity.arn`.
    UserIdentityArn,
    /// `resources.type`.
    ResourcesType,
    /// `resources.ARN`, of the resources that have the chosen type.
    ResourcesArn,
}

impl SelectorField {
    /// Every field.
    pub const ALL: [SelectorField; 11] = [
        SelectorField::EventCategory,
        SelectorField::ReadOnly,
        SelectorField::EventSource,
        SelectorField::EventName,
        SelectorField::EventType,
        SelectorField::ErrorCode,
        SelectorField::SessionCredentialFromConsole,
        SelectorField::VpcEndpointId,
        SelectorField::UserIdentityArn,
        SelectorField::ResourcesType,
        SelectorField::ResourcesArn,
    ];

    /// The spelling in selectors.
    pub fn as_str(self) -> &'static str {
        match self {
            SelectorField::EventCategory => "eventCategory",
            SelectorField::ReadOnly => "readOnly",
            SelectorField::EventSource => "eventSource",
            SelectorField::EventName => "eventName",
            SelectorField::EventType => "eventType",
            SelectorField::ErrorCode => "errorCode",
            SelectorField::SessionCredentialFromConsole => "sessionCredentialFromConsole",
            SelectorField::VpcEndpointId => "vpcEndpointId",
            SelectorField::UserIdentityArn => "userIdentity.arn",
            SelectorField::ResourcesType => "resources.type",
            SelectorField::ResourcesArn => "resources.ARN",
        }
    }

    /// The field of an exact spelling.
    pub fn parse(text: &str) -> Option<Self> {
        SelectorField::ALL.into_iter().find(|field| field.as_str() == text)
    }

    /// The fields that a store's selector of a category may use.
    pub fn of(category: EventCategory) -> Vec<SelectorField> {
        SelectorField::ALL.into_iter().filter(|field| !field.operators(category).is_empty()).collect()
    }

    /// The operators that a store's selector of a category may use on this field; none if the field is not allowed.
    pub fn operators(self, category: EventCategory) -> &'static [SelectorOperator] {
        use EventCategory::{Data, Management, NetworkActivity};
        use SelectorOperator::{Equals, NotEquals};
        match (self, category) {
            (SelectorField::EventCategory, _) => &[Equals],
            (SelectorField::EventName, Management | Data | NetworkActivity) => &SelectorOperator::ALL,
            (SelectorField::EventSource, NetworkActivity) => &[Equals],
            (SelectorField::ErrorCode, NetworkActivity) => &[Equals],
            (SelectorField::VpcEndpointId, NetworkActivity) => &SelectorOperator::ALL,
            (SelectorField::EventSource, Management | Data) => &SelectorOperator::ALL,
            (SelectorField::EventType | SelectorField::UserIdentityArn, Management | Data) => &SelectorOperator::ALL,
            (SelectorField::ReadOnly, Management | Data) => &[Equals],
            (SelectorField::SessionCredentialFromConsole, Management | Data) => &[Equals, NotEquals],
            (SelectorField::ResourcesType, Data) => &[Equals],
            (SelectorField::ResourcesArn, Data) => &SelectorOperator::ALL,
            _ => &[],
        }
    }

    /// The fields that a selector of a category must have, besides `eventCategory`.
    pub(super) fn required(category: EventCategory) -> Option<SelectorField> {
        match category {
            EventCategory::Data => Some(SelectorField::ResourcesType),
            EventCategory::NetworkActivity => Some(SelectorField::EventSource),
            _ => None,
        }
    }

    /// The only values that a field can have, where they are few.
    pub(super) fn known_values(self) -> &'static [&'static str] {
        match self {
            SelectorField::ReadOnly => &["true", "false"],
            SelectorField::SessionCredentialFromConsole => &["true"],
            SelectorField::ErrorCode => &["VpceAccessDenied"],
            _ => &[],
        }
    }
}

/// An operator of a field selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelectorOperator {
    /// Is one of the values.
    Equals,
    /// Begins with one of the values.
    StartsWith,
    /// Ends with one of the values.
    EndsWith,
    /// Is none of the values.
    NotEquals,
    /// Begins with none of the values.
    NotStartsWith,
    /// Ends with none of the values.
    NotEndsWith,
}

impl SelectorOperator {
    /// Every operator.
    pub const ALL: [SelectorOperator; 6] = [
        SelectorOperator::Equals,
        SelectorOperator::StartsWith,
        SelectorOperator::EndsWith,
        SelectorOperator::NotEquals,
        SelectorOperator::NotStartsWith,
        SelectorOperator::NotEndsWith,
    ];

    /// The spelling in selectors.
    pub fn as_str(self) -> &'static str {
        match self {
            SelectorOperator::Equals => "Equals",
            SelectorOperator::StartsWith => "StartsWith",
            SelectorOperator::EndsWith => "EndsWith",
            SelectorOperator::NotEquals => "NotEquals",
            SelectorOperator::NotStartsWith => "NotStartsWith",
            SelectorOperator::NotEndsWith => "NotEndsWith",
        }
    }
}
