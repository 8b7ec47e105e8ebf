//! How is a number rounded to digits, half up and in decimal as Java does?

/// A finite number without its sign: `0.d1d2d3… × 10^point`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Digits {
    digits: Vec<u8>,
    point: i64,
}

impl Digits {
    /// The shortest digits that name a double.
    pub(super) fn of_double(value: f64) -> Digits {
        Digits::of_scientific(&format!("{:e}", value.abs()))
    }

    /// The shortest digits that name a real.
    pub(super) fn of_real(value: f32) -> Digits {
        Digits::of_scientific(&format!("{:e}", value.abs()))
    }

    /// All digits of a decimal.
    pub(super) fn of_decimal(value: i128, scale: i64) -> Digits {
        let digits: Vec<u8> = value.unsigned_abs().to_string().bytes().map(|b| b - b'0').collect();
        let point = digits.len() as i64 - scale;
        Digits { digits, point }.trimmed()
    }

    fn of_scientific(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits = mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        Digits { digits, point: exponent.parse::<i64>().unwrap_or(0) + 1 }.trimmed()
    }

    fn trimmed(mut self) -> Digits {
        let leading = self.digits.iter().take_while(|d| **d == 0).count();
        self.digits.drain(..leading);
        self.point -= leading as i64;
        if self.digits.is_empty() {
            self.point = 1;
        }
        self
    }

    /// Times ten to a power.
    pub(super) fn scaled(mut self, power: i64) -> Digits {
        self.point += power;
        self
    }

    /// Whether the number is zero.
    pub(super) fn is_zero(&self) -> bool {
        self.digits.iter().all(|d| *d == 0)
    }

    /// The exponent of the first digit.
    pub(super) fn exponent(&self) -> i64 {
        if self.is_zero() { 0 } else { self.point - 1 }
    }

    /// Rounded half up to `places` after the point.
    pub(super) fn rounded(&self, places: i64) -> Digits {
        self.cut(self.point + places)
    }

    /// Rounded half up to `count` significant digits.
    pub(super) fn significant(&self, count: i64) -> Digits {
        self.cut(count)
    }

    fn cut(&self, keep: i64) -> Digits {
        let mut cut = self.clone();
        if keep < 0 {
            return Digits { digits: vec![], point: 1 };
        }
        let keep = keep as usize;
        if keep >= cut.digits.len() {
            return cut;
        }
        let up = cut.digits[keep] >= 5;
        cut.digits.truncate(keep);
        if up {
            match cut.digits.iter().rposition(|d| *d < 9) {
                Some(at) => {
                    cut.digits[at] += 1;
                    cut.digits.truncate(at + 1);
                }
                None => {
                    cut.digits = vec![1];
                    cut.point += 1;
                }
            }
        }
        cut.trimmed()
    }

    fn digit(&self, at: i64) -> char {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or(0);
        char::from(b'0' + digit)
    }

    /// The digits before the point, at least a zero.
    pub(super) fn whole(&self) -> String {
        if self.point <= 0 || self.is_zero() {
            "0".to_string()
        } else {
            (0..self.point).map(|i| self.digit(i)).collect()
        }
    }

    /// `places` digits after the point.
    pub(super) fn fraction(&self, places: i64) -> String {
        (self.point..self.point + places).map(|i| self.digit(i)).collect()
    }

    /// `d.ddd` with `places` digits after the point.
    pub(super) fn mantissa(&self, places: i64) -> String {
        let point = if places > 0 { "." } else { "" };
        let fraction: String = (1..=places).map(|i| self.digit(i)).collect();
        format!("{}{point}{fraction}", self.digit(0))
    }

    /// How many digits stand after the point, without zeros at the end.
    pub(super) fn places(&self) -> i64 {
        let used = self.digits.iter().rposition(|d| *d != 0).map_or(0, |last| last + 1);
        (used as i64 - self.point).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up() {
        for (value, places, whole, fraction) in [
            (1.005, 2, "1", "01"),
            (0.25, 1, "0", "3"),
            (999.96, 1, "1000", "0"),
            (0.0004, 3, "0", "000"),
            (0.05, 0, "0", ""),
            (0.5, 0, "1", ""),
            (1e22, 1, "10000000000000000000000", "0"),
            (0.0, 2, "0", "00"),
        ] {
            let digits = Digits::of_double(value).rounded(places);
            assert_eq!((digits.whole().as_str(), digits.fraction(places).as_str()), (whole, fraction), "{value}");
        }
        assert_eq!(Digits::of_decimal(123_456, 3).rounded(2).whole(), "123");
        assert_eq!(Digits::of_double(123456.0).significant(3).mantissa(2), "1.23");
    }
}
