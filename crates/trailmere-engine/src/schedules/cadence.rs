//! When are the slots of a schedule? Every so long, on the clock, or as cron says in a time zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result, nearest};

use super::period::Period;

/// The slots of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cadence {
    /// Every so long, counted so that slots lie on the clock: `1h` on the hour, `1d` at midnight, `1w` on Mondays, UTC.
    Every {
        /// The time between two slots.
        #[serde(rename = "every")]
        period: Period,
    },
    /// When a cron expression matches.
    Cron {
        /// Five fields: minute, hour, day of month, month, day of week.
        #[serde(rename = "cron")]
        expression: String,
        /// The IANA time zone in which it is read.
        zone: String,
    },
}

const WEEK_SECONDS: i64 = 7 * 86_400;
/// 1970-01-01 was a Thursday; weeks begin on Mondays.
const FIRST_MONDAY: i64 = 4 * 86_400;

impl Cadence {
    /// Every so long.
    pub fn every(period: Period) -> Result<Self> {
        if period.is_zero() {
            return Err(Error::invalid("a schedule can't run every 0 seconds").hint("write `--every 1h`"));
        }
        Ok(Cadence::Every { period })
    }

    /// As a cron expression says, in an IANA time zone; UTC without one.
    pub fn cron(expression: &str, zone: Option<&str>) -> Result<Self> {
        let cadence = Cadence::Cron {
            expression: expression.split_whitespace().collect::<Vec<_>>().join(" "),
            zone: zone.unwrap_or("UTC").to_owned(),
        };
        cadence.check()?;
        Ok(cadence)
    }

    /// Refuses what has no slots.
    pub fn check(&self) -> Result<()> {
        match self {
            Cadence::Every { period } => Cadence::every(*period).map(|_| ()),
            Cadence::Cron { expression, zone } => {
                let (cron, zone) = parse(expression, zone)?;
                let begin = DateTime::UNIX_EPOCH.with_timezone(&zone);
                cron.find_next_occurrence(&begin, false).map(|_| ()).map_err(|error| {
                    Error::invalid(format!("the cron expression `{expression}` never matches")).source(error)
                })
            }
        }
    }

    /// The first slot after a time.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Cadence::Every { period } => aligned(time, *period)?.checked_add_signed(period.delta()),
            Cadence::Cron { expression, zone } => {
                let (cron, zone) = parse(expression, zone).ok()?;
                let next = cron.find_next_occurrence(&time.with_timezone(&zone), false).ok()?;
                Some(next.with_timezone(&Utc))
            }
        }
    }

    /// The last slot at a time or before it.
    pub fn last_until(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Cadence::Every { period } => aligned(time, *period),
            Cadence::Cron { expression, zone } => {
                let (cron, zone) = parse(expression, zone).ok()?;
                // Cron knows whole seconds: a slot is found from any moment of its second.
                let previous = cron.find_previous_occurrence(&time.with_timezone(&zone), true).ok()?;
                Some(previous.with_timezone(&Utc))
            }
        }
    }

    /// The last slot before a time.
    pub fn last_before(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.last_until(time - TimeDelta::seconds(1))
    }
}

/// The slot at a time or before it.
fn aligned(time: DateTime<Utc>, period: Period) -> Option<DateTime<Utc>> {
    let length = i64::from(period.as_seconds());
    if length == 0 {
        return None;
    }
    let offset = if length % WEEK_SECONDS == 0 { FIRST_MONDAY } else { 0 };
    let seconds = (time.timestamp() - offset).div_euclid(length) * length + offset;
    DateTime::from_timestamp(seconds, 0)
}

fn parse(expression: &str, zone: &str) -> Result<(Cron, Tz)> {
    let zone = zone.parse::<Tz>().map_err(|_| {
        let error = Error::invalid(format!("`{zone}` is no time zone"));
        match nearest(zone, chrono_tz::TZ_VARIANTS.iter().map(|known| known.name())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("write an IANA name, such as `Europe/Berlin`"),
        }
    })?;
    if expression.split_whitespace().count() != 5 {
        return Err(Error::invalid(format!("`{expression}` is no cron expression"))
            .hint("write five fields: minute, hour, day of month, month, day of week, such as `0 7 * * MON-FRI`"));
    }
    let cron = Cron::from_str(expression).map_err(|error| {
        Error::invalid(format!("`{expression}` is no cron expression: {error}"))
            .hint("write five fields: minute, hour, day of month, month, day of week, such as `0 7 * * MON-FRI`")
    })?;
    Ok((cron, zone))
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cadence::Every { period } => write!(f, "every {period}"),
            Cadence::Cron { expression, zone } if zone == "UTC" => write!(f, "cron {expression}"),
            Cadence::Cron { expression, zone } => write!(f, "cron {expression} ({zone})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn every(text: &str) -> Cadence {
        Cadence::every(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn slots_lie_on_the_clock() {
        let now = time("2026-03-04T05:06:07.890Z"); // a Wednesday
        let cases = [
            ("1h", "2026-03-04T05:00:00Z", "2026-03-04T06:00:00Z"),
            ("15m", "2026-03-04T05:00:00Z", "2026-03-04T05:15:00Z"),
            ("1d", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"),
            ("1w", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"),
        ];
        for (period, last, next) in cases {
            assert_eq!(every(period).last_until(now), Some(time(last)), "{period}");
            assert_eq!(every(period).next_after(now), Some(time(next)), "{period}");
            assert_eq!(every(period).last_until(time(next)), Some(time(next)), "a slot is its own last one");
            assert_eq!(every(period).last_before(time(next)), Some(time(last)), "{period}");
            assert_eq!(every(period).next_after(time(last)), Some(time(next)), "{period}");
        }
        assert_eq!(every("1h").last_until(time("1969-12-31T23:30:00Z")), Some(time("1969-12-31T23:00:00Z")));
    }

    #[test]
    fn cron_is_read_in_its_time_zone() {
        let berlin = Cadence::cron("30 7 * * MON-FRI", Some("Europe/Berlin")).unwrap();
        assert_eq!(
            berlin.next_after(time("2026-03-27T06:30:00Z")),
            Some(time("2026-03-30T05:30:00Z")),
            "summer time came"
        );
        assert_eq!(berlin.last_until(time("2026-03-29T12:00:00Z")), Some(time("2026-03-27T06:30:00Z")));
        assert_eq!(berlin.last_before(time("2026-03-27T06:30:00Z")), Some(time("2026-03-26T06:30:00Z")));
        assert_eq!(berlin.last_until(time("2026-03-27T06:30:00.5Z")), Some(time("2026-03-27T06:30:00Z")));
        let utc = Cadence::cron("0 0 1 * *", None).unwrap();
        assert_eq!(utc.next_after(time("2026-02-01T00:00:00Z")), Some(time("2026-03-01T00:00:00Z")));
    }

    #[test]
    fn forward_and_back_agree_through_both_changes_of_the_clock() {
        for expression in ["*/20 * * * *", "30 2 * * *", "0 3 * * *"] {
            let cadence = Cadence::cron(expression, Some("Europe/Berlin")).unwrap();
            for begin in ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z"] {
                let mut slot = cadence.next_after(time(begin)).unwrap();
                for _ in 0..120 {
                    let next = cadence.next_after(slot).unwrap();
                    assert!(next > slot, "{expression}: {slot} then {next}");
                    assert_eq!(cadence.last_before(next), Some(slot), "{expression} before {next}");
                    assert_eq!(cadence.last_until(next), Some(next), "{expression} at {next}");
                    slot = next;
                }
            }
        }
    }

    #[test]
    fn what_has_no_slots_is_refused() {
        assert!(Cadence::every(Period::seconds(0)).is_err());
        for expression in ["", "* * * *", "61 * * * *", "0 0 0 * * *", "x * * * *", "0 0 31 2 *"] {
            assert!(Cadence::cron(expression, None).is_err(), "{expression}");
        }
        let error = Cadence::cron("0 0 * * *", Some("Europe/Berlim")).unwrap_err();
        assert_eq!(error.advice(), Some("did you mean `Europe/Berlin`?"));
    }
}
