//! What stands between a scan and a grouping, over rows whose texts are coded: filters, projections, UNNEST.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

use super::compact::Compact;
use super::of_columns;
use super::unnest::unnested;

/// What is done with rows.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Keeps those that a condition holds for, and columns of them.
    Filter(Compact, Option<Vec<usize>>),
    /// Computes columns.
    Project(Vec<Compact>),
    /// Makes a row of each element of the lists in these columns, which are of the same lists.
    Unnest(Vec<usize>),
}

/// The same as a plan of DataFusion's, over coded texts.
#[derive(Debug)]
pub(crate) struct CodedRows {
    /// Whose rows these are, and how they are declared.
    plan: Arc<dyn ExecutionPlan>,
    steps: Vec<Step>,
    input: Arc<dyn ExecutionPlan>,
    metrics: ExecutionPlanMetricsSet,
}

impl CodedRows {
    /// Does what `plan` does in some steps over `input`.
    pub(super) fn new(plan: Arc<dyn ExecutionPlan>, steps: Vec<Step>, input: Arc<dyn ExecutionPlan>) -> Self {
        CodedRows { plan, steps, input, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for CodedRows {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan.fmt_as(format, f)?;
        match format {
            DisplayFormatType::TreeRender => writeln!(f, "coded"),
            _ => write!(f, ", coded"),
        }
    }
}

impl ExecutionPlan for CodedRows {
    fn name(&self) -> &'static str {
        "CodedRows"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return Err(DataFusionError::Internal("coded rows are made of one input".to_owned()));
        };
        Ok(Arc::new(CodedRows::new(Arc::clone(&self.plan), self.steps.clone(), Arc::clone(input))))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.plan.apply_expressions(f)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let (mut steps, schema) = (self.steps.clone(), self.schema());
        let input = self.input.execute(partition, context)?;
        let rows = input.map(move |rows| {
            let rows = rows?;
            let _timer = metrics.elapsed_compute().timer();
            let rows = steps.iter_mut().try_fold(rows, |rows, step| step.apply(&rows, &schema))?;
            Ok(rows.record_output(&metrics))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

impl Step {
    /// `names`: of the columns that a projection computes.
    fn apply(&mut self, rows: &RecordBatch, names: &SchemaRef) -> Result<RecordBatch> {
        match self {
            Step::Filter(condition, columns) => {
                let verdicts = condition.array(rows)?;
                let verdicts = verdicts
                    .as_boolean_opt()
                    .ok_or_else(|| DataFusionError::Internal("a filter is no condition".to_owned()))?;
                let kept = filter_record_batch(rows, verdicts)?;
                match columns {
                    Some(columns) => Ok(kept.project(columns)?),
                    None => Ok(kept),
                }
            }
            Step::Project(exprs) => {
                let columns = exprs.iter_mut().map(|expr| expr.coded(rows)).collect::<Result<Vec<_>>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
                Ok(RecordBatch::try_new_with_options(of_columns(names, &columns), columns, &options)?)
            }
            Step::Unnest(lists) => unnested(rows, lists),
        }
    }
}
