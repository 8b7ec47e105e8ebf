//! When was that? Microseconds since 1970, UTC, to and from the spellings that records and results use.

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Reads the time of a record: `2025-01-22T22:05:56Z` or the basic `20131102T010628Z`.
///
/// Also taken, as other deliverers write them: a space for `T`, a fraction (cut after microseconds), no `Z`, an offset.
pub fn parse_event_time(text: &str) -> Option<i64> {
    let mut rest = Cursor(text.as_bytes());
    let year = rest.digits(4)?;
    let extended = rest.take(b'-');
    let month = rest.digits(2)?;
    rest.separator(extended, b'-')?;
    let day = rest.digits(2)?;
    if !rest.take(b'T') && !rest.take(b' ') {
        return None;
    }
    let hour = rest.digits(2)?;
    rest.separator(extended, b':')?;
    let minute = rest.digits(2)?;
    rest.separator(extended, b':')?;
    let second = rest.digits(2)?;
    let fraction = if rest.take(b'.') { rest.fraction()? } else { 0 };
    let offset = rest.offset()?;
    let valid = rest.0.is_empty() && hour < 24 && minute < 60 && second <= 60;
    let days = days_from_civil(year, month, day).filter(|_| valid)?;
    Some(((days * 24 + hour) * 60 + minute - offset) * 60 * MICROS_PER_SECOND + second * MICROS_PER_SECOND + fraction)
}

/// Writes a time as results do: `2023-01-22 16:53:53.000`.
pub fn format_timestamp(micros: i64) -> String {
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    let millis = micros.rem_euclid(MICROS_PER_DAY) / 1_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03}")
}

/// The partition of a time: `YYYYMMDD` of its UTC day.
pub fn calendarday(micros: i64) -> i64 {
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY));
    (year * 100 + month) * 100 + day
}

/// The first microsecond of a partition, or `None` if the number is no day.
pub fn calendarday_start(calendarday: i64) -> Option<i64> {
    let days = days_from_civil(calendarday / 10_000, calendarday / 100 % 100, calendarday % 100)?;
    Some(days * MICROS_PER_DAY)
}

/// The UTC hour of a time, 0 to 23.
pub fn hour(micros: i64) -> i64 {
    micros.rem_euclid(MICROS_PER_DAY) / (3_600 * MICROS_PER_SECOND)
}

/// Days since 1970-01-01 of a proleptic Gregorian date in the years 0 to 9999.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is a year's last.
    let shifted_year = if month > 2 { year } else { year - 1 };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// What is left of a text; each method takes from its front.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// A separator that the extended spelling has and the basic one has not.
    fn separator(&mut self, extended: bool, wanted: u8) -> Option<()> {
        (self.take(wanted) == extended).then_some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
    }

    /// The digits after the point, in microseconds; what is finer is cut.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let mut padded = digits.iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0));
        Some((0..6).fold(0, |micros, _| micros * 10 + padded.next().unwrap_or(0)))
    }

    /// The zone at the end, in minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.take(b'Z') {
            return Some(0);
        }
        let sign = if self.take(b'+') {
            1
        } else if self.take(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        self.take(b':');
        let minutes = self.digits(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, NaiveDate};

    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let cases = [
            ("2025-01-22T22:05:56Z", Some(1_737_583_556_000_000)),
            ("20131102T010628Z", Some(1_383_354_388_000_000)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.999999Z", Some(-1)),
            ("2025-01-22 22:05:56", Some(1_737_583_556_000_000)),
            ("2025-01-22T22:05:56.1Z", Some(1_737_583_556_100_000)),
            ("2025-01-22T22:05:56.123456789Z", Some(1_737_583_556_123_456)),
            ("2025-01-23T00:05:56+02:00", Some(1_737_583_556_000_000)),
            ("2025-01-22T17:35:56-0430", Some(1_737_583_556_000_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000_000)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000_000)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_event_time(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let cases = [
            "",
            "2025",
            "2025-01-22",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-22T24:00:00Z",
            "2025-01-22T00:60:00Z",
            "2025-01-22T00:00:61Z",
            "2025-01-22T22:05:56Zx",
            "2025-01-22T22:05:56.Z",
            "2025-0122T22:05:56Z",
            "2025-01-22T2205:56Z",
            "20250122T22:05:56Z",
            "2025-01-22T22:05:56+2",
            "2025-01-22t22:05:56Z",
            "１２３４-01-22T22:05:56Z",
            "2025-01-00T00:00:00Z",
            "null",
        ];
        for text in cases {
            assert_eq!(parse_event_time(text), None, "{text}");
        }
    }

    #[test]
    fn agrees_with_chrono_on_every_day_of_six_centuries() {
        let mut date = NaiveDate::from_ymd_opt(1700, 1, 1).unwrap();
        while date.year() < 2300 {
            let micros = date.and_hms_micro_opt(13, 7, 9, 120_999).unwrap().and_utc().timestamp_micros();
            let day = i64::from(date.year() * 10_000) + i64::from(date.month() * 100 + date.day());
            assert_eq!(calendarday(micros), day);
            assert_eq!(calendarday_start(day), Some(micros - micros.rem_euclid(MICROS_PER_DAY)));
            assert_eq!(parse_event_time(&format!("{date}T13:07:09.120999Z")), Some(micros));
            assert_eq!(format_timestamp(micros), format!("{date} 13:07:09.120"));
            assert_eq!(hour(micros), 13);
            date = date.succ_opt().unwrap();
        }
    }

    #[test]
    fn times_before_1970_belong_to_their_own_day() {
        assert_eq!(calendarday(-1), 19_691_231);
        assert_eq!(hour(-1), 23);
        assert_eq!(format_timestamp(-1), "1969-12-31 23:59:59.999");
        assert_eq!(DateTime::from_timestamp_micros(-1).unwrap().day(), 31);
        assert_eq!(calendarday_start(20_250_230), None);
        assert_eq!(calendarday_start(-1), None);
    }
}
