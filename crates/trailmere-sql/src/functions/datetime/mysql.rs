//! date_format, date_parse: times in patterns of MySQL's letters.

use arrow::array::Array;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::local::{Local, MILLI, Zones, column, locals};
use super::pattern::{Field, Moment, Piece, read, write};
use crate::coercion::can_coerce;
use crate::error::{Result, SqlError, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::arguments::{Texts, constant_text, written_texts};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "date_format",
            "date_format(timestamp, pattern) -> varchar",
            "The time as text, in a pattern of MySQL's letters: %Y-%m-%d %H:%i:%s.",
            "date_format(TIMESTAMP '2024-03-17 12:34:56', '%Y-%m-%d %H:%i')",
            date_format,
        ),
        entry(
            "date_parse",
            "date_parse(varchar, pattern) -> timestamp(3)",
            "The time that a text shows, in a pattern of MySQL's letters.",
            "date_parse('2024/03/17', '%Y/%m/%d')",
            date_parse,
        ),
    ]
}

/// The pieces of a pattern.
pub(super) fn compile(pattern: &str) -> Result<Vec<Piece>> {
    let mut pieces: Vec<Piece> = vec![];
    let text = |pieces: &mut Vec<Piece>, s: &str| match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(s),
        _ => pieces.push(Piece::Text(s.to_string())),
    };
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        let Some(letter) = (if c == '%' { letters.next() } else { None }) else {
            if c != '%' {
                text(&mut pieces, c.encode_utf8(&mut [0; 4]));
            }
            continue;
        };
        match letter {
            'r' => pieces.extend(compile("%h:%i:%s %p")?),
            'T' => pieces.extend(compile("%H:%i:%s")?),
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => {
                return Err(SqlError::invalid(format!("%{letter} not supported in date format string")));
            }
            _ => match piece(letter) {
                Some(piece) => pieces.push(piece),
                None => text(&mut pieces, letter.encode_utf8(&mut [0; 4])),
            },
        }
    }
    Ok(pieces)
}

fn piece(letter: char) -> Option<Piece> {
    Some(match letter {
        'a' => Piece::DayName(false),
        'W' => Piece::DayName(true),
        'b' => Piece::MonthName(false),
        'M' => Piece::MonthName(true),
        'c' => Piece::Number(Field::Month, 1, 2),
        'm' => Piece::Number(Field::Month, 2, 2),
        'd' => Piece::Number(Field::Day, 2, 2),
        'e' => Piece::Number(Field::Day, 1, 2),
        'f' => Piece::Fraction(6, 9),
        'H' => Piece::Number(Field::Hour, 2, 2),
        'k' => Piece::Number(Field::Hour, 1, 2),
        'h' | 'I' => Piece::Number(Field::ClockHalfdayHour, 2, 2),
        'l' => Piece::Number(Field::ClockHalfdayHour, 1, 2),
        'i' => Piece::Number(Field::Minute, 2, 2),
        's' | 'S' => Piece::Number(Field::Second, 2, 2),
        'j' => Piece::Number(Field::DayOfYear, 3, 3),
        'p' => Piece::Halfday,
        'v' => Piece::Number(Field::Week, 2, 2),
        'x' => Piece::Number(Field::Weekyear, 4, 4),
        'Y' => Piece::Number(Field::Year, 4, 4),
        'y' => Piece::ShortYear(Field::Year),
        _ => return None,
    })
}

/// How patterns are read, so that MySQL's and Joda's letters share the kernels.
pub(super) type Compile = fn(&str) -> Result<Vec<Piece>>;

/// The pieces of each row's pattern: compiled once where it is constant.
pub(super) struct Patterns {
    names: Texts,
    last: Option<(String, Vec<Piece>)>,
    compile: Compile,
}

impl Patterns {
    pub(super) fn of(call: &CallArgs<'_>, i: usize, compile: Compile) -> DfResult<Patterns> {
        Ok(Patterns { names: Texts::of(call, i)?, last: None, compile })
    }

    pub(super) fn get(&mut self, row: usize) -> DfResult<Option<&[Piece]>> {
        let Some(pattern) = self.names.get(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(last, _)| last != pattern) {
            self.last = Some((pattern.to_string(), (self.compile)(pattern)?));
        }
        Ok(self.last.as_ref().map(|(_, pieces)| pieces.as_slice()))
    }
}

/// The time argument's own type, or that to which a date is brought.
pub(super) fn formatted(name: &str, args: &[Arg<'_>], compile: Compile) -> Result<Type> {
    let bad = || no_overload(name, args, "a timestamp and a pattern");
    let [time, pattern] = args else { return Err(bad()) };
    if pattern.is_lambda() || time.is_lambda() || !can_coerce(pattern.ty(), &Type::VARCHAR) {
        return Err(bad());
    }
    if let Some(pattern) = constant_text(pattern) {
        compile(pattern)?;
    }
    match time.ty() {
        ty @ (Type::Timestamp(_) | Type::TimestampTz(_)) => Ok(ty.clone()),
        Type::Date | Type::Unknown => Ok(Type::Timestamp(3)),
        _ => Err(bad()),
    }
}

fn date_format(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let ty = formatted("date_format", args, compile)?;
    Ok(ScalarCall::new(vec![ty.clone(), Type::VARCHAR], Type::VARCHAR, move |call| format(call, &ty, compile)))
}

/// Writes each row's time in its pattern.
pub(super) fn format(call: &CallArgs<'_>, ty: &Type, compile: Compile) -> DfResult<ColumnarValue> {
    let array = call.array(0)?;
    let values = locals(ty, &array)?;
    let mut zones = Zones::of(&array)?;
    let mut patterns = Patterns::of(call, 1, compile)?;
    written_texts(call.rows, |row, out| {
        if array.is_null(row) {
            return Ok(false);
        }
        let Some(pieces) = patterns.get(row)? else { return Ok(false) };
        let (local, zone) = (rounded(values[row]), zones.get(row));
        let offset = zone.offset_at_local(local.millis().div_euclid(1000));
        write(pieces, &Moment { local, offset, zone }, out);
        Ok(true)
    })
}

/// To milliseconds, half up.
fn rounded(value: Local) -> Local {
    let rest = value.picos % MILLI;
    if rest == 0 {
        return value;
    }
    let up = if rest * 2 >= MILLI { i128::from(MILLI - rest) } else { -i128::from(rest) };
    Local::of_picos(value.to_picos() + up)
}

fn date_parse(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("date_parse", args, "a text and a pattern");
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
    Ok(ScalarCall::new(vec![Type::VARCHAR, Type::VARCHAR], Type::Timestamp(3), parse))
}

fn parse(call: &CallArgs<'_>) -> DfResult<ColumnarValue> {
    let texts = Texts::of(call, 0)?;
    let mut patterns = Patterns::of(call, 1, compile)?;
    let mut values = vec![Local::default(); call.rows];
    for (row, value) in values.iter_mut().enumerate() {
        let Some(text) = texts.get(row) else { continue };
        let Some(pieces) = patterns.get(row)? else { continue };
        *value = match read(pieces, text) {
            Ok((local, _)) => Local { picos: local.picos - local.picos % MILLI, ..local },
            Err(malformed) => return fail(malformed.message(text)),
        };
    }
    // NULLs are masked by the caller.
    let valid: arrow::array::ArrayRef = std::sync::Arc::new(arrow::array::Int8Array::from(vec![0; call.rows]));
    Ok(ColumnarValue::Array(column(&Type::Timestamp(3), &values, &valid)?))
}

#[cfg(test)]
mod tests {
    use super::super::local::{MINUTE, SECOND};
    use super::*;
    use crate::temporal::days_from_civil;
    use crate::zone::Zone;

    #[test]
    fn texts_are_read_as_mysql_writes_them() {
        let at = |y, m, d, picos| Local { days: days_from_civil(y, m, d), picos };
        for (text, pattern, expected) in [
            ("2013-05-17", "%Y-%m-%d", at(2013, 5, 17, 0)),
            ("2013-05-17 12:35:10 AM", "%Y-%m-%d %h:%i:%s %p", at(2013, 5, 17, 35 * MINUTE + 10 * SECOND)),
            ("1998 53", "%x %v", at(1998, 12, 28, 0)),
            ("2013 14", "%Y %y", at(2014, 1, 1, 0)),
            ("59.123456789", "%s.%f", at(1970, 1, 1, 59_123_456_789_000)),
            ("7-Dec-70", "%d-%b-%y", at(1970, 12, 7, 0)),
        ] {
            assert_eq!(read(&compile(pattern).unwrap(), text).unwrap().0, expected, "{text} {pattern}");
        }
        assert!(read(&compile("%Y-%m-%d").unwrap(), "2013-13-01").is_err());
        assert!(read(&compile("%Y-%m-%d").unwrap(), "2013-12-01x").is_err());
        assert!(compile("%D").is_err());
    }

    #[test]
    fn times_are_written_as_mysql_writes_them() {
        let local = Local { days: days_from_civil(2001, 1, 9), picos: 47_045_321_000_000_000 };
        for (pattern, expected) in [
            ("%a %b %c %d %e %f", "Tue Jan 1 09 9 321000"),
            ("%H %h %I %i %j %k %l", "13 01 01 04 009 13 1"),
            ("%M %m %p %r", "January 01 PM 01:04:05 PM"),
            ("%S %s %T %v %W %x %Y %y %% %g", "05 05 13:04:05 02 Tuesday 2001 2001 01 % g"),
        ] {
            let mut out = String::new();
            write(&compile(pattern).unwrap(), &Moment { local, offset: 0, zone: Zone::UTC }, &mut out);
            assert_eq!(out, expected);
        }
    }
}
