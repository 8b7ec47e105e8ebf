//! A whole aggregation: all partitions of the input, and then all their groups, by numbers.
//!
//! DataFusion sends the groups of each partition to others by their hash, which compares the text of every group once more.
//! Here a partition's texts are numbered anew once each, and its groups are pairs of numbers. If memory gets short, the
//! groups go to DataFusion's own last step after all, which can spill.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{TryStreamExt, stream};

use super::stream::Grouping;
use super::together::{Batches, Gathered, coming, start, with_input};

/// Both steps of an aggregation of rows whose texts are coded.
#[derive(Debug)]
pub(crate) struct GroupWhole {
    first: AggregateExec,
    last: AggregateExec,
    /// Gives texts by their positions in dictionaries, where it has them so.
    input: Arc<dyn ExecutionPlan>,
    /// Whether keys are put out so, too.
    is_coded: bool,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl GroupWhole {
    /// Does what `first` does over `input`, and then `last`, in one partition.
    pub(super) fn new(first: AggregateExec, last: AggregateExec, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(last.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        GroupWhole { first, last, input, is_coded: false, properties: Arc::new(properties), metrics }
    }

    /// The same with keys as they are coded: then columns of batches differ from the schema in that.
    pub(super) fn coded(&self) -> Self {
        let again = GroupWhole::new(self.first.clone(), self.last.clone(), Arc::clone(&self.input));
        GroupWhole { is_coded: true, ..again }
    }

    fn groups(&self, partition: usize, context: &Arc<TaskContext>) -> Result<Grouping> {
        let consumer = MemoryConsumer::new(format!("GroupByNumbers[{partition}]")).with_can_spill(true);
        let reservation = consumer.register(context.memory_pool());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batch_rows = context.session_config().batch_size();
        Ok(Grouping::new(&self.first, batch_rows, reservation, metrics)?.last())
    }
}

impl DisplayAs for GroupWhole {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt_as(format, f)?;
        match format {
            DisplayFormatType::TreeRender => writeln!(f, "by=numbers, whole"),
            _ => write!(f, ", by=numbers, whole"),
        }
    }
}

impl ExecutionPlan for GroupWhole {
    fn name(&self) -> &'static str {
        "GroupByNumbers"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return Err(DataFusionError::Internal("an aggregation has one input".to_owned()));
        };
        let again = GroupWhole::new(self.first.clone(), self.last.clone(), Arc::clone(input));
        Ok(Arc::new(GroupWhole { is_coded: self.is_coded, ..again }))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.first.apply_expressions(f)
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let running = start(&self.input, &context, |partition| self.groups(partition, &context))?;
        let (first, last, is_coded) = (self.first.schema(), self.last.clone(), self.is_coded);
        let handed_on = MetricBuilder::new(&self.metrics).global_counter("groups_handed_on");
        let batches = async move {
            match running.gather().await? {
                Gathered::All(filled) => merged(filled, last, is_coded),
                Gathered::TooMany(states) => spill(first, states, last, handed_on, context),
            }
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::once(batches).try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The groups of all partitions, put together.
fn merged(mut filled: Vec<Grouping>, last: AggregateExec, is_coded: bool) -> Result<SendableRecordBatchStream> {
    let schema = last.schema();
    // The largest takes over the others.
    filled.sort_by_key(Grouping::len);
    let mut batches = vec![];
    if let Some(mut all) = filled.pop() {
        while let Some(next) = filled.pop() {
            all.merge(next)?;
        }
        batches = all.values(&schema, is_coded)?;
    }
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches.into_iter().map(Ok)))))
}

/// The last step over states as they come.
fn spill(
    schema: SchemaRef,
    states: Batches,
    last: AggregateExec,
    handed_on: Count,
    context: Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let states = states.inspect_ok(move |states| handed_on.add(states.num_rows()));
    let states = coming(schema, Box::pin(states))?;
    let last: Arc<dyn ExecutionPlan> = Arc::new(last);
    with_input(&last, states)?.execute(0, context)
}
