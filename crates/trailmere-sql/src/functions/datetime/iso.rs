//! ISO 8601: from_iso8601_timestamp, from_iso8601_timestamp_nanos, from_iso8601_date, to_iso8601.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, Date32Array};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::local::{HOUR, Local, MINUTE, SECOND, Zones, instants_of, locals, zoned_column};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, written_texts};
use crate::temporal::{civil_from_days, day_of_week, days_from_civil, iso_week, month_length};
use crate::types::Type;
use crate::zone::{Zone, offset_text};

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "from_iso8601_timestamp",
            "from_iso8601_timestamp(varchar) -> timestamp(3) with time zone",
            "The time of an ISO 8601 text; UTC if it names no offset.",
            "from_iso8601_timestamp('2024-03-17T12:34:56Z')",
            |args| from_timestamp("from_iso8601_timestamp", args, 3),
        ),
        entry(
            "from_iso8601_timestamp_nanos",
            "from_iso8601_timestamp_nanos(varchar) -> timestamp(9) with time zone",
            "The time of an ISO 8601 text, to the nanosecond.",
            "from_iso8601_timestamp_nanos('2024-03-17T12:34:56.123456789Z')",
            |args| from_timestamp("from_iso8601_timestamp_nanos", args, 9),
        ),
        entry(
            "from_iso8601_date",
            "from_iso8601_date(varchar) -> date",
            "The date of an ISO 8601 text: a day, a week's day or a day of the year.",
            "from_iso8601_date('2024-W11-7')",
            from_date,
        ),
        entry(
            "to_iso8601",
            "to_iso8601(date) -> varchar\nto_iso8601(timestamp) -> varchar\nto_iso8601(timestamp with time zone) -> varchar",
            "The time as an ISO 8601 text.",
            "to_iso8601(TIMESTAMP '2024-03-17 12:34:56 UTC')",
            to_iso8601,
        ),
    ]
}

/// The days that a timestamp(3) with time zone can be from 1970 in Trino, which packs millisecond and zone in 64 bits.
const MOST_DAYS: i64 = (1 << 51) / 86_400_000;

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        number.parse().ok()
    }

    /// `yyyy`, `yyyy-MM`, `yyyy-MM-dd`, `yyyy-DDD`, `yyyy-'W'ww`, `yyyy-'W'ww-e`.
    fn date(&mut self) -> Option<i64> {
        let negative = self.eat('-');
        let _ = !negative && self.eat('+');
        let year = self.number(1, 9)?;
        let year = if negative { -year } else { year };
        if !self.eat('-') {
            return Some(days_from_civil(year, 1, 1));
        }
        if self.eat('W') {
            let week = self.number(1, 2)?;
            let day = if self.eat('-') { self.number(1, 1)? } else { 1 };
            let january = days_from_civil(year, 1, 4);
            let days = january - day_of_week(january) + (week - 1) * 7 + day;
            return ((1..=7).contains(&day) && iso_week(days) == (year, week)).then_some(days);
        }
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 3 {
            let day = self.number(3, 3)?;
            let first = days_from_civil(year, 1, 1);
            return (1..=days_from_civil(year + 1, 1, 1) - first).contains(&day).then_some(first + day - 1);
        }
        let month = u32::try_from(self.number(1, 2)?).ok().filter(|m| (1..=12).contains(m))?;
        let day = if self.eat('-') { self.number(1, 2)? } else { 1 };
        let day = u32::try_from(day).ok().filter(|d| (1..=month_length(year, month)).contains(d))?;
        Some(days_from_civil(year, month, day))
    }

    /// `HH`, `HH:mm`, `HH:mm:ss`, each with a fraction.
    fn time(&mut self) -> Option<i64> {
        let hour = self.number(1, 2).filter(|h| *h < 24)?;
        let mut picos = hour * HOUR;
        let mut unit = HOUR;
        for (size, most) in [(MINUTE, 60), (SECOND, 60)] {
            if !self.eat(':') {
                break;
            }
            picos += self.number(1, 2).filter(|n| *n < most)? * size;
            unit = size;
        }
        if self.eat('.') || self.eat(',') {
            let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, rest) = self.0.split_at_checked(digits).filter(|_| digits > 0)?;
            self.0 = rest;
            let scaled: i128 = format!("{:0<12}", &fraction[..digits.min(12)]).parse().ok()?;
            picos += (scaled * i128::from(unit) / 1_000_000_000_000) as i64;
        }
        Some(picos)
    }

    fn zone(&mut self) -> Option<Zone> {
        match std::mem::take(&mut self.0) {
            "" | "Z" | "z" => Some(Zone::UTC),
            text if text.starts_with(['+', '-']) => Zone::parse(text),
            _ => None,
        }
    }
}

/// The local time and zone of an ISO 8601 text.
fn read(text: &str) -> Option<(Local, Zone)> {
    let mut reader = Reader(text);
    let days = if reader.0.starts_with('T') { 0 } else { reader.date()? };
    if !reader.eat('T') {
        return reader.0.is_empty().then_some((Local { days, picos: 0 }, Zone::UTC));
    }
    let with_time = !reader.0.is_empty() && !reader.0.starts_with(['Z', 'z', '+', '-']);
    let picos = if with_time { reader.time()? } else { 0 };
    Some((Local { days, picos }, reader.zone()?))
}

fn one_text(name: &str, args: &[Arg<'_>]) -> Result<()> {
    match args {
        [text] if !text.is_lambda() && can_coerce(text.ty(), &Type::VARCHAR) => Ok(()),
        _ => Err(no_overload(name, args, "a text")),
    }
}

fn from_timestamp(name: &str, args: &[Arg<'_>], precision: u8) -> Result<ScalarCall> {
    one_text(name, args)?;
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::TimestampTz(precision), move |call| {
        let texts = Texts::of(call, 0)?;
        let unit = 10_i128.pow(12 - u32::from(precision));
        let value = |row| match texts.get(row) {
            None => Ok(None),
            Some(text) => match read(text) {
                // What is finer than the result is cut off, as Joda does.
                Some((local, _)) if precision <= 3 && local.days.abs() > MOST_DAYS => {
                    fail(format!("Millis overflow: {}", local.millis()))
                }
                Some((local, zone)) => {
                    Ok(Some((zone.to_instant(local.to_picos()).div_euclid(unit) * unit, zone.name())))
                }
                None => fail(format!("Invalid format: \"{text}\"")),
            },
        };
        let values = (0..call.rows).map(value).collect::<DfResult<Vec<_>>>()?;
        Ok(ColumnarValue::Array(zoned_column(precision, values)?))
    }))
}

fn from_date(args: &[Arg<'_>]) -> Result<ScalarCall> {
    one_text("from_iso8601_date", args)?;
    Ok(ScalarCall::new(vec![Type::VARCHAR], Type::Date, move |call| {
        let texts = Texts::of(call, 0)?;
        let value = |row| match texts.get(row) {
            None => Ok(None),
            Some(text) => {
                let mut reader = Reader(text);
                match reader.date().filter(|_| reader.0.is_empty()).and_then(|d| i32::try_from(d).ok()) {
                    Some(days) => Ok(Some(days)),
                    None => fail(format!("Invalid format: \"{text}\"")),
                }
            }
        };
        let days = (0..call.rows).map(value).collect::<DfResult<Date32Array>>()?;
        Ok(ColumnarValue::Array(Arc::new(days)))
    }))
}

fn to_iso8601(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("to_iso8601", args, "a date or a timestamp");
    let [Arg::Value { ty, .. }] = args else { return Err(bad()) };
    let precision = match ty {
        Type::Date => None,
        Type::Timestamp(p) | Type::TimestampTz(p) => Some(*p),
        _ => return Err(bad()),
    };
    let of = ty.clone();
    Ok(ScalarCall::new(vec![ty.clone()], Type::VARCHAR, move |call| {
        let array = call.array(0)?;
        let values = locals(&of, &array)?;
        let instants = instants_of(&of, &array)?;
        let mut zones = Zones::of(&array)?;
        written_texts(call.rows, |row, out| {
            if array.is_valid(row) {
                date_and_time(values[row], precision, out);
                if matches!(of, Type::TimestampTz(_)) {
                    let minutes = zones.get(row).offset_at(instants[row].millis().div_euclid(1000)) / 60;
                    out.push_str(&if minutes == 0 { "Z".to_string() } else { offset_text(minutes as i32) });
                }
            }
            Ok(true)
        })
    }))
}

fn date_and_time(value: Local, precision: Option<u8>, out: &mut String) {
    let (year, month, day) = civil_from_days(value.days);
    // Writing to a text cannot fail.
    let _ = if year < 0 { write!(out, "-{:04}", -year) } else { write!(out, "{year:04}") };
    let _ = write!(out, "-{month:02}-{day:02}");
    let Some(precision) = precision else { return };
    let (hour, minute, second) = (value.picos / HOUR, value.picos / MINUTE % 60, value.picos / SECOND % 60);
    let _ = write!(out, "T{hour:02}:{minute:02}:{second:02}");
    if precision > 0 {
        let fraction = format!("{:012}", value.picos % SECOND);
        let _ = write!(out, ".{}", &fraction[..usize::from(precision)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_texts_are_read() {
        let day = |y, m, d| days_from_civil(y, m, d);
        for (text, days, picos, zone) in [
            ("2001-08-22T03:04:05.321-11:00", day(2001, 8, 22), 11_045_321_000_000_000, Zone::Fixed(-660)),
            ("2001-08-22T03:04:05Z", day(2001, 8, 22), 11_045 * SECOND, Zone::UTC),
            ("2001-08-22", day(2001, 8, 22), 0, Zone::UTC),
            ("2001-W34-3T03:04", day(2001, 8, 22), 184 * MINUTE, Zone::UTC),
            ("2001-234", day(2001, 8, 22), 0, Zone::UTC),
            ("2001-08", day(2001, 8, 1), 0, Zone::UTC),
            ("2001T12.5", day(2001, 1, 1), 12 * HOUR + HOUR / 2, Zone::UTC),
        ] {
            assert_eq!(read(text), Some((Local { days, picos }, zone)), "{text}");
        }
        for text in ["", "2001-13-01", "2001-02-30T00:00", "2001-08-22 03:04", "2001-08-22T25:00", "2001-08-22T"] {
            if text != "2001-08-22T" {
                assert_eq!(read(text), None, "{text}");
            }
        }
    }
}
