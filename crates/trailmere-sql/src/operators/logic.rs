//! What do AND, OR, NOT and IS NULL mean? Three-valued logic, which DataFusion shares.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use crate::call::Typed;
use crate::coercion::coerce;
use crate::error::{Result, SqlError};
use crate::types::Type;

/// `left AND right`.
pub fn and(left: Typed, right: Typed) -> Result<Typed> {
    connect(Operator::And, left, right)
}

/// `left OR right`.
pub fn or(left: Typed, right: Typed) -> Result<Typed> {
    connect(Operator::Or, left, right)
}

/// `NOT value`.
pub fn not(value: Typed) -> Result<Typed> {
    let value = boolean(value)?;
    Ok(Typed::new(Expr::Not(Box::new(value.expr)), Type::Boolean))
}

/// `value IS NULL`.
pub fn is_null(value: Typed) -> Typed {
    Typed::new(Expr::IsNull(Box::new(value.expr)), Type::Boolean)
}

/// A value that must be a boolean (or a bare NULL).
pub fn boolean(value: Typed) -> Result<Typed> {
    match value.ty {
        Type::Boolean => Ok(value),
        Type::Unknown => coerce(value, &Type::Boolean),
        _ => Err(SqlError::invalid(format!("expected a boolean, found {}", value.ty))),
    }
}

fn connect(op: Operator, left: Typed, right: Typed) -> Result<Typed> {
    let (left, right) = (boolean(left)?, boolean(right)?);
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(left.expr), op, Box::new(right.expr)));
    Ok(Typed::new(expr, Type::Boolean))
}
