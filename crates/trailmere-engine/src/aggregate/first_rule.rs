//! Where does a plan number rows only to keep those with the number 1?

use std::sync::Arc;

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_expr::window::{StandardWindowExpr, WindowExpr};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec, WindowUDFExpr};

use super::first::FirstOfGroups;
use super::rule::coded;
use super::together::with_input;

/// The same filter over the first rows of groups, if it keeps no other rows. Nobody may count on their order.
pub(super) fn firsts_below(filter: &FilterExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    for column in split_conjunction(filter.predicate()).into_iter().filter_map(is_one) {
        if let Some(input) = numbered(filter.input(), column)? {
            let filter: Arc<dyn ExecutionPlan> = Arc::new(filter.clone());
            return with_input(&filter, input).map(Some);
        }
    }
    Ok(None)
}

/// The column that a condition wants to be 1.
fn is_one(condition: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    let comparison = condition.downcast_ref::<BinaryExpr>()?;
    let column = comparison.left().downcast_ref::<Column>()?;
    let number =
        comparison.right().downcast_ref::<Literal>()?.value().cast_to(&arrow::datatypes::DataType::Int64).ok()?;
    let keeps_one = matches!(
        (comparison.op(), number),
        (Operator::Eq | Operator::LtEq, ScalarValue::Int64(Some(1))) | (Operator::Lt, ScalarValue::Int64(Some(2)))
    );
    keeps_one.then_some(column.index())
}

/// The plan with the first rows of groups instead of all rows with their numbers, which are in this column.
fn numbered(plan: &Arc<dyn ExecutionPlan>, column: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let Some(column) = projection.expr().get(column).and_then(|one| one.expr.downcast_ref::<Column>()) else {
            return Ok(None);
        };
        let Some(input) = numbered(projection.input(), column.index())? else { return Ok(None) };
        return with_input(plan, input).map(Some);
    }
    let Some((window, sort)) = window(plan) else { return Ok(None) };
    let (is_number, schema) = (column + 1 == plan.schema().fields().len(), sort.input().schema());
    let Some(repartition) = sort.input().downcast_ref::<RepartitionExec>().filter(|_| is_number) else {
        return Ok(None);
    };
    let rows = repartition.input();
    let sorted: Arc<dyn ExecutionPlan> = Arc::new(sort.clone());
    let numbering = with_input(plan, with_input(&sorted, Arc::new(EmptyExec::new(schema)))?)?;
    let input = coded(rows)?.unwrap_or_else(|| Arc::clone(rows));
    Ok(Some(Arc::new(FirstOfGroups::new(window, numbering, input))))
}

/// The only number of a window and the sort below it, if that is all it computes.
fn window(plan: &Arc<dyn ExecutionPlan>) -> Option<(Arc<dyn WindowExpr>, &SortExec)> {
    let (windows, input) = match plan.downcast_ref::<BoundedWindowAggExec>() {
        Some(window) => (window.window_expr(), window.input()),
        None => plan.downcast_ref::<WindowAggExec>().map(|window| (window.window_expr(), window.input()))?,
    };
    let [window] = windows else { return None };
    let standard = window.as_any().downcast_ref::<StandardWindowExpr>()?;
    let function = standard.get_standard_func_expr().as_any().downcast_ref::<WindowUDFExpr>()?;
    let fits = function.fun().name() == "row_number" && !window.partition_by().is_empty();
    let sort = input.downcast_ref::<SortExec>()?;
    (fits && sort.fetch().is_none()).then(|| (Arc::clone(window), sort))
}
