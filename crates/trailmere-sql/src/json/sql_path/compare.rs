//! How do items compare, and how does a path compute?

use std::cmp::Ordering;

use super::Comparison;
use crate::json::item::{Item, Number};

/// Whether two items compare so; `None` where they do not compare at all.
pub(super) fn compare(comparison: Comparison, a: &Item, b: &Item) -> Option<bool> {
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let order = match (a, b) {
        (Item::Null, Item::Null) => Ordering::Equal,
        // null differs from all others, and has no order with them.
        (Item::Null, Item::Array(_) | Item::Object(_)) | (Item::Array(_) | Item::Object(_), Item::Null) => return None,
        (Item::Null, _) | (_, Item::Null) => return Some(comparison == Comparison::NotEqual),
        (Item::Boolean(a), Item::Boolean(b)) if equality => a.cmp(b),
        (Item::Number(a), Item::Number(b)) => numbers(a, b)?,
        (Item::Text(a), Item::Text(b)) => a.cmp(b),
        (Item::Moment(a_type, a), Item::Moment(b_type, b)) if a_type == b_type => a.cmp(b),
        _ => return None,
    };
    Some(match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    })
}

fn numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match aligned(a, b) {
        Some((a, b, _)) => Some(a.cmp(&b)),
        None => a.value.partial_cmp(&b.value),
    }
}

/// Both numbers with the same digits after the point, if both are exact and fit.
fn aligned(a: &Number, b: &Number) -> Option<(i128, i128, u32)> {
    let ((a, a_scale), (b, b_scale)) = (a.exact?, b.exact?);
    let scale = a_scale.max(b_scale);
    let widen = |value: i128, from: u32| value.checked_mul(10_i128.checked_pow(scale - from)?);
    Some((widen(a, a_scale)?, widen(b, b_scale)?, scale))
}

/// Computes with two numbers: exactly where both are exact.
pub(super) fn arithmetic(op: char, a: &Number, b: &Number) -> Result<Number, String> {
    let overflow = || "arithmetic overflow".to_string();
    if let (Some((left, left_scale)), Some((right, right_scale))) = (a.exact, b.exact) {
        if matches!(op, '/' | '%') && right == 0 {
            return Err("division by zero".to_string());
        }
        if op == '*' {
            let value = left.checked_mul(right).ok_or_else(overflow)?;
            return Ok(Number::exact(value, left_scale + right_scale));
        }
        let (left, right, scale) = aligned(a, b).ok_or_else(overflow)?;
        let value = match op {
            '+' => left.checked_add(right),
            '-' => left.checked_sub(right),
            '%' => left.checked_rem(right),
            _ => quotient(left, right, scale),
        };
        return Ok(Number::exact(value.ok_or_else(overflow)?, scale));
    }
    Ok(Number::double(match op {
        '+' => a.value + b.value,
        '-' => a.value - b.value,
        '*' => a.value * b.value,
        '%' => a.value % b.value,
        _ => a.value / b.value,
    }))
}

/// Truncates whole numbers, rounds others half up.
fn quotient(left: i128, right: i128, scale: u32) -> Option<i128> {
    if scale == 0 {
        return left.checked_div(right);
    }
    let scaled = left.checked_mul(10_i128.checked_pow(scale)?)?;
    let (quotient, rest) = (scaled.checked_div(right)?, scaled.checked_rem(right)?);
    let up = rest.unsigned_abs() * 2 >= right.unsigned_abs();
    let sign = if (scaled < 0) == (right < 0) { 1 } else { -1 };
    Some(quotient + if up { sign } else { 0 })
}

/// The number with the other sign.
pub(super) fn negate(number: &Number) -> Result<Number, String> {
    match number.exact {
        Some((value, scale)) => {
            let value = value.checked_neg().ok_or("arithmetic overflow")?;
            Ok(Number::exact(value, scale))
        }
        None => Ok(Number::double(-number.value)),
    }
}
