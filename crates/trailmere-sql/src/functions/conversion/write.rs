//! How does Java's Formatter write one value?

use super::digits::Digits;
use super::moment::Moment;
use super::specifier::{Flags, Specifier};

/// An argument as Java has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Long(i64),
    Real(f32),
    Double(f64),
    Decimal(i128, u8),
    Text(std::borrow::Cow<'a, str>),
    Moment(Moment),
}

impl Value<'_> {
    fn class(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "java.lang.Boolean",
            Value::Long(_) => "java.lang.Long",
            Value::Real(_) => "java.lang.Float",
            Value::Double(_) => "java.lang.Double",
            Value::Decimal(..) => "java.math.BigDecimal",
            Value::Text(_) => "java.lang.String",
            Value::Moment(_) => "java.time.temporal.Temporal",
        }
    }

    /// `toString()`.
    fn push(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Long(n) => out.push_str(&n.to_string()),
            Value::Real(x) => crate::render::number::real(*x, out),
            Value::Double(x) => crate::render::number::double(*x, out),
            Value::Decimal(value, scale) => push_decimal(*value, *scale, out),
            Value::Text(text) => out.push_str(text),
            Value::Moment(moment) => moment.push(out),
        }
    }

    /// `hashCode()`.
    fn hash(&self) -> u32 {
        let fold = |bits: u64| (bits ^ bits >> 32) as u32;
        match self {
            Value::Boolean(b) => {
                if *b {
                    1231
                } else {
                    1237
                }
            }
            Value::Long(n) => fold(*n as u64),
            Value::Double(x) => fold(x.to_bits()),
            Value::Real(x) => x.to_bits(),
            other => {
                let mut text = String::new();
                other.push(&mut text);
                text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
            }
        }
    }
}

/// `BigDecimal.toString()`: with an exponent where more than six zeros follow the point.
fn push_decimal(value: i128, scale: u8, out: &mut String) {
    let digits = value.unsigned_abs().to_string();
    let exponent = digits.len() as i64 - 1 - i64::from(scale);
    if exponent >= -6 {
        crate::render::number::decimal(value, scale, out);
        return;
    }
    out.push_str(if value < 0 { "-" } else { "" });
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    out.push_str(&format!("E{exponent}"));
}

/// Writes a value as the specifier says; the error names Java's exception.
pub(super) fn push(specifier: &Specifier, value: &Value<'_>, out: &mut String) -> Result<(), String> {
    let mut text = String::new();
    if specifier.conversion == '%' && !specifier.time {
        text.push('%');
    } else {
        convert(specifier, value, &mut text)?;
    }
    if specifier.upper {
        text = text.to_uppercase();
    }
    let missing = specifier.width.unwrap_or(0).saturating_sub(text.chars().count());
    if specifier.flags.left {
        out.push_str(&text);
    }
    out.extend(std::iter::repeat_n(' ', missing));
    if !specifier.flags.left {
        out.push_str(&text);
    }
    Ok(())
}

fn convert(specifier: &Specifier, value: &Value<'_>, out: &mut String) -> Result<(), String> {
    let mismatch = || Err(format!("IllegalFormatConversion: {} != {}", specifier.conversion, value.class()));
    let conversion = specifier.conversion;
    if specifier.time {
        return match value {
            Value::Null => general("null", specifier, out),
            Value::Moment(moment) => {
                moment.push_part(conversion, out).ok_or_else(|| format!("the value has no `%t{conversion}`"))
            }
            _ => mismatch(),
        };
    }
    match (conversion, value) {
        ('b', Value::Null) => general("false", specifier, out),
        ('b', Value::Boolean(false)) => general("false", specifier, out),
        ('b', _) => general("true", specifier, out),
        (_, Value::Null) => general("null", specifier, out),
        ('s', value) => {
            let mut text = String::new();
            value.push(&mut text);
            general(&text, specifier, out)
        }
        ('h', value) => general(&format!("{:x}", value.hash()), specifier, out),
        ('d', Value::Long(n)) => {
            number(specifier, *n < 0, grouped(&n.unsigned_abs().to_string(), specifier.flags), out);
            Ok(())
        }
        ('x', Value::Long(n)) => {
            unsigned(specifier, if specifier.flags.alternate { "0x" } else { "" }, &format!("{n:x}"), out)
        }
        ('o', Value::Long(n)) => {
            unsigned(specifier, if specifier.flags.alternate { "0" } else { "" }, &format!("{n:o}"), out)
        }
        ('e' | 'f' | 'g', Value::Double(x)) if !x.is_finite() => not_finite(specifier, *x, out),
        ('e' | 'f' | 'g', Value::Real(x)) if !x.is_finite() => not_finite(specifier, f64::from(*x), out),
        ('e' | 'f' | 'g', Value::Double(x)) => float(specifier, x.is_sign_negative(), &Digits::of_double(*x), out),
        ('e' | 'f' | 'g', Value::Real(x)) => float(specifier, x.is_sign_negative(), &Digits::of_real(*x), out),
        ('e' | 'f' | 'g', Value::Decimal(value, scale)) => {
            float(specifier, *value < 0, &Digits::of_decimal(*value, i64::from(*scale)), out)
        }
        _ => mismatch(),
    }
}

/// A text, cut to the precision.
fn general(text: &str, specifier: &Specifier, out: &mut String) -> Result<(), String> {
    if specifier.flags.alternate {
        return Err(format!("FormatFlagsConversionMismatch: Conversion = {}, Flags = #", specifier.conversion));
    }
    out.extend(text.chars().take(specifier.precision.unwrap_or(usize::MAX)));
    Ok(())
}

/// Digits with their sign, filled with zeros to the width where asked.
fn number(specifier: &Specifier, negative: bool, digits: String, out: &mut String) {
    let flags = specifier.flags;
    let (before, after) = match (negative, flags.parentheses) {
        (true, true) => ("(", ")"),
        (true, false) => ("-", ""),
        (false, _) if flags.plus => ("+", ""),
        (false, _) if flags.blank => (" ", ""),
        (false, _) => ("", ""),
    };
    out.push_str(before);
    if flags.zero {
        let width = before.len() + digits.len() + after.len();
        out.extend(std::iter::repeat_n('0', specifier.width.unwrap_or(0).saturating_sub(width)));
    }
    out.push_str(&digits);
    out.push_str(after);
}

fn unsigned(specifier: &Specifier, prefix: &str, digits: &str, out: &mut String) -> Result<(), String> {
    let flags = specifier.flags;
    if flags.plus || flags.blank || flags.parentheses {
        return Err(format!("FormatFlagsConversionMismatch: Conversion = {}", specifier.conversion));
    }
    out.push_str(prefix);
    if flags.zero {
        let width = prefix.len() + digits.len();
        out.extend(std::iter::repeat_n('0', specifier.width.unwrap_or(0).saturating_sub(width)));
    }
    out.push_str(digits);
    Ok(())
}

/// The digits with a comma before every third.
fn grouped(whole: &str, flags: Flags) -> String {
    if !flags.group {
        return whole.to_string();
    }
    let mut out = String::with_capacity(whole.len() * 4 / 3);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn not_finite(specifier: &Specifier, value: f64, out: &mut String) -> Result<(), String> {
    let plain = Specifier { flags: Flags { zero: false, ..specifier.flags }, ..specifier.clone() };
    if value.is_nan() {
        out.push_str("NaN");
    } else {
        number(&plain, value < 0.0, "Infinity".to_string(), out);
    }
    Ok(())
}

fn float(specifier: &Specifier, negative: bool, digits: &Digits, out: &mut String) -> Result<(), String> {
    let precision = specifier.precision.unwrap_or(6) as i64;
    let text = match specifier.conversion {
        'e' => scientific(digits, precision),
        'f' => fixed(digits, precision, specifier.flags),
        _ => {
            let precision = precision.max(1);
            let rounded = digits.significant(precision);
            match rounded.exponent() {
                _ if rounded.is_zero() => fixed(&rounded, precision - 1, specifier.flags),
                exponent if (-4..precision).contains(&exponent) => {
                    fixed(&rounded, precision - 1 - exponent, specifier.flags)
                }
                _ => scientific(&rounded, precision - 1),
            }
        }
    };
    number(specifier, negative, text, out);
    Ok(())
}

fn scientific(digits: &Digits, precision: i64) -> String {
    let rounded = digits.significant(precision + 1);
    let exponent = rounded.exponent();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", rounded.mantissa(precision), exponent.abs())
}

fn fixed(digits: &Digits, precision: i64, flags: Flags) -> String {
    let rounded = digits.rounded(precision);
    let point = if precision > 0 || flags.alternate { "." } else { "" };
    format!("{}{point}{}", grouped(&rounded.whole(), flags), rounded.fraction(precision))
}
