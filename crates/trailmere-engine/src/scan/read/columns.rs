//! The values of inputs for the wanted rows, batch by batch.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::decoded::Decoded;
use super::rows::Rows;
use super::shape::Shape;
use super::unreadable::Unreadable;
use crate::coded::{of_columns, plain};

/// Where the values of an input come from.
pub(crate) enum Source {
    /// The same value for all rows.
    Constant(ScalarValue),
    /// Values of the whole row group.
    Kept(Arc<Decoded>),
    /// Values of the wanted rows.
    Few(ArrayRef),
    /// Values of blocks of rows, batch by batch.
    Wide(Box<Wide>),
}

/// A column that is read in batches.
pub(crate) struct Wide {
    pub(crate) reader: ParquetRecordBatchReader,
    /// What it reads, for errors.
    pub(crate) name: String,
    /// Rows of each of its batches but the last.
    pub(crate) batch_rows: usize,
    pub(crate) shape: Arc<Shape>,
    pub(crate) data_type: DataType,
}

impl Source {
    /// The values of wanted rows `offset..offset + length`; of a wide source, of its next batch, at `positions`.
    pub(crate) fn values(
        &mut self,
        rows: &Rows,
        (offset, length): (usize, usize),
        positions: Option<&UInt32Array>,
        is_coded: bool,
    ) -> Result<ArrayRef> {
        match self {
            Source::Constant(value) if is_coded => repeated(value, length),
            Source::Constant(value) => value.to_array_of_size(length),
            Source::Kept(decoded) if is_coded => match rows {
                Rows::All(all) if length == *all => decoded.coded(rows),
                Rows::All(_) => decoded.slice(offset, length).coded(&Rows::All(length)),
                Rows::Some { .. } => decoded.coded(&rows.slice(offset, length)),
            },
            Source::Kept(decoded) => match rows {
                Rows::All(all) if length == *all => decoded.take(rows),
                Rows::All(_) => decoded.slice(offset, length).take(&Rows::All(length)),
                Rows::Some { .. } => decoded.take(&rows.slice(offset, length)),
            },
            Source::Few(array) if is_coded => Ok(array.slice(offset, length)),
            Source::Few(array) => plain(&array.slice(offset, length)),
            Source::Wide(wide) => {
                let Some(batch) = wide.reader.next() else { return Ok(new_null_array(&wide.data_type, 0)) };
                let failed = |error| Unreadable::error(wide.name.clone(), DataFusionError::from(error));
                let array = wide.shape.unwrap(batch.map_err(failed)?.column(0))?;
                let decoded = Decoded::new(array, &wide.data_type)?;
                match positions {
                    Some(at) => decoded.take(&Rows::Some { of: 0, at: at.clone() }),
                    None => decoded.take(&Rows::All(length)),
                }
            }
        }
    }
}

/// Reads inputs batch by batch.
pub(crate) struct Columns {
    sources: Vec<Source>,
    schema: SchemaRef,
    rows: Rows,
    /// Where the wanted rows stand in what wide sources give; `None` if that is just them.
    positions: Option<UInt32Array>,
    /// Rows of wide sources' batches that were read.
    read: usize,
    /// Rows that wide sources give in all.
    selected: usize,
    done: usize,
    batch_rows: usize,
    is_wide: bool,
    /// Whether texts stay as they are coded.
    is_coded: bool,
}

impl Columns {
    /// `batch_rows`: of a batch, unless a source is read in batches of its own.
    pub(crate) fn new(sources: Vec<Source>, schema: SchemaRef, rows: Rows, batch_rows: usize) -> Self {
        let wide = sources.iter().find_map(|source| match source {
            Source::Wide(wide) => Some(wide.batch_rows),
            _ => None,
        });
        let (is_wide, batch_rows) = (wide.is_some(), wide.unwrap_or(batch_rows));
        let blocks = if is_wide { rows.blocks() } else { None };
        let selected = blocks.as_ref().map_or(rows.len(), |blocks| blocks.rows);
        let positions = blocks.map(|blocks| blocks.positions);
        Columns { sources, schema, rows, positions, read: 0, selected, done: 0, batch_rows, is_wide, is_coded: false }
    }

    /// Whether texts are to stay as they are coded.
    pub(crate) fn coded(self, is_coded: bool) -> Self {
        Columns { is_coded, ..self }
    }

    fn batch(&mut self, length: usize, positions: Option<&UInt32Array>) -> Result<RecordBatch> {
        let (offset, rows, is_coded) = (self.done, self.rows.clone(), self.is_coded);
        let columns = self.sources.iter_mut().map(|source| source.values(&rows, (offset, length), positions, is_coded));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        self.done += length;
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        let schema = if is_coded { of_columns(&self.schema, &columns) } else { Arc::clone(&self.schema) };
        Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// The next batch of the wide sources.
    fn wide(&mut self) -> Result<RecordBatch> {
        let from = self.read;
        self.read = (from + self.batch_rows).min(self.selected);
        match self.positions.clone() {
            None => self.batch(self.read - from, None),
            Some(all) => {
                let end = all.values().partition_point(|at| (*at as usize) < self.read);
                let here = all.slice(self.done, end - self.done);
                let here = here.unary(|at| at - from as u32);
                self.batch(here.len(), Some(&here))
            }
        }
    }
}

impl Iterator for Columns {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_wide {
            return (self.read < self.selected).then(|| self.wide());
        }
        let left = self.rows.len() - self.done;
        (left > 0).then(|| self.batch(left.min(self.batch_rows), None))
    }
}

/// A value for each of some rows, as the only one of a dictionary.
fn repeated(value: &ScalarValue, length: usize) -> Result<ArrayRef> {
    if value.is_null() {
        return value.to_array_of_size(length);
    }
    let codes = Int32Array::from(vec![0; length]);
    Ok(Arc::new(DictionaryArray::try_new(codes, value.to_array()?)?))
}
