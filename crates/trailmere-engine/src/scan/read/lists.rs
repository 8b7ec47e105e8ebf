//! Lists of some rows that one reading of a row group needs again.

use std::sync::{Mutex, PoisonError};

use arrow::array::{ArrayRef, UInt32Array};

use super::input::Input;
use super::rows::Rows;

/// What was read of some rows.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    read: Mutex<Vec<Piece>>,
}

#[derive(Debug)]
struct Piece {
    input: Input,
    /// The rows that were wanted of it.
    rows: UInt32Array,
    lists: ArrayRef,
    /// Where the rows are in `lists`.
    positions: UInt32Array,
}

impl Lists {
    /// The lists of these rows, and where they are among them, if all of them were read.
    pub(super) fn get(&self, input: &Input, rows: &Rows) -> Option<(ArrayRef, UInt32Array)> {
        let Rows::Some { at, .. } = rows else { return None };
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().filter(|piece| piece.input == *input).find_map(|piece| {
            let positions = among(&piece.rows, &piece.positions, at)?;
            Some((ArrayRef::clone(&piece.lists), positions))
        })
    }

    /// Keeps what was read of some rows.
    pub(super) fn put(&self, input: Input, rows: &Rows, lists: &ArrayRef, positions: &UInt32Array) {
        let Rows::Some { at, .. } = rows else { return };
        let (rows, lists, positions) = (at.clone(), ArrayRef::clone(lists), positions.clone());
        self.read.lock().unwrap_or_else(PoisonError::into_inner).push(Piece { input, rows, lists, positions });
    }
}

/// The positions of some rows, if all of them are among those that have positions; both ascend.
fn among(known: &UInt32Array, positions: &UInt32Array, rows: &UInt32Array) -> Option<UInt32Array> {
    let mut known = known.values().iter().zip(positions.values());
    rows.values()
        .iter()
        .map(|row| known.find(|(known, _)| *known >= row).filter(|(known, _)| *known == row))
        .map(|found| found.map(|(_, position)| *position))
        .collect::<Option<Vec<u32>>>()
        .map(UInt32Array::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_are_found_among_more() {
        let numbers = |numbers: &[u32]| UInt32Array::from(numbers.to_vec());
        let (known, positions) = (numbers(&[3, 5, 8, 13]), numbers(&[0, 2, 5, 10]));
        let find = |rows: &[u32]| among(&known, &positions, &numbers(rows)).map(|found| found.values().to_vec());
        assert_eq!(find(&[3, 8, 13]), Some(vec![0, 5, 10]));
        assert_eq!(find(&[5]), Some(vec![2]));
        assert_eq!(find(&[]), Some(vec![]));
        assert_eq!(find(&[3, 4]), None);
        assert_eq!(find(&[13, 14]), None);
    }
}
