use datafusion::logical_expr::col;
use trailmere_model::time::parse_event_time;

use super::*;

fn text_of_time() -> Expr {
    let columns = crate::athena::table_columns();
    columns.into_iter().find(|c| c.name == "eventtime").map(|c| c.expr).unwrap()
}

fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.into())))
}

/// The range that a condition implies, in words.
fn range(condition: Expr) -> String {
    let Some((column, range)) = implied(&condition) else { return "nothing".into() };
    assert_eq!(column.name, "eventtime");
    let show = |t: Option<i64>| t.map_or("…".into(), trailmere_model::time::format_timestamp);
    format!("{} .. {}", show(range.from), show(range.to))
}

#[test]
fn comparisons_of_the_text_are_ranges_of_the_time() {
    let t = text_of_time;
    assert_eq!(range(t().gt_eq(text("2024-01-01T00:00:00Z"))), "2023-12-31 23:59:59.000 .. …");
    assert_eq!(range(t().lt(text("2024-01-01"))), "… .. 2024-01-01 00:00:01.000");
    assert_eq!(range(text("2024").lt(t())), "2023-12-31 23:59:59.000 .. …");
    let day = t().between(text("2024-01-01T00:00:00Z"), text("2024-01-31T23:59:59Z"));
    assert_eq!(range(day), "2023-12-31 23:59:59.000 .. 2024-02-01 00:00:01.000");
    assert_eq!(range(t().like(text("2024-02-%"))), "2024-01-31 23:59:59.000 .. 2024-03-01 00:00:01.000");
    let either = t().lt(text("2023")).or(t().gt(text("2024")));
    assert_eq!(range(either), "… .. …", "neither end is certain");
    let either = t().gt(text("2023")).or(t().eq(text("2024-01-01T00:00:00Z")));
    assert_eq!(range(either), "2022-12-31 23:59:59.000 .. …");
    assert_eq!(range(t().not_eq(text("2024-01-01"))), "nothing");
    assert_eq!(range(col("eventtime").eq(text("2024-01-01"))), "nothing");
    assert_eq!(range(t().gt(text("x"))), "2199-12-31 23:59:59.000 .. …", "after all that is looked at");
}

#[test]
fn no_time_that_passes_lies_outside_of_its_range() {
    let column = text_of_time();
    let rows = ["2023-12-31T23:59:59Z", "2023-12-31T23:59:59.5Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.25Z"];
    for bound in ["2024-01-01T00:00:00Z", "2023-12-31T23:59:59.5Z", "2024-01-01", "2024-01-01T00:00:00.1Z"] {
        for (op, condition) in
            [(Operator::GtEq, column.clone().gt_eq(text(bound))), (Operator::LtEq, column.clone().lt_eq(text(bound)))]
        {
            let (_, range) = implied(&condition).unwrap();
            for row in rows {
                let passes = if op == Operator::GtEq { row >= bound } else { row <= bound };
                let micros = parse_event_time(row).unwrap();
                let within = range.from.is_none_or(|f| micros >= f) && range.to.is_none_or(|t| micros < t);
                assert!(within || !passes, "{row} {op} {bound}");
            }
        }
    }
}

/// The last days of a month become the same day of the next one, at their own times of day.
#[test]
fn months_later_is_not_in_order() {
    let moved = |unit: &str| {
        order::rising_argument(
            "date_add",
            &[Some(&ScalarValue::Utf8View(Some(unit.into()))), Some(&ScalarValue::Int64(Some(1))), None],
            None,
        )
    };
    assert_eq!(moved("day"), Some(2));
    assert_eq!(moved("Week"), Some(2));
    for unit in ["month", "quarter", "year", "no such unit"] {
        assert_eq!(moved(unit), None, "{unit}");
    }
}
