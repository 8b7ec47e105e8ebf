//! How is a time written in a pattern, and read back? The pieces that MySQL's and Joda's letters stand for.

use std::fmt::Write;

use chrono::DateTime;

use super::local::{DAY, HOUR, Local, MILLI, MINUTE, SECOND};
use crate::temporal::{civil_from_days, day_of_week, day_of_year, days_from_civil, iso_week, month_length};
use crate::zone::{Zone, offset_text};

/// A number in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    Weekyear,
    Century,
    Month,
    Day,
    DayOfYear,
    Week,
    DayOfWeek,
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HalfdayHour,
    /// 1 to 12.
    ClockHalfdayHour,
    Minute,
    Second,
}

/// Part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// At least so many digits when written, at most so many when read.
    Number(Field, usize, usize),
    /// Two digits, 1970 to 2069.
    ShortYear(Field),
    /// Digits of the fraction: at least so many when written, at most so many when read.
    Fraction(usize, usize),
    MonthName(bool),
    DayName(bool),
    Halfday,
    Era,
    /// An offset, with a colon or without.
    Offset(bool),
    /// A zone's name.
    ZoneName,
    /// What a zone is called at the time, as `EST`.
    ZoneAbbreviation,
}

pub(super) const MONTHS: [&str; 12] = [
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

/// A local time with its offset from UTC in seconds and its zone.
pub(super) struct Moment {
    pub(super) local: Local,
    pub(super) offset: i64,
    pub(super) zone: Zone,
}

fn number(field: Field, v: Local) -> i64 {
    let (year, month, day) = civil_from_days(v.days);
    let hour = v.picos / HOUR;
    match field {
        Field::Year => year,
        Field::Weekyear => iso_week(v.days).0,
        Field::Century => year / 100,
        Field::Month => month.into(),
        Field::Day => day.into(),
        Field::DayOfYear => day_of_year(v.days),
        Field::Week => iso_week(v.days).1,
        Field::DayOfWeek => day_of_week(v.days),
        Field::Hour => hour,
        Field::ClockHour => {
            if hour == 0 {
                24
            } else {
                hour
            }
        }
        Field::HalfdayHour => hour % 12,
        Field::ClockHalfdayHour => {
            if hour % 12 == 0 {
                12
            } else {
                hour % 12
            }
        }
        Field::Minute => v.picos / MINUTE % 60,
        Field::Second => v.picos / SECOND % 60,
    }
}

/// Writes a time.
pub(super) fn write(pieces: &[Piece], moment: &Moment, out: &mut String) {
    let local = moment.local;
    for piece in pieces {
        // Writing to a text cannot fail.
        let _ = match piece {
            Piece::Text(text) => out.write_str(text),
            Piece::Number(field, min, _) => {
                let n = number(*field, local);
                if n < 0 { write!(out, "-{:0min$}", -n) } else { write!(out, "{n:0min$}") }
            }
            Piece::ShortYear(field) => write!(out, "{:02}", number(*field, local).rem_euclid(100)),
            Piece::Fraction(min, _) => {
                let millis = format!("{:03}", local.picos / MILLI % 1000);
                write!(out, "{:0<min$}", &millis[..millis.len().min(*min)])
            }
            Piece::MonthName(long) => {
                let name = MONTHS[number(Field::Month, local) as usize - 1];
                out.write_str(if *long { name } else { &name[..3] })
            }
            Piece::DayName(long) => {
                let name = DAYS[number(Field::DayOfWeek, local) as usize - 1];
                out.write_str(if *long { name } else { &name[..3] })
            }
            Piece::Halfday => out.write_str(if local.picos < DAY / 2 { "AM" } else { "PM" }),
            Piece::Era => out.write_str(if number(Field::Year, local) > 0 { "AD" } else { "BC" }),
            Piece::Offset(colon) => {
                let text = offset_text((moment.offset / 60) as i32);
                if *colon { out.write_str(&text) } else { out.write_str(&text.replace(':', "")) }
            }
            Piece::ZoneName => out.write_str(&moment.zone.name()),
            Piece::ZoneAbbreviation => out.write_str(&abbreviation(moment)),
        };
    }
}

/// `EST`, or the offset where a zone has no such name.
fn abbreviation(moment: &Moment) -> String {
    let seconds = moment.local.millis().div_euclid(1000) - moment.offset;
    match (moment.zone, DateTime::from_timestamp(seconds, 0)) {
        (Zone::Named(zone), Some(instant)) => {
            let text = instant.with_timezone(&zone).format("%Z").to_string();
            if text.starts_with(['+', '-']) { offset_text((moment.offset / 60) as i32) } else { text }
        }
        (zone, _) => zone.name(),
    }
}

/// What a text said of a time.
#[derive(Default, Debug)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekyear: Option<i64>,
    week: Option<i64>,
    day_of_week: Option<i64>,
    hour: Option<i64>,
    halfday_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    picos: i64,
    zone: Option<Zone>,
}

/// Reads a time; the error says at which byte.
pub(super) fn read(pieces: &[Piece], text: &str) -> Result<(Local, Option<Zone>), Malformed> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Found::default();
    for piece in pieces {
        let start = reader.at;
        reader.piece(piece, &mut found).ok_or(Malformed::At(start))?;
    }
    if reader.at < text.len() {
        return Err(Malformed::At(reader.at));
    }
    let local = found.local().ok_or(Malformed::NoSuchTime)?;
    Ok((local, found.zone))
}

/// Why a text is no time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It differs from the pattern at this byte.
    At(usize),
    /// A field is out of range.
    NoSuchTime,
}

impl Malformed {
    /// Joda's words.
    pub(super) fn message(&self, text: &str) -> String {
        match self {
            Malformed::At(0) => format!("Invalid format: \"{text}\""),
            Malformed::At(at) if *at >= text.len() => format!("Invalid format: \"{text}\" is too short"),
            Malformed::At(at) => format!("Invalid format: \"{text}\" is malformed at \"{}\"", &text[*at..]),
            Malformed::NoSuchTime => format!("Cannot parse \"{text}\": a field is out of range"),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn digits(&mut self, most: usize) -> Option<&'a str> {
        let rest = self.rest();
        let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        self.at += length;
        (length > 0).then(|| &rest[..length])
    }

    fn signed(&mut self, most: usize) -> Option<i64> {
        let negative = self.rest().starts_with('-');
        if negative || (self.rest().starts_with('+') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit())) {
            self.at += 1;
        }
        let value: i64 = self.digits(most)?.parse().ok()?;
        Some(if negative { -value } else { value })
    }

    /// The first of `names`, in any case, that stands here: its place in the list.
    fn name<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Option<usize> {
        for (i, name) in names.enumerate() {
            if self.rest().get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name)) {
                self.at += name.len();
                return Some(i);
            }
        }
        None
    }

    /// A long or a short name: its place in the list.
    fn long_or_short(&mut self, names: &'static [&'static str]) -> Option<i64> {
        let long = self.name(names.iter().copied());
        let found = match long {
            Some(i) => Some(i),
            None => self.name(names.iter().map(|n| &n[..3])),
        };
        found.map(|i| i as i64 + 1)
    }

    fn piece(&mut self, piece: &Piece, found: &mut Found) -> Option<()> {
        match piece {
            Piece::Text(text) => {
                let here = self.rest().get(..text.len())?;
                if !here.eq_ignore_ascii_case(text) {
                    return None;
                }
                self.at += text.len();
            }
            Piece::Number(field @ (Field::Year | Field::Weekyear), _, most) => {
                let value = self.signed(*most)?;
                found.set(*field, value);
            }
            Piece::Number(field, _, most) => {
                let value = self.digits(*most)?.parse().ok()?;
                found.set(*field, value);
            }
            Piece::ShortYear(field) => {
                let digits = self.digits(2).filter(|d| d.len() == 2)?;
                let value: i64 = digits.parse().ok()?;
                found.set(*field, if value < 70 { 2000 + value } else { 1900 + value });
            }
            Piece::Fraction(_, most) => {
                let digits = self.digits(*most)?;
                found.picos = format!("{digits:0<12}").parse().ok()?;
            }
            Piece::MonthName(_) => found.month = Some(self.long_or_short(&MONTHS)?),
            Piece::DayName(_) => found.day_of_week = Some(self.long_or_short(&DAYS)?),
            Piece::Halfday => found.afternoon = Some(self.name(["AM", "PM"].into_iter())? == 1),
            Piece::Era => {
                let before = self.name(["AD", "BC"].into_iter())? == 1;
                found.year = found.year.map(|y| if before { 1 - y } else { y });
            }
            Piece::Offset(_) => found.zone = Some(self.offset()?),
            Piece::ZoneName | Piece::ZoneAbbreviation => found.zone = Some(self.zone()?),
        }
        Some(())
    }

    fn offset(&mut self) -> Option<Zone> {
        let rest = self.rest();
        if rest.starts_with(['Z', 'z']) {
            self.at += 1;
            return Some(Zone::UTC);
        }
        let length = rest.bytes().skip(1).take_while(|b| b.is_ascii_digit() || *b == b':').count() + 1;
        let text = rest.get(..length.min(6))?;
        let zone = text.starts_with(['+', '-']).then(|| Zone::parse(text))??;
        self.at += text.len();
        Some(zone)
    }

    fn zone(&mut self) -> Option<Zone> {
        let rest = self.rest();
        if rest.starts_with(['+', '-']) {
            return self.offset();
        }
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(b)).count();
        let zone = Zone::parse(&rest[..length])?;
        self.at += length;
        Some(zone)
    }
}

impl Found {
    fn set(&mut self, field: Field, value: i64) {
        match field {
            Field::Year => self.year = Some(value),
            Field::Century => self.year = Some(value * 100),
            Field::Weekyear => self.weekyear = Some(value),
            Field::Month => self.month = Some(value),
            Field::Day => self.day = Some(value),
            Field::DayOfYear => self.day_of_year = Some(value),
            Field::Week => self.week = Some(value),
            Field::DayOfWeek => self.day_of_week = Some(value),
            Field::Hour => self.hour = Some(value),
            Field::ClockHour => {
                self.hour = Some(if value == 24 {
                    0
                } else if value == 0 {
                    -1
                } else {
                    value
                })
            }
            Field::HalfdayHour => self.halfday_hour = Some(value),
            Field::ClockHalfdayHour => {
                self.halfday_hour = Some(if value == 12 {
                    0
                } else if value == 0 {
                    -1
                } else {
                    value
                });
            }
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
        }
    }

    fn local(&self) -> Option<Local> {
        let hour = match (self.halfday_hour, self.afternoon) {
            (Some(hour), afternoon) if (0..12).contains(&hour) => hour + if afternoon == Some(true) { 12 } else { 0 },
            (Some(_), _) => return None,
            (None, Some(afternoon)) if self.hour.is_none() => {
                if afternoon {
                    12
                } else {
                    0
                }
            }
            (None, _) => self.hour.unwrap_or(0),
        };
        if !(0..24).contains(&hour) || !(0..60).contains(&self.minute) || !(0..60).contains(&self.second) {
            return None;
        }
        let picos = hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.picos;
        Some(Local { days: self.date()?, picos })
    }

    fn date(&self) -> Option<i64> {
        let year = self.year.unwrap_or(1970);
        let monday = |days: i64| days - day_of_week(days) + 1;
        let days = if let Some(n) = self.day_of_year {
            let first = days_from_civil(year, 1, 1);
            (1..=days_from_civil(year + 1, 1, 1) - first).contains(&n).then_some(first + n - 1)?
        } else if self.weekyear.is_some() || self.week.is_some() {
            let first = monday(days_from_civil(self.weekyear.unwrap_or(year), 1, 4));
            let week = self.week.unwrap_or(1);
            let days = first + (week - 1) * 7;
            ((1..=53).contains(&week) && iso_week(days).1 == week).then_some(days)?
        } else {
            let month = u32::try_from(self.month.unwrap_or(1)).ok().filter(|m| (1..=12).contains(m))?;
            let day = u32::try_from(self.day.unwrap_or(1)).ok()?;
            (1..=month_length(year, month)).contains(&day).then(|| days_from_civil(year, month, day))?
        };
        match self.day_of_week {
            None => Some(days),
            Some(day) => (1..=7).contains(&day).then(|| monday(days) + day - 1),
        }
    }
}
