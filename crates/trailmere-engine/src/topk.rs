//! How are the newest few events found without reading whole rows of all the others?
//!
//! `SELECT * … ORDER BY eventTime DESC LIMIT 100` needs whole rows of the winners only. A scan learns which rows can win
//! while it reads, and by then it has read thousands. So the last winner's sort key is looked for first, reading nothing
//! but the key and what filters need; then `key >= last` joins the filters. Ties are kept, so the answer is the same.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as DfResult;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, LogicalPlanBuilder, Sort, SortExpr, TableScan, lit};
use datafusion::physical_plan::{ExecutionPlan, collect};
use trailmere_model::EVENTJSON;

use crate::scan::has_needles;

/// More rows than this are not few.
const MOST_ROWS: usize = 10_000;

/// A scan of fewer columns has no rows worth the trouble.
const WIDE_COLUMNS: usize = 8;

/// A plan that reads less, and what was run to find it.
pub(crate) struct Narrowed {
    pub(crate) plan: LogicalPlan,
    /// The plan that found the last winner's key: its cost is the query's.
    pub(crate) scouted: Option<Arc<dyn ExecutionPlan>>,
}

/// Narrows an optimized plan, if it is of this kind.
pub(crate) async fn narrow(plan: LogicalPlan, state: &SessionState) -> DfResult<Narrowed> {
    let Some((sort, rows)) = wide_top(&plan) else { return Ok(Narrowed { plan, scouted: None }) };
    let key = sort.expr[0].clone();
    let scout = LogicalPlanBuilder::from(sort.input.as_ref().clone())
        .project([key.expr.clone().alias("key")])?
        .sort_with_limit([SortExpr::new(datafusion::prelude::col("key"), key.asc, false)], Some(rows))?
        .build()?;
    let scout = state.create_physical_plan(&scout).await?;
    let found = collect(Arc::clone(&scout), state.task_ctx()).await?;
    let plan = match last(&found, rows)? {
        Some(last) => filtered(plan, &key, last)?.data,
        None => plan,
    };
    Ok(Narrowed { plan, scouted: Some(scout) })
}

/// The sort of a plan that shows the first few rows of a wide scan, and how many.
fn wide_top(plan: &LogicalPlan) -> Option<(&Sort, usize)> {
    match plan {
        LogicalPlan::Sort(sort) => {
            let rows = sort.fetch.filter(|rows| (1..=MOST_ROWS).contains(rows))?;
            let key = sort.expr.first().filter(|key| !key.nulls_first && is_plain(&key.expr, &sort.input))?;
            (is_wide(scan_below(&sort.input)?) && !key.expr.is_volatile()).then_some((sort, rows))
        }
        LogicalPlan::Projection(_) | LogicalPlan::Limit(_) | LogicalPlan::SubqueryAlias(_) => {
            wide_top(plan.inputs().first()?)
        }
        _ => None,
    }
}

/// Whether the key's order is that of `>=`, which NaN and nested values are not part of.
fn is_plain(key: &Expr, input: &LogicalPlan) -> bool {
    use datafusion::logical_expr::ExprSchemable;
    let data_type = key.get_type(input.schema().as_ref());
    data_type.is_ok_and(|data_type| {
        data_type.is_integer()
            || matches!(data_type, DataType::Utf8View | DataType::Timestamp(_, None) | DataType::Date32)
    })
}

/// The scan that a chain of projections and filters reads.
fn scan_below(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan),
        LogicalPlan::Projection(projection) if projection.expr.iter().any(Expr::is_volatile) => None,
        LogicalPlan::Filter(filter) if filter.predicate.is_volatile() => None,
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::SubqueryAlias(_) => {
            scan_below(plan.inputs().first()?)
        }
        _ => None,
    }
}

/// Whether rows are so wide, and so many, that looking for the winners first pays.
fn is_wide(scan: &TableScan) -> bool {
    let fields = scan.projected_schema.fields();
    let is_large = |data_type: &DataType| matches!(data_type, DataType::Map(..) | DataType::List(_));
    let has_large = fields.iter().any(|field| field.name() == EVENTJSON || is_large(field.data_type()));
    (has_large || fields.len() > WIDE_COLUMNS) && scan.fetch.is_none() && !has_needles(&scan.filters)
}

/// The key of the last winner, if there are as many winners as there may be.
fn last(found: &[RecordBatch], rows: usize) -> DfResult<Option<ScalarValue>> {
    let count: usize = found.iter().map(|batch| batch.num_rows()).sum();
    let Some(batch) = found.iter().rev().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
    let (keys, at) = (batch.column(0), batch.num_rows() - 1);
    if count < rows || keys.is_null(at) {
        return Ok(None);
    }
    ScalarValue::try_from_array(keys, at).map(Some)
}

fn filtered(plan: LogicalPlan, key: &SortExpr, last: ScalarValue) -> DfResult<Transformed<LogicalPlan>> {
    let at_least = |key: &SortExpr| match key.asc {
        true => key.expr.clone().lt_eq(lit(last.clone())),
        false => key.expr.clone().gt_eq(lit(last.clone())),
    };
    plan.transform_down(|node| match node {
        LogicalPlan::Sort(mut sort) if sort.expr.first() == Some(key) => {
            let filter = Filter::try_new(at_least(key), Arc::clone(&sort.input))?;
            sort.input = Arc::new(LogicalPlan::Filter(filter));
            Ok(Transformed::new(LogicalPlan::Sort(sort), true, TreeNodeRecursion::Stop))
        }
        other => Ok(Transformed::no(other)),
    })
}
