//! How does `date(eventtime) = DATE '2023-01-22'` come to a range of `eventtime`, which prunes?
//!
//! Likewise `date_trunc('month', eventtime) = TIMESTAMP '2023-01-01 00:00:00'`.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::comparison::ComparisonOp;
use super::keys;
use crate::call::Typed;
use crate::cast::DAY_OF_TIMESTAMP;
use crate::temporal::{add_months, civil_from_days, day_of_week, days_from_civil};
use crate::types::Type;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The range of the timestamp, where one side cuts it to a day, a month… and the other is a constant; `None` for
/// anything else.
pub(crate) fn comparison(op: ComparisonOp, left: &Typed, right: &Typed) -> Option<Typed> {
    match (cut(left), cut(right)) {
        (Some((moment, unit)), None) => range(op, moment, unit.around(constant(right)?)?),
        (None, Some((moment, unit))) => range(op.flip(), moment, unit.around(constant(left)?)?),
        _ => None,
    }
}

/// To what a timestamp is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Micros(i64),
    Week,
    Months(i64),
}

/// A constant between two multiples of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Around {
    /// The greatest multiple that is not greater than the constant.
    first: i64,
    /// The multiple after it.
    next: i64,
    /// Whether the constant is a multiple itself.
    exact: bool,
}

impl Unit {
    fn parse(name: &str) -> Option<Unit> {
        Some(match name.to_ascii_lowercase().as_str() {
            "second" => Unit::Micros(1_000_000),
            "minute" => Unit::Micros(60_000_000),
            "hour" => Unit::Micros(3_600_000_000),
            "day" => Unit::Micros(MICROS_PER_DAY),
            "week" => Unit::Week,
            "month" => Unit::Months(1),
            "quarter" => Unit::Months(3),
            "year" => Unit::Months(12),
            _ => return None,
        })
    }

    fn around(self, micros: i64) -> Option<Around> {
        let day = micros.div_euclid(MICROS_PER_DAY);
        let (first, next) = match self {
            Unit::Micros(size) => {
                let first = micros.div_euclid(size).checked_mul(size)?;
                (first, first.checked_add(size)?)
            }
            Unit::Week => {
                let monday = day - day_of_week(day) + 1;
                (monday.checked_mul(MICROS_PER_DAY)?, (monday + 7).checked_mul(MICROS_PER_DAY)?)
            }
            Unit::Months(n) => {
                let (year, month, _) = civil_from_days(day);
                let start = (i64::from(month) - 1) / n * n + 1;
                let first = days_from_civil(year, start as u32, 1);
                (first.checked_mul(MICROS_PER_DAY)?, add_months(first, n).checked_mul(MICROS_PER_DAY)?)
            }
        };
        Some(Around { first, next, exact: first == micros })
    }
}

/// The timestamp in microseconds that is cut, and to what.
fn cut(value: &Typed) -> Option<(&Expr, Unit)> {
    let Expr::ScalarFunction(call) = &value.expr else { return None };
    match (call.func.name(), call.args.as_slice(), &value.ty) {
        (DAY_OF_TIMESTAMP, [moment], _) => Some((moment, Unit::Micros(MICROS_PER_DAY))),
        ("date_trunc", [Expr::Literal(ScalarValue::Utf8View(Some(unit)), _), moment], Type::Timestamp(0..=6)) => {
            Some((moment, Unit::parse(unit)?))
        }
        _ => None,
    }
}

/// Microseconds of a constant date or timestamp.
fn constant(value: &Typed) -> Option<i64> {
    match keys::instant(value.clone()).literal()? {
        ScalarValue::Date32(Some(days)) => i64::from(*days).checked_mul(MICROS_PER_DAY),
        ScalarValue::TimestampMicrosecond(Some(micros), _) => Some(*micros),
        _ => None,
    }
}

fn range(op: ComparisonOp, moment: &Expr, around: Around) -> Option<Typed> {
    let compare = |op: Operator, micros: i64| {
        let bound = Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), None), None);
        Expr::BinaryExpr(BinaryExpr::new(Box::new(moment.clone()), op, Box::new(bound)))
    };
    let both =
        |left: Expr, op: Operator, right: Expr| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    let Around { first, next, exact } = around;
    let expr = match op {
        ComparisonOp::Eq if exact => both(compare(Operator::GtEq, first), Operator::And, compare(Operator::Lt, next)),
        ComparisonOp::Ne if exact => both(compare(Operator::Lt, first), Operator::Or, compare(Operator::GtEq, next)),
        // Always or never so: not worth a range.
        ComparisonOp::Eq | ComparisonOp::Ne => return None,
        ComparisonOp::Lt if exact => compare(Operator::Lt, first),
        ComparisonOp::Ge if exact => compare(Operator::GtEq, first),
        ComparisonOp::Lt | ComparisonOp::Le => compare(Operator::Lt, next),
        ComparisonOp::Gt | ComparisonOp::Ge => compare(Operator::GtEq, next),
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
        let at = |micros: i64| format!("TimestampMicrosecond({micros}, None)");
        let (first, next) = (at(86_400_000_000), at(172_800_000_000));
        for (op, text) in [
            (ComparisonOp::Eq, format!("eventtime >= {first} AND eventtime < {next}")),
            (ComparisonOp::Ne, format!("eventtime < {first} OR eventtime >= {next}")),
            (ComparisonOp::Le, format!("eventtime < {next}")),
            (ComparisonOp::Gt, format!("eventtime >= {next}")),
        ] {
            let of_day = cast(moment.clone(), &Type::Date).unwrap();
            let compared = crate::operators::comparison(op, of_day.clone(), day.clone()).unwrap();
            assert_eq!(compared.expr.to_string(), text);
            let flipped = crate::operators::comparison(op.flip(), day.clone(), of_day).unwrap();
            assert_eq!(flipped.expr.to_string(), text);
        }
    }

    #[test]
    fn units_have_their_bounds() {
        let micros = |text: &str| constant(&literal::typed("timestamp", text).unwrap()).unwrap();
        for (unit, at, first, next) in [
            ("hour", "2024-02-29 10:11:12", "2024-02-29 10:00:00", "2024-02-29 11:00:00"),
            ("day", "1969-12-31 23:00:00", "1969-12-31 00:00:00", "1970-01-01 00:00:00"),
            ("week", "2024-03-03 10:00:00", "2024-02-26 00:00:00", "2024-03-04 00:00:00"),
            ("month", "2024-02-29 10:00:00", "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
            ("quarter", "2024-12-31 10:00:00", "2024-10-01 00:00:00", "2025-01-01 00:00:00"),
            ("year", "2024-01-01 00:00:00", "2024-01-01 00:00:00", "2025-01-01 00:00:00"),
        ] {
            let around = Unit::parse(unit).unwrap().around(micros(at)).unwrap();
            assert_eq!((around.first, around.next), (micros(first), micros(next)), "{unit} of {at}");
            assert_eq!(around.exact, at == first);
        }
    }
}
