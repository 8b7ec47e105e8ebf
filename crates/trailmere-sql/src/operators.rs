//! What do Trino's operators mean, for each type of operand?
//!
//! Each operator takes typed operands, brings them to the types it works on, and gives a typed expression. Where
//! DataFusion's own operator has Trino's meaning, the expression is DataFusion's, so that filters reach the scan.

pub(crate) mod arithmetic;
pub(crate) mod carry;
pub(crate) mod comparison;
pub(crate) mod concat;
pub(crate) mod conditional;
pub(crate) mod constructor;
pub(crate) mod days;
pub(crate) mod decimal;
pub(crate) mod extract;
pub(crate) mod floats;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod lake;
pub(crate) mod like;
pub(crate) mod logic;
pub(crate) mod member;
pub(crate) mod nested;
pub(crate) mod time_arithmetic;
pub(crate) mod zone;

pub use arithmetic::{ArithmeticOp, arithmetic, negate};
pub use comparison::{ComparisonOp, between, comparison, distinct_from, in_list, is_comparable, is_orderable};
pub use concat::concat;
pub use conditional::{case, coalesce, greatest, if_then, least, nullif, simple_case};
pub use constructor::{array, row};
pub use extract::{extract, extract_call};
pub use guard::{protect_expr, protect_plan};
pub(crate) use keys::key_is_value;
pub use keys::{group_key, sort_key};
pub use like::like;
pub use logic::{and, boolean, is_null, not, or};
pub use member::{field, field_at, subscript};
pub use zone::at_time_zone;

use crate::call::Typed;
use crate::error::SqlError;

/// "this operator is not for these types", in Trino's words.
fn no_operator(symbol: &str, left: &Typed, right: &Typed) -> SqlError {
    SqlError::invalid(format!("cannot apply operator: {} {symbol} {}", left.ty, right.ty))
}

#[cfg(test)]
mod tests;
