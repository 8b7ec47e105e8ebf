//! `row_number() OVER (PARTITION BY … ORDER BY …) = 1`: the first row of each group, without sorting all rows.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{TryStreamExt, stream};

use super::firsts::Firsts;
use super::keys::Keys;
use super::together::{Gathered, coming, start, with_input};
use crate::coded::Compact;

/// The first row of each group, with its number, which is 1.
#[derive(Debug)]
pub(crate) struct FirstOfGroups {
    /// Whose number it is.
    window: Arc<dyn WindowExpr>,
    /// What numbers all rows of one partition, for when memory is short.
    numbering: Arc<dyn ExecutionPlan>,
    /// Gives texts by their positions in dictionaries, where it has them so.
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl FirstOfGroups {
    /// Of the rows of `input`; `numbering` sorts its only input and numbers the rows.
    pub(super) fn new(
        window: Arc<dyn WindowExpr>,
        numbering: Arc<dyn ExecutionPlan>,
        input: Arc<dyn ExecutionPlan>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(numbering.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        FirstOfGroups { window, numbering, input, properties: Arc::new(properties), metrics }
    }

    fn firsts(&self, partition: usize, context: &Arc<TaskContext>) -> Result<Firsts> {
        let schema = self.input.schema();
        let key =
            |expr: &Arc<dyn PhysicalExpr>| Ok((Compact::new(Arc::clone(expr), &schema)?, expr.data_type(&schema)?));
        let keys = Keys::new(self.window.partition_by().iter().map(key).collect::<Result<_>>()?)?;
        let order = self.window.order_by().iter();
        let order = order.map(|sort| Ok((Compact::new(Arc::clone(&sort.expr), &schema)?, sort.options)));
        let order = order.collect::<Result<Vec<(Compact, SortOptions)>>>()?;
        let consumer = MemoryConsumer::new(format!("FirstOfGroups[{partition}]")).with_can_spill(true);
        let reservation = consumer.register(context.memory_pool());
        Ok(Firsts::new(keys, order, schema, (reservation, BaselineMetrics::new(&self.metrics, partition))))
    }
}

impl DisplayAs for FirstOfGroups {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: Vec<String>| all.join(", ");
        let keys = self.window.partition_by().iter().map(ToString::to_string).collect();
        let order = self.window.order_by().iter().map(ToString::to_string).collect();
        write!(f, "FirstOfGroups: keys=[{}], order=[{}]", list(keys), list(order))
    }
}

impl ExecutionPlan for FirstOfGroups {
    fn name(&self) -> &'static str {
        "FirstOfGroups"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return Err(DataFusionError::Internal("the first of groups have one input".to_owned()));
        };
        Ok(Arc::new(FirstOfGroups::new(Arc::clone(&self.window), Arc::clone(&self.numbering), Arc::clone(input))))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for expr in self.window.partition_by().iter().chain(self.window.order_by().iter().map(|sort| &sort.expr)) {
            if f(expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let running = start(&self.input, &context, |partition| self.firsts(partition, &context))?;
        let (rows, numbering) = (self.input.schema(), Arc::clone(&self.numbering));
        let handed_on = MetricBuilder::new(&self.metrics).global_counter("rows_handed_on");
        let batches = async move {
            match running.gather().await? {
                Gathered::All(filled) => merged(filled, numbering.schema(), context.session_config().batch_size()),
                // Of the rows that are left, the first ones are the same.
                Gathered::TooMany(left) => {
                    let left = left.inspect_ok(move |rows| handed_on.add(rows.num_rows()));
                    on(&numbering, coming(rows, Box::pin(left))?)?.execute(0, context)
                }
            }
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::once(batches).try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

fn merged(mut filled: Vec<Firsts>, schema: SchemaRef, batch_rows: usize) -> Result<SendableRecordBatchStream> {
    filled.sort_by_key(Firsts::len);
    let mut first = None;
    if let Some(mut all) = filled.pop() {
        while let Some(next) = filled.pop() {
            all.merge(next)?;
        }
        first = all.take()?;
    }
    let mut batches = vec![];
    if let Some(rows) = first {
        let number: ArrayRef = Arc::new(UInt64Array::from_value(1, rows.num_rows()));
        let columns = rows.columns().iter().cloned().chain([number]).collect();
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let starts = (0..rows.num_rows()).step_by(batch_rows.max(1));
        batches.extend(starts.map(|start| Ok(rows.slice(start, batch_rows.min(rows.num_rows() - start)))));
    }
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches))))
}

/// The same chain of plans with one input each, on another input.
fn on(plan: &Arc<dyn ExecutionPlan>, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let below = match plan.children().as_slice() {
        [below] if !below.children().is_empty() => on(below, input)?,
        _ => input,
    };
    with_input(plan, below)
}
