//! format_datetime, parse_datetime: times in patterns of Joda's letters.

use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::local::zoned_column;
use super::mysql::{Patterns, format, formatted};
use super::pattern::{Field, Piece, read};
use crate::coercion::can_coerce;
use crate::error::{Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, constant_text};
use crate::types::Type;
use crate::zone::Zone;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "format_datetime",
            "format_datetime(timestamp, pattern) -> varchar",
            "The time as text, in a pattern of Joda's letters: yyyy-MM-dd HH:mm:ss.",
            "format_datetime(TIMESTAMP '2024-03-17 12:34:56', 'EEE d MMM yyyy HH:mm')",
            format_datetime,
        ),
        entry(
            "parse_datetime",
            "parse_datetime(varchar, pattern) -> timestamp(3) with time zone",
            "The time that a text shows, in a pattern of Joda's letters.",
            "parse_datetime('2024/03/17 12:34 +0200', 'yyyy/MM/dd HH:mm Z')",
            parse_datetime,
        ),
    ]
}

/// Runs of one letter, quoted texts and everything else.
fn tokens(pattern: &str) -> Vec<(char, usize, String)> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut tokens: Vec<(char, usize, String)> = vec![];
    let mut i = 0;
    while i < letters.len() {
        let c = letters[i];
        if c.is_ascii_alphabetic() {
            let length = letters[i..].iter().take_while(|x| **x == c).count();
            tokens.push((c, length, String::new()));
            i += length;
            continue;
        }
        let mut text = String::new();
        if c == '\'' {
            i += 1;
            if letters.get(i) == Some(&'\'') {
                text.push('\'');
                i += 1;
            } else {
                while i < letters.len() && (letters[i] != '\'' || letters.get(i + 1) == Some(&'\'')) {
                    i += 1 + usize::from(letters[i] == '\'');
                    text.push(letters[i - 1]);
                }
                i += 1;
            }
        } else {
            text.push(c);
            i += 1;
        }
        tokens.push(('\'', 0, text));
    }
    tokens
}

/// The pieces of a pattern.
fn compile(pattern: &str) -> Result<Vec<Piece>> {
    if pattern.is_empty() {
        return Err(SqlError::invalid("Invalid pattern specification"));
    }
    let tokens = tokens(pattern);
    let mut pieces = vec![];
    for (i, (letter, length, text)) in tokens.iter().enumerate() {
        if *letter == '\'' {
            pieces.push(Piece::Text(text.clone()));
            continue;
        }
        let before_number = tokens.get(i + 1).is_some_and(|(next, n, _)| is_numeric(*next, *n));
        let piece = piece(*letter, *length, before_number).ok_or_else(|| {
            SqlError::invalid(format!("Illegal pattern component: {}", letter.to_string().repeat(*length)))
        })?;
        pieces.push(piece);
    }
    Ok(pieces)
}

fn is_numeric(letter: char, length: usize) -> bool {
    match letter {
        'c' | 'C' | 'x' | 'y' | 'Y' | 'd' | 'h' | 'H' | 'm' | 's' | 'S' | 'e' | 'D' | 'F' | 'w' | 'W' | 'k' | 'K' => {
            true
        }
        'M' => length <= 2,
        _ => false,
    }
}

fn piece(letter: char, n: usize, before_number: bool) -> Option<Piece> {
    let year = |field| {
        if n == 2 { Piece::ShortYear(field) } else { Piece::Number(field, n, if before_number { n } else { 9 }) }
    };
    Some(match letter {
        'G' => Piece::Era,
        'C' => Piece::Number(Field::Century, n, n.max(2)),
        'y' | 'Y' => year(Field::Year),
        'x' => year(Field::Weekyear),
        'M' if n >= 3 => Piece::MonthName(n > 3),
        'M' => Piece::Number(Field::Month, n, 2),
        'd' => Piece::Number(Field::Day, n, 2),
        'D' => Piece::Number(Field::DayOfYear, n, 3),
        'w' => Piece::Number(Field::Week, n, 2),
        'e' => Piece::Number(Field::DayOfWeek, n, 1),
        'E' => Piece::DayName(n > 3),
        'a' => Piece::Halfday,
        'h' => Piece::Number(Field::ClockHalfdayHour, n, 2),
        'H' => Piece::Number(Field::Hour, n, 2),
        'k' => Piece::Number(Field::ClockHour, n, 2),
        'K' => Piece::Number(Field::HalfdayHour, n, 2),
        'm' => Piece::Number(Field::Minute, n, 2),
        's' => Piece::Number(Field::Second, n, 2),
        'S' => Piece::Fraction(n, n),
        'Z' if n == 1 => Piece::Offset(false),
        'Z' if n == 2 => Piece::Offset(true),
        'Z' => Piece::ZoneName,
        'z' => Piece::ZoneAbbreviation,
        _ => return None,
    })
}

fn format_datetime(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ty = formatted("format_datetime", args, compile)?;
    Ok(ScalarCall::new(vec![ty.clone(), Type::VARCHAR], Type::VARCHAR, move |call| format(call, &ty, compile)))
}

fn parse_datetime(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("parse_datetime", args, "a text and a pattern");
    let [text, pattern] = args else { return Err(bad()) };
    if args.iter().any(Arg::is_lambda)
        || !can_coerce(text.ty(), &Type::VARCHAR)
        || !can_coerce(pattern.ty(), &Type::VARCHAR)
    {
        return Err(bad());
    }
    if let Some(pattern) = constant_text(pattern) {
        compile(pattern)?;
    }
    Ok(ScalarCall::new(vec![Type::VARCHAR, Type::VARCHAR], Type::TimestampTz(3), parse))
}

fn parse(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let texts = Texts::of(call, 0)?;
    let mut patterns = Patterns::of(call, 1, compile)?;
    let mut values = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let (Some(text), Some(pieces)) = (texts.get(row), patterns.get(row)?) else {
            values.push(None);
            continue;
        };
        let (local, zone) = match read(pieces, text) {
            Ok(found) => found,
            Err(malformed) => return fail(malformed.message(text)),
        };
        let zone = zone.unwrap_or(Zone::UTC);
        values.push(Some((zone.to_instant(local.to_picos()), zone.name())));
    }
    Ok(ColumnarValue::Array(zoned_column(3, values)?))
}

#[cfg(test)]
mod tests {
    use super::super::local::{Local, MINUTE};
    use super::super::pattern::{Moment, write};
    use super::*;
    use crate::temporal::days_from_civil;

    #[test]
    fn times_are_written_as_joda_writes_them() {
        let local = Local { days: days_from_civil(2001, 8, 22), picos: 11_045_321_000_000_000 };
        let zone = Zone::parse("+05:45").unwrap();
        for (pattern, expected) in [
            ("YYYY/MM/dd HH:mm", "2001/08/22 03:04"),
            ("yy-M-d h:m:s.SSS a", "01-8-22 3:4:5.321 AM"),
            ("EEE EEEE MMM MMMM", "Wed Wednesday Aug August"),
            ("Z ZZ ZZZ", "+0545 +05:45 +05:45"),
            ("xxxx-'W'ww-e 'it''s'", "2001-W34-3 it's"),
            ("S SS SSSS", "3 32 3210"),
        ] {
            let mut out = String::new();
            write(&compile(pattern).unwrap(), &Moment { local, offset: 20_700, zone }, &mut out);
            assert_eq!(out, expected, "{pattern}");
        }
        assert!(compile("yyyy-bb").is_err());
    }

    #[test]
    fn texts_are_read_as_joda_writes_them() {
        let (local, zone) = read(&compile("yyyyMMdd HHmm Z").unwrap(), "19600122 0304 +0500").unwrap();
        assert_eq!(local, Local { days: days_from_civil(1960, 1, 22), picos: 184 * MINUTE });
        assert_eq!(zone, Some(Zone::Fixed(300)));
        let (_, zone) = read(&compile("yyyy-MM-dd HH:mm ZZZ").unwrap(), "2020-01-02 03:04 Asia/Oral").unwrap();
        assert_eq!(zone.unwrap().name(), "Asia/Oral");
    }
}
