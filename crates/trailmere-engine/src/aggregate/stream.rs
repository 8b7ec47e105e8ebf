//! The groups of one partition, and of several.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::metrics::BaselineMetrics;
use futures::{Stream, StreamExt, stream};

use super::count::{CountRows, counts_rows};
use super::keys::Keys;
use super::together::Part;
use crate::coded::{Compact, of_columns};

/// After so many rows it is known whether grouping them makes them fewer.
const PROBED_ROWS: usize = 100_000;

/// More groups a row than this are no fewer rows.
const USELESS: f64 = 0.8;

/// One aggregate function.
struct Aggregate {
    accumulator: Box<dyn GroupsAccumulator>,
    arguments: Vec<Compact>,
    filter: Option<Compact>,
}

/// The groups so far.
pub(super) struct Grouping {
    keys: Keys,
    aggregates: Vec<Aggregate>,
    groups: Vec<usize>,
    /// Rows since groups were put out last.
    rows: usize,
    /// Of keys and states.
    output: SchemaRef,
    batch_rows: usize,
    /// Whether groups stay here as long as there is memory, though they may be no fewer than the rows.
    is_last: bool,
    reservation: MemoryReservation,
    metrics: BaselineMetrics,
}

impl Grouping {
    /// For the rows below a partial aggregation.
    pub(super) fn new(
        plan: &AggregateExec,
        batch_rows: usize,
        reservation: MemoryReservation,
        metrics: BaselineMetrics,
    ) -> Result<Self> {
        let (input, output) = (plan.input_schema(), plan.schema());
        let key = |(expr, _): &(_, String)| {
            let expr: &Arc<dyn PhysicalExpr> = expr;
            Ok((Compact::new(Arc::clone(expr), &input)?, expr.data_type(&input)?))
        };
        let keys = Keys::new(plan.group_expr().expr().iter().map(key).collect::<Result<_>>()?)?;
        let mut aggregates = vec![];
        for (function, filter) in plan.aggr_expr().iter().zip(plan.filter_expr()) {
            let arguments = function.expressions().into_iter().map(|expr| Compact::new(expr, &input));
            let is_count = counts_rows(function);
            aggregates.push(Aggregate {
                accumulator: match is_count {
                    true => Box::new(CountRows::default()),
                    false => function.create_groups_accumulator()?,
                },
                arguments: if is_count { vec![] } else { arguments.collect::<Result<_>>()? },
                filter: filter.as_ref().map(|filter| Compact::new(Arc::clone(filter), &input)).transpose()?,
            });
        }
        Ok(Grouping {
            keys,
            aggregates,
            groups: vec![],
            rows: 0,
            output,
            batch_rows,
            is_last: false,
            reservation,
            metrics,
        })
    }

    /// The same, of which no other step takes the groups over.
    pub(super) fn last(self) -> Self {
        Grouping { is_last: true, ..self }
    }

    /// Takes over the groups of another partition. They do not take more memory together than by themselves.
    pub(super) fn merge(&mut self, other: Grouping) -> Result<()> {
        let timer = self.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        let Grouping { keys, mut aggregates, reservation, .. } = other;
        let groups = self.keys.merge(keys)?;
        for (aggregate, other) in self.aggregates.iter_mut().zip(&mut aggregates) {
            let states = other.accumulator.state(EmitTo::All)?;
            aggregate.accumulator.merge_batch(&states, &groups, self.keys.len())?;
        }
        drop(reservation);
        self.reservation.resize(self.size());
        Ok(())
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Keys and values of all groups, in batches of this schema; none are left.
    pub(super) fn values(&mut self, schema: &SchemaRef, is_coded: bool) -> Result<Vec<RecordBatch>> {
        let timer = self.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        if self.keys.len() == 0 {
            return Ok(vec![]);
        }
        let mut columns = self.keys.take(is_coded)?;
        for aggregate in &mut self.aggregates {
            columns.push(aggregate.accumulator.evaluate(EmitTo::All)?);
        }
        self.reservation.free();
        let batch = RecordBatch::try_new(of_columns(schema, &columns), columns)?;
        self.metrics.record_output(batch.num_rows());
        Ok(self.cut(&batch))
    }

    /// The states of all groups of some rows.
    pub(super) fn run(self, input: SendableRecordBatchStream) -> impl Stream<Item = Result<RecordBatch>> {
        let state = (self, Some(input));
        let outputs = stream::try_unfold(state, |(mut grouping, input)| async move {
            let Some(mut input) = input else { return Ok::<_, DataFusionError>(None) };
            while let Some(batch) = input.next().await {
                let full = grouping.add(&batch?)?;
                if !full.is_empty() {
                    return Ok(Some((full, (grouping, Some(input)))));
                }
            }
            Ok(Some((grouping.rest()?, (grouping, None))))
        });
        outputs
            .map(|batches| match batches {
                Ok(batches) => batches.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
            .flat_map(stream::iter)
    }

    fn size(&self) -> usize {
        let aggregates: usize = self.aggregates.iter().map(|aggregate| aggregate.accumulator.size()).sum();
        self.keys.size() + aggregates + self.groups.capacity() * size_of::<usize>()
    }

    /// Keys and states of all groups; none are left.
    fn take(&mut self) -> Result<RecordBatch> {
        let count = self.keys.len();
        self.rows = 0;
        if count == 0 {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.output)));
        }
        let mut columns: Vec<ArrayRef> = self.keys.take(false)?;
        for aggregate in &mut self.aggregates {
            columns.extend(aggregate.accumulator.state(EmitTo::All)?);
        }
        self.reservation.free();
        let batch = RecordBatch::try_new(Arc::clone(&self.output), columns)?;
        self.metrics.record_output(batch.num_rows());
        Ok(batch)
    }

    fn cut(&self, batch: &RecordBatch) -> Vec<RecordBatch> {
        let starts = (0..batch.num_rows()).step_by(self.batch_rows.max(1));
        starts.map(|start| batch.slice(start, self.batch_rows.min(batch.num_rows() - start))).collect()
    }
}

impl Part for Grouping {
    /// Gives all groups so far if they take too much memory, or are no fewer than the rows.
    fn add(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let timer = self.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        self.keys.intern(batch, &mut self.groups)?;
        let count = self.keys.len();
        for aggregate in &mut self.aggregates {
            let arguments = aggregate.arguments.iter_mut().map(|expr| expr.array(batch)).collect::<Result<Vec<_>>>()?;
            let filter = aggregate.filter.as_mut().map(|filter| condition(filter, batch)).transpose()?;
            aggregate.accumulator.update_batch(&arguments, &self.groups, filter.as_ref(), count)?;
        }
        self.rows += batch.num_rows();
        let is_useless = !self.is_last && self.rows >= PROBED_ROWS && count as f64 > self.rows as f64 * USELESS;
        if is_useless || self.reservation.try_resize(self.size()).is_err() {
            return self.rest();
        }
        Ok(vec![])
    }

    fn rest(&mut self) -> Result<Vec<RecordBatch>> {
        let states = self.take()?;
        Ok(self.cut(&states))
    }
}

fn condition(filter: &mut Compact, rows: &RecordBatch) -> Result<BooleanArray> {
    let verdicts = filter.array(rows)?;
    let verdicts = verdicts.as_boolean_opt().cloned();
    verdicts.ok_or_else(|| DataFusionError::Internal("an aggregate's filter is no condition".to_owned()))
}
