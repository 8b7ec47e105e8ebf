//! Which rows of a row group are still wanted?

use std::ops::Range;

use arrow::array::{Array, BooleanArray, UInt32Array};
use parquet::arrow::arrow_reader::RowSelection;

/// Rows are skipped in blocks of this many: shorter skips cost more than they save.
const BLOCK: u32 = 64;

/// Fewer than one of this many rows are read by themselves.
const SPARSE: usize = 4;

/// Wanted rows of a row group.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// All of so many.
    All(usize),
    /// Some of so many, ascending.
    Some {
        /// How many the row group has.
        of: usize,
        /// Their positions.
        at: UInt32Array,
    },
}

impl Rows {
    /// How many are wanted.
    pub(crate) fn len(&self) -> usize {
        match self {
            Rows::All(rows) => *rows,
            Rows::Some { at, .. } => at.len(),
        }
    }

    /// How many the row group has.
    pub(crate) fn of(&self) -> usize {
        match self {
            Rows::All(rows) => *rows,
            Rows::Some { of, .. } => *of,
        }
    }

    /// The `n`-th that is wanted.
    pub(crate) fn nth(&self, n: usize) -> u32 {
        match self {
            Rows::All(_) => n as u32,
            Rows::Some { at, .. } => at.value(n),
        }
    }

    /// Whether so few are wanted that reading the others would be a waste.
    pub(crate) fn is_sparse(&self) -> bool {
        self.len() * SPARSE < self.of()
    }

    /// Those of which this is true: one verdict for each wanted row, NULL being no.
    pub(crate) fn keep(&self, verdicts: &BooleanArray) -> Rows {
        let set = match verdicts.nulls() {
            Some(nulls) => verdicts.values() & nulls.inner(),
            None => verdicts.values().clone(),
        };
        if set.count_set_bits() == self.len() {
            return self.clone();
        }
        let at = match self {
            Rows::All(_) => set.set_indices_u32().collect::<Vec<_>>(),
            Rows::Some { at, .. } => set.set_indices_u32().map(|index| at.value(index as usize)).collect(),
        };
        Rows::Some { of: self.of(), at: UInt32Array::from(at) }
    }

    /// Those that pass, told from their positions.
    pub(crate) fn keep_where(&self, passes: impl Fn(usize) -> bool) -> Rows {
        let mut at = vec![0; self.len()];
        let mut count = 0;
        // Without a branch: which rows pass is not to be foretold.
        match self {
            Rows::All(rows) => {
                for row in 0..*rows as u32 {
                    at[count] = row;
                    count += usize::from(passes(row as usize));
                }
            }
            Rows::Some { at: wanted, .. } => {
                for row in wanted.values() {
                    at[count] = *row;
                    count += usize::from(passes(*row as usize));
                }
            }
        }
        at.truncate(count);
        match at.len() == self.len() {
            true => self.clone(),
            false => Rows::Some { of: self.of(), at: UInt32Array::from(at) },
        }
    }

    /// None of them.
    pub(crate) fn none(&self) -> Rows {
        Rows::Some { of: self.of(), at: UInt32Array::from(Vec::<u32>::new()) }
    }

    /// The `n`-th and the next wanted rows.
    pub(crate) fn slice(&self, offset: usize, length: usize) -> Rows {
        match self {
            Rows::All(rows) if offset == 0 && length == *rows => self.clone(),
            Rows::All(rows) => {
                let at: Vec<u32> = (offset as u32..(offset + length) as u32).collect();
                Rows::Some { of: *rows, at: UInt32Array::from(at) }
            }
            Rows::Some { of, at } => Rows::Some { of: *of, at: at.slice(offset, length) },
        }
    }

    /// What to read so that all wanted rows are there, and where they stand in it.
    pub(crate) fn blocks(&self) -> Option<Blocks> {
        let Rows::Some { of, at } = self else { return None };
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let (mut read, mut positions) = (0, Vec::with_capacity(at.len()));
        for row in at.values() {
            let start = (row / BLOCK * BLOCK) as usize;
            let end = (start + BLOCK as usize).min(*of);
            match ranges.last_mut() {
                Some(last) if last.end > start => {}
                Some(last) if last.end == start => {
                    read += end - start;
                    last.end = end;
                }
                _ => {
                    read += end - start;
                    ranges.push(start..end);
                }
            }
            positions.push((read - (end - *row as usize)) as u32);
        }
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), *of);
        Some(Blocks { selection, rows: read, positions: UInt32Array::from(positions) })
    }
}

/// Blocks of rows that hold the wanted ones.
pub(crate) struct Blocks {
    /// The blocks.
    pub(crate) selection: RowSelection,
    /// How many rows they have.
    pub(crate) rows: usize,
    /// Of each wanted row, its position in the blocks.
    pub(crate) positions: UInt32Array,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(of: usize, at: &[u32]) -> Rows {
        Rows::Some { of, at: UInt32Array::from(at.to_vec()) }
    }

    #[test]
    fn blocks_hold_the_wanted_rows() {
        let blocks = some(1000, &[0, 63, 64, 500, 999]).blocks().unwrap();
        let read: Vec<usize> = (0..128).chain(448..512).chain(960..1000).collect();
        assert_eq!(blocks.rows, read.len());
        assert_eq!(blocks.selection.row_count(), read.len());
        let found: Vec<usize> = blocks.positions.values().iter().map(|at| read[*at as usize]).collect();
        assert_eq!(found, [0, 63, 64, 500, 999]);
    }

    #[test]
    fn verdicts_narrow_what_is_wanted() {
        let verdicts = BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]);
        let kept = Rows::All(4).keep(&verdicts);
        assert_eq!(kept.len(), 2);
        let kept = some(100, &[5, 6, 7, 8]).keep(&verdicts);
        let Rows::Some { at, of } = &kept else { panic!("{kept:?}") };
        assert_eq!((at.values().to_vec(), *of), (vec![5, 8], 100));
        let Rows::Some { at, .. } = kept.keep_where(|row| row > 5) else { panic!("all kept") };
        assert_eq!(at.values().to_vec(), [8]);
    }
}
