//! How does Trino read numbers, dates and times in text?

use crate::temporal::{PICOS_PER_DAY, PICOS_PER_SECOND, days_from_civil, month_length};

/// Java's `Double.parseDouble`: no `inf`, no `nan`, but a trailing `d` or `f`.
pub(crate) fn double(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" if text.starts_with('-') => return Some(f64::NEG_INFINITY),
        "Infinity" => return Some(f64::INFINITY),
        _ => {}
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok()
}

/// A decimal as unscaled value and number of fraction digits; `None` for what is no number or too long.
pub(crate) fn decimal(text: &str) -> Option<(i128, i32)> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i128 = 0;
    for b in whole.bytes().chain(fraction.bytes()) {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(b - b'0'))?;
    }
    Some((if negative { -value } else { value }, i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?))
}

/// Trino's words for a boolean.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if ["true", "t", "1"].iter().any(|t| text.eq_ignore_ascii_case(t)) {
        return Some(true);
    }
    ["false", "f", "0"].iter().any(|t| text.eq_ignore_ascii_case(t)).then_some(false)
}

/// A date and perhaps a time and a zone, as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment<'a> {
    /// Days since 1970.
    pub(crate) days: i64,
    /// Picoseconds of the day.
    pub(crate) picos: i128,
    /// Digits of the fraction of a second.
    pub(crate) precision: usize,
    /// The zone's text, if there is one.
    pub(crate) zone: Option<&'a str>,
}

impl Moment<'_> {
    /// Picoseconds since 1970, as if the time were UTC's.
    pub(crate) fn local(&self) -> i128 {
        i128::from(self.days) * PICOS_PER_DAY + self.picos
    }
}

/// Without white space around it; Java also counts the separators among the control characters.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// `2001-1-2`, blanks around it.
pub(crate) fn date(text: &str) -> Option<i64> {
    let mut reader = Reader { rest: trim(text) };
    let days = reader.date()?;
    reader.rest.is_empty().then_some(days)
}

/// `2001-1-2 3:04[:05[.678]] [zone]`; a T between date and time only where `Separator::Lake` says so.
pub(crate) fn moment(text: &str, separator: Separator) -> Option<Moment<'_>> {
    let mut reader = Reader { rest: trim(text) };
    let days = reader.date()?;
    let mut moment = Moment { days, picos: 0, precision: 0, zone: None };
    if reader.rest.is_empty() {
        return Some(moment);
    }
    if !(reader.eat(' ') || separator == Separator::Lake && (reader.eat('T') || reader.eat('t'))) {
        return None;
    }
    if reader.rest.starts_with(|c: char| c.is_ascii_digit()) {
        (moment.picos, moment.precision) = reader.time()?;
    }
    let zone = reader.rest.trim_start();
    moment.zone = (!zone.is_empty()).then_some(zone);
    Some(moment)
}

/// What may stand between date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// A blank, as Trino wants it.
    Blank,
    /// Also a T: what CloudTrail Lake's users compare `eventTime` with.
    Lake,
}

/// `3:04[:05[.678]]` and perhaps an offset in minutes; with the number of fraction digits.
pub(crate) fn time(text: &str) -> Option<(i128, usize, Option<i32>)> {
    let mut reader = Reader { rest: trim(text) };
    let (picos, precision) = reader.time()?;
    if precision > 12 {
        return None;
    }
    let zone = reader.rest.trim_start();
    if zone.is_empty() {
        return Some((picos, precision, None));
    }
    let shaped = zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':';
    match crate::zone::Zone::parse(zone) {
        Some(crate::zone::Zone::Fixed(minutes)) if shaped => Some((picos, precision, Some(minutes))),
        _ => None,
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < least {
            return None;
        }
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits.parse().ok()
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.eat('-');
        if !negative {
            self.eat('+');
        }
        let year = self.digits(4, 9)?;
        let month = if self.eat('-') { self.digits(1, 2)? as u32 } else { return None };
        let day = if self.eat('-') { self.digits(1, 2)? as u32 } else { return None };
        let year = if negative { -year } else { year };
        let valid = (1..=12).contains(&month) && day >= 1 && day <= month_length(year, month);
        valid.then(|| days_from_civil(year, month, day))
    }

    fn time(&mut self) -> Option<(i128, usize)> {
        let hour = self.digits(1, 2)?;
        let minute = if self.eat(':') { self.digits(1, 2)? } else { return None };
        let (mut second, mut picos, mut precision) = (0, 0, 0);
        if self.eat(':') {
            second = self.digits(1, 2)?;
            if self.eat('.') {
                (picos, precision) = self.fraction()?;
            }
        }
        let valid = hour < 24 && minute < 60 && second < 60;
        valid.then(|| (i128::from(hour * 3600 + minute * 60 + second) * PICOS_PER_SECOND + picos, precision))
    }

    /// Digits beyond the twelfth round half up.
    fn fraction(&mut self) -> Option<(i128, usize)> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        let kept = length.min(12);
        let value: i128 = digits[..kept].parse().ok()?;
        let up = digits.as_bytes().get(12).is_some_and(|b| *b >= b'5');
        Some((value * 10_i128.pow(12 - kept as u32) + i128::from(up), length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_javas() {
        for (text, value) in [
            ("37.7", Some(37.7)),
            (" 1e5 ", Some(1e5)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("1.5d", Some(1.5)),
            (".5", Some(0.5)),
            ("inf", None),
            ("nan", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(double(text), value, "{text}");
        }
    }

    #[test]
    fn decimals() {
        for (text, value) in [
            ("1.50", Some((150, 2))),
            ("-.5", Some((-5, 1))),
            ("1.", Some((1, 0))),
            ("12e2", Some((12, -2))),
            ("1e-3", Some((1, 3))),
            ("", None),
            (".", None),
            ("1x", None),
        ] {
            assert_eq!(decimal(text), value, "{text}");
        }
    }

    #[test]
    fn dates_and_times() {
        for (text, days) in [
            ("1970-1-2", Some(1)),
            (" 1970-01-01 ", Some(0)),
            ("19700101", None),
            ("2023-02-29", None),
            ("1970-01", None),
        ] {
            assert_eq!(date(text), days, "{text}");
        }
        let whole = moment("1970-01-02 1:02:03.4567 Asia/Tokyo", Separator::Blank).unwrap();
        assert_eq!((whole.days, whole.precision, whole.zone), (1, 4, Some("Asia/Tokyo")));
        assert_eq!(whole.picos, 3_723_456_700_000_000);
        assert_eq!(moment("1970-01-02T01:02:03Z", Separator::Blank), None);
        assert_eq!(moment("1970-01-02T01:02:03Z", Separator::Lake).unwrap().zone, Some("Z"));
        assert_eq!(moment("1970-01-02 Asia/Tokyo", Separator::Blank).unwrap().zone, Some("Asia/Tokyo"));
        assert_eq!(moment("1970-01-02 25:00", Separator::Blank), None);
        assert_eq!(time("12:34:56.7+08:35").unwrap().2, Some(515));
        assert_eq!(time("12:34 Asia/Tokyo"), None);
    }
}
