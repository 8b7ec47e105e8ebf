//! The bytes of column chunks, as Parquet's reader wants them: whole, or the pages of some rows.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::{RowGroups, RowSelection};
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::{ChunkReader, Length};

use super::inflate::page_reader;

/// Some pages of a column chunk, by where they start in the file.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    /// Where the chunk ends, from its start.
    length: u64,
    pieces: Vec<(u64, Bytes)>,
}

impl Pages {
    /// What was read of a chunk, ascending.
    pub(crate) fn new(chunk: &ColumnChunkMetaData, pieces: Vec<(u64, Bytes)>) -> Self {
        Pages { length: chunk.byte_range().1, pieces }
    }

    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        let piece = self.pieces.partition_point(|(offset, _)| *offset <= start).checked_sub(1);
        let found = piece.and_then(|piece| self.pieces.get(piece)).and_then(|(offset, bytes)| {
            let skip = usize::try_from(start - offset).ok()?;
            (skip <= bytes.len()).then(|| bytes.slice(skip..))
        });
        found.ok_or_else(|| ParquetError::General(format!("the page at byte {start} was not read")))
    }
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Pages {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start)?;
        match length <= bytes.len() {
            true => Ok(bytes.slice(..length)),
            false => Err(ParquetError::General(format!("the page at byte {start} is longer than what was read"))),
        }
    }
}

/// The byte ranges of a file to read for rows of a column chunk.
pub(crate) fn ranges(
    metadata: &ParquetMetaData,
    group: usize,
    leaf: usize,
    selection: Option<&RowSelection>,
) -> Vec<Range<u64>> {
    let (start, length) = metadata.row_group(group).column(leaf).byte_range();
    let whole = start..start + length;
    let (Some(selection), Some(pages)) = (selection, pages(metadata, group, leaf)) else { return vec![whole] };
    let mut ranges = vec![];
    match pages.first() {
        // The dictionary is before the first page.
        Some(first) if first.offset as u64 != start => ranges.push(start..first.offset as u64),
        Some(_) => {}
        None => return vec![whole],
    }
    ranges.extend(selection.scan_ranges(pages));
    ranges
}

fn pages(metadata: &ParquetMetaData, group: usize, leaf: usize) -> Option<&Vec<PageLocation>> {
    metadata.offset_index()?.get(group)?.get(leaf).map(|index| &index.page_locations)
}

/// Column chunks of one row group that were read, for a schema of a few leaves.
pub(crate) struct ChunksRead<'a> {
    pub(crate) metadata: &'a ParquetMetaData,
    pub(crate) group: usize,
    /// The file's leaf columns, in the schema's order.
    pub(crate) leaves: &'a [usize],
    /// What was read of each.
    pub(crate) pages: Vec<Arc<Pages>>,
    /// Whether pages may be missing, so that their places must be known.
    pub(crate) is_partial: bool,
}

impl RowGroups for ChunksRead<'_> {
    fn num_rows(&self) -> usize {
        self.metadata.row_group(self.group).num_rows() as usize
    }

    fn column_chunks(&self, i: usize) -> Result<Box<dyn PageIterator>, ParquetError> {
        let (Some(leaf), Some(read)) = (self.leaves.get(i), self.pages.get(i)) else {
            return Err(ParquetError::General(format!("column {i} was not read")));
        };
        let chunk = self.metadata.row_group(self.group).column(*leaf);
        let locations = match self.is_partial {
            true => pages(self.metadata, self.group, *leaf).cloned(),
            false => None,
        };
        let reader = page_reader(Arc::clone(read), chunk, self.num_rows(), locations)?;
        Ok(Box::new(OneChunk { reader: Some(Ok(reader)) }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

struct OneChunk {
    reader: Option<Result<Box<dyn PageReader>, ParquetError>>,
}

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.take()
    }
}

impl PageIterator for OneChunk {}
