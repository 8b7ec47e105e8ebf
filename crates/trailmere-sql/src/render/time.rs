//! How are dates, times, timestamps and intervals written?

use std::fmt::Write;

use arrow::array::{Array, AsArray, StructArray};
use arrow::datatypes::{DataType, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};

use super::primitive;
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_MICRO, PICOS_PER_SECOND, civil_from_days};
use crate::zone::Zone;

/// `2001-08-22`; years beyond four digits have a sign.
pub(crate) fn date(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    let _ = match year {
        0..=9999 => write!(out, "{year:04}-{month:02}-{day:02}"),
        10_000.. => write!(out, "+{year}-{month:02}-{day:02}"),
        _ => write!(out, "-{:04}-{month:02}-{day:02}", -year),
    };
}

/// `03:04:05.321`.
pub(crate) fn time(picos: i128, precision: u8, out: &mut String) {
    let seconds = (picos / PICOS_PER_SECOND) as i64;
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if precision > 0 {
        let fraction = (picos % PICOS_PER_SECOND) / 10_i128.pow(12 - u32::from(precision.min(12)));
        let _ = write!(out, ".{fraction:0width$}", width = usize::from(precision));
    }
}

/// `03:04:05.321+05:45`.
pub(crate) fn time_tz(array: &StructArray, row: usize, precision: u8, out: &mut String) {
    time(i128::from(primitive::<Int64Type>(array.column(0), row)), precision, out);
    out.push_str(&crate::zone::offset_text(primitive::<Int32Type>(array.column(1), row)));
}

/// Picoseconds since 1970 of a timestamp of any precision.
pub(crate) fn stamp(array: &dyn Array, row: usize) -> i128 {
    match array.data_type() {
        DataType::Decimal128(..) => primitive::<Decimal128Type>(array, row),
        _ => i128::from(primitive::<TimestampMicrosecondType>(array, row)) * PICOS_PER_MICRO,
    }
}

/// `2001-08-22 03:04:05.321`.
pub(crate) fn timestamp(picos: i128, precision: u8, out: &mut String) {
    date(picos.div_euclid(PICOS_PER_DAY) as i64, out);
    out.push(' ');
    time(picos.rem_euclid(PICOS_PER_DAY), precision, out);
}

/// `2001-08-22 03:04:05.321 America/New_York`.
pub(crate) fn timestamp_tz(array: &StructArray, row: usize, precision: u8, out: &mut String) {
    let zone = array.column(1).as_string_view().value(row);
    let instant = stamp(array.column(0), row);
    timestamp(Zone::parse(zone).unwrap_or(Zone::UTC).to_local(instant), precision, out);
    out.push(' ');
    out.push_str(zone);
}

/// `2 03:04:05.321`.
pub(crate) fn day_to_second(millis: i64, out: &mut String) {
    if millis < 0 {
        out.push('-');
    }
    let millis = millis.unsigned_abs();
    let seconds = millis / 1000;
    let _ = write!(
        out,
        "{} {:02}:{:02}:{:02}.{:03}",
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    );
}

/// `1-2`.
pub(crate) fn year_to_month(months: i32, out: &mut String) {
    if months < 0 {
        out.push('-');
    }
    let months = months.unsigned_abs();
    let _ = write!(out, "{}-{}", months / 12, months % 12);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_of_their_precision() {
        for (picos, precision, text) in [
            (0, 3, "1970-01-01 00:00:00.000"),
            (-1_000_000, 6, "1969-12-31 23:59:59.999999"),
            (1_671_000_123_456_789_012_345, 12, "2022-12-14 06:42:03.456789012345"),
            (253_402_300_800 * PICOS_PER_SECOND, 0, "+10000-01-01 00:00:00"),
        ] {
            let mut out = String::new();
            timestamp(picos, precision, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn intervals_carry_their_sign_in_front() {
        let mut out = String::new();
        day_to_second(-1_111, &mut out);
        out.push('|');
        day_to_second(183_845_321, &mut out);
        out.push('|');
        year_to_month(-14, &mut out);
        assert_eq!(out, "-0 00:00:01.111|2 03:04:05.321|-1-2");
    }
}
