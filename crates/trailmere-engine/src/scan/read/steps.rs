//! What is the same for all rows of a row group, though it is computed from their times?
//!
//! A day's file has one day: `date(eventtime)` is that of its first and of its last event. The times need not even be read.

use std::sync::Arc;

use arrow::array::{ArrayRef, TimestampMicrosecondArray};
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use super::input::{Input, Inputs};
use super::shape::{Part, SchemaShapes};
use crate::coded::Compact;
use crate::implied::{keeps_order, rising_argument};

/// Expressions that rise with a time, by their places among those of a projection.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

#[derive(Debug)]
struct Step {
    /// Of the expression.
    place: usize,
    /// The expression, over a time alone.
    computed: Compact,
    /// Where the time is.
    path: Arc<[String]>,
}

impl Steps {
    /// Those among some expressions over inputs.
    pub(crate) fn of(exprs: &[Arc<dyn PhysicalExpr>], inputs: &Inputs) -> Result<Self> {
        let mut steps = vec![];
        for (place, expr) in exprs.iter().enumerate().filter(|(_, expr)| !expr.is::<Column>()) {
            if let Some(Input::Path(path)) = time_within(expr).and_then(|time| inputs.list().get(time)) {
                let computed = Compact::new(Arc::clone(expr), &inputs.schema())?;
                steps.push(Step { place, computed, path: Arc::clone(path) });
            }
        }
        Ok(Steps(steps))
    }

    /// The values of those that have one value for all rows of a row group, with their places.
    pub(crate) fn constants(
        &self,
        group: &RowGroupMetaData,
        shapes: &SchemaShapes,
        table: &arrow::datatypes::Fields,
    ) -> Result<Vec<(usize, ScalarValue)>> {
        let mut constants = vec![];
        for Step { place, computed, path } in &self.0 {
            let shape = shapes.get(path, Part::Whole, table)?;
            let leaf = shape.as_ref().and_then(|shape| shape.leaves.first());
            let Some((first, last)) = leaf.and_then(|leaf| ends(group, *leaf)) else { continue };
            let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![first, last]));
            // What fails may fail for no wanted row.
            let Ok(values) = computed.over(vec![times], 2) else { continue };
            let (first, last) = (ScalarValue::try_from_array(&values, 0)?, ScalarValue::try_from_array(&values, 1)?);
            if first == last {
                constants.push((*place, first));
            }
        }
        Ok(constants)
    }
}

/// The first and the last time of a column in a row group, if each row has one.
fn ends(group: &RowGroupMetaData, leaf: usize) -> Option<(i64, i64)> {
    let column = group.column(leaf);
    match column.column_descr().logical_type_ref() {
        Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::MICROS => {}
        _ => return None,
    }
    match column.statistics()? {
        Statistics::Int64(times) if times.null_count_opt() == Some(0) => {
            Some((*times.min_opt()?, *times.max_opt()?)).filter(|_| times.min_is_exact() && times.max_is_exact())
        }
        _ => None,
    }
}

/// The input of which an expression is computed, if it rises with that.
fn time_within(expr: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    if let Some(column) = expr.downcast_ref::<Column>() {
        return Some(column.index());
    }
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return keeps_order(cast.cast_type()).then(|| time_within(cast.expr())).flatten();
    }
    let call = expr.downcast_ref::<ScalarFunctionExpr>()?;
    let literals: Vec<Option<&ScalarValue>> =
        call.args().iter().map(|arg| arg.downcast_ref::<Literal>().map(Literal::value)).collect();
    time_within(&call.args()[rising_argument(call.name(), &literals, Some(call.return_type()))?])
}
