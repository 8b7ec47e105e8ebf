//! Counts rows: the most frequent aggregate function, without looking at a value.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::Int64Type;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::Literal;

/// Rows that follow each other are counted in so many places: the next one need not wait for the one before.
const LANES: usize = 4;

/// While there are fewer groups than this.
const FEW_GROUPS: usize = 4096;

/// How many rows each group has.
#[derive(Debug, Default)]
pub(super) struct CountRows {
    /// `LANES` for each group, or one if there are many.
    counts: Vec<i64>,
    groups: usize,
}

/// Whether a function counts all rows: `count(*)`.
pub(super) fn counts_rows(function: &AggregateFunctionExpr) -> bool {
    let is_constant = match function.expressions().as_slice() {
        [argument] => argument.downcast_ref::<Literal>().is_some_and(|literal| !literal.value().is_null()),
        _ => false,
    };
    function.fun().name() == "count" && is_constant && !function.is_distinct()
}

impl CountRows {
    fn lanes(&self) -> usize {
        if self.groups <= FEW_GROUPS { LANES } else { 1 }
    }

    fn grow(&mut self, groups: usize) {
        let before = self.lanes();
        self.groups = groups.max(self.groups);
        let lanes = self.lanes();
        if lanes < before {
            self.counts = self.counts.chunks(before).map(|lanes| lanes.iter().sum()).collect();
        }
        self.counts.resize(self.groups * lanes, 0);
    }

    fn take(&mut self, emit_to: EmitTo) -> ArrayRef {
        let lanes = self.lanes();
        let mut counts: Vec<i64> = self.counts.chunks(lanes).map(|lanes| lanes.iter().sum()).collect();
        let taken = emit_to.take_needed(&mut counts);
        *self = CountRows::default();
        self.grow(counts.len());
        let lanes = self.lanes();
        self.counts.iter_mut().step_by(lanes).zip(counts).for_each(|(lane, count)| *lane = count);
        Arc::new(Int64Array::from(taken))
    }
}

impl GroupsAccumulator for CountRows {
    fn update_batch(
        &mut self,
        _: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counts = &mut self.counts;
        match (filter, self.groups <= FEW_GROUPS) {
            (None, true) => {
                let (fours, rest) = groups.as_chunks::<LANES>();
                for four in fours {
                    for (lane, group) in four.iter().enumerate() {
                        counts[group * LANES + lane] += 1;
                    }
                }
                rest.iter().for_each(|group| counts[group * LANES] += 1);
            }
            (None, false) => groups.iter().for_each(|group| counts[*group] += 1),
            (Some(filter), is_few) => {
                let lanes = if is_few { LANES } else { 1 };
                for (group, passes) in groups.iter().zip(filter) {
                    counts[group * lanes] += i64::from(passes == Some(true));
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.take(emit_to)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let lanes = self.lanes();
        let [states] = states else {
            return Err(DataFusionError::Internal("a count has one state".to_owned()));
        };
        for (group, count) in groups.iter().zip(states.as_primitive::<Int64Type>().values()) {
            self.counts[group * lanes] += count;
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let ones = match (filter, values.first()) {
            (Some(filter), _) => filter.iter().map(|passes| i64::from(passes == Some(true))).collect(),
            (None, Some(values)) => vec![1; values.len()],
            (None, None) => return Err(DataFusionError::Internal("a count of no column was given no rows".to_owned())),
        };
        Ok(vec![Arc::new(Int64Array::from(ones))])
    }

    fn size(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts rows of more and more groups beside a plain count.
    #[test]
    fn counts_stay_right_as_groups_become_many() {
        let (mut counts, mut plain) = (CountRows::default(), vec![0_i64; 3 * FEW_GROUPS]);
        for groups in [1, 7, FEW_GROUPS, FEW_GROUPS + 1, 3 * FEW_GROUPS] {
            let rows: Vec<usize> = (0..groups * 3 + 2).map(|row| row * 31 % groups).collect();
            let passes: BooleanArray = rows.iter().map(|row| Some(row % 3 != 0)).collect();
            counts.update_batch(&[], &rows, None, groups).unwrap();
            counts.update_batch(&[], &rows, Some(&passes), groups).unwrap();
            let states: ArrayRef = Arc::new(Int64Array::from(vec![5; rows.len()]));
            counts.merge_batch(&[states], &rows, groups).unwrap();
            for row in rows {
                plain[row] += 6 + i64::from(row % 3 != 0);
            }
        }
        let first = counts.state(EmitTo::First(10)).unwrap().remove(0);
        assert_eq!(first.as_primitive::<Int64Type>().values().to_vec(), plain[..10]);
        let rest = counts.evaluate(EmitTo::All).unwrap();
        assert_eq!(rest.as_primitive::<Int64Type>().values().to_vec(), plain[10..]);
    }
}
