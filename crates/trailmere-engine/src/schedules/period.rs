//! How long is `15m`? Lengths of time as users write and read them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

/// A whole number of seconds, written `90s`, `15m`, `1h`, `1d` or `1w`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    seconds: u32,
}

/// Units, the largest first.
const UNITS: [(&str, u32); 5] = [("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Ten years: longer than any schedule waits, and far from the end of the calendar.
const MOST_SECONDS: u32 = 10 * 366 * 86_400;

impl Period {
    /// A period of so many seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Period { seconds }
    }

    /// Its seconds.
    pub const fn as_seconds(self) -> u32 {
        self.seconds
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.seconds == 0
    }

    /// For arithmetic with times.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.seconds))
    }

    /// For timers.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = || {
            Error::invalid(format!("`{text}` is no length of time"))
                .hint("write 90s, 15m, 1h, 1d or 1w, up to 10 years")
        };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: u32 = digits.parse().map_err(|_| wrong())?;
        let unit = match &text[digits.len()..] {
            "" => 1,
            unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds).ok_or_else(wrong)?,
        };
        let seconds = number.checked_mul(unit).filter(|seconds| *seconds <= MOST_SECONDS).ok_or_else(wrong)?;
        Ok(Period { seconds })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, seconds)| self.seconds.is_multiple_of(*seconds));
        match whole {
            Some((unit, seconds)) if self.seconds > 0 => write!(f, "{}{unit}", self.seconds / seconds),
            _ => write!(f, "{}s", self.seconds),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_written_in_their_largest_unit() {
        let cases = [
            ("90s", "90s"),
            ("60s", "1m"),
            ("15m", "15m"),
            ("120", "2m"),
            ("24h", "1d"),
            ("36h", "36h"),
            ("7d", "1w"),
            ("0s", "0s"),
        ];
        for (text, shown) in cases {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in ["", "h", "1 h", "1y", "-1h", "1.5h", "99999999w", "4000d", "1H"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
