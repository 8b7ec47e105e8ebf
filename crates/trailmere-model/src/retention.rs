//! How long is an event kept, and is this one past it?
//!
//! The scan hides by this arithmetic and expiry removes by it, so that both agree to the microsecond.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::MICROS_PER_DAY;
use crate::{Error, Result};

/// For how long events are kept, counted from their `eventtime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retention {
    /// Nothing ever expires.
    Forever,
    /// An event expires once it is older than this many days of 24 hours.
    Days(u32),
}

/// True once an event is older than its retention; an event exactly as old as that is still kept.
pub fn is_expired(event_time_micros: i64, retention: Retention, now_micros: i64) -> bool {
    retention_cutoff(retention, now_micros).is_some_and(|cutoff| event_time_micros < cutoff)
}

/// Events with a time before the cutoff are expired; `None` if nothing expires.
pub fn retention_cutoff(retention: Retention, now_micros: i64) -> Option<i64> {
    match retention {
        Retention::Forever => None,
        Retention::Days(days) => {
            // In 128 bits: a product cut to 64 would shorten a very long retention.
            let exact = i128::from(now_micros) - i128::from(days) * i128::from(MICROS_PER_DAY);
            Some(i64::try_from(exact).unwrap_or(i64::MIN))
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retention::Forever => f.write_str("forever"),
            Retention::Days(1) => f.write_str("1 day"),
            Retention::Days(days) => write!(f, "{days} days"),
        }
    }
}

impl FromStr for Retention {
    type Err = Error;

    /// Reads what a user writes: a number of days (`366`, `366d`, `366 days`) or `forever`.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("forever") {
            return Ok(Retention::Forever);
        }
        let number = text.trim_end_matches("days").trim_end_matches("day").trim_end_matches('d').trim_end();
        let digits_only = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse() {
            Ok(days) if digits_only => Ok(Retention::Days(days)),
            _ => Err(Error::invalid(format!("`{text}` is no retention")).hint("give a number of days, or `forever`")),
        }
    }
}

impl Serialize for Retention {
    /// Days as a number, or the text `forever`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Retention::Forever => serializer.serialize_str("forever"),
            Retention::Days(days) => serializer.serialize_u32(*days),
        }
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Days(u32),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Days(days) => Ok(Retention::Days(days)),
            Form::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        let cases = [
            ("366", Some(Retention::Days(366))),
            ("90d", Some(Retention::Days(90))),
            ("1 day", Some(Retention::Days(1))),
            ("30 days", Some(Retention::Days(30))),
            ("Forever", Some(Retention::Forever)),
            ("-1", None),
            ("+7", None),
            ("days", None),
            ("", None),
            ("5000000000", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Retention>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn is_stored_as_a_number_or_as_forever() {
        for (retention, json) in [(Retention::Days(366), "366"), (Retention::Forever, "\"forever\"")] {
            assert_eq!(serde_json::to_string(&retention).unwrap(), json);
            assert_eq!(serde_json::from_str::<Retention>(json).unwrap(), retention);
        }
        assert!(serde_json::from_str::<Retention>("\"soon\"").is_err());
    }

    #[test]
    fn a_far_retention_is_not_cut_short() {
        assert!(!is_expired(-1_855_887_303_089_119_648, Retention::Days(106_751_992), 7_367_484_733_765_656_160));
        assert_eq!(retention_cutoff(Retention::Days(u32::MAX), i64::MIN), Some(i64::MIN));
        assert!(!is_expired(i64::MIN, Retention::Forever, i64::MAX));
    }
}
