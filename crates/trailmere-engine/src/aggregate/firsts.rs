//! The first row of each group, by an order, for the rows of one partition.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DynComparator, RecordBatch, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, interleave, take};
use arrow::datatypes::{Int32Type, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::metrics::BaselineMetrics;

use super::keys::Keys;
use super::together::Part;
use crate::coded::Compact;

/// So many rows more than groups may be held before those that are first no more are dropped.
const SLACK: usize = 32_768;

/// Rows that go on at once, when memory is short.
const PIECE_ROWS: usize = 1024;

/// Rows that were the first of their groups when they came.
struct Held {
    rows: RecordBatch,
    /// What they are ordered by.
    order: Vec<ArrayRef>,
    bytes: usize,
}

/// The first rows so far.
pub(super) struct Firsts {
    keys: Keys,
    order: Vec<(Compact, SortOptions)>,
    schema: SchemaRef,
    held: Vec<Held>,
    held_rows: usize,
    /// Of each group, which of `held` its first row is in, and where.
    best: Vec<(usize, usize)>,
    groups: Vec<usize>,
    reservation: MemoryReservation,
    metrics: BaselineMetrics,
}

impl Firsts {
    /// Of rows of a schema.
    pub(super) fn new(
        keys: Keys,
        order: Vec<(Compact, SortOptions)>,
        schema: SchemaRef,
        (reservation, metrics): (MemoryReservation, BaselineMetrics),
    ) -> Self {
        let (held, best, groups) = (vec![], vec![], vec![]);
        Firsts { keys, order, schema, held, held_rows: 0, best, groups, reservation, metrics }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.best.len()
    }

    /// Takes over the first rows of another partition.
    pub(super) fn merge(&mut self, mut other: Firsts) -> Result<()> {
        if let Some(rows) = other.take()? {
            self.keep(&rows)?;
        }
        drop(other);
        self.reservation.resize(self.size());
        Ok(())
    }

    /// The first row of each group; none are left.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>> {
        let timer = self.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        if self.best.is_empty() {
            return Ok(None);
        }
        self.compact()?;
        self.keys.take(true)?;
        self.best.clear();
        self.held_rows = 0;
        self.reservation.free();
        Ok(self.held.pop().map(|held| held.rows))
    }

    /// Keeps the rows that are the first of their groups so far.
    fn keep(&mut self, rows: &RecordBatch) -> Result<()> {
        let timer = self.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        if rows.num_rows() == 0 {
            return Ok(());
        }
        self.keys.intern(rows, &mut self.groups)?;
        let order = self.order.iter_mut().map(|(expr, _)| expr.array(rows)).collect::<Result<Vec<_>>>()?;
        let winners = self.winners(&order)?;
        if winners.is_empty() {
            return Ok(());
        }
        for (place, row) in winners.iter().enumerate() {
            let group = self.groups[*row as usize];
            self.best[group] = (self.held.len(), place);
        }
        let at = UInt32Array::from(winners);
        let columns = rows.columns().iter().map(|column| held(column, &at)).collect::<Result<Vec<_>>>()?;
        let order = order.iter().map(|column| held(column, &at)).collect::<Result<Vec<_>>>()?;
        self.hold(RecordBatch::try_new(Arc::clone(&self.schema), columns)?, order);
        if self.held_rows > 2 * self.best.len() + SLACK {
            self.compact()?;
        }
        Ok(())
    }

    /// The rows that come before all others of their groups, these and those that are held.
    fn winners(&mut self, order: &[ArrayRef]) -> Result<Vec<u32>> {
        let among = comparators(order, order, &self.order)?;
        let known = self.best.len();
        self.best.resize(self.keys.len(), (usize::MAX, 0));
        let mut first: HashMap<usize, u32, foldhash::fast::RandomState> = HashMap::default();
        for (row, group) in self.groups.iter().enumerate() {
            first
                .entry(*group)
                .and_modify(|best| {
                    if among(row, *best as usize).is_lt() {
                        *best = row as u32;
                    }
                })
                .or_insert(row as u32);
        }
        let mut against: HashMap<usize, Comparator> = HashMap::new();
        let mut winners = Vec::with_capacity(first.len());
        for (group, row) in first {
            let (place, at) = self.best[group];
            if group < known {
                let compare = match against.entry(place) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(comparators(order, &self.held[place].order, &self.order)?),
                };
                if !compare(row as usize, at).is_lt() {
                    continue;
                }
            }
            winners.push(row);
        }
        winners.sort_unstable();
        Ok(winners)
    }

    fn hold(&mut self, rows: RecordBatch, order: Vec<ArrayRef>) {
        let bytes = order.iter().chain(rows.columns()).map(|column| column.get_array_memory_size()).sum();
        self.held_rows += rows.num_rows();
        self.held.push(Held { rows, order, bytes });
    }

    /// Drops the rows that are first no more.
    fn compact(&mut self) -> Result<()> {
        let before = std::mem::take(&mut self.held);
        let column = |of: &dyn Fn(&Held) -> ArrayRef| {
            let arrays: Vec<ArrayRef> = before.iter().map(of).collect();
            let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
            Ok(own(interleave(&arrays, &self.best)?))
        };
        let columns = (0..self.schema.fields().len()).map(|index| column(&|held| Arc::clone(held.rows.column(index))));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let order = (0..self.order.len()).map(|index| column(&|held| Arc::clone(&held.order[index])));
        let order = order.collect::<Result<Vec<_>>>()?;
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.held_rows = 0;
        self.hold(rows, order);
        for (group, best) in self.best.iter_mut().enumerate() {
            *best = (0, group);
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let held: usize = self.held.iter().map(|held| held.bytes).sum();
        held + self.keys.size() + self.best.capacity() * size_of::<(usize, usize)>()
    }
}

impl Part for Firsts {
    fn add(&mut self, rows: &RecordBatch) -> Result<Vec<RecordBatch>> {
        self.keep(rows)?;
        match self.reservation.try_resize(self.size()) {
            Ok(()) => Ok(vec![]),
            Err(_) => self.rest(),
        }
    }

    /// In pieces that a sort can hold next to others, each with its own texts.
    fn rest(&mut self) -> Result<Vec<RecordBatch>> {
        let Some(rows) = self.take()? else { return Ok(vec![]) };
        let starts = (0..rows.num_rows()).step_by(PIECE_ROWS);
        let pieces = starts.map(|start| {
            let piece = rows.slice(start, PIECE_ROWS.min(rows.num_rows() - start));
            let columns = piece.columns().iter().map(|column| own(Arc::clone(column))).collect();
            Ok(RecordBatch::try_new(piece.schema(), columns)?)
        });
        pieces.collect()
    }
}

type Comparator = Box<dyn Fn(usize, usize) -> std::cmp::Ordering + Send>;

/// Compares rows of two sets by all that they are ordered by.
fn comparators(left: &[ArrayRef], right: &[ArrayRef], order: &[(Compact, SortOptions)]) -> Result<Comparator> {
    let each = left.iter().zip(right).zip(order);
    let each = each.map(|((left, right), (_, options))| Ok(make_comparator(left, right, *options)?));
    let each = each.collect::<Result<Vec<DynComparator>>>()?;
    Ok(Box::new(move |one, other| {
        each.iter().map(|compare| compare(one, other)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    }))
}

/// Some values of a column, texts in place, without the buffers that all others are in.
fn held(column: &ArrayRef, at: &UInt32Array) -> Result<ArrayRef> {
    Ok(own(match column.as_dictionary_opt::<Int32Type>() {
        Some(coded) => take(coded.values(), &take(coded.keys(), at, None)?, None)?,
        None => take(column, at, None)?,
    }))
}

fn own(column: ArrayRef) -> ArrayRef {
    match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => column,
    }
}
