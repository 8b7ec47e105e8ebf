//! Which type do two types meet in, and how is a value brought there without a CAST?
//!
//! Trino's implicit coercions. What Lake adds (text against timestamps) is no coercion but a matter of comparisons.

use crate::call::Typed;
use crate::cast;
use crate::error::{Result, SqlError};
use crate::types::{RowField, Type};

/// The narrowest type that both coerce to.
pub fn common_type(a: &Type, b: &Type) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Type::Unknown, t) | (t, Type::Unknown) => Some(t.clone()),
        _ if a.is_numeric() && b.is_numeric() => numeric(a, b),
        (Type::Varchar(x), Type::Varchar(y)) => Some(Type::Varchar(x.zip(*y).map(|(x, y)| x.max(y)))),
        (Type::Char(x), Type::Char(y)) => Some(Type::Char(*x.max(y))),
        (Type::Char(x), Type::Varchar(y)) | (Type::Varchar(y), Type::Char(x)) => {
            Some(Type::Char(y.map_or(MAX_CHAR, |y| y.min(MAX_CHAR)).max(*x)))
        }
        (Type::Array(x), Type::Array(y)) => Some(Type::array(common_type(x, y)?)),
        (Type::Map(k1, v1), Type::Map(k2, v2)) => Some(Type::map(common_type(k1, k2)?, common_type(v1, v2)?)),
        (Type::Row(x), Type::Row(y)) => rows(x, y),
        _ => temporal(a, b),
    }
}

/// The greatest length of char(n).
pub(crate) const MAX_CHAR: u32 = 65_536;

/// Whether a value of `from` may stand where `to` is wanted.
pub fn can_coerce(from: &Type, to: &Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (Type::Char(n), Type::Varchar(m)) => m.is_none_or(|m| m >= *n),
        (Type::Array(x), Type::Array(y)) => can_coerce(x, y),
        (Type::Map(k1, v1), Type::Map(k2, v2)) => can_coerce(k1, k2) && can_coerce(v1, v2),
        (Type::Row(x), Type::Row(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| can_coerce(&x.ty, &y.ty)),
        _ => common_type(from, to).as_ref() == Some(to),
    }
}

/// Brings a value to `to` implicitly; nothing happens to one that is there.
pub fn coerce(value: Typed, to: &Type) -> Result<Typed> {
    if value.ty == *to {
        return Ok(value);
    }
    if !can_coerce(&value.ty, to) {
        return Err(SqlError::invalid(format!("expected {to}, found {}", value.ty))
            .hint(format!("convert it: CAST(… AS {to})")));
    }
    match (&value.ty, to) {
        (Type::Char(_), Type::Varchar(_)) if value.literal().is_none_or(|v| !v.is_null()) => Ok(cast::pad(value, to)),
        _ => cast::cast(value, to),
    }
}

/// A number's precision and scale as a decimal.
pub(crate) fn as_decimal(ty: &Type) -> Option<(u8, u8)> {
    match ty {
        Type::TinyInt => Some((3, 0)),
        Type::SmallInt => Some((5, 0)),
        Type::Integer => Some((10, 0)),
        Type::BigInt => Some((19, 0)),
        Type::Decimal(p, s) => Some((*p, *s)),
        _ => None,
    }
}

fn numeric(a: &Type, b: &Type) -> Option<Type> {
    let rank = |ty: &Type| match ty {
        Type::TinyInt => 0,
        Type::SmallInt => 1,
        Type::Integer => 2,
        Type::BigInt => 3,
        Type::Decimal(..) => 4,
        Type::Real => 5,
        _ => 6,
    };
    let wider = if rank(a) >= rank(b) { a } else { b };
    if !matches!(wider, Type::Decimal(..)) {
        return Some(wider.clone());
    }
    let ((p1, s1), (p2, s2)) = (as_decimal(a)?, as_decimal(b)?);
    let scale = s1.max(s2);
    Some(Type::Decimal(((p1 - s1).max(p2 - s2) + scale).min(38), scale))
}

fn rows(x: &[RowField], y: &[RowField]) -> Option<Type> {
    if x.len() != y.len() {
        return None;
    }
    let fields = x.iter().zip(y).map(|(x, y)| {
        let same = match (&x.name, &y.name) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        Some(RowField { name: if same { x.name.clone() } else { None }, ty: common_type(&x.ty, &y.ty)? })
    });
    fields.collect::<Option<_>>().map(Type::Row)
}

fn temporal(a: &Type, b: &Type) -> Option<Type> {
    Some(match (a, b) {
        (Type::Date, t @ (Type::Timestamp(_) | Type::TimestampTz(_)))
        | (t @ (Type::Timestamp(_) | Type::TimestampTz(_)), Type::Date) => t.clone(),
        (Type::Timestamp(p), Type::Timestamp(q)) => Type::Timestamp(*p.max(q)),
        (Type::TimestampTz(p) | Type::Timestamp(p), Type::TimestampTz(q) | Type::Timestamp(q)) => {
            Type::TimestampTz(*p.max(q))
        }
        (Type::Time(p), Type::Time(q)) => Type::Time(*p.max(q)),
        (Type::Time(p) | Type::TimeTz(p), Type::Time(q) | Type::TimeTz(q)) => Type::TimeTz(*p.max(q)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_name::parse;

    #[test]
    fn two_types_meet() {
        for (a, b, common) in [
            ("integer", "bigint", Some("bigint")),
            ("integer", "decimal(2,1)", Some("decimal(11,1)")),
            ("bigint", "decimal(38,38)", Some("decimal(38,38)")),
            ("decimal(5,1)", "real", Some("real")),
            ("real", "double", Some("double")),
            ("varchar(3)", "varchar(5)", Some("varchar(5)")),
            ("varchar(3)", "varchar", Some("varchar")),
            ("char(3)", "varchar(5)", Some("char(5)")),
            ("date", "timestamp(3)", Some("timestamp(3)")),
            ("timestamp(6)", "timestamp(3) with time zone", Some("timestamp(6) with time zone")),
            ("array(integer)", "array(bigint)", Some("array(bigint)")),
            ("row(a integer)", "row(a bigint)", Some("row(a bigint)")),
            ("row(a integer)", "row(bigint)", Some("row(bigint)")),
            ("unknown", "map(varchar, json)", Some("map(varchar, json)")),
            ("varchar", "timestamp(3)", None),
            ("varchar", "integer", None),
            ("boolean", "integer", None),
        ] {
            let (x, y) = (parse(a).unwrap(), parse(b).unwrap());
            let common = common.map(|c| parse(c).unwrap());
            assert_eq!(common_type(&x, &y), common, "{a} and {b}");
            assert_eq!(common_type(&y, &x), common, "{b} and {a}");
        }
    }

    #[test]
    fn coercion_never_narrows() {
        for (from, to, can) in [
            ("integer", "bigint", true),
            ("bigint", "integer", false),
            ("varchar(5)", "varchar(3)", false),
            ("row(a integer)", "row(b bigint)", true),
            ("decimal(3,1)", "decimal(4,2)", true),
            ("decimal(3,1)", "decimal(3,2)", false),
            ("char(3)", "varchar", true),
        ] {
            assert_eq!(can_coerce(&parse(from).unwrap(), &parse(to).unwrap()), can, "{from} to {to}");
        }
    }
}
