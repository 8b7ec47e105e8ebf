//! Texts in lists: keys and values of maps, members of structs in lists. What one reading of a row group needs twice is
//! read once.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue};
use parquet::arrow::arrow_reader::{RowGroups, RowSelection};
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::ParquetError;

use super::chunk::Pages;
use super::columns::Source;
use super::decoded::Decoded;
use super::group::Group;
use super::halves::{Column, lists};
use super::input::Input;
use super::kept::Place;
use super::rows::{Blocks, Rows};
use super::shape::{Part, Shape};
use crate::coded::{Which, of_lists};

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

impl Group<'_> {
    /// Texts in lists, for the wanted rows.
    pub(super) async fn list_texts(
        &self,
        place: Place,
        (path, part): (&Arc<[String]>, Part),
        rows: &Rows,
    ) -> Result<Source> {
        let (shape, is_there) = match (self.shape(path, part)?, path.split_last()) {
            (Some(shape), _) => (Some(shape), true),
            // A file from before the member: its lists have as many elements all the same.
            (None, Some((_, lists))) if part == Part::Member => (self.shape(&lists.into(), Part::Whole)?, false),
            (None, _) => (None, false),
        };
        let Some(shape) = shape else {
            return Ok(Source::Constant(ScalarValue::try_from(&DataType::new_list(DataType::Utf8View, true))?));
        };
        let (mut lists, positions) = self.pieces(place, &shape, rows).await?;
        if !is_there {
            lists = of_nothing(&lists)?;
        }
        Ok(match positions {
            None => Source::Kept(Arc::new(Decoded::Plain(lists))),
            Some(positions) => Source::Few(take(&lists, &positions, None)?),
        })
    }

    /// What is read of the wanted rows, as lists, and where those are in it, if not at their own places.
    pub(super) async fn pieces(
        &self,
        place: Place,
        shape: &Shape,
        wanted: &Rows,
    ) -> Result<(ArrayRef, Option<UInt32Array>)> {
        if let Some(kept) = self.scan.kept().get(&place)
            && let Decoded::Plain(lists) = kept.as_ref()
        {
            return Ok((Arc::clone(lists), None));
        }
        if let Some((lists, positions)) = self.lists.get(&place.input, wanted) {
            return Ok((lists, Some(positions)));
        }
        let blocks = wanted.blocks().filter(|blocks| wanted.is_sparse() && !self.is_worn(&place, shape, Some(blocks)));
        let lists = self.read_lists(shape, blocks.as_ref()).await?;
        match blocks {
            Some(blocks) => {
                self.lists.put(place.input, wanted, &lists, &blocks.positions);
                Ok((lists, Some(blocks.positions)))
            }
            None => {
                self.scan.kept().put(place, Arc::new(Decoded::Plain(Arc::clone(&lists))));
                Ok((lists, None))
            }
        }
    }

    /// Texts in lists, of all rows or of those of some blocks.
    async fn read_lists(&self, shape: &Shape, blocks: Option<&Blocks>) -> Result<ArrayRef> {
        let selection = blocks.map(|blocks| &blocks.selection);
        let pages = self.pages(&[(&shape.leaves, selection)]).await?.pop().unwrap_or_default();
        let rows = match selection {
            Some(selection) => selected(selection),
            None => std::iter::once(0..self.rows()).collect(),
        };
        let read = |reader: &mut dyn PageReader, column: &Column<'_>| lists(reader, column, &rows, selection.is_some());
        let count: usize = rows.iter().map(Range::len).sum();
        match self.half(shape, &pages, selection.is_some(), read)?.filter(|lists| lists.len() == count) {
            Some(lists) => Ok(Arc::new(lists)),
            None => {
                let lists = self.lists_of((shape, pages), blocks)?;
                match (&shape.member, lists.data_type()) {
                    (Some(name), _) => of_lists(&lists, &Which::Member(Arc::clone(name))),
                    (None, DataType::List(element)) if !element.data_type().is_nested() => {
                        of_lists(&lists, &Which::Elements)
                    }
                    (None, _) => Ok(lists),
                }
            }
        }
    }

    /// Lists as Parquet's reader reads them.
    pub(super) fn lists_of(
        &self,
        (shape, pages): (&Shape, Vec<Arc<Pages>>),
        blocks: Option<&Blocks>,
    ) -> Result<ArrayRef> {
        let rows = blocks.map_or(self.rows(), |blocks| blocks.rows);
        let reader = self.reader(shape, pages, rows, blocks.map(|blocks| blocks.selection.clone()))?;
        self.collect(reader, shape, &DataType::Null)
    }

    /// Keys or values straight from their pages; `None` if these have to be read by Parquet's reader.
    pub(super) fn half<T>(
        &self,
        shape: &Shape,
        pages: &[Arc<Pages>],
        is_partial: bool,
        read: impl FnOnce(&mut dyn PageReader, &Column<'_>) -> Result<Option<T>, ParquetError>,
    ) -> Result<Option<T>> {
        let ([leaf], [_]) = (shape.leaves.as_slice(), pages) else { return Ok(None) };
        let chunks = self.chunks_read(shape, pages.to_vec(), is_partial);
        let leaf = self.file.metadata.row_group(self.index).column(*leaf).column_descr();
        let column = &Column { leaf, entry_level: shape.entry_level };
        let read = |mut pages: Box<dyn PageIterator>| match pages.next() {
            Some(reader) => read(reader?.as_mut(), column),
            None => Ok(None),
        };
        chunks.column_chunks(0).and_then(read).map_err(|error| self.failure(error.into()))
    }
}

/// Lists of as many NULLs.
fn of_nothing(lists: &ArrayRef) -> Result<ArrayRef> {
    let Some(lists) = lists.as_list_opt::<i32>() else {
        return Ok(new_null_array(&DataType::new_list(DataType::Utf8View, true), lists.len()));
    };
    let texts = new_null_array(&DataType::Utf8View, lists.values().len());
    let field = Arc::new(Field::new_list_field(DataType::Utf8View, true));
    Ok(Arc::new(ListArray::try_new(field, lists.offsets().clone(), texts, lists.nulls().cloned())?))
}

/// The rows of a selection.
fn selected(selection: &RowSelection) -> Vec<Range<usize>> {
    let mut row = 0;
    let mut rows = vec![];
    for selector in selection.iter() {
        if !selector.skip {
            rows.push(row..row + selector.row_count);
        }
        row += selector.row_count;
    }
    rows
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
