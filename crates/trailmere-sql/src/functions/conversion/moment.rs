//! How does Java write a date, a time, or both?

use std::fmt::Write;

use crate::temporal::{PICOS_PER_DAY, PICOS_PER_SECOND, civil_from_days, day_of_week, day_of_year};
use crate::zone::{Zone, offset_text};

/// A date, a time of day, or both, with a zone or without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    /// Days since 1970, local.
    pub(super) day: Option<i64>,
    /// Picoseconds of the day, local.
    pub(super) time: Option<i128>,
    /// The zone, and seconds east of UTC.
    pub(super) zone: Option<(Zone, i64)>,
}

const NANOS: i128 = 1_000_000_000;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Moment {
    /// A date.
    pub(super) fn date(day: i64) -> Moment {
        Moment { day: Some(day), time: None, zone: None }
    }

    /// A time of day.
    pub(super) fn time(picos: i128) -> Moment {
        Moment { day: None, time: Some(to_nanos(picos)), zone: None }
    }

    /// A timestamp, in local picoseconds since 1970.
    pub(super) fn timestamp(picos: i128) -> Moment {
        let picos = to_nanos(picos);
        Moment {
            day: Some(picos.div_euclid(PICOS_PER_DAY) as i64),
            time: Some(picos.rem_euclid(PICOS_PER_DAY)),
            zone: None,
        }
    }

    /// An instant in a zone.
    pub(super) fn zoned(instant: i128, zone: Zone) -> Moment {
        let offset = zone.offset_at(instant.div_euclid(PICOS_PER_SECOND) as i64);
        let local = Moment::timestamp(instant + i128::from(offset) * PICOS_PER_SECOND);
        Moment { zone: Some((zone, offset)), ..local }
    }

    /// `toString()`: `2001-08-22T03:04:05.321+05:45[Asia/Kathmandu]`.
    pub(super) fn push(&self, out: &mut String) {
        if let Some(day) = self.day {
            crate::render::time::date(day, out);
        }
        if let Some(time) = self.time {
            out.push_str(if self.day.is_some() { "T" } else { "" });
            push_time(time, out);
        }
        if let Some((zone, offset)) = self.zone {
            out.push_str(&if offset == 0 { "Z".to_string() } else { offset_text((offset / 60) as i32) });
            if matches!(zone, Zone::Named(_) | Zone::Fixed(0)) {
                let _ = write!(out, "[{}]", zone.name());
            }
        }
    }

    /// Writes what `%t` and a letter ask for; `None` if this moment does not have it.
    pub(super) fn push_part(&self, letter: char, out: &mut String) -> Option<()> {
        match letter {
            'R' => self.push_parts(&["H", ":", "M"], out),
            'T' => self.push_parts(&["H", ":", "M", ":", "S"], out),
            'r' => {
                self.push_parts(&["I", ":", "M", ":", "S", " "], out)?;
                out.push_str(if self.time? < PICOS_PER_DAY / 2 { "AM" } else { "PM" });
                Some(())
            }
            'D' => self.push_parts(&["m", "/", "d", "/", "y"], out),
            'F' => self.push_parts(&["Y", "-", "m", "-", "d"], out),
            'c' => self.push_parts(&["a", " ", "b", " ", "d", " ", "T", " ", "Z", " ", "Y"], out),
            'H' | 'I' | 'k' | 'l' | 'M' | 'S' | 'L' | 'N' | 'p' => self.push_time_part(letter, out),
            'z' | 'Z' | 's' | 'Q' => self.push_zone_part(letter, out),
            _ => self.push_date_part(letter, out),
        }
    }

    fn push_parts(&self, parts: &[&str], out: &mut String) -> Option<()> {
        for part in parts {
            match part.chars().next().filter(char::is_ascii_alphabetic) {
                Some(letter) => self.push_part(letter, out)?,
                None => out.push_str(part),
            }
        }
        Some(())
    }

    fn push_time_part(&self, letter: char, out: &mut String) -> Option<()> {
        let time = self.time?;
        let seconds = (time / PICOS_PER_SECOND) as i64;
        let hour = seconds / 3600;
        let half = if hour % 12 == 0 { 12 } else { hour % 12 };
        let nanos = time % PICOS_PER_SECOND / 1000;
        let _ = match letter {
            'H' => write!(out, "{hour:02}"),
            'I' => write!(out, "{half:02}"),
            'k' => write!(out, "{hour}"),
            'l' => write!(out, "{half}"),
            'M' => write!(out, "{:02}", seconds / 60 % 60),
            'S' => write!(out, "{:02}", seconds % 60),
            'L' => write!(out, "{:03}", nanos / 1_000_000),
            'N' => write!(out, "{nanos:09}"),
            _ => write!(out, "{}", if hour < 12 { "am" } else { "pm" }),
        };
        Some(())
    }

    fn push_zone_part(&self, letter: char, out: &mut String) -> Option<()> {
        let (zone, offset) = self.zone?;
        let (day, time) = (self.day?, self.time?);
        let instant = i128::from(day) * PICOS_PER_DAY + time - i128::from(offset) * PICOS_PER_SECOND;
        let seconds = instant.div_euclid(PICOS_PER_SECOND);
        let _ = match letter {
            'z' => write!(out, "{}", offset_text((offset / 60) as i32).replace(':', "")),
            's' => write!(out, "{seconds}"),
            'Q' => write!(out, "{}", instant.div_euclid(PICOS_PER_SECOND / 1000)),
            _ => write!(out, "{}", abbreviation(zone, seconds as i64)),
        };
        Some(())
    }

    fn push_date_part(&self, letter: char, out: &mut String) -> Option<()> {
        let day = self.day?;
        let (year, month, date) = civil_from_days(day);
        let (month_name, day_name) = (MONTHS[month as usize - 1], DAYS[day_of_week(day) as usize - 1]);
        let _ = match letter {
            'B' => write!(out, "{month_name}"),
            'b' | 'h' => write!(out, "{}", &month_name[..3]),
            'A' => write!(out, "{day_name}"),
            'a' => write!(out, "{}", &day_name[..3]),
            'C' => write!(out, "{:02}", year / 100),
            'Y' => write!(out, "{year:04}"),
            'y' => write!(out, "{:02}", year.rem_euclid(100)),
            'j' => write!(out, "{:03}", day_of_year(day)),
            'm' => write!(out, "{month:02}"),
            'd' => write!(out, "{date:02}"),
            _ => write!(out, "{date}"),
        };
        Some(())
    }
}

/// Java's times have nanoseconds.
fn to_nanos(picos: i128) -> i128 {
    (picos + 500).div_euclid(1000) * 1000
}

/// `03:04`, with seconds and three, six or nine digits of a fraction where there are such.
fn push_time(picos: i128, out: &mut String) {
    let nanos = picos / 1000;
    let seconds = (nanos / NANOS) as i64;
    let _ = write!(out, "{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    let fraction = nanos % NANOS;
    if seconds % 60 == 0 && fraction == 0 {
        return;
    }
    let _ = write!(out, ":{:02}", seconds % 60);
    let _ = match fraction {
        0 => Ok(()),
        f if f % 1_000_000 == 0 => write!(out, ".{:03}", f / 1_000_000),
        f if f % 1000 == 0 => write!(out, ".{:06}", f / 1000),
        f => write!(out, ".{f:09}"),
    };
}

fn abbreviation(zone: Zone, seconds: i64) -> String {
    use chrono::TimeZone;
    use chrono_tz::OffsetName;
    match (zone, chrono::DateTime::from_timestamp(seconds, 0)) {
        (Zone::Named(tz), Some(time)) => {
            let offset = tz.offset_from_utc_datetime(&time.naive_utc());
            offset.abbreviation().unwrap_or(tz.name()).to_string()
        }
        _ => zone.name(),
    }
}
