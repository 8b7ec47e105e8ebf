//! How does `date(eventtime) = DATE '2023-01-22'` come to a range of `eventtime`, which prunes?

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::comparison::ComparisonOp;
use crate::call::Typed;
use crate::cast::DAY_OF_TIMESTAMP;
use crate::types::Type;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The range of the timestamp, where one side is its day and the other a constant; `None` for anything else.
pub(crate) fn comparison(op: ComparisonOp, left: &Typed, right: &Typed) -> Option<Typed> {
    match (timestamp_of(left), timestamp_of(right)) {
        (Some(moment), None) => range(op, moment, day(right)?),
        (None, Some(moment)) => range(op.flip(), moment, day(left)?),
        _ => None,
    }
}

/// The timestamp whose day is taken.
fn timestamp_of(value: &Typed) -> Option<&Expr> {
    match &value.expr {
        Expr::ScalarFunction(call) if call.func.name() == DAY_OF_TIMESTAMP => call.args.first(),
        _ => None,
    }
}

fn day(value: &Typed) -> Option<i64> {
    match value.literal() {
        Some(ScalarValue::Date32(Some(days))) => Some(i64::from(*days)),
        _ => None,
    }
}

fn range(op: ComparisonOp, moment: &Expr, day: i64) -> Option<Typed> {
    let first = day.checked_mul(MICROS_PER_DAY)?;
    let next = first.checked_add(MICROS_PER_DAY)?;
    let compare = |op: Operator, micros: i64| {
        let bound = Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), None), None);
        Expr::BinaryExpr(BinaryExpr::new(Box::new(moment.clone()), op, Box::new(bound)))
    };
    let both =
        |left: Expr, op: Operator, right: Expr| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    let expr = match op {
        ComparisonOp::Eq => both(compare(Operator::GtEq, first), Operator::And, compare(Operator::Lt, next)),
        ComparisonOp::Ne => both(compare(Operator::Lt, first), Operator::Or, compare(Operator::GtEq, next)),
        ComparisonOp::Lt => compare(Operator::Lt, first),
        ComparisonOp::Le => compare(Operator::Lt, next),
        ComparisonOp::Gt => compare(Operator::GtEq, next),
        ComparisonOp::Ge => compare(Operator::GtEq, first),
    };
    Some(Typed::new(expr, Type::Boolean))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::cast;
    use crate::literal;
    use datafusion::prelude::col;

    #[test]
    fn a_day_is_a_range() {
        let moment = Typed::new(col("eventtime"), Type::Timestamp(3));
        let day = literal::typed("date", "1970-01-02").unwrap();
        for (op, text) in [
            (
                ComparisonOp::Eq,
                "eventtime >= TimestampMicrosecond(86400000000, None) AND eventtime < TimestampMicrosecond(172800000000, None)",
            ),
            (ComparisonOp::Le, "eventtime < TimestampMicrosecond(172800000000, None)"),
            (ComparisonOp::Gt, "eventtime >= TimestampMicrosecond(172800000000, None)"),
        ] {
            let of_day = cast(moment.clone(), &Type::Date).unwrap();
            let compared = crate::operators::comparison(op, of_day.clone(), day.clone()).unwrap();
            assert_eq!(compared.expr.to_string(), text);
            let flipped = crate::operators::comparison(op.flip(), day.clone(), of_day).unwrap();
            assert_eq!(flipped.expr.to_string(), text);
        }
    }
}
