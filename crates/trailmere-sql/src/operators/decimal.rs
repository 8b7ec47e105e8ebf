//! How do decimals compute? Trino's rules for precision and scale, as of release 435.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, i256};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::arithmetic::{ArithmeticOp, pairwise};
use super::comparison::ComparisonOp;
use crate::call::Typed;
use crate::coercion::{as_decimal, coerce};
use crate::error::{Result, SqlError};
use crate::function::CallArgs;
use crate::scalar;
use crate::types::Type;

/// The type of `left op right`.
pub(crate) fn result_type(op: ArithmeticOp, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> Result<Type> {
    let scale = s1.max(s2);
    let (precision, scale) = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => (1 + scale + (p1 - s1).max(p2 - s2), scale),
        ArithmeticOp::Multiply => (p1 + p2, s1 + s2),
        ArithmeticOp::Divide => (p1 + s2 + s2.saturating_sub(s1), scale),
        ArithmeticOp::Modulus => ((p1 - s1).min(p2 - s2) + scale, scale),
    };
    if scale > 38 {
        return Err(SqlError::invalid(format!(
            "decimal({p1},{s1}) {} decimal({p2},{s2}) has {scale} digits after the point, and 38 is the limit",
            op.symbol()
        )));
    }
    Ok(Type::Decimal(precision.clamp(1, 38).max(scale), scale))
}

/// `left op right` where one is a decimal and the other a decimal, an integer or NULL.
pub(crate) fn arithmetic(op: ArithmeticOp, left: Typed, right: Typed) -> Result<Typed> {
    let a = as_decimal(&left.ty).or(as_decimal(&right.ty)).unwrap_or((38, 0));
    let b = as_decimal(&right.ty).unwrap_or(a);
    let returns = result_type(op, a, b)?;
    let Type::Decimal(precision, scale) = returns else { return Ok(left) };
    let (left, right) = (coerce(left, &Type::Decimal(a.0, a.1))?, coerce(right, &Type::Decimal(b.0, b.1))?);
    let rule = Rule { op, s1: a.1, s2: b.1, scale };
    Ok(scalar::strict(op.symbol(), vec![left, right], returns, move |call| {
        let array = pairwise::<Decimal128Type, Decimal128Type, Decimal128Type>(call, |a, b| rule.apply(a, b))?;
        let array: &Decimal128Array = array.as_primitive();
        let data_type = DataType::Decimal128(precision, scale as i8);
        Ok(ColumnarValue::Array(Arc::new(array.clone().with_data_type(data_type)) as ArrayRef))
    }))
}

#[derive(Clone, Copy)]
struct Rule {
    op: ArithmeticOp,
    s1: u8,
    s2: u8,
    scale: u8,
}

impl Rule {
    fn apply(&self, a: i128, b: i128) -> Result<i128, String> {
        if b == 0 && matches!(self.op, ArithmeticOp::Divide | ArithmeticOp::Modulus) {
            return Err("Division by zero".to_string());
        }
        let value = match self.op {
            ArithmeticOp::Add | ArithmeticOp::Subtract => self.sum(a, b),
            ArithmeticOp::Multiply => a.checked_mul(b),
            ArithmeticOp::Divide => self.divide(a, b),
            ArithmeticOp::Modulus => self.modulus(a, b),
        };
        value.filter(|v| v.unsigned_abs() < LIMIT).ok_or_else(|| "Decimal overflow".to_string())
    }

    fn sum(&self, a: i128, b: i128) -> Option<i128> {
        let (a, b) = (self.wide(a, self.s1)?, self.wide(b, self.s2)?);
        let sum = if self.op == ArithmeticOp::Add { a.checked_add(b)? } else { a.checked_sub(b)? };
        sum.to_i128()
    }

    /// The value at the result's scale.
    fn wide(&self, value: i128, scale: u8) -> Option<i256> {
        i256::from_i128(value).checked_mul(power(self.scale - scale)?)
    }

    fn divide(&self, a: i128, b: i128) -> Option<i128> {
        // Where this overflows 256 bits, so does the quotient its 38 digits.
        let a = i256::from_i128(a).checked_mul(power(self.scale + self.s2 - self.s1)?)?;
        let b = i256::from_i128(b);
        let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
        let twice = rest.wrapping_abs().checked_mul(i256::from_i128(2))?;
        let quotient = quotient.to_i128()?;
        if twice < b.wrapping_abs() {
            return Some(quotient);
        }
        let up = if a.is_negative() == b.is_negative() { 1 } else { -1 };
        quotient.checked_add(up)
    }

    fn modulus(&self, a: i128, b: i128) -> Option<i128> {
        self.wide(a, self.s1)?.checked_rem(self.wide(b, self.s2)?)?.to_i128()
    }
}

/// The first number that has 39 digits.
const LIMIT: u128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;

fn power(digits: u8) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::from(digits))
}

/// Compares decimals that have no common decimal type.
pub(crate) fn comparison(op: ComparisonOp, left: Typed, right: Typed, (s1, s2): (u8, u8)) -> Typed {
    let name = format!("decimal {}", op.symbol());
    scalar::strict(&name, vec![left, right], Type::Boolean, move |call| {
        Ok(scalar::columnar(compare(op, call, (s1, s2))?))
    })
}

fn compare(op: ComparisonOp, call: &CallArgs<'_>, (s1, s2): (u8, u8)) -> DfResult<BooleanArray> {
    let (a, b) = (call.array(0)?, call.array(1)?);
    let (a, b): (&Decimal128Array, &Decimal128Array) = (a.as_primitive(), b.as_primitive());
    let scale = s1.max(s2);
    // 38 digits times 10^38 has at most 76 digits, which 256 bits hold.
    let wide = |v: i128, s: u8| power(scale - s).map_or(i256::from_i128(0), |p| i256::from_i128(v).wrapping_mul(p));
    let row =
        |i: usize| (a.is_valid(i) && b.is_valid(i)).then(|| op.holds(wide(a.value(i), s1).cmp(&wide(b.value(i), s2))));
    Ok((0..call.rows).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_scale_are_those_of_release_435() {
        use ArithmeticOp::*;
        for (op, a, b, result) in [
            (Add, (2, 1), (3, 2), (4, 2)),
            (Add, (38, 0), (38, 0), (38, 0)),
            (Multiply, (2, 1), (3, 2), (5, 3)),
            (Divide, (19, 0), (4, 1), (21, 1)),
            (Divide, (1, 0), (1, 0), (1, 0)),
            (Divide, (38, 38), (2, 2), (38, 38)),
            (Modulus, (1, 0), (38, 37), (38, 37)),
            (Modulus, (38, 0), (1, 0), (1, 0)),
        ] {
            assert_eq!(result_type(op, a, b).unwrap(), Type::Decimal(result.0, result.1), "{op:?} {a:?} {b:?}");
        }
        assert!(result_type(Multiply, (38, 20), (38, 20)).is_err());
    }

    #[test]
    fn division_rounds_half_up_away_from_zero() {
        for (a, b, s1, s2, result) in [
            (1, 3, 0, 0, Ok(0)),
            (20, 3, 1, 0, Ok(7)),
            (1, 2, 0, 0, Ok(1)),
            (-1, 2, 0, 0, Ok(-1)),
            (-9, 3000, 0, 1, Ok(0)),
            (1, 0, 0, 0, Err("Division by zero".to_string())),
        ] {
            let rule = Rule { op: ArithmeticOp::Divide, s1, s2, scale: s1.max(s2) };
            assert_eq!(rule.apply(a, b), result, "{a} / {b}");
        }
    }

    #[test]
    fn overflow_is_an_error() {
        let nines = LIMIT as i128 - 1;
        let rule = |op| Rule { op, s1: 0, s2: 0, scale: 0 };
        assert!(rule(ArithmeticOp::Add).apply(nines, 1).is_err());
        assert!(rule(ArithmeticOp::Multiply).apply(nines, 10).is_err());
        assert_eq!(rule(ArithmeticOp::Subtract).apply(nines, nines), Ok(0));
        assert_eq!(rule(ArithmeticOp::Modulus).apply(-nines, -3), Ok(0));
    }
}
