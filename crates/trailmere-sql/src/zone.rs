//! What is a time zone, and which offset holds at a moment?

use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::temporal::PICOS_PER_SECOND;

/// A zone of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Minutes east of UTC.
    Fixed(i32),
    /// A zone of the tz database.
    Named(Tz),
}

impl Zone {
    pub(crate) const UTC: Zone = Zone::Fixed(0);

    /// Reads `UTC`, `+05:45`, `-0800`, `GMT+3`, `Asia/Tokyo`.
    pub(crate) fn parse(text: &str) -> Option<Zone> {
        let upper = text.to_ascii_uppercase();
        if matches!(upper.as_str(), "UTC" | "Z" | "GMT" | "UT" | "UCT" | "ZULU" | "GMT0" | "ETC/UTC" | "ETC/GMT") {
            return Some(Zone::UTC);
        }
        for prefix in ["UTC", "GMT", "UT", "ETC/UTC"] {
            if let Some(rest) = upper.strip_prefix(prefix)
                && rest.starts_with(['+', '-'])
            {
                return offset(rest).map(Zone::Fixed);
            }
        }
        if text.starts_with(['+', '-']) {
            return offset(text).map(Zone::Fixed);
        }
        Tz::from_str(text).ok().map(Zone::Named).or_else(|| {
            chrono_tz::TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(text)).map(|tz| Zone::Named(*tz))
        })
    }

    /// The text under which a value carries this zone.
    pub(crate) fn name(&self) -> String {
        match self {
            Zone::Fixed(0) => "UTC".to_string(),
            Zone::Fixed(minutes) => offset_text(*minutes),
            Zone::Named(tz) => tz.name().to_string(),
        }
    }

    /// Seconds east of UTC at an instant (seconds since 1970).
    pub(crate) fn offset_at(&self, seconds: i64) -> i64 {
        match self {
            Zone::Fixed(minutes) => i64::from(*minutes) * 60,
            Zone::Named(tz) => i64::from(tz.offset_from_utc_datetime(&naive(seconds)).fix().local_minus_utc()),
        }
    }

    /// Seconds east of UTC at a local time. In an overlap the earlier instant; in a gap the offset before it, so that
    /// the time moves on by the gap's length, as in Java.
    pub(crate) fn offset_at_local(&self, seconds: i64) -> i64 {
        self.valid_offset(seconds).unwrap_or_else(|| {
            let before = self.offset_at(seconds - 86_400);
            self.offset_at(seconds - before - 86_400)
        })
    }

    /// As [`Zone::offset_at_local`], but `None` in a gap.
    pub(crate) fn valid_offset(&self, seconds: i64) -> Option<i64> {
        match self {
            Zone::Fixed(minutes) => Some(i64::from(*minutes) * 60),
            Zone::Named(tz) => match tz.offset_from_local_datetime(&naive(seconds)) {
                LocalResult::Single(offset) => Some(i64::from(offset.fix().local_minus_utc())),
                LocalResult::Ambiguous(a, b) => {
                    Some(i64::from(a.fix().local_minus_utc().max(b.fix().local_minus_utc())))
                }
                LocalResult::None => None,
            },
        }
    }

    /// Local picoseconds of an instant.
    pub(crate) fn to_local(self, picos: i128) -> i128 {
        picos + i128::from(self.offset_at(picos.div_euclid(PICOS_PER_SECOND) as i64)) * PICOS_PER_SECOND
    }

    /// The instant of local picoseconds.
    pub(crate) fn to_instant(self, local: i128) -> i128 {
        local - i128::from(self.offset_at_local(local.div_euclid(PICOS_PER_SECOND) as i64)) * PICOS_PER_SECOND
    }
}

/// The zones of a column: most rows have the zone of the row before.
#[derive(Default)]
pub(crate) struct ZoneCache {
    text: String,
    zone: Option<Zone>,
}

impl ZoneCache {
    /// The zone named `text`; UTC for a name that no value can have.
    pub(crate) fn get(&mut self, text: &str) -> Zone {
        if self.zone.is_none() || self.text != text {
            self.text.clear();
            self.text.push_str(text);
            self.zone = Zone::parse(text);
        }
        self.zone.unwrap_or(Zone::UTC)
    }
}

/// `+05:45` as minutes; at most 14 hours.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((h, m)) => (h, m),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "00"),
    };
    let plain = |s: &str| !s.is_empty() && s.len() <= 2 && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(hours) || !plain(minutes) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= 14 * 60).then_some(sign * (hours * 60 + minutes))
}

/// `+05:45`.
pub(crate) fn offset_text(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// chrono's calendar ends at the year 262,143; zones have no rules there anyway.
fn naive(seconds: i64) -> NaiveDateTime {
    let limit = TimeDelta::days(95_000_000).num_seconds();
    DateTime::from_timestamp(seconds.clamp(-limit, limit), 0).unwrap_or_default().naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_in_all_spellings() {
        for (text, name) in [
            ("UTC", Some("UTC")),
            ("z", Some("UTC")),
            ("+00:00", Some("UTC")),
            ("+05:45", Some("+05:45")),
            ("-0800", Some("-08:00")),
            ("+7", Some("+07:00")),
            ("UTC+3", Some("+03:00")),
            ("asia/kathmandu", Some("Asia/Kathmandu")),
            ("+15:00", None),
            ("+1:2", None),
            ("Mars/Olympus", None),
        ] {
            assert_eq!(Zone::parse(text).map(|z| z.name()).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn gaps_move_on_and_overlaps_take_the_earlier_instant() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let gap = 1_490_495_400; // 2017-03-26 02:30 local, which did not exist
        assert_eq!(berlin.valid_offset(gap), None);
        assert_eq!(berlin.offset_at_local(gap), 3600);
        let overlap = 1_509_244_200; // 2017-10-29 02:30 local, twice
        assert_eq!(berlin.offset_at_local(overlap), 7200);
    }
}
