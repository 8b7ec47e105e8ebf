//! Partitions that are computed at the same time and then put together; what memory is too short for goes on as it comes.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinError, JoinSet};

/// Batches that may wait for the next step, when memory is short.
const BATCHES_AHEAD: usize = 4;

pub(super) type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;

/// What a partition comes to.
pub(super) trait Part: Send + Sized + 'static {
    /// Adds rows, and gives what memory is too short for, or what is better done by the next step.
    fn add(&mut self, rows: &RecordBatch) -> Result<Vec<RecordBatch>>;

    /// All that is left in it, for the next step.
    fn rest(&mut self) -> Result<Vec<RecordBatch>>;
}

/// What all partitions came to.
pub(super) enum Gathered<P> {
    /// Nothing went on: this is all.
    All(Vec<P>),
    /// Memory was short: batches for the next step, those of all partitions.
    TooMany(Batches),
}

/// Partitions that are being computed.
pub(super) struct Running<P> {
    partitions: JoinSet<Result<P>>,
    full: Receiver<RecordBatch>,
}

/// Begins to compute all partitions of a plan at the same time, each with a part of its own.
pub(super) fn start<P: Part>(
    input: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
    part: impl Fn(usize) -> Result<P>,
) -> Result<Running<P>> {
    let (to, full) = channel(BATCHES_AHEAD);
    let mut partitions = JoinSet::new();
    for partition in 0..input.properties().output_partitioning().partition_count() {
        let rows = input.execute(partition, Arc::clone(context))?;
        partitions.spawn(fill(part(partition)?, rows, to.clone()));
    }
    Ok(Running { partitions, full })
}

async fn fill<P: Part>(mut part: P, mut rows: SendableRecordBatchStream, full: Sender<RecordBatch>) -> Result<P> {
    while let Some(batch) = rows.next().await {
        for batch in part.add(&batch?)? {
            // Nobody is there to take it when the query has ended.
            let _ = full.send(batch).await;
        }
    }
    Ok(part)
}

impl<P: Part> Running<P> {
    /// Waits for all partitions, or for the first batch that memory was too short for.
    pub(super) async fn gather(self) -> Result<Gathered<P>> {
        let Running { mut partitions, mut full } = self;
        let mut filled: Vec<P> = vec![];
        let first = loop {
            tokio::select! {
                Some(batch) = full.recv() => break Some(batch),
                partition = partitions.join_next() => match partition {
                    Some(partition) => filled.push(joined(partition)?),
                    // What was sent last is not lost when the senders are gone.
                    None => break full.try_recv().ok(),
                },
            }
        };
        let Some(first) = first else { return Ok(Gathered::All(filled)) };
        let sent = stream::unfold(full, |mut full| async move { Some((Ok(full.recv().await?), full)) });
        let filled = stream::iter(filled.into_iter().map(Ok));
        let others = stream::unfold(partitions, |mut partitions| async move {
            Some((joined(partitions.join_next().await?), partitions))
        });
        let rest = filled.chain(others).map(|part| part?.rest()).map_ok(|rest| stream::iter(rest.into_iter().map(Ok)));
        Ok(Gathered::TooMany(Box::pin(stream::iter([Ok(first)]).chain(sent).chain(rest.try_flatten()))))
    }
}

fn joined<P>(partition: std::result::Result<Result<P>, JoinError>) -> Result<P> {
    partition.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}

/// A plan that gives batches as they come, once.
pub(super) fn coming(schema: SchemaRef, batches: Batches) -> Result<Arc<dyn ExecutionPlan>> {
    let coming = Coming { schema: Arc::clone(&schema), batches: Mutex::new(Some(batches)) };
    Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(coming)], None, [], false, None)?))
}

/// The same plan on another input.
pub(super) fn with_input(
    plan: &Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    Arc::clone(plan).replace_children(vec![input], ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

struct Coming {
    schema: SchemaRef,
    batches: Mutex<Option<Batches>>,
}

impl fmt::Debug for Coming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Coming")
    }
}

impl PartitionStream for Coming {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner).take();
        let batches = batches.unwrap_or_else(|| Box::pin(stream::empty()));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
