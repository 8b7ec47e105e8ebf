//! Numbers pairs of numbers: keys of several columns, two at a time.

use std::collections::HashMap;
use std::mem::size_of;

/// Pairs are looked up in a table while it has no more cells than this.
const MOST_CELLS: usize = 1 << 20;

/// Each pair that occurred has a number, in the order of their first occurrence.
#[derive(Default)]
pub(super) struct Pairs {
    seen: Vec<(u32, u32)>,
    lookup: Lookup,
}

enum Lookup {
    /// A row for each left number, `width` cells each: a pair's number plus one, or 0.
    Table {
        cells: Vec<u32>,
        width: usize,
    },
    Hash(HashMap<u64, u32, foldhash::fast::RandomState>),
}

impl Default for Lookup {
    fn default() -> Self {
        Lookup::Table { cells: vec![], width: 0 }
    }
}

impl Pairs {
    /// Replaces each left number by that of its pair; numbers are below `lefts` and `rights`.
    pub(super) fn intern(
        &mut self,
        left: &mut [usize],
        right: impl Iterator<Item = usize>,
        (lefts, rights): (usize, usize),
    ) {
        self.widen(lefts, rights);
        let seen = &mut self.seen;
        match &mut self.lookup {
            Lookup::Table { cells, width } => {
                for (left, right) in left.iter_mut().zip(right) {
                    let cell = &mut cells[*left * *width + right];
                    if *cell == 0 {
                        seen.push((*left as u32, right as u32));
                        *cell = seen.len() as u32;
                    }
                    *left = (*cell - 1) as usize;
                }
            }
            Lookup::Hash(numbers) => {
                for (left, right) in left.iter_mut().zip(right) {
                    let next = seen.len() as u32;
                    let number = *numbers.entry(key(*left as u32, right as u32)).or_insert(next);
                    if number == next {
                        seen.push((*left as u32, right as u32));
                    }
                    *left = number as usize;
                }
            }
        }
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// The left and right numbers of all pairs; none are left.
    pub(super) fn take(&mut self) -> (Vec<u32>, Vec<u32>) {
        self.lookup = Lookup::default();
        std::mem::take(&mut self.seen).into_iter().unzip()
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        let lookup = match &self.lookup {
            Lookup::Table { cells, .. } => cells.capacity() * size_of::<u32>(),
            // A hash table has a byte beside each of its entries, and room for some more.
            Lookup::Hash(numbers) => numbers.capacity() * (size_of::<(u64, u32)>() + 1) * 8 / 7,
        };
        self.seen.capacity() * size_of::<(u32, u32)>() + lookup
    }

    fn widen(&mut self, lefts: usize, rights: usize) {
        let Lookup::Table { cells, width } = &self.lookup else { return };
        if lefts * *width <= cells.len() && rights <= *width {
            return;
        }
        let (lefts, width) = (lefts.next_power_of_two(), rights.max(*width).next_power_of_two());
        let numbered = self.seen.iter().zip(0_u32..);
        self.lookup = match lefts.checked_mul(width).filter(|cells| *cells <= MOST_CELLS) {
            Some(count) => {
                let mut cells = vec![0; count.max(cells.len().next_multiple_of(width))];
                for ((left, right), number) in numbered {
                    cells[*left as usize * width + *right as usize] = number + 1;
                }
                Lookup::Table { cells, width }
            }
            None => Lookup::Hash(numbered.map(|((left, right), number)| (key(*left, *right), number)).collect()),
        };
    }
}

fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers pairs of growing ranges and checks them against the pairs themselves.
    fn check(ranges: &[(usize, usize)]) {
        let (mut pairs, mut all, mut state) = (Pairs::default(), vec![], 7_usize);
        for (lefts, rights) in ranges {
            let mut random = |most: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % most
            };
            let rows: Vec<(usize, usize)> = (0..500).map(|_| (random(*lefts), random(*rights))).collect();
            let (mut left, right): (Vec<usize>, Vec<usize>) = rows.iter().copied().unzip();
            pairs.intern(&mut left, right.into_iter(), (*lefts, *rights));
            all.extend(rows.into_iter().zip(left));
        }
        let count = pairs.len();
        let (lefts, rights) = pairs.take();
        assert_eq!((lefts.len(), pairs.len()), (count, 0));
        for ((left, right), number) in all {
            assert_eq!((left, right), (lefts[number] as usize, rights[number] as usize));
        }
        let distinct: std::collections::HashSet<_> = lefts.iter().zip(&rights).collect();
        assert_eq!(distinct.len(), count);
    }

    #[test]
    fn a_pair_has_one_number_however_the_ranges_grow() {
        check(&[(1, 1), (3, 2), (3, 9), (40, 9), (40, 700)]);
        check(&[(5, 5), (3000, 4), (3000, 3000), (100_000, 100_000)]);
    }
}
