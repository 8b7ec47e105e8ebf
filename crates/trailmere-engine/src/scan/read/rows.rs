//! Which rows of a row group are still wanted?

use std::ops::Range;
use std::sync::OnceLock;

use arrow::array::{Array, BooleanArray, Int32Array, UInt32Array};
use parquet::arrow::arrow_reader::RowSelection;

/// Rows are skipped in blocks of this many: shorter skips cost more than they save.
const BLOCK: u32 = 64;

/// Fewer than one of this many rows are read by themselves.
const SPARSE: usize = 4;

/// Rows whose codes are compared at once: as many as a word of bits has.
const RUN: usize = u64::BITS as usize;

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

    /// Those whose code passes: of each row of the row group it has one, or NULL. Codes that are sorted, as sources and
    /// names are, and what is mostly NULL, as errors are, is looked at many at a time.
    pub(crate) fn keep_codes(&self, codes: &Int32Array, passes: &[bool], null_passes: bool) -> Rows {
        let values = codes.values();
        let nulls = codes.nulls();
        let one = |row: usize| match nulls.is_some_and(|nulls| nulls.is_null(row)) {
            true => null_passes,
            false => passes[values[row] as usize],
        };
        let Rows::All(rows) = self else { return self.keep_where(one) };
        let some = nulls.filter(|nulls| nulls.null_count() > 0);
        if let Some(nulls) = some.filter(|_| !null_passes && passes.iter().all(|passes| *passes)) {
            let at: Vec<u32> = nulls.inner().set_indices_u32().collect();
            return Rows::Some { of: *rows, at: UInt32Array::from(at) };
        }
        let present = nulls.map(|nulls| nulls.inner().bit_chunks());
        let mut present = present.iter().flat_map(|chunks| chunks.iter().chain([chunks.remainder_bits()]));
        let mut at: Vec<u32> = vec![];
        for start in (0..*rows).step_by(RUN) {
            let run = &values[start..(start + RUN).min(*rows)];
            let all = u64::MAX >> (RUN - run.len());
            let word = present.next().unwrap_or(all);
            let same = match word {
                0 => Some(null_passes),
                // All of them are compared, whatever the first ones say: so it is done several at a time.
                some if some == all && run.iter().fold(0, |differs, code| differs | (code ^ run[0])) == 0 => {
                    Some(passes[run[0] as usize])
                }
                _ => None,
            };
            match same {
                Some(true) => at.extend(start as u32..(start + run.len()) as u32),
                Some(false) => {}
                None => {
                    let known = at.len();
                    at.resize(known + run.len(), 0);
                    let mut count = known;
                    for (nth, code) in run.iter().enumerate() {
                        at[count] = (start + nth) as u32;
                        let is_present = word == all || word >> nth & 1 == 1;
                        count += usize::from(if is_present { passes[*code as usize] } else { null_passes });
                    }
                    at.truncate(count);
                }
            }
        }
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

/// The blocks of some rows, worked out when they are needed.
pub(crate) struct LazyBlocks<'a> {
    rows: &'a Rows,
    blocks: OnceLock<Option<Blocks>>,
}

impl<'a> LazyBlocks<'a> {
    pub(crate) fn of(rows: &'a Rows) -> Self {
        LazyBlocks { rows, blocks: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Option<&Blocks> {
        self.blocks.get_or_init(|| self.rows.blocks()).as_ref()
    }
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
    fn codes_narrow_as_their_rows_do() {
        let code = |row: usize| if row < 700 { row as i32 / 130 } else { row as i32 * 7 % 5 };
        let without: Int32Array = (0..1000).map(|row| Some(code(row))).collect();
        let mostly = |row: usize| row % 100 == 3 || (200..300).contains(&row);
        let with: Int32Array = (0..1000).map(|row| mostly(row).then(|| code(row))).collect();
        // Their bits do not begin where a byte does.
        let sliced = with.slice(13, 900);
        for (codes, passes) in [&without, &with, &sliced].into_iter().flat_map(|codes| {
            [[false; 6], [true; 6], [true, false, false, true, false, false]].map(|passes| (codes, passes))
        }) {
            for rows in [Rows::All(codes.len()), some(codes.len(), &[0, 129, 130, 131, 699, 700, 898, 899])] {
                for null_passes in [false, true] {
                    let each = rows.keep_where(|row| match codes.is_valid(row) {
                        true => passes[codes.value(row) as usize],
                        false => null_passes,
                    });
                    let all = |rows: &Rows| (0..rows.len()).map(|n| rows.nth(n)).collect::<Vec<_>>();
                    assert_eq!(all(&rows.keep_codes(codes, &passes, null_passes)), all(&each));
                }
            }
        }
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
