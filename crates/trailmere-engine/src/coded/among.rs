//! A semi join by a set of texts: a row is kept if its text is among those that another plan gives.
//!
//! DataFusion hashes and compares the text of every row, and sends the rows to other partitions first. Here each text of a
//! dictionary is looked up once, and rows stay where they are.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;
use tokio::sync::mpsc::channel;
use tokio::task::JoinSet;

use super::compact::plain;
use super::of_columns;

/// What an entry of a set takes beside its text, in bytes: its place, with those that are free, and the allocator's part.
const ENTRY_BYTES: usize = 64;

/// Batches of texts that may wait.
const BATCHES_AHEAD: usize = 4;

/// Which rows are kept, and what of them.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The column with their texts.
    pub(super) column: usize,
    /// Whether those are kept whose text is among the others, or those whose text is not.
    pub(super) is_among: bool,
    /// The columns that are put out.
    pub(super) columns: Vec<usize>,
}

/// Rows whose text is, or is not, among others.
#[derive(Debug)]
pub(crate) struct KeepAmong {
    /// The join that it stands for, of whose inputs these are the same.
    join: Arc<dyn ExecutionPlan>,
    /// Gives the texts, in its first column.
    texts: Arc<dyn ExecutionPlan>,
    /// Gives the rows, with texts by their positions in dictionaries where files have them so.
    rows: Arc<dyn ExecutionPlan>,
    kept: Kept,
    /// Whether texts are put out so, too.
    is_coded: bool,
    set: Arc<OnceCell<Result<Texts, Arc<DataFusionError>>>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl KeepAmong {
    /// Does what `join` does, for the texts and rows of these plans.
    pub(super) fn new(
        join: Arc<dyn ExecutionPlan>,
        (texts, rows): (Arc<dyn ExecutionPlan>, Arc<dyn ExecutionPlan>),
        kept: Kept,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(join.schema()),
            Partitioning::UnknownPartitioning(rows.properties().output_partitioning().partition_count()),
            join.properties().emission_type,
            join.properties().boundedness,
        );
        let (set, metrics) = (Arc::default(), ExecutionPlanMetricsSet::new());
        KeepAmong { join, texts, rows, kept, is_coded: false, set, properties: Arc::new(properties), metrics }
    }

    /// The same with texts as they are coded: then columns of batches differ from the schema in that.
    pub(super) fn coded(&self) -> Self {
        let inputs = (Arc::clone(&self.texts), Arc::clone(&self.rows));
        KeepAmong { is_coded: true, ..KeepAmong::new(Arc::clone(&self.join), inputs, self.kept.clone()) }
    }
}

impl DisplayAs for KeepAmong {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(join) = self.join.downcast_ref::<HashJoinExec>() else { return f.write_str("KeepAmong") };
        let on = join.on().iter().map(|(text, row)| format!("({text}, {row})")).collect::<Vec<_>>().join(", ");
        write!(f, "KeepAmong: join_type={}, on=[{on}]", join.join_type())
    }
}

impl ExecutionPlan for KeepAmong {
    fn name(&self) -> &'static str {
        "KeepAmong"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.texts, &self.rows]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let [texts, rows] = children.as_slice() else {
            return Err(DataFusionError::Internal("rows are kept of one plan, by the texts of another".to_owned()));
        };
        let inputs = (Arc::clone(texts), Arc::clone(rows));
        let again = KeepAmong::new(Arc::clone(&self.join), inputs, self.kept.clone());
        Ok(Arc::new(KeepAmong { is_coded: self.is_coded, ..again }))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.join.apply_expressions(f)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let (set, texts) = (Arc::clone(&self.set), Arc::clone(&self.texts));
        let rows = self.rows.execute(partition, Arc::clone(&context))?;
        let (kept, schema, is_coded) = (self.kept.clone(), self.schema(), self.is_coded);
        let batches = async move {
            // Also what failed is done once: parts of a plan cannot run again.
            let texts = set.get_or_init(|| async { Texts::of(texts, context).await.map_err(Arc::new) }).await;
            texts.as_ref().map_err(|error| DataFusionError::Shared(Arc::clone(error)))?;
            let mut known = None;
            Ok::<_, DataFusionError>(rows.map(move |rows| {
                let rows = rows?;
                let set = set.get().and_then(|texts| texts.as_ref().ok());
                let set = set.ok_or_else(|| DataFusionError::Internal("the texts are gone".to_owned()))?;
                let _timer = metrics.elapsed_compute().timer();
                let found = filter_record_batch(&rows, &kept.verdicts(&rows, set, &mut known)?)?;
                Ok(output(&found, &kept.columns, &schema, is_coded)?.record_output(&metrics))
            }))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::once(batches).try_flatten())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

fn output(rows: &RecordBatch, columns: &[usize], schema: &SchemaRef, is_coded: bool) -> Result<RecordBatch> {
    let columns = columns.iter().map(|index| match is_coded {
        true => Ok(Arc::clone(rows.column(*index))),
        false => plain(rows.column(*index)),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let schema = if is_coded { of_columns(schema, &columns) } else { Arc::clone(schema) };
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

impl Kept {
    /// Which rows are kept. `known`: the verdicts of the last dictionary's texts.
    fn verdicts(
        &self,
        rows: &RecordBatch,
        set: &Texts,
        known: &mut Option<(ArrayRef, Vec<bool>)>,
    ) -> Result<BooleanArray> {
        let column = rows.column(self.column);
        let verdict = |text: Option<&str>| text.is_some_and(|text| set.contains(text)) == self.is_among;
        if let Some(texts) = column.as_string_view_opt() {
            return Ok(texts.iter().map(|text| Some(verdict(text))).collect());
        }
        let other = || DataFusionError::Internal(format!("{} are no texts", column.data_type()));
        let coded: &DictionaryArray<Int32Type> = column.as_dictionary_opt().ok_or_else(other)?;
        let verdicts = match known.take() {
            Some((before, verdicts)) if Arc::ptr_eq(&before, coded.values()) => verdicts,
            _ => coded.values().as_string_view_opt().ok_or_else(other)?.iter().map(verdict).collect(),
        };
        let of_null = verdict(None);
        let of_row = |key: Option<i32>| Some(key.map_or(of_null, |key| verdicts[key as usize]));
        let answer = coded.keys().iter().map(of_row).collect();
        *known = Some((Arc::clone(coded.values()), verdicts));
        Ok(answer)
    }
}

/// Different texts.
#[derive(Debug)]
struct Texts {
    texts: HashSet<Box<str>, foldhash::fast::RandomState>,
    /// Holds what they take.
    _reservation: MemoryReservation,
}

impl Texts {
    /// Those of the first column of all partitions of a plan.
    async fn of(plan: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Self> {
        let reservation = MemoryConsumer::new("KeepAmong").register(context.memory_pool());
        let mut partitions = JoinSet::new();
        let (to, mut batches) = channel(BATCHES_AHEAD);
        for partition in 0..plan.properties().output_partitioning().partition_count() {
            let (mut rows, to) = (plan.execute(partition, Arc::clone(&context))?, to.clone());
            partitions.spawn(async move {
                while let Some(batch) = rows.next().await {
                    // Nobody is there to take it when another partition has failed.
                    if to.send(batch).await.is_err() {
                        break;
                    }
                }
            });
        }
        drop(to);
        let mut texts = HashSet::default();
        while let Some(batch) = batches.recv().await {
            let column = plain(batch?.column(0))?;
            let column = column.as_string_view_opt();
            let column = column.ok_or_else(|| DataFusionError::Internal("texts to look for are none".to_owned()))?;
            for text in column.iter().flatten() {
                if !texts.contains(text) {
                    reservation.try_grow(text.len() + ENTRY_BYTES)?;
                    texts.insert(Box::from(text));
                }
            }
        }
        while let Some(partition) = partitions.join_next().await {
            partition.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
        }
        Ok(Texts { texts, _reservation: reservation })
    }

    fn contains(&self, text: &str) -> bool {
        self.texts.contains(text)
    }
}
