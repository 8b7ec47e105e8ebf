//! Reading inputs of one row group: from what is kept, whole, or only the pages of some rows.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::chunk::{ChunksRead, Pages, ranges};
use super::columns::{Source, Wide};
use super::decoded::Decoded;
use super::input::{Input, Inputs};
use super::kept::Place;
use super::lists::Lists;
use super::rows::{Blocks, LazyBlocks, Rows};
use super::shape::{Part, SchemaShapes, Shape};
use super::source::Scan;
use super::unreadable::Unreadable;
use crate::coded::Compact;

/// Values that take more bytes than this on average are read in batches and not kept.
const WIDE_VALUE: u64 = 256;

/// More columns than this are read in batches, unless they are kept already.
const MANY_COLUMNS: usize = 16;

/// A data file that is being read.
pub(crate) struct File {
    pub(crate) location: Path,
    /// The location, as the name of what is kept.
    pub(crate) name: Arc<str>,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) shapes: SchemaShapes,
    pub(crate) partition_values: Vec<ScalarValue>,
}

/// A row group that is being read.
pub(crate) struct Group<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) file: &'a File,
    pub(crate) index: usize,
    /// Pieces of lists that were read: a filter and a projection want other entries of the same maps.
    pub(crate) lists: Lists,
}

/// How an input is going to be read.
enum Plan {
    Constant(ScalarValue),
    Kept(Arc<Decoded>),
    Read { shape: Arc<Shape>, manner: Manner, place: Place, data_type: DataType },
    Entry { map: Arc<[String]>, key: Arc<str>, place: Place, keep: bool },
    Lists { path: Arc<[String]>, part: Part, place: Place },
}

impl Plan {
    /// The leaf columns to read, and of which rows.
    fn part<'a>(&'a self, blocks: &'a LazyBlocks<'_>) -> (&'a [usize], Option<&'a RowSelection>) {
        match self {
            Plan::Read { shape, manner: Manner::Whole, .. } => (&shape.leaves, None),
            Plan::Read { shape, .. } => (&shape.leaves, blocks.get().map(|blocks| &blocks.selection)),
            _ => (&[], None),
        }
    }
}

/// Entries of one map, which are read together.
struct Entries {
    map: Arc<[String]>,
    /// Whether they are read of all rows, to be kept.
    keep: bool,
    wanted: Vec<(Arc<str>, Place)>,
    /// Which inputs they are.
    indexes: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// All rows, to be kept.
    Whole,
    /// The wanted rows.
    Few,
    /// The wanted rows, in batches.
    Wide,
}

impl Group<'_> {
    pub(crate) fn rows(&self) -> usize {
        self.file.metadata.row_group(self.index).num_rows() as usize
    }

    /// Bytes to read for an input, as far as it is not kept: what filters are ordered by.
    pub(crate) fn cost(&self, input: &Input) -> u64 {
        let (path, part) = match input {
            Input::Partition(_) => return 0,
            Input::Path(path) | Input::Keys(path) | Input::Entry { map: path, .. } => (path, Part::Whole),
            Input::Member(path) => (path, Part::Member),
        };
        if self.scan.kept().get(&self.place(input.clone())).is_some() {
            return self.rows() as u64;
        }
        let shape = self.file.shapes.get(path, part, self.scan.table.file_schema().fields());
        let Ok(Some(shape)) = shape else { return 0 };
        self.chunks(&shape).map(|chunk| chunk.uncompressed_size() as u64).sum()
    }

    /// What is put out; what is the same for all rows of the row group, as constants.
    pub(crate) fn exprs(&self) -> Result<Vec<Compact>> {
        let projection = &self.scan.projection;
        let mut exprs = projection.exprs.clone();
        let (row_group, fields) = (self.file.metadata.row_group(self.index), self.scan.table.file_schema().fields());
        for (place, value) in projection.steps.constants(row_group, &self.file.shapes, fields)? {
            exprs[place] = Compact::constant(&value)?;
        }
        Ok(exprs)
    }

    /// The values of some inputs for the wanted rows.
    pub(crate) async fn load(&self, inputs: &Inputs, rows: &Rows) -> Result<Vec<Source>> {
        self.load_where(inputs, rows, |_| true).await
    }

    /// The same, NULL for the inputs that nothing reads.
    pub(crate) async fn load_where(
        &self,
        inputs: &Inputs,
        rows: &Rows,
        is_read: impl Fn(usize) -> bool,
    ) -> Result<Vec<Source>> {
        let mut plans = Vec::with_capacity(inputs.list().len());
        let is_many = inputs.list().len() > MANY_COLUMNS;
        let blocks = LazyBlocks::of(rows);
        for (index, input) in inputs.list().iter().enumerate() {
            let data_type = inputs.data_type(index);
            plans.push(match is_read(index) {
                true => self.plan((input, data_type), rows, &blocks, is_many)?,
                false => Plan::Constant(ScalarValue::try_from(data_type)?),
            });
        }
        let parts: Vec<_> = plans.iter().map(|plan| plan.part(&blocks)).collect();
        let read = self.pages(&parts).await?;
        let mut sources = Vec::with_capacity(plans.len());
        let mut maps: Vec<Entries> = vec![];
        for (plan, pages) in plans.into_iter().zip(read) {
            sources.push(match plan {
                Plan::Constant(value) => Source::Constant(value),
                Plan::Kept(decoded) => Source::Kept(decoded),
                Plan::Read { shape, manner, place, data_type } => {
                    self.decode((shape, pages), manner, (place, data_type), &blocks)?
                }
                Plan::Entry { map, key, place, keep } => {
                    let known = maps.iter().position(|known| known.map == map && known.keep == keep);
                    let at = known.unwrap_or_else(|| {
                        maps.push(Entries { map, keep, wanted: vec![], indexes: vec![] });
                        maps.len() - 1
                    });
                    maps[at].wanted.push((key, place));
                    maps[at].indexes.push(sources.len());
                    Source::Constant(ScalarValue::Utf8View(None))
                }
                Plan::Lists { path, part, place } => self.list_texts(place, (&path, part), rows).await?,
            });
        }
        for Entries { map, keep, wanted, indexes } in maps {
            for (index, source) in indexes.into_iter().zip(self.entries(&map, &wanted, keep, rows).await?) {
                sources[index] = source;
            }
        }
        Ok(sources)
    }

    fn plan(
        &self,
        (input, data_type): (&Input, &DataType),
        rows: &Rows,
        blocks: &LazyBlocks<'_>,
        is_many: bool,
    ) -> Result<Plan> {
        let place = self.place(input.clone());
        let path = match input {
            Input::Partition(index) => {
                let value = self.file.partition_values.get(*index).cloned();
                return value.map_or_else(|| ScalarValue::try_from(data_type), Ok).map(Plan::Constant);
            }
            _ if let Some(kept) = self.scan.kept().get(&place) => return Ok(Plan::Kept(kept)),
            Input::Entry { map, key } => {
                let Some(shape) = self.shape(map, Part::Values)? else {
                    return Ok(Plan::Constant(ScalarValue::try_from(data_type)?));
                };
                let keep = !rows.is_sparse() || self.is_worn(&place, &shape, blocks.get());
                return Ok(Plan::Entry { map: Arc::clone(map), key: Arc::clone(key), place, keep });
            }
            Input::Keys(path) => return Ok(Plan::Lists { path: Arc::clone(path), part: Part::Keys, place }),
            Input::Member(path) => return Ok(Plan::Lists { path: Arc::clone(path), part: Part::Member, place }),
            Input::Path(path) => path,
        };
        let is_coded = *data_type == DataType::Utf8View && self.is_coded(path)?;
        let part = if is_coded { Part::Coded } else { Part::Whole };
        let Some(shape) = self.shape(path, part)? else {
            return Ok(Plan::Constant(ScalarValue::try_from(data_type)?));
        };
        let is_wide = self.chunks(&shape).any(|chunk| self.is_wide(chunk));
        let manner = match rows.is_sparse() {
            true if is_wide || is_many || !self.is_worn(&place, &shape, blocks.get()) => Manner::Few,
            false if is_wide || is_many => Manner::Wide,
            _ => Manner::Whole,
        };
        // A few rows of wide values are a small array; many of them are read in batches.
        let is_few = rows.len() <= self.scan.batch_rows;
        let manner = if manner == Manner::Few && is_wide && !is_few { Manner::Wide } else { manner };
        Ok(Plan::Read { shape, manner, place, data_type: data_type.clone() })
    }

    /// Whether reading the whole column is no worse than reading pieces of it, now or again.
    pub(super) fn is_worn(&self, place: &Place, shape: &Shape, blocks: Option<&Blocks>) -> bool {
        let Some(blocks) = blocks.filter(|blocks| blocks.rows * 2 < self.rows()) else { return true };
        let mut pieces = vec![];
        for leaf in &shape.leaves {
            self.want(*leaf, Some(&blocks.selection), &mut pieces);
        }
        let read: u64 = pieces.iter().map(|range| range.end - range.start).sum();
        let whole: u64 = self.chunks(shape).map(|chunk| chunk.byte_range().1).sum();
        self.scan.kept().is_worn(place, read as f32 / whole.max(1) as f32, self.scan.statement)
    }

    pub(super) fn place(&self, input: Input) -> Place {
        Place { file: Arc::clone(&self.file.name), group: self.index, input }
    }

    pub(super) fn shape(&self, path: &Arc<[String]>, part: Part) -> Result<Option<Arc<Shape>>> {
        self.file.shapes.get(path, part, self.scan.table.file_schema().fields())
    }

    fn chunks<'s>(&'s self, shape: &'s Shape) -> impl Iterator<Item = &'s ColumnChunkMetaData> {
        shape.leaves.iter().map(|leaf| self.file.metadata.row_group(self.index).column(*leaf))
    }

    /// Whether all pages of a text column have positions in a dictionary.
    fn is_coded(&self, path: &Arc<[String]>) -> Result<bool> {
        let Some(shape) = self.shape(path, Part::Whole)? else { return Ok(false) };
        let coded = |chunk: &ColumnChunkMetaData| {
            let encodings = chunk.page_encoding_stats_mask();
            encodings.is_some_and(|mask| mask.is_only(parquet::basic::Encoding::RLE_DICTIONARY))
        };
        Ok(self.chunks(&shape).all(coded))
    }

    fn is_wide(&self, chunk: &ColumnChunkMetaData) -> bool {
        chunk.uncompressed_size() as u64 > WIDE_VALUE * self.rows() as u64
    }

    /// The pages of leaf columns, all rows' or those of a selection, in one request.
    pub(super) async fn pages(&self, parts: &[(&[usize], Option<&RowSelection>)]) -> Result<Vec<Vec<Arc<Pages>>>> {
        let mut wanted: Vec<Range<u64>> = vec![];
        let mut counts = vec![];
        for (leaves, selection) in parts {
            counts.extend(leaves.iter().map(|leaf| self.want(*leaf, *selection, &mut wanted)));
        }
        let bytes = self.scan.fetch(&self.file.location, &wanted).await?;
        let mut pieces = wanted.iter().map(|range| range.start).zip(bytes);
        let mut counts = counts.into_iter();
        let mut of_leaf = |(leaf, count): (&usize, usize)| {
            let chunk = self.file.metadata.row_group(self.index).column(*leaf);
            Arc::new(Pages::new(chunk, pieces.by_ref().take(count).collect()))
        };
        Ok(parts.iter().map(|(leaves, _)| leaves.iter().zip(counts.by_ref()).map(&mut of_leaf).collect()).collect())
    }

    fn want(&self, leaf: usize, selection: Option<&RowSelection>, wanted: &mut Vec<Range<u64>>) -> usize {
        let ranges = ranges(&self.file.metadata, self.index, leaf, selection);
        let count = ranges.len();
        wanted.extend(ranges);
        count
    }

    fn decode(
        &self,
        (shape, pages): (Arc<Shape>, Vec<Arc<Pages>>),
        manner: Manner,
        (place, data_type): (Place, DataType),
        blocks: &LazyBlocks<'_>,
    ) -> Result<Source> {
        let blocks = if manner == Manner::Whole { None } else { blocks.get() };
        let selected = blocks.map_or(self.rows(), |blocks| blocks.rows);
        let batch_rows = if manner == Manner::Wide { self.scan.batch_rows } else { selected };
        let reader = self.reader(&shape, pages, batch_rows, blocks.map(|blocks| blocks.selection.clone()))?;
        if manner == Manner::Wide {
            return Ok(Source::Wide(Box::new(Wide { reader, name: self.name(), batch_rows, shape, data_type })));
        }
        let array = self.collect(reader, &shape, &data_type)?;
        if manner == Manner::Whole {
            let decoded = Arc::new(Decoded::new(array, &data_type)?);
            self.scan.kept().put(place, Arc::clone(&decoded));
            return Ok(Source::Kept(decoded));
        }
        let decoded = Decoded::new(array, &data_type)?;
        let rows = match blocks {
            Some(blocks) => Rows::Some { of: selected, at: blocks.positions.clone() },
            None => Rows::All(selected),
        };
        Ok(Source::Few(decoded.take(&rows)?))
    }

    pub(super) fn reader(
        &self,
        shape: &Shape,
        pages: Vec<Arc<Pages>>,
        batch_rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader> {
        let chunks = self.chunks_read(shape, pages, selection.is_some());
        ParquetRecordBatchReader::try_new_with_row_groups(&shape.levels, &chunks, batch_rows.max(1), selection)
            .map_err(|error| self.failure(error.into()))
    }

    pub(super) fn chunks_read<'s>(
        &'s self,
        shape: &'s Shape,
        pages: Vec<Arc<Pages>>,
        is_partial: bool,
    ) -> ChunksRead<'s> {
        ChunksRead { metadata: &self.file.metadata, group: self.index, leaves: &shape.leaves, pages, is_partial }
    }

    /// All that a reader gives, as one array.
    pub(super) fn collect(
        &self,
        reader: ParquetRecordBatchReader,
        shape: &Shape,
        data_type: &DataType,
    ) -> Result<ArrayRef> {
        let mut arrays = vec![];
        for batch in reader {
            let batch = batch.map_err(|error| self.failure(error.into()))?;
            arrays.push(shape.unwrap(batch.column(0))?);
        }
        match arrays.as_slice() {
            [] => Ok(new_null_array(data_type, 0)),
            [array] => Ok(Arc::clone(array)),
            several => {
                let several: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
                Ok(arrow::compute::concat(&several)?)
            }
        }
    }

    pub(super) fn failure(&self, error: DataFusionError) -> DataFusionError {
        Unreadable::error(self.name(), error)
    }

    /// What is read, for errors.
    fn name(&self) -> String {
        format!("row group {} of {}", self.index, self.file.location)
    }
}
