//! How do reals and doubles compare, where a NaN equals nothing and -0.0 is 0.0?

use arrow::array::{ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr};

use super::comparison::ComparisonOp;
use crate::call::{Typed, downcast};
use crate::function::CallArgs;
use crate::scalar;
use crate::types::Type;

/// Compares two reals or two doubles.
pub(crate) fn comparison(op: ComparisonOp, left: Typed, right: Typed) -> Typed {
    if let Some(native) = native(op, &left, &right) {
        return native;
    }
    let real = left.ty == Type::Real;
    let name = format!("float {}", op.symbol());
    scalar::strict(&name, vec![left, right], Type::Boolean, move |call| {
        Ok(scalar::columnar(if real { run::<Float32Type>(op, call)? } else { run::<Float64Type>(op, call)? }))
    })
}

/// Arrow orders NaN above all and -0.0 below 0.0: against an ordinary constant, that only matters for `>` and `>=`.
fn native(op: ComparisonOp, left: &Typed, right: &Typed) -> Option<Typed> {
    let ordinary = |value: &Typed| match value.literal() {
        Some(ScalarValue::Float64(Some(v))) => !v.is_nan() && *v != 0.0,
        Some(ScalarValue::Float32(Some(v))) => !v.is_nan() && *v != 0.0,
        _ => false,
    };
    let safe = |op: ComparisonOp| !matches!(op, ComparisonOp::Gt | ComparisonOp::Ge);
    let same = ordinary(right) && safe(op) || ordinary(left) && safe(op.flip());
    let expr = || {
        let (left, right) = (Box::new(left.expr.clone()), Box::new(right.expr.clone()));
        Expr::BinaryExpr(BinaryExpr::new(left, op.native(), right))
    };
    same.then(|| Typed::new(expr(), Type::Boolean))
}

fn run<T: ArrowPrimitiveType>(op: ComparisonOp, call: &CallArgs<'_>) -> DfResult<BooleanArray>
where
    T::Native: PartialOrd,
{
    match op {
        ComparisonOp::Eq => each::<T>(call, |a, b| a == b),
        ComparisonOp::Ne => each::<T>(call, |a, b| a != b),
        ComparisonOp::Lt => each::<T>(call, |a, b| a < b),
        ComparisonOp::Le => each::<T>(call, |a, b| a <= b),
        ComparisonOp::Gt => each::<T>(call, |a, b| a > b),
        ComparisonOp::Ge => each::<T>(call, |a, b| a >= b),
    }
}

fn each<T: ArrowPrimitiveType>(
    call: &CallArgs<'_>,
    test: impl Fn(T::Native, T::Native) -> bool,
) -> DfResult<BooleanArray> {
    let one = |i: usize| matches!(call.values[i], ColumnarValue::Scalar(_));
    let whole = |i: usize| if one(i) { call.values[i].to_array(1) } else { call.array(i) };
    let (a, b) = (whole(0)?, whole(1)?);
    let (a, b): (&PrimitiveArray<T>, &PrimitiveArray<T>) = (downcast(&a)?, downcast(&b)?);
    let (x, y) = (a.values(), b.values());
    let bits = match (one(0), one(1)) {
        (false, false) => BooleanBuffer::collect_bool(call.rows, |i| test(x[i], y[i])),
        (false, true) => BooleanBuffer::collect_bool(call.rows, |i| test(x[i], y[0])),
        (true, false) => BooleanBuffer::collect_bool(call.rows, |i| test(x[0], y[i])),
        (true, true) => BooleanBuffer::collect_bool(call.rows, |_| test(x[0], y[0])),
    };
    // The caller masks the rows where one side is NULL.
    Ok(BooleanArray::new(bits, None))
}
