//! How does Java, and so Trino, write a number?

use std::fmt::Write;

/// A double in a result: `37.7`, `1200.0`, `1.0E7`, `NaN`.
pub(crate) fn double(value: f64, out: &mut String) {
    if let Some(name) = special(value) {
        out.push_str(name);
        return;
    }
    let mut digits = Digits::default();
    let _ = write!(digits, "{value:e}");
    java(&digits, out);
}

/// A real in a result.
pub(crate) fn real(value: f32, out: &mut String) {
    if let Some(name) = special(f64::from(value)) {
        out.push_str(name);
        return;
    }
    let mut digits = Digits::default();
    let _ = write!(digits, "{value:e}");
    java(&digits, out);
}

/// A double cast to varchar: `3.77E1`, `1E0`, `NaN`.
pub(crate) fn double_cast(value: f64, out: &mut String) {
    match special(value) {
        Some(name) => out.push_str(name),
        None => {
            let _ = write!(out, "{value:E}");
        }
    }
}

/// A real cast to varchar.
pub(crate) fn real_cast(value: f32, out: &mut String) {
    match special(f64::from(value)) {
        Some(name) => out.push_str(name),
        None => {
            let _ = write!(out, "{value:E}");
        }
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("Infinity")
    } else if value == f64::NEG_INFINITY {
        Some("-Infinity")
    } else {
        None
    }
}

/// The shortest digits of a float, in Rust's `1.25e-7` form, without touching the heap.
#[derive(Default)]
struct Digits {
    bytes: [u8; 32],
    length: usize,
}

impl Write for Digits {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.length + s.len();
        let Some(target) = self.bytes.get_mut(self.length..end) else { return Err(std::fmt::Error) };
        target.copy_from_slice(s.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// `Double.toString`: plain between 1e-3 and 1e7, else with an exponent; always a digit on both sides of the point.
fn java(digits: &Digits, out: &mut String) {
    let text = std::str::from_utf8(&digits.bytes[..digits.length]).unwrap_or("");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = match mantissa.strip_prefix('-') {
        Some(rest) => {
            out.push('-');
            rest
        }
        None => mantissa,
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    match exponent {
        0..=6 => {
            let whole = exponent as usize;
            out.push_str(first);
            let split = whole.min(rest.len());
            out.push_str(&rest[..split]);
            out.extend(std::iter::repeat_n('0', whole - split));
            out.push('.');
            out.push_str(if split < rest.len() { &rest[split..] } else { "0" });
        }
        -3..=-1 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
            out.push_str(first);
            out.push_str(rest);
        }
        _ => {
            let _ = write!(out, "{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest });
        }
    }
}

/// A decimal with all its `scale` digits.
pub(crate) fn decimal(value: i128, scale: u8, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let magnitude = value.unsigned_abs();
    if scale == 0 {
        let _ = write!(out, "{magnitude}");
        return;
    }
    let unit = 10_u128.pow(u32::from(scale));
    let _ = write!(out, "{}.{:0width$}", magnitude / unit, magnitude % unit, width = usize::from(scale));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_look_like_javas() {
        for (value, result, cast) in [
            (37.7, "37.7", "3.77E1"),
            (1200.0, "1200.0", "1.2E3"),
            (1e7, "1.0E7", "1E7"),
            (12_345_678.9, "1.23456789E7", "1.23456789E7"),
            (9_999_999.0, "9999999.0", "9.999999E6"),
            (0.001, "0.001", "1E-3"),
            (0.0001, "1.0E-4", "1E-4"),
            (-0.05, "-0.05", "-5E-2"),
            (0.0, "0.0", "0E0"),
            (-0.0, "-0.0", "-0E0"),
            (f64::NAN, "NaN", "NaN"),
            (f64::NEG_INFINITY, "-Infinity", "-Infinity"),
            (f64::MAX, "1.7976931348623157E308", "1.7976931348623157E308"),
        ] {
            let (mut a, mut b) = (String::new(), String::new());
            double(value, &mut a);
            double_cast(value, &mut b);
            assert_eq!((a.as_str(), b.as_str()), (result, cast));
        }
    }

    #[test]
    fn decimals_keep_their_scale() {
        for (value, scale, text) in [(150, 2, "1.50"), (-5, 3, "-0.005"), (7, 0, "7"), (30, 2, "0.30")] {
            let mut out = String::new();
            decimal(value, scale, &mut out);
            assert_eq!(out, text);
        }
    }
}
