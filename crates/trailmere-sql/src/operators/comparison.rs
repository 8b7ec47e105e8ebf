//! What do `=`, `<`, BETWEEN, IN and IS DISTINCT FROM mean?
//!
//! NULL-aware within arrays, maps and rows; false with NaN; by instant for times with zones.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr, Operator};

use super::nested::{self, Compared};
use super::{days, decimal, floats, keys, lake, logic, no_operator};
use crate::call::Typed;
use crate::coercion::{as_decimal, coerce, common_type};
use crate::error::Result;
use crate::function::CallArgs;
use crate::scalar;
use crate::types::Type;

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl ComparisonOp {
    /// As written in SQL.
    pub fn symbol(self) -> &'static str {
        match self {
            ComparisonOp::Eq => "=",
            ComparisonOp::Ne => "<>",
            ComparisonOp::Lt => "<",
            ComparisonOp::Le => "<=",
            ComparisonOp::Gt => ">",
            ComparisonOp::Ge => ">=",
        }
    }

    pub(crate) fn native(self) -> Operator {
        match self {
            ComparisonOp::Eq => Operator::Eq,
            ComparisonOp::Ne => Operator::NotEq,
            ComparisonOp::Lt => Operator::Lt,
            ComparisonOp::Le => Operator::LtEq,
            ComparisonOp::Gt => Operator::Gt,
            ComparisonOp::Ge => Operator::GtEq,
        }
    }

    /// The operator that means the same with the sides swapped.
    pub(crate) fn flip(self) -> ComparisonOp {
        match self {
            ComparisonOp::Lt => ComparisonOp::Gt,
            ComparisonOp::Le => ComparisonOp::Ge,
            ComparisonOp::Gt => ComparisonOp::Lt,
            ComparisonOp::Ge => ComparisonOp::Le,
            same => same,
        }
    }

    pub(crate) fn is_equality(self) -> bool {
        matches!(self, ComparisonOp::Eq | ComparisonOp::Ne)
    }

    /// Whether it holds for two values in this order.
    pub(crate) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            ComparisonOp::Eq => order.is_eq(),
            ComparisonOp::Ne => order.is_ne(),
            ComparisonOp::Lt => order.is_lt(),
            ComparisonOp::Le => order.is_le(),
            ComparisonOp::Gt => order.is_gt(),
            ComparisonOp::Ge => order.is_ge(),
        }
    }
}

/// `left op right`.
pub fn comparison(op: ComparisonOp, left: Typed, right: Typed) -> Result<Typed> {
    let (left, right) = lake::adapt(op, left, right)?;
    let Some(common) = common_type(&left.ty, &right.ty) else {
        return Err(lake::explain(no_operator(op.symbol(), &left, &right), &left, &right));
    };
    let comparable = if op.is_equality() { is_comparable(&common) } else { is_orderable(&common) };
    if !comparable {
        return Err(no_operator(op.symbol(), &left, &right));
    }
    if let Some(other) = days::comparison(op, &left, &right).or_else(|| wide_decimals(op, &left, &right)) {
        return Ok(other);
    }
    if let Type::TimestampTz(precision) = common {
        let instants = Type::Timestamp(precision);
        return Ok(binary(op.native(), at_instant(left, &instants)?.expr, at_instant(right, &instants)?.expr));
    }
    if let (Some(left), Some(right)) = (utc_instant(&left, &common), utc_instant(&right, &common)) {
        return Ok(binary(op.native(), left.expr, right.expr));
    }
    let (left, right) = (coerce(left, &common)?, coerce(right, &common)?);
    Ok(compare(op, left, right, &common))
}

/// The instant of a side of a comparison by instant, in microseconds. The session's zone is UTC, so a timestamp without
/// zone is its own instant: a column stays a column, and the comparison prunes.
fn utc_instant(side: &Typed, common: &Type) -> Option<Typed> {
    match (&side.ty, common) {
        (Type::Timestamp(0..=6), Type::TimestampTz(0..=6)) => Some(side.clone()),
        (Type::TimestampTz(0..=6), Type::TimestampTz(0..=6)) => Some(keys::instant(side.clone())),
        _ => None,
    }
}

/// Whether values have an equality.
pub fn is_comparable(ty: &Type) -> bool {
    match ty {
        Type::HyperLogLog | Type::TDigest | Type::QDigest(_) | Type::Color => false,
        Type::Array(element) => is_comparable(element),
        Type::Map(key, value) => is_comparable(key) && is_comparable(value),
        Type::Row(fields) => fields.iter().all(|f| is_comparable(&f.ty)),
        _ => true,
    }
}

/// Whether values have an order.
pub fn is_orderable(ty: &Type) -> bool {
    match ty {
        Type::Json | Type::Map(..) => false,
        Type::Array(element) => is_orderable(element),
        Type::Row(fields) => fields.iter().all(|f| is_orderable(&f.ty)),
        _ => is_comparable(ty),
    }
}

fn binary(op: Operator, left: Expr, right: Expr) -> Typed {
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    Typed::new(expr, Type::Boolean)
}

/// The instant, so that a timestamp column without a zone stays a column: it is UTC's already.
fn at_instant(value: Typed, ty: &Type) -> Result<Typed> {
    coerce(keys::instant(value), ty)
}

fn compare(op: ComparisonOp, left: Typed, right: Typed, ty: &Type) -> Typed {
    match ty {
        Type::Unknown => scalar::null_of(&Type::Boolean),
        Type::Real | Type::Double => floats::comparison(op, left, right),
        Type::TimeTz(_) => binary(op.native(), keys::time_of_utc_day(left).expr, keys::time_of_utc_day(right).expr),
        Type::Char(_) if !op.is_equality() => by_rows(op, left, right, ty),
        Type::Array(_) | Type::Map(..) | Type::Row(_) => by_rows(op, left, right, ty),
        _ => binary(op.native(), left.expr, right.expr),
    }
}

/// Compares row by row, with SQL's NULLs inside.
fn by_rows(op: ComparisonOp, left: Typed, right: Typed, ty: &Type) -> Typed {
    let ty = ty.clone();
    let name = format!("compare {}", op.symbol());
    scalar::strict(&name, vec![left, right], Type::Boolean, move |call| {
        Ok(scalar::columnar(rows(call, |a, i, b, j| {
            if op.is_equality() {
                return Ok(nested::equal(&ty, a, i, b, j).map(|equal| equal == (op == ComparisonOp::Eq)));
            }
            match nested::compare(&ty, a, i, b, j) {
                Compared::Ordered(order) => Ok(Some(op.holds(order))),
                Compared::Unordered => Ok(Some(false)),
                Compared::Null => Ok(None),
            }
        })?))
    })
}

type Pairwise<'a> = dyn Fn(&dyn Array, usize, &dyn Array, usize) -> DfResult<Option<bool>> + 'a;

fn rows(
    call: &CallArgs<'_>,
    test: impl Fn(&dyn Array, usize, &dyn Array, usize) -> DfResult<Option<bool>>,
) -> DfResult<BooleanArray> {
    let test: &Pairwise<'_> = &test;
    let ((a, x), (b, y)) = (one_or_all(&call.values[0])?, one_or_all(&call.values[1])?);
    let mut out = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let (i, j) = (if x { 0 } else { row }, if y { 0 } else { row });
        out.push(if a.is_null(i) || b.is_null(j) { None } else { test(&a, i, &b, j)? });
    }
    Ok(out.into())
}

/// The array, and whether its one row stands for all.
fn one_or_all(value: &ColumnarValue) -> DfResult<(ArrayRef, bool)> {
    Ok(match value {
        ColumnarValue::Array(array) => (Arc::clone(array), false),
        ColumnarValue::Scalar(value) => (value.to_array()?, true),
    })
}

/// Decimals whose common type would need more than 38 digits.
fn wide_decimals(op: ComparisonOp, left: &Typed, right: &Typed) -> Option<Typed> {
    if !matches!(left.ty, Type::Decimal(..)) && !matches!(right.ty, Type::Decimal(..)) {
        return None;
    }
    let ((p1, s1), (p2, s2)) = (as_decimal(&left.ty)?, as_decimal(&right.ty)?);
    if (p1 - s1).max(p2 - s2) + s1.max(s2) <= 38 {
        return None;
    }
    let left = coerce(left.clone(), &Type::Decimal(p1, s1)).ok()?;
    let right = coerce(right.clone(), &Type::Decimal(p2, s2)).ok()?;
    Some(decimal::comparison(op, left, right, (s1, s2)))
}

/// `left IS DISTINCT FROM right`.
pub fn distinct_from(left: Typed, right: Typed) -> Result<Typed> {
    let (left, right) = lake::adapt(ComparisonOp::Eq, left, right)?;
    let Some(common) = common_type(&left.ty, &right.ty).filter(is_comparable) else {
        return Err(no_operator("IS DISTINCT FROM", &left, &right));
    };
    let (left, right) = (coerce(left, &common)?, coerce(right, &common)?);
    let nested = matches!(common, Type::Array(_) | Type::Map(..) | Type::Row(_));
    if !nested {
        return Ok(binary(Operator::IsDistinctFrom, keys::group_key(left).expr, keys::group_key(right).expr));
    }
    Ok(scalar::lenient("is distinct from", vec![left, right], Type::Boolean, move |call| {
        let ((a, x), (b, y)) = (one_or_all(&call.values[0])?, one_or_all(&call.values[1])?);
        let at = |one: bool, row: usize| if one { 0 } else { row };
        let distinct = (0..call.rows).map(|row| Some(!nested::identical(&common, &a, at(x, row), &b, at(y, row))));
        Ok(scalar::columnar(distinct.collect::<BooleanArray>()))
    }))
}

/// `value BETWEEN low AND high`.
pub fn between(value: Typed, low: Typed, high: Typed) -> Result<Typed> {
    let low = comparison(ComparisonOp::Ge, value.clone(), low)?;
    let high = comparison(ComparisonOp::Le, value, high)?;
    logic::and(low, high)
}

/// `value IN (list…)`.
pub fn in_list(value: Typed, list: Vec<Typed>) -> Result<Typed> {
    if let Some(native) = native_in_list(&value, &list)? {
        return Ok(native);
    }
    let mut result: Option<Typed> = None;
    for item in list {
        let equal = comparison(ComparisonOp::Eq, value.clone(), item)?;
        result = Some(match result {
            None => equal,
            Some(before) => logic::or(before, equal)?,
        });
    }
    Ok(result.unwrap_or_else(|| Typed::constant(ScalarValue::Boolean(Some(false)), Type::Boolean)))
}

/// DataFusion's own IN, where all are of one type whose equality is Arrow's.
fn native_in_list(value: &Typed, list: &[Typed]) -> Result<Option<Typed>> {
    let mut subject = value.clone();
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let (left, right) = lake::adapt(ComparisonOp::Eq, subject.clone(), item.clone())?;
        if left.expr != subject.expr {
            return Ok(None);
        }
        items.push(right);
    }
    let common = items.iter().try_fold(subject.ty.clone(), |ty, item| common_type(&ty, &item.ty));
    let Some(common) = common else { return Ok(None) };
    let plain = !matches!(
        common,
        Type::Real
            | Type::Double
            | Type::TimestampTz(_)
            | Type::TimeTz(_)
            | Type::Array(_)
            | Type::Map(..)
            | Type::Row(_)
            | Type::Unknown
    );
    if !plain || !is_comparable(&common) || items.is_empty() {
        return Ok(None);
    }
    subject = coerce(subject, &common)?;
    let items = items.into_iter().map(|item| Ok(coerce(item, &common)?.expr)).collect::<Result<Vec<_>>>()?;
    Ok(Some(Typed::new(Expr::InList(InList::new(Box::new(subject.expr), items, false)), Type::Boolean)))
}
