//! A whole aggregation: all partitions of the input, and then all their groups, by numbers.
//!
//! DataFusion sends the groups of each partition to others by their hash, which compares the text of every group once more.
//! Here a partition's texts are numbered anew once each, and its groups are pairs of numbers. If memory gets short, the
//! groups go to DataFusion's own last step after all, which can spill.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use super::stream::Grouping;

/// States that may wait for the last step, when memory is short.
const STATES_AHEAD: usize = 4;

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
        let (to_last, full) = channel(STATES_AHEAD);
        let mut partitions = JoinSet::new();
        for partition in 0..self.input.properties().output_partitioning().partition_count() {
            let groups = self.groups(partition, &context)?;
            let input = self.input.execute(partition, Arc::clone(&context))?;
            partitions.spawn(groups.fill(input, to_last.clone()));
        }
        let ending = Ending {
            last: self.last.clone(),
            states: self.first.schema(),
            is_coded: self.is_coded,
            handed_on: MetricBuilder::new(&self.metrics).global_counter("groups_handed_on"),
            context,
        };
        let batches = stream::once(ending.run(partitions, full)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// What is done with the groups of all partitions.
struct Ending {
    last: AggregateExec,
    /// The schema of keys and states.
    states: SchemaRef,
    is_coded: bool,
    /// Groups, as often as they went to the last step because memory was short.
    handed_on: Count,
    context: Arc<TaskContext>,
}

impl Ending {
    async fn run(
        self,
        mut partitions: JoinSet<Result<Grouping>>,
        mut full: Receiver<RecordBatch>,
    ) -> Result<SendableRecordBatchStream> {
        let mut filled: Vec<Grouping> = vec![];
        loop {
            tokio::select! {
                Some(states) = full.recv() => {
                    let coming = stream::unfold(full, |mut full| async move { Some((Ok(full.recv().await?), full)) });
                    return self.spill(Box::pin(stream::iter([Ok(states)]).chain(coming)), filled, partitions);
                }
                partition = partitions.join_next() => match partition {
                    Some(groups) => filled.push(joined(groups)?),
                    None => break,
                },
            }
        }
        // What was sent last is not lost when the senders are gone.
        if let Ok(states) = full.try_recv() {
            let rest = stream::unfold(full, |mut full| async move { Some((Ok(full.recv().await?), full)) });
            return self.spill(Box::pin(stream::iter([Ok(states)]).chain(rest)), filled, partitions);
        }
        // The largest takes over the others.
        filled.sort_by_key(Grouping::len);
        let Some(mut all) = filled.pop() else {
            return Ok(Box::pin(RecordBatchStreamAdapter::new(self.last.schema(), stream::empty())));
        };
        while let Some(next) = filled.pop() {
            if !all.merge(next)? {
                filled.push(all);
                return self.spill(Box::pin(stream::empty()), filled, partitions);
            }
        }
        let schema = self.last.schema();
        let batches = all.values(&schema, self.is_coded)?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches.into_iter().map(Ok)))))
    }

    /// The last step over states that come, those of partitions that are filled, and of those that will be.
    fn spill(
        self,
        coming: Batches,
        filled: Vec<Grouping>,
        partitions: JoinSet<Result<Grouping>>,
    ) -> Result<SendableRecordBatchStream> {
        let filled = stream::iter(filled.into_iter().map(Ok));
        let others = stream::unfold(partitions, |mut partitions| async move {
            Some((joined(partitions.join_next().await?), partitions))
        });
        let rest = filled
            .chain(others)
            .map(|groups| groups?.states())
            .map_ok(|states| stream::iter(states.into_iter().map(Ok)));
        let handed_on = self.handed_on;
        let states = coming.chain(rest.try_flatten()).inspect_ok(move |states| handed_on.add(states.num_rows()));
        let states = States { schema: Arc::clone(&self.states), batches: Mutex::new(Some(Box::pin(states))) };
        let states = StreamingTableExec::try_new(self.states, vec![Arc::new(states)], None, [], false, None)?;
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        Arc::new(self.last).replace_children(vec![Arc::new(states)], options)?.execute(0, self.context)
    }
}

type Batches = std::pin::Pin<Box<dyn futures::Stream<Item = Result<RecordBatch>> + Send>>;

fn joined(groups: std::result::Result<Result<Grouping>, tokio::task::JoinError>) -> Result<Grouping> {
    groups.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}

/// States, once.
struct States {
    schema: SchemaRef,
    batches: Mutex<Option<Batches>>,
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("States")
    }
}

impl PartitionStream for States {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner).take();
        let batches = batches.unwrap_or_else(|| Box::pin(stream::empty()));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
