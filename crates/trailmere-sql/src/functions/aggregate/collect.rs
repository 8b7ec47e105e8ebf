//! How do aggregates that need all their rows keep them? As pieces of batches, put together only at the end.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result as DfResult;

use super::fold::{Fold, Members};
use super::replay::list_of;
use crate::call::downcast;
use crate::types::ITEM;

/// The rows of all groups, group by group: the columns, and where each group's rows begin.
pub(crate) struct Collected {
    /// The arguments.
    pub(crate) columns: Vec<ArrayRef>,
    /// One more than there are groups.
    pub(crate) offsets: OffsetBuffer<i32>,
}

type Finish = dyn Fn(Collected) -> DfResult<ArrayRef> + Send + Sync;

/// Collects rows and computes the results from them.
pub(crate) struct Collect {
    types: Vec<DataType>,
    /// Rows where this column is NULL are left out.
    required: Option<usize>,
    finish: Box<Finish>,
}

impl Collect {
    pub(crate) fn new(
        types: Vec<DataType>,
        required: Option<usize>,
        finish: impl Fn(Collected) -> DfResult<ArrayRef> + Send + Sync + 'static,
    ) -> Self {
        Collect { types, required, finish: Box::new(finish) }
    }

    fn add(&self, states: &mut [Pieces], columns: Vec<ArrayRef>, rows: &[(usize, u32)]) {
        let length = columns.first().map_or(0, |c| c.len()).max(1);
        let bytes: usize = columns.iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum();
        let row_bytes = bytes.div_ceil(length);
        let columns = Arc::new(columns);
        for &(group, row) in rows {
            match states[group].0.last_mut() {
                Some(piece) if Arc::ptr_eq(&piece.columns, &columns) => piece.rows.push(row),
                _ => states[group].0.push(Piece { columns: Arc::clone(&columns), rows: vec![row], row_bytes }),
            }
        }
    }

    fn collected(&self, states: &[Pieces]) -> DfResult<Collected> {
        let mut batches: Vec<Arc<Vec<ArrayRef>>> = vec![];
        let mut index = std::collections::HashMap::new();
        let mut rows: Vec<(usize, usize)> = vec![];
        let mut lengths = Vec::with_capacity(states.len());
        for state in states {
            let before = rows.len();
            for piece in &state.0 {
                let batch = *index.entry(Arc::as_ptr(&piece.columns)).or_insert_with(|| {
                    batches.push(Arc::clone(&piece.columns));
                    batches.len() - 1
                });
                rows.extend(piece.rows.iter().map(|row| (batch, *row as usize)));
            }
            lengths.push(rows.len() - before);
        }
        let column = |(i, ty): (usize, &DataType)| {
            if batches.is_empty() {
                return Ok(new_empty_array(ty));
            }
            let parts: Vec<&dyn Array> = batches.iter().map(|b| b[i].as_ref()).collect();
            Ok(interleave(&parts, &rows)?)
        };
        let columns = self.types.iter().enumerate().map(column).collect::<DfResult<Vec<_>>>()?;
        Ok(Collected { columns, offsets: OffsetBuffer::from_lengths(lengths) })
    }
}

/// The rows of a group.
#[derive(Default)]
pub(crate) struct Pieces(Vec<Piece>);

struct Piece {
    columns: Arc<Vec<ArrayRef>>,
    rows: Vec<u32>,
    /// About what a row of these columns takes.
    row_bytes: usize,
}

impl Fold for Collect {
    type State = Pieces;

    fn update(&self, states: &mut [Pieces], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let mut rows = vec![];
        let mut push = |group, row: usize| {
            rows.push((group, row as u32));
            Ok(())
        };
        match self.required {
            Some(column) => members.each_valid(&columns[column], push)?,
            None => members.each(&mut push)?,
        }
        self.add(states, columns[..self.types.len()].to_vec(), &rows);
        Ok(())
    }

    fn saved(&self) -> Vec<DataType> {
        self.types.iter().map(list_of).collect()
    }

    fn save(&self, states: &[Pieces]) -> DfResult<Vec<ArrayRef>> {
        let Collected { columns, offsets } = self.collected(states)?;
        let list = |values: ArrayRef| {
            let item = Arc::new(Field::new(ITEM, values.data_type().clone(), true));
            Ok(Arc::new(ListArray::try_new(item, offsets.clone(), values, None)?) as ArrayRef)
        };
        columns.into_iter().map(list).collect()
    }

    fn merge(&self, states: &mut [Pieces], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let lists: Vec<&ListArray> = saved.iter().map(downcast::<ListArray>).collect::<DfResult<_>>()?;
        let Some(first) = lists.first() else { return Ok(()) };
        let offsets = first.offsets();
        let mut rows = vec![];
        members.each(|group, row| {
            if first.is_valid(row) {
                rows.extend((offsets[row]..offsets[row + 1]).map(|i| (group, i as u32)));
            }
            Ok(())
        })?;
        // The lists of a batch of states are sliced alike.
        self.add(states, lists.iter().map(|l| Arc::clone(l.values())).collect(), &rows);
        Ok(())
    }

    fn finish(&self, states: &[Pieces]) -> DfResult<ArrayRef> {
        (self.finish)(self.collected(states)?)
    }

    fn heap(&self, state: &Pieces) -> usize {
        state.0.iter().map(|piece| piece.rows.capacity() * (piece.row_bytes + 4) + size_of::<Piece>()).sum()
    }
}

/// The groups that have no rows as NULLs.
pub(crate) fn empty_as_null(offsets: &OffsetBuffer<i32>) -> Option<arrow::buffer::NullBuffer> {
    let valid: Vec<bool> = offsets.windows(2).map(|w| w[1] > w[0]).collect();
    valid.contains(&false).then(|| valid.into())
}

/// The columns at these rows.
pub(crate) fn take_all(columns: &[ArrayRef], rows: Vec<u32>) -> DfResult<Vec<ArrayRef>> {
    let rows = UInt32Array::from(rows);
    Ok(columns.iter().map(|c| arrow::compute::take(c, &rows, None)).collect::<Result<_, _>>()?)
}
