//! lag, lead, first_value, last_value, nth_value, ntile.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::interleave;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;

use super::udwf::{Compute, NullTreatment};
use crate::error::fail;

pub(super) const LAG: Compute = Compute::Partition(|values, rows, nulls| shifted(values, rows, nulls, before));
pub(super) const LEAD: Compute = Compute::Partition(|values, rows, nulls| shifted(values, rows, nulls, after));
pub(super) const FIRST: Compute = Compute::Frame(|values, _, frame, nulls| nth(&values[0], frame, 1, nulls));
pub(super) const LAST: Compute = Compute::Frame(|values, _, frame, nulls| {
    let mut rows = frame.clone().rev();
    let row = match nulls {
        NullTreatment::Respect => rows.next(),
        NullTreatment::Ignore => rows.find(|i| values[0].is_valid(*i)),
    };
    scalar(&values[0], row)
});
pub(super) const NTH: Compute = Compute::Frame(|values, row, frame, nulls| {
    let offsets = values[1].as_primitive::<Int64Type>();
    if offsets.is_null(row) {
        return scalar(&values[0], None);
    }
    match offsets.value(row) {
        n if n < 1 => fail("Offset must be at least 1"),
        n => nth(&values[0], frame, n as usize, nulls),
    }
});
pub(super) const NTILE: Compute = Compute::Partition(|values, rows, _| tiles(values[0].as_primitive(), rows));

fn scalar(values: &ArrayRef, row: Option<usize>) -> DfResult<ScalarValue> {
    match row {
        Some(row) => ScalarValue::try_from_array(values, row),
        None => ScalarValue::try_from(values.data_type()),
    }
}

fn nth(values: &ArrayRef, frame: &Range<usize>, n: usize, nulls: NullTreatment) -> DfResult<ScalarValue> {
    let row = match nulls {
        NullTreatment::Respect => Some(frame.start + n - 1).filter(|row| frame.contains(row)),
        NullTreatment::Ignore => frame.clone().filter(|i| values.is_valid(*i)).nth(n - 1),
    };
    scalar(values, row)
}

/// Of the positions of values that are not NULL: the one so far before or after a row.
type Neighbour = fn(&[usize], usize, usize) -> Option<usize>;

fn before(valid: &[usize], row: usize, offset: usize) -> Option<usize> {
    let earlier = valid.partition_point(|v| *v < row);
    earlier.checked_sub(offset).map(|at| valid[at])
}

fn after(valid: &[usize], row: usize, offset: usize) -> Option<usize> {
    let later = valid.partition_point(|v| *v <= row);
    valid.get(later.checked_add(offset - 1)?).copied()
}

/// Value, offset and default of each row.
fn shifted(values: &[ArrayRef], rows: usize, nulls: NullTreatment, neighbour: Neighbour) -> DfResult<ArrayRef> {
    let counted: Vec<usize> = match nulls {
        NullTreatment::Respect => (0..rows).collect(),
        NullTreatment::Ignore => (0..rows).filter(|row| values[0].is_valid(*row)).collect(),
    };
    let offsets = values.get(1).map(|o| o.as_primitive::<Int64Type>());
    let nothing = arrow::array::new_null_array(values[0].data_type(), 1);
    let defaults = values.get(2).unwrap_or(&nothing);
    let mut picked = Vec::with_capacity(rows);
    for row in 0..rows {
        let offset = match offsets {
            Some(offsets) if offsets.is_null(row) => return fail("Offset must not be null"),
            Some(offsets) => offsets.value(row),
            None => 1,
        };
        let from = match offset {
            n if n < 0 => return fail("Offset must be at least 0"),
            0 => Some(row),
            n => neighbour(&counted, row, usize::try_from(n).unwrap_or(usize::MAX)),
        };
        picked.push(match from {
            Some(from) => (0, from),
            None => (1, if values.len() > 2 { row } else { 0 }),
        });
    }
    if matches!(values[0].data_type(), arrow::datatypes::DataType::Null) {
        return Ok(arrow::array::new_null_array(values[0].data_type(), rows));
    }
    Ok(interleave(&[values[0].as_ref(), defaults.as_ref()], &picked)?)
}

/// The first buckets have one row more where the rows cannot be shared out evenly.
fn tiles(counts: &Int64Array, rows: usize) -> DfResult<ArrayRef> {
    let mut tiles = Vec::with_capacity(rows);
    for row in 0..rows {
        if counts.is_null(row) {
            tiles.push(None);
            continue;
        }
        let n = match usize::try_from(counts.value(row)) {
            Ok(n) if n > 0 => n,
            _ => return fail("Buckets must be greater than 0"),
        };
        let (size, larger) = (rows / n, rows % n);
        let in_larger = larger * (size + 1);
        let tile = if row < in_larger { row / (size + 1) } else { larger + (row - in_larger) / size.max(1) };
        tiles.push(Some(tile as i64 + 1));
    }
    Ok(Arc::new(Int64Array::from(tiles)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shared_out_among_buckets() {
        let tile = |n: i64, rows: usize| -> Vec<i64> {
            tiles(&Int64Array::from(vec![n; rows]), rows).unwrap().as_primitive::<Int64Type>().values().to_vec()
        };
        assert_eq!(tile(4, 10), [1, 1, 1, 2, 2, 2, 3, 3, 4, 4]);
        assert_eq!(tile(5, 3), [1, 2, 3]);
        assert!(tiles(&Int64Array::from(vec![0]), 1).is_err());
    }

    #[test]
    fn neighbours_are_counted_without_nulls() {
        let values: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3), None])),
            Arc::new(Int64Array::from(vec![1; 4])),
        ];
        let lag = |nulls| {
            let array = shifted(&values, 4, nulls, before).unwrap();
            array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
        };
        assert_eq!(lag(NullTreatment::Respect), [None, Some(1), None, Some(3)]);
        assert_eq!(lag(NullTreatment::Ignore), [None, Some(1), Some(1), Some(3)]);
        let lead = shifted(&values, 4, NullTreatment::Ignore, after).unwrap();
        assert_eq!(lead.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(3), Some(3), None, None]);
    }
}
