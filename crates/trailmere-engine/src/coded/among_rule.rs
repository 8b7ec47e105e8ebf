//! Where does a plan join rows of a scan only to see whether their texts are among others?

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::repartition::RepartitionExec;

use super::among::{KeepAmong, Kept};
use super::rule::coded_rows;

/// The same rows without a join, if it is one of texts that adds nothing to them. Nobody may count on which rows are in
/// which partition.
pub(crate) fn kept_among(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<KeepAmong>> {
    let Some(join) = plan.downcast_ref::<HashJoinExec>() else { return Ok(None) };
    let [(text, row)] = join.on() else { return Ok(None) };
    let (Some(text), Some(row)) = (text.downcast_ref::<Column>(), row.downcast_ref::<Column>()) else {
        return Ok(None);
    };
    let (texts, rows) = (join.left(), join.right());
    let are_texts = |plan: &Arc<dyn ExecutionPlan>, column: &Column| {
        plan.schema().fields().get(column.index()).is_some_and(|field| *field.data_type() == DataType::Utf8View)
    };
    let fits = are_texts(texts, text)
        && text.index() == 0
        && are_texts(rows, row)
        && join.filter().is_none()
        && !join.null_aware
        && join.null_equality() == NullEquality::NullEqualsNothing
        && join.fetch().is_none();
    let (width, beside) = (rows.schema().fields().len(), texts.schema().fields().len());
    let all = match join.join_type() {
        JoinType::RightSemi | JoinType::RightAnti => (0..width).collect::<Vec<_>>(),
        // Where each text is there once and nothing is beside it, it adds nothing but itself.
        JoinType::Inner if beside == 1 && is_distinct(texts) => std::iter::once(row.index()).chain(0..width).collect(),
        _ => return Ok(None),
    };
    let rows = rows.downcast_ref::<RepartitionExec>().map_or(rows, RepartitionExec::input);
    let Some(rows) = fits.then(|| coded_rows(rows)).transpose()?.flatten() else { return Ok(None) };
    let columns = match &join.projection {
        Some(projection) => projection.iter().filter_map(|index| all.get(*index).copied()).collect(),
        None => all,
    };
    let is_among = *join.join_type() != JoinType::RightAnti;
    let kept = Kept { column: row.index(), is_among, columns };
    Ok(Some(KeepAmong::new(Arc::clone(plan), (Arc::clone(texts), rows), kept)))
}

/// Whether a plan gives the groups of its only column.
fn is_distinct(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.downcast_ref::<AggregateExec>().is_some_and(|aggregate| {
        matches!(aggregate.mode(), AggregateMode::Final | AggregateMode::FinalPartitioned)
            && aggregate.group_expr().is_single()
            && aggregate.group_expr().expr().len() == 1
            && aggregate.aggr_expr().is_empty()
    })
}
