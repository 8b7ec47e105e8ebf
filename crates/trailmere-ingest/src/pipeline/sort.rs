//! In which order do rows go into files: by day, then as the store type sorts, ties as they came?

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use trailmere_model::{EVENTTIME, Error, Result, StoreType, sort_columns};
use trailmere_store::{SLICE_BYTES, SortedRows, complete_sort_columns};

use super::parcel::Chunk;

/// Rows of one day that go into one file, in order: number of the chunk, number of the row.
pub(crate) struct Slice {
    pub(crate) day: i64,
    pub(crate) rows: Vec<(usize, usize)>,
}

/// What decides a row's place. Texts have become their rank, so that comparing is cheap; chunk and row make it stable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    day: i64,
    rank: u32,
    time: i64,
    chunk: u32,
    row: u32,
}

/// Sorts the rows of a target, and cuts them into files of about so many bytes in memory.
pub(crate) fn sort(store_type: StoreType, chunks: &[&Chunk], target: usize, file_bytes: usize) -> Result<Vec<Slice>> {
    let columns: Vec<Columns<'_>> =
        chunks.iter().map(|chunk| Columns::of(store_type, &chunk.batch)).collect::<Result<_>>()?;
    let mut ranks = Ranks::default();
    let mut places = Vec::new();
    for (chunk, columns) in columns.iter().enumerate() {
        for (row, to) in chunks[chunk].rows.iter().enumerate().filter(|(_, to)| to.targets >> target & 1 == 1) {
            let rank = ranks.number(columns.texts(row));
            places.push(Place { day: to.day, rank, time: columns.time(row), chunk: chunk as u32, row: row as u32 });
        }
    }
    let ranks = ranks.sorted();
    for place in &mut places {
        place.rank = ranks[place.rank as usize];
    }
    places.sort_unstable();
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes).sum();
    let rows: usize = chunks.iter().map(|chunk| chunk.rows.len()).sum();
    Ok(cut(&places, (file_bytes / (bytes / rows.max(1)).max(1)).max(1)))
}

/// Files of one day hold ranges that do not overlap, of about equal size.
fn cut(places: &[Place], file_rows: usize) -> Vec<Slice> {
    let mut slices = Vec::new();
    for day in places.chunk_by(|a, b| a.day == b.day) {
        let files = day.len().div_ceil(file_rows);
        for part in day.chunks(day.len().div_ceil(files)) {
            let rows = part.iter().map(|place| (place.chunk as usize, place.row as usize)).collect();
            slices.push(Slice { day: part[0].day, rows });
        }
    }
    slices
}

/// Copies the rows of a file together, piece by piece.
pub(crate) fn gather<'a>(store_type: StoreType, chunks: &'a [&Chunk], slice: &'a Slice) -> SortedRows<'a> {
    let batches: Vec<&RecordBatch> = chunks.iter().map(|chunk| &chunk.batch).collect();
    let complete = complete_sort_columns(store_type, batches.iter().copied());
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes).sum();
    let rows: usize = chunks.iter().map(|chunk| chunk.rows.len()).sum();
    let piece_rows = (SLICE_BYTES / (bytes / rows.max(1)).max(1)).max(1);
    let failed = |error| Error::internal(format!("cannot sort the events of {}: {error}", slice.day)).source(error);
    let pieces = slice.rows.chunks(piece_rows);
    let pieces = pieces.map(move |rows| interleave_record_batch(&batches, rows).map_err(failed));
    SortedRows::new(slice.rows.len(), complete, pieces)
}

/// Numbers of texts in the order of their coming, and then of their sorting.
#[derive(Default)]
struct Ranks<'a> {
    numbers: HashMap<Texts<'a>, u32>,
    last: Option<(Texts<'a>, u32)>,
}

type Texts<'a> = [Option<&'a str>; 2];

impl<'a> Ranks<'a> {
    fn number(&mut self, texts: Texts<'a>) -> u32 {
        if let Some((last, number)) = &self.last
            && *last == texts
        {
            return *number;
        }
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(texts).or_insert(next);
        self.last = Some((texts, number));
        number
    }

    /// The rank of each number; what is missing comes last.
    fn sorted(self) -> Vec<u32> {
        let mut texts: Vec<(Texts<'a>, u32)> = self.numbers.into_iter().collect();
        texts.sort_unstable_by_key(|(texts, _)| texts.map(|text| (text.is_none(), text)));
        let mut ranks = vec![0; texts.len()];
        for (rank, (_, number)) in texts.iter().enumerate() {
            ranks[*number as usize] = rank as u32;
        }
        ranks
    }
}

/// The sort columns of a batch: one or two texts, then the time.
struct Columns<'a> {
    texts: Vec<&'a StringArray>,
    times: &'a arrow::array::TimestampMicrosecondArray,
}

impl<'a> Columns<'a> {
    fn of(store_type: StoreType, batch: &'a RecordBatch) -> Result<Self> {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| Error::internal(format!("rows of {store_type} stores lack `{name}`")))
        };
        let names = sort_columns(store_type).iter().filter(|name| **name != EVENTTIME);
        let texts = names.map(|name| Ok(column(name)?.as_string::<i32>())).collect::<Result<_>>()?;
        Ok(Self { texts, times: column(EVENTTIME)?.as_primitive::<TimestampMicrosecondType>() })
    }

    fn texts(&self, row: usize) -> Texts<'a> {
        let text =
            |index: usize| self.texts.get(index).filter(|column| column.is_valid(row)).map(|column| column.value(row));
        [text(0), text(1)]
    }

    fn time(&self, row: usize) -> i64 {
        if self.times.is_valid(row) { self.times.value(row) } else { i64::MAX }
    }
}

#[cfg(test)]
mod tests;
