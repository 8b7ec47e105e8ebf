//! How does any aggregate do DISTINCT, ORDER BY and sliding frames? It keeps the rows and folds them anew at the end.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, concat};
use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::function::AccumulatorArgs;

use super::collect::take_all;
use super::fold::{Fold, FoldUdaf, Single};
use crate::call::downcast;
use crate::canonical::Keys;
use crate::types::{ITEM, Type};

/// The rows of a group or frame.
pub(super) struct Kept {
    types: Vec<DataType>,
    batches: Vec<Vec<ArrayRef>>,
    /// How many rows at the start a sliding frame has left behind.
    retracted: usize,
    rows: usize,
    bytes: usize,
}

impl Kept {
    pub(super) fn new(types: Vec<DataType>) -> Kept {
        Kept { types, batches: vec![], retracted: 0, rows: 0, bytes: 0 }
    }

    pub(super) fn push(&mut self, values: &[ArrayRef]) {
        if values.first().is_some_and(|v| !v.is_empty()) {
            let batch = &values[..self.types.len()];
            self.rows += batch[0].len();
            self.bytes += batch.iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum::<usize>();
            self.batches.push(batch.to_vec());
        }
    }

    /// Keeps these rows only.
    fn keep(&mut self, columns: &[ArrayRef], rows: Vec<u32>) -> DfResult<()> {
        let kept = take_all(columns, rows)?;
        *self = Kept::new(std::mem::take(&mut self.types));
        self.push(&kept);
        Ok(())
    }

    pub(super) fn retract(&mut self, rows: usize) {
        self.retracted += rows;
        while self.batches.first().is_some_and(|b| b[0].len() <= self.retracted) {
            self.retracted -= self.batches.remove(0)[0].len();
        }
    }

    /// All rows in one batch, which replaces those that it is made of.
    pub(super) fn columns(&mut self) -> DfResult<Vec<ArrayRef>> {
        if self.batches.is_empty() {
            return Ok(self.types.iter().map(new_empty_array).collect());
        }
        let column = |i: usize| {
            let parts: Vec<&dyn Array> = self.batches.iter().map(|b| b[i].as_ref()).collect();
            let whole = concat(&parts)?;
            Ok(whole.slice(self.retracted, whole.len() - self.retracted))
        };
        let whole = (0..self.types.len()).map(column).collect::<DfResult<Vec<ArrayRef>>>()?;
        *self = Kept::new(std::mem::take(&mut self.types));
        self.push(&whole);
        Ok(whole)
    }

    pub(super) fn size(&self) -> usize {
        self.bytes
    }

    /// Each column as one list.
    pub(super) fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        self.columns()?.into_iter().map(one_list).collect()
    }

    /// Adds the rows of such lists.
    pub(super) fn merge(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        for row in 0..states.first().map_or(0, |s| s.len()) {
            let values: Vec<ArrayRef> =
                states.iter().map(|s| Ok(downcast::<ListArray>(s)?.value(row))).collect::<DfResult<_>>()?;
            self.push(&values);
        }
        Ok(())
    }
}

/// The rows' positions in the order of these columns.
pub(super) fn in_order(mut rows: Vec<u32>, by: &[ArrayRef], options: &[SortOptions]) -> DfResult<Vec<u32>> {
    let keys = Keys::as_stored(by, options)?;
    rows.sort_by(|a, b| keys.get(*a as usize).cmp(keys.get(*b as usize)));
    Ok(rows)
}

/// Rows that are folded only when the result is asked for.
pub(super) struct Replay<F: Fold> {
    fold: Arc<F>,
    /// Types of the arguments, which come before the columns of ORDER BY.
    args: Vec<Type>,
    distinct: bool,
    order: Vec<SortOptions>,
    kept: Kept,
    /// With DISTINCT, the number of rows at which duplicates are dropped; `None` where rows are retracted later.
    crowded: Option<usize>,
}

/// Rows that are not worth looking for duplicates.
const FEW: usize = 16_384;

impl<F: Fold> Replay<F> {
    /// Rows may be retracted again.
    pub(super) fn sliding(udaf: &FoldUdaf<F>, args: &AccumulatorArgs<'_>) -> DfResult<Self> {
        Ok(Replay { crowded: None, ..Self::new(udaf, args)? })
    }

    pub(super) fn new(udaf: &FoldUdaf<F>, args: &AccumulatorArgs<'_>) -> DfResult<Self> {
        let mut types: Vec<DataType> = args.expr_fields.iter().map(|f| f.data_type().clone()).collect();
        for by in args.order_bys {
            types.push(by.expr.data_type(args.schema)?);
        }
        Ok(Replay {
            fold: Arc::clone(&udaf.fold),
            args: udaf.args.clone(),
            distinct: args.is_distinct,
            order: args.order_bys.iter().map(|by| by.options).collect(),
            kept: Kept::new(types),
            crowded: args.is_distinct.then_some(FEW),
        })
    }

    /// Where each distinct row first stands.
    fn distinct(&self, args: &[ArrayRef]) -> DfResult<Vec<u32>> {
        let keys = Keys::of_all(&self.args, args)?;
        let mut seen = HashSet::new();
        let rows = args.first().map_or(0, |c| c.len()) as u32;
        Ok((0..rows).filter(|row| seen.insert(keys.get(*row as usize))).collect())
    }

    /// Drops duplicates now and then, so that what is kept grows with the distinct rows only.
    fn thin(&mut self) -> DfResult<()> {
        if self.crowded.is_some_and(|most| self.kept.rows > most) {
            let columns = self.kept.columns()?;
            let rows = self.distinct(&columns[..self.args.len()])?;
            self.kept.keep(&columns, rows)?;
            self.crowded = Some(2 * self.kept.rows + FEW);
        }
        Ok(())
    }

    /// The arguments, each distinct row once, in order.
    fn rows(&mut self) -> DfResult<Vec<ArrayRef>> {
        let columns = self.kept.columns()?;
        let rows = columns.first().map_or(0, |c| c.len());
        let (args, order) = columns.split_at(self.args.len());
        if !self.distinct && order.is_empty() {
            return Ok(args.to_vec());
        }
        let mut picked = if self.distinct { self.distinct(args)? } else { (0..rows as u32).collect() };
        if !order.is_empty() {
            picked = in_order(picked, order, &self.order)?;
        }
        take_all(args, picked)
    }
}

impl<F: Fold> fmt::Debug for Replay<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replay")
    }
}

impl<F: Fold> Accumulator for Replay<F> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.kept.push(values);
        self.thin()
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.kept.retract(values.first().map_or(0, |v| v.len()));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let mut single = Single { fold: Arc::clone(&self.fold), state: F::State::default() };
        single.update_batch(&self.rows()?)?;
        single.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.kept.size()
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        self.kept.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        self.kept.merge(states)?;
        self.thin()
    }
}

/// The type of a list of such values.
pub(super) fn list_of(ty: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new(ITEM, ty.clone(), true)))
}

fn one_list(values: ArrayRef) -> DfResult<ScalarValue> {
    let item = Arc::new(Field::new(ITEM, values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    Ok(ScalarValue::List(Arc::new(ListArray::try_new(item, offsets, values, None)?)))
}
