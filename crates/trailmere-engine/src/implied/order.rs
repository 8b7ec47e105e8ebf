//! Does an expression keep the order of times, and at which second does it pass a value?

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr::{Cast, ScalarFunction};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Operator};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use trailmere_model::EVENTTIME;
use trailmere_model::time::MICROS_PER_SECOND;

use crate::athena::EVENT_TIME_TEXT;

/// Seconds between which the passing is looked for: 1970 to 2200.
const FIRST: i64 = 0;
const LAST: i64 = 7_258_118_400;

/// A range of microseconds: from, and before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

impl Range {
    /// Where both hold.
    pub(super) fn and(self, other: Range) -> Range {
        let tighter = |a: Option<i64>, b: Option<i64>, pick: fn(i64, i64) -> i64| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (one, other) => one.or(other),
        };
        Range { from: tighter(self.from, other.from, i64::max), to: tighter(self.to, other.to, i64::min) }
    }

    /// What holds where one of them does.
    pub(super) fn or(self, other: Range) -> Range {
        let wider = |a: Option<i64>, b: Option<i64>, pick: fn(i64, i64) -> i64| a.zip(b).map(|(a, b)| pick(a, b));
        Range { from: wider(self.from, other.from, i64::min), to: wider(self.to, other.to, i64::max) }
    }
}

/// Something computed from a time alone that never falls as whole seconds rise.
pub(super) struct Ordered {
    pub(super) column: Column,
    computed: Arc<dyn PhysicalExpr>,
    schema: Arc<Schema>,
}

impl Ordered {
    /// The expression, if it is known to keep the order; not the bare column, whose comparisons prune as they are.
    pub(super) fn of(expr: &Expr) -> Option<Ordered> {
        if matches!(expr, Expr::Column(_)) {
            return None;
        }
        let column = time_within(expr)?.clone();
        let schema = Arc::new(Schema::new(vec![Field::new(
            &column.name,
            DataType::Timestamp(TimeUnit::Microsecond, None),
            true,
        )]));
        let qualifiers = vec![column.relation.clone()];
        let planned = DFSchema::from_field_specific_qualified_schema(qualifiers, &schema).ok()?;
        let context = PhysicalPlanningContext::default();
        let computed = create_physical_expr(expr, &planned, &ExecutionProps::new(), &context).ok()?;
        Some(Ordered { column, computed, schema })
    }

    /// The times at which `self op value` can hold, a second wider on each side: within a second the order may be another
    /// (`00.5Z` stands before `00Z`).
    pub(super) fn range(&self, op: Operator, value: &ScalarValue) -> Option<Range> {
        let ty = self.computed.data_type(&self.schema).ok()?;
        let value = &value.cast_to(&ty).ok().filter(|v| !v.is_null())?;
        let micros = |second: i64| second * MICROS_PER_SECOND;
        let (mut range, whole) = (Range { from: None, to: None }, FIRST..LAST);
        if matches!(op, Operator::Eq | Operator::GtEq | Operator::Gt) {
            let first = self.first(whole.clone(), |found| found >= value)?;
            range.from = (first > FIRST).then(|| micros(first - 1));
        }
        if matches!(op, Operator::Eq | Operator::LtEq | Operator::Lt) {
            let first_beyond = self.first(whole, |found| found > value)?;
            range.to = (first_beyond < LAST).then(|| micros(first_beyond + 1));
        }
        (range.from.is_some() || range.to.is_some()).then_some(range)
    }

    /// The first second whose value passes the test, which it then does for good; the end where none does.
    fn first(&self, within: std::ops::Range<i64>, passes: impl Fn(&ScalarValue) -> bool) -> Option<i64> {
        let (mut low, mut high) = (within.start, within.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if passes(&self.at(middle)?) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    fn at(&self, second: i64) -> Option<ScalarValue> {
        let time = Arc::new(TimestampMicrosecondArray::from(vec![second * MICROS_PER_SECOND])) as ArrayRef;
        let row = RecordBatch::try_new(Arc::clone(&self.schema), vec![time]).ok()?;
        let value = self.computed.evaluate(&row).ok()?.into_array(1).ok()?;
        let value = ScalarValue::try_from_array(&value, 0).ok()?;
        (!value.is_null()).then_some(value)
    }
}

/// The column of the time, if everything around it keeps its order.
fn time_within(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => (column.name == EVENTTIME).then_some(column),
        Expr::Cast(Cast { expr, field }) if keeps_order(field.data_type()) => time_within(expr),
        Expr::ScalarFunction(call) => time_within(ordered_argument(call)?),
        _ => None,
    }
}

/// Whether a time, cast to this type, keeps its order.
pub(crate) fn keeps_order(to: &DataType) -> bool {
    matches!(to, DataType::Timestamp(_, None) | DataType::Date32 | DataType::Utf8View | DataType::Utf8)
}

/// The argument with which the result rises, the others being constant.
fn ordered_argument(call: &ScalarFunction) -> Option<&Expr> {
    let literals: Vec<Option<&ScalarValue>> = call.args.iter().map(literal).collect();
    // A kernel's type does not depend on its arguments.
    let returns = call.func.inner().return_type(&[]).ok();
    call.args.get(rising_argument(call.func.name(), &literals, returns.as_ref())?)
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

/// Which argument of a call is a time with which the result rises; `literals` are the arguments that are constant.
pub(crate) fn rising_argument(
    name: &str,
    literals: &[Option<&ScalarValue>],
    returns: Option<&DataType>,
) -> Option<usize> {
    let text = |value: &ScalarValue| value.try_as_str().flatten().map(str::to_owned);
    match (name, literals) {
        (
            EVENT_TIME_TEXT
            | "from_iso8601_timestamp"
            | "lake_timestamp"
            | "instant"
            | "date"
            | "cast to date"
            | "to_unixtime"
            | "year"
            | "to_iso8601",
            [None],
        ) => Some(0),
        // Other casts, such as of numbers to text, do not keep the order.
        ("cast", [None]) if matches!(returns, Some(DataType::Date32 | DataType::Timestamp(_, None))) => Some(0),
        // Text of a time begins with its greatest unit: so does what is read from it by the pattern of the whole.
        ("date_parse", [None, Some(pattern)]) if text(pattern).as_deref() == Some("%Y-%m-%dT%H:%i:%sZ") => Some(0),
        ("date_trunc", [Some(_), None]) => Some(1),
        // The end of a month is the same day for several: months do not keep the order of times of day.
        ("date_add", [Some(unit), Some(_), None]) if text(unit).is_some_and(|unit| is_fixed(&unit)) => Some(2),
        ("substr" | "substring", [None, Some(start), Some(_)]) if is_one(start) => Some(0),
        _ => None,
    }
}

/// Whether a unit of `date_add` is always as long.
fn is_fixed(unit: &str) -> bool {
    ["millisecond", "second", "minute", "hour", "day", "week"].contains(&unit.to_ascii_lowercase().as_str())
}

fn is_one(value: &ScalarValue) -> bool {
    value.cast_to(&DataType::Int64).is_ok_and(|v| v == ScalarValue::Int64(Some(1)))
}
