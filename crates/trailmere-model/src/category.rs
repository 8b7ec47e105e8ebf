//! Which categories of events are there, and which type of store holds each?

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, nearest};

/// What `eventCategory` says of a record. Aggregated events are no category of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventCategory {
    /// Control-plane calls.
    Management,
    /// Data-plane calls.
    Data,
    /// Calls through a VPC endpoint.
    NetworkActivity,
    /// Unusual activity found by CloudTrail Insights.
    Insight,
    /// AWS Config items.
    ConfigurationItem,
    /// Audit Manager evidence.
    Evidence,
    /// Events from outside AWS, delivered through a channel.
    ActivityAuditLog,
}

impl EventCategory {
    /// Every category; a category's position here is `category as usize`.
    pub const ALL: [EventCategory; 7] = [
        EventCategory::Management,
        EventCategory::Data,
        EventCategory::NetworkActivity,
        EventCategory::Insight,
        EventCategory::ConfigurationItem,
        EventCategory::Evidence,
        EventCategory::ActivityAuditLog,
    ];

    /// The spelling in records and selectors.
    pub fn as_str(self) -> &'static str {
        match self {
            EventCategory::Management => "Management",
            EventCategory::Data => "Data",
            EventCategory::NetworkActivity => "NetworkActivity",
            EventCategory::Insight => "Insight",
            EventCategory::ConfigurationItem => "ConfigurationItem",
            EventCategory::Evidence => "Evidence",
            EventCategory::ActivityAuditLog => "ActivityAuditLog",
        }
    }
}

impl fmt::Display for EventCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventCategory {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        EventCategory::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| unknown("event category", text, &EventCategory::ALL.map(EventCategory::as_str)))
    }
}

/// What a store holds. One store never mixes types, and a type never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StoreType {
    /// Management, data and network activity events, in one table.
    CloudTrail,
    /// Insights events.
    Insights,
    /// AWS Config items.
    Configuration,
    /// Audit Manager evidence.
    Evidence,
    /// Events from outside AWS.
    ActivityAuditLog,
}

impl StoreType {
    /// Every store type.
    pub const ALL: [StoreType; 5] = [
        StoreType::CloudTrail,
        StoreType::Insights,
        StoreType::Configuration,
        StoreType::Evidence,
        StoreType::ActivityAuditLog,
    ];

    /// The type of store that holds events of a category.
    pub fn of(category: EventCategory) -> Self {
        match category {
            EventCategory::Management | EventCategory::Data | EventCategory::NetworkActivity => StoreType::CloudTrail,
            EventCategory::Insight => StoreType::Insights,
            EventCategory::ConfigurationItem => StoreType::Configuration,
            EventCategory::Evidence => StoreType::Evidence,
            EventCategory::ActivityAuditLog => StoreType::ActivityAuditLog,
        }
    }

    /// The categories that a store of this type can hold.
    pub fn categories(self) -> &'static [EventCategory] {
        match self {
            StoreType::CloudTrail => &[EventCategory::Management, EventCategory::Data, EventCategory::NetworkActivity],
            StoreType::Insights => &[EventCategory::Insight],
            StoreType::Configuration => &[EventCategory::ConfigurationItem],
            StoreType::Evidence => &[EventCategory::Evidence],
            StoreType::ActivityAuditLog => &[EventCategory::ActivityAuditLog],
        }
    }

    /// The name in definitions and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreType::CloudTrail => "CloudTrail",
            StoreType::Insights => "Insights",
            StoreType::Configuration => "Configuration",
            StoreType::Evidence => "Evidence",
            StoreType::ActivityAuditLog => "ActivityAuditLog",
        }
    }
}

impl fmt::Display for StoreType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StoreType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        StoreType::ALL
            .into_iter()
            .find(|store_type| store_type.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| unknown("store type", text, &StoreType::ALL.map(StoreType::as_str)))
    }
}

fn unknown(what: &str, text: &str, known: &[&str]) -> Error {
    let hint = match nearest(text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", known.join(", ")),
    };
    Error::invalid(format!("`{text}` is no {what}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        for category in EventCategory::ALL {
            assert_eq!(category.as_str().parse::<EventCategory>().unwrap(), category);
            assert_eq!(EventCategory::ALL[category as usize], category);
        }
        for store_type in StoreType::ALL {
            assert_eq!(store_type.as_str().parse::<StoreType>().unwrap(), store_type);
        }
    }

    #[test]
    fn every_category_has_exactly_one_store_type() {
        for category in EventCategory::ALL {
            for store_type in StoreType::ALL {
                assert_eq!(store_type.categories().contains(&category), StoreType::of(category) == store_type);
            }
        }
    }

    #[test]
    fn a_near_miss_is_suggested() {
        let error = "management".parse::<EventCategory>().unwrap_err();
        assert_eq!(error.advice(), Some("did you mean `Management`?"));
        assert!("Aggregated".parse::<EventCategory>().is_err());
    }
}
