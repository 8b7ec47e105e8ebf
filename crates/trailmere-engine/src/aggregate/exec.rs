//! The partial aggregation as DataFusion sees it.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::stream::Grouping;
use super::whole::GroupWhole;

/// A partial aggregation of rows whose texts are coded.
#[derive(Debug)]
pub(super) struct GroupByNumbers {
    /// What it does; the input's rows are declared as that has them.
    aggregate: AggregateExec,
    /// Gives texts by their positions in dictionaries, where the files have them so.
    input: Arc<dyn ExecutionPlan>,
    metrics: ExecutionPlanMetricsSet,
}

impl GroupByNumbers {
    /// Does what `aggregate` does over `input`.
    pub(super) fn new(aggregate: AggregateExec, input: Arc<dyn ExecutionPlan>) -> Self {
        GroupByNumbers { aggregate, input, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl GroupByNumbers {
    /// Both steps in one, of which this is the first.
    pub(super) fn whole(&self, last: AggregateExec) -> GroupWhole {
        GroupWhole::new(self.aggregate.clone(), last, Arc::clone(&self.input))
    }
}

impl DisplayAs for GroupByNumbers {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.aggregate.fmt_as(format, f)?;
        match format {
            DisplayFormatType::TreeRender => writeln!(f, "by=numbers"),
            _ => write!(f, ", by=numbers"),
        }
    }
}

impl ExecutionPlan for GroupByNumbers {
    fn name(&self) -> &'static str {
        "GroupByNumbers"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return Err(DataFusionError::Internal("an aggregation has one input".to_owned()));
        };
        Ok(Arc::new(GroupByNumbers::new(self.aggregate.clone(), Arc::clone(input))))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(f)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        // It lets go of memory when asked, by putting out its groups: so it has a fair share, not what it can get.
        let consumer = MemoryConsumer::new(format!("GroupByNumbers[{partition}]")).with_can_spill(true);
        let reservation = consumer.register(context.memory_pool());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batch_rows = context.session_config().batch_size();
        let grouping = Grouping::new(&self.aggregate, batch_rows, reservation, metrics)?;
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), grouping.run(input))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
