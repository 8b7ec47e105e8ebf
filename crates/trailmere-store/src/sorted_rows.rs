//! How do the rows of a file reach the encoder? In order, a slice at a time: a slice stays in the processor's caches, and
//! a whole file's rows need not be copied together first.

use arrow::array::{Array, RecordBatch};
use trailmere_model::{Result, StoreType, sort_columns};

/// About how much memory the rows of a slice should take. Pages and row groups end near their limits by it, too.
pub const SLICE_BYTES: usize = 4 << 20;

/// The rows of one file, sorted by the store type's sort columns.
pub struct SortedRows<'a> {
    pub(crate) count: usize,
    pub(crate) complete: usize,
    /// The rows, slice by slice.
    pub slices: Box<dyn Iterator<Item = Result<RecordBatch>> + 'a>,
}

impl<'a> SortedRows<'a> {
    /// So many rows in slices, of which the first `complete` sort columns have no missing values.
    pub fn new(count: usize, complete: usize, slices: impl Iterator<Item = Result<RecordBatch>> + 'a) -> Self {
        Self { count, complete, slices: Box::new(slices) }
    }

    /// The rows of a batch.
    pub fn of_batch(store_type: StoreType, rows: &'a RecordBatch) -> Self {
        let count = rows.num_rows();
        let slices = rows.get_array_memory_size().div_ceil(SLICE_BYTES).max(1);
        let length = count.div_ceil(slices).max(1);
        let slices = (0..count).step_by(length).map(move |start| Ok(rows.slice(start, length.min(count - start))));
        Self::new(count, complete_sort_columns(store_type, std::iter::once(rows)), slices)
    }
}

/// How many of the leading sort columns have a value in every row of these batches.
pub fn complete_sort_columns<'b>(store_type: StoreType, batches: impl Iterator<Item = &'b RecordBatch>) -> usize {
    let columns = sort_columns(store_type);
    let complete = |batch: &RecordBatch| {
        let has_all = |name: &&&str| batch.column_by_name(name).is_some_and(|values| values.null_count() == 0);
        columns.iter().take_while(has_all).count()
    };
    batches.map(complete).min().unwrap_or(0)
}
