//! Keys or values of a map, as lists, straight from their pages.
//!
//! Levels, positions in a dictionary and lengths of texts are all there is to them: Parquet's reader goes through a dozen
//! layers for each of millions of keys. What is not as simple as that is left to it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayBuilder, DictionaryArray, Int32Array, ListArray, StringViewBuilder};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Int32Type};
use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::hybrid::unpack;

/// A leaf column of texts in lists.
pub(super) struct Column<'a> {
    pub(super) leaf: &'a ColumnDescriptor,
    /// The level of definition from which on there is an element.
    pub(super) entry_level: u32,
}

/// The lists of these rows, ascending, with texts as positions in a dictionary; `None` if the column is none of texts in
/// lists, or coded in another way. Pages without any of the rows are not looked at where `is_partial`.
pub(super) fn lists(
    reader: &mut dyn PageReader,
    column: &Column<'_>,
    rows: &[Range<usize>],
    is_partial: bool,
) -> Result<Option<ListArray>> {
    let sink = Lists { rows, offsets: vec![], valid: vec![], codes: vec![] };
    let Some(halves) = read(reader, column, sink, is_partial)? else { return Ok(None) };
    halves.lists().map(Some)
}

/// The texts of single entries, of which row and where in its list, ascending; else as [`lists`].
pub(super) fn picked(
    reader: &mut dyn PageReader,
    column: &Column<'_>,
    entries: &[(u32, u32)],
    is_partial: bool,
) -> Result<Option<DictionaryArray<Int32Type>>> {
    let sink = Picked { entries, nth: 0, row: 0, codes: Vec::with_capacity(entries.len()) };
    let Some(mut halves) = read(reader, column, sink, is_partial)? else { return Ok(None) };
    if halves.sink.codes.len() != entries.len() {
        return Err(ParquetError::General("entries of a map have keys and no values".to_owned()));
    }
    let (codes, texts) = (Int32Array::from(halves.sink.codes), halves.texts.finish());
    Ok(Some(DictionaryArray::try_new(codes, Arc::new(texts))?))
}

fn read<S: Sink>(
    reader: &mut dyn PageReader,
    column: &Column<'_>,
    sink: S,
    is_partial: bool,
) -> Result<Option<Halves<S>>> {
    if column.leaf.max_rep_level() != 1 || column.leaf.physical_type() != Physical::BYTE_ARRAY {
        return Ok(None);
    }
    let mut halves = Halves::new(column, sink);
    loop {
        if is_partial {
            let Some(next) = reader.peek_next_page()? else { break };
            if !next.is_dict {
                let Some(count) = next.num_rows else { return Ok(None) };
                if halves.sink.next_row(halves.row).is_none_or(|next| next >= halves.row + count) {
                    halves.row += count;
                    reader.skip_next_page()?;
                    continue;
                }
            }
        }
        let Some(page) = reader.get_next_page()? else { break };
        if !halves.add(page)? {
            return Ok(None);
        }
    }
    Ok(Some(halves))
}

/// What is done with the entries of rows.
trait Sink {
    /// The next row that it wants, from this one on.
    fn next_row(&mut self, row: usize) -> Option<usize>;

    /// A wanted row begins; whether it has a list.
    fn begin(&mut self, row: usize, is_valid: bool);

    /// Whether an entry of the row is wanted, by its place in the list.
    fn wants_entry(&self, entry: u32) -> bool;

    /// The next wanted entry, by the place of its text.
    fn put(&mut self, code: Option<i32>);
}

/// Whole lists.
struct Lists<'a> {
    /// The rows that are still to come.
    rows: &'a [Range<usize>],
    offsets: Vec<i32>,
    valid: Vec<bool>,
    /// -1 for NULL.
    codes: Vec<i32>,
}

impl Sink for Lists<'_> {
    fn next_row(&mut self, row: usize) -> Option<usize> {
        while self.rows.first().is_some_and(|range| range.end <= row) {
            self.rows = &self.rows[1..];
        }
        self.rows.first().map(|range| range.start.max(row))
    }

    fn begin(&mut self, _: usize, is_valid: bool) {
        self.offsets.push(self.codes.len() as i32);
        self.valid.push(is_valid);
    }

    fn wants_entry(&self, _: u32) -> bool {
        true
    }

    fn put(&mut self, code: Option<i32>) {
        self.codes.push(code.unwrap_or(-1));
    }
}

/// Single entries.
struct Picked<'a> {
    entries: &'a [(u32, u32)],
    nth: usize,
    row: u32,
    codes: Vec<Option<i32>>,
}

impl Sink for Picked<'_> {
    fn next_row(&mut self, row: usize) -> Option<usize> {
        // One that was not in its row is in no other: that it is missing is told at last.
        self.entries.get(self.nth).map(|(wanted, _)| *wanted as usize).filter(|wanted| *wanted >= row)
    }

    fn begin(&mut self, row: usize, _: bool) {
        self.row = row as u32;
    }

    fn wants_entry(&self, entry: u32) -> bool {
        self.entries.get(self.nth).is_some_and(|wanted| *wanted == (self.row, entry))
    }

    fn put(&mut self, code: Option<i32>) {
        self.codes.push(code);
        self.nth += 1;
    }
}

struct Halves<S> {
    sink: S,
    /// The number of the next row.
    row: usize,
    /// The place of the next entry in its list.
    entry: u32,
    /// Whether the last row is wanted, and may go on in the next page.
    is_open: bool,
    /// The level of definition of an entry, and of one that is not NULL.
    entry_level: u32,
    value_level: u32,
    texts: StringViewBuilder,
    /// How many of the texts are of the dictionary page.
    dictionary: usize,
    count: usize,
    levels: Levels,
}

/// Reused from page to page.
#[derive(Default)]
struct Levels {
    repetition: Vec<u32>,
    definition: Vec<u32>,
    codes: Vec<u32>,
    /// Where rows begin.
    starts: Vec<u32>,
}

/// A page's texts in their order.
trait Values {
    /// Leaves some out.
    fn skip(&mut self, count: usize) -> Result<()>;

    /// The place of the next one among all texts.
    fn next<S>(&mut self, halves: &mut Halves<S>) -> Result<i32>;
}

/// By their positions in the dictionary.
struct Codes<'a> {
    codes: std::slice::Iter<'a, u32>,
}

impl Values for Codes<'_> {
    fn skip(&mut self, count: usize) -> Result<()> {
        let Some(nth) = count.checked_sub(1) else { return Ok(()) };
        self.codes.nth(nth).map(drop).ok_or_else(short)
    }

    fn next<S>(&mut self, halves: &mut Halves<S>) -> Result<i32> {
        let code = *self.codes.next().ok_or_else(short)? as usize;
        if code >= halves.dictionary {
            return Err(ParquetError::General(format!("position {code} is outside of the dictionary")));
        }
        Ok(code as i32)
    }
}

/// One after the other, each after its length.
struct Plain<'a> {
    block: u32,
    bytes: &'a [u8],
    at: usize,
}

impl Values for Plain<'_> {
    fn skip(&mut self, count: usize) -> Result<()> {
        (0..count).try_for_each(|_| next_text(self.bytes, &mut self.at).map(drop))
    }

    fn next<S>(&mut self, halves: &mut Halves<S>) -> Result<i32> {
        let text = next_text(self.bytes, &mut self.at)?;
        halves.texts.try_append_view(self.block, text.start, text.len)?;
        halves.count += 1;
        Ok(halves.count as i32 - 1)
    }
}

impl<S: Sink> Halves<S> {
    fn new(column: &Column<'_>, sink: S) -> Self {
        Halves {
            sink,
            row: 0,
            entry: 0,
            is_open: false,
            entry_level: column.entry_level,
            value_level: column.leaf.max_def_level() as u32,
            texts: StringViewBuilder::new(),
            dictionary: 0,
            count: 0,
            levels: Levels::default(),
        }
    }

    /// Adds a page; false if it is coded in a way that is not known here.
    fn add(&mut self, page: Page) -> Result<bool> {
        let encoding = page.encoding();
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
                    return Ok(false);
                }
                self.add_dictionary(buf, num_values as usize)?;
                Ok(true)
            }
            Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
                if def_level_encoding != Encoding::RLE || rep_level_encoding != Encoding::RLE {
                    return Ok(false);
                }
                let (repetition, rest) = with_length(&buf, 0)?;
                let (definition, rest) = with_length(&buf, rest)?;
                self.add_data((&buf, rest), (repetition, definition), num_values as usize, encoding)
            }
            Page::DataPageV2 { buf, num_values, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let middle = rep_levels_byte_len as usize;
                let rest = middle + def_levels_byte_len as usize;
                let (Some(repetition), Some(definition)) = (buf.get(..middle), buf.get(middle..rest)) else {
                    return Err(short());
                };
                self.add_data((&buf, rest), (repetition, definition), num_values as usize, encoding)
            }
        }
    }

    fn add_dictionary(&mut self, page: Bytes, count: usize) -> Result<()> {
        let block = self.texts.append_block(Buffer::from(page.clone()));
        let mut at = 0;
        for _ in 0..count {
            let text = next_text(&page, &mut at)?;
            self.texts.try_append_view(block, text.start, text.len)?;
        }
        self.dictionary = count;
        self.count = count;
        Ok(())
    }

    fn add_data(
        &mut self,
        (page, start): (&Bytes, usize),
        (repetition, definition): (&[u8], &[u8]),
        count: usize,
        encoding: Encoding,
    ) -> Result<bool> {
        let mut levels = std::mem::take(&mut self.levels);
        let definition_width = u32::BITS - self.value_level.leading_zeros();
        unpack(repetition, 1, count, &mut levels.repetition).ok_or_else(short)?;
        unpack(definition, definition_width, count, &mut levels.definition).ok_or_else(short)?;
        let present = levels.definition.iter().filter(|level| **level == self.value_level).count();
        let values = page.get(start..).ok_or_else(short)?;
        let is_known = match encoding {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = values.first().copied().unwrap_or(0);
                let packed = values.get(1..).unwrap_or_default();
                unpack(packed, u32::from(width), present, &mut levels.codes).ok_or_else(short)?;
                let codes = std::mem::take(&mut levels.codes);
                self.add_rows(&mut levels, Codes { codes: codes.iter() })?;
                levels.codes = codes;
                true
            }
            Encoding::PLAIN => {
                let block = self.texts.append_block(Buffer::from(page.clone()));
                let plain = Plain { block, bytes: page, at: start };
                self.add_rows(&mut levels, plain)?;
                true
            }
            _ => false,
        };
        self.levels = levels;
        Ok(is_known)
    }

    /// Adds the wanted rows of a page.
    fn add_rows(&mut self, levels: &mut Levels, mut values: impl Values) -> Result<()> {
        row_starts(&levels.repetition, &mut levels.starts);
        let (definition, starts) = (levels.definition.as_slice(), levels.starts.as_slice());
        let (first, end) = (self.row, self.row + starts.len());
        let at = |row: usize| starts.get(row - first).map_or(definition.len(), |start| *start as usize);
        // Entries of the last page's last row.
        self.add_entries(definition.get(..at(first)).unwrap_or_default(), &mut values)?;
        let mut done = at(first);
        while let Some(row) = self.sink.next_row(self.row).filter(|row| *row < end) {
            let (from, to) = (at(row), at(row + 1));
            let passed = definition.get(done..from).unwrap_or_default();
            values.skip(passed.iter().filter(|level| **level == self.value_level).count())?;
            let levels = definition.get(from..to).unwrap_or_default();
            self.sink.begin(row, levels.first().is_some_and(|level| *level + 1 >= self.entry_level));
            self.entry = 0;
            self.is_open = true;
            self.add_entries(levels, &mut values)?;
            (self.row, done) = (row + 1, to);
        }
        if !starts.is_empty() {
            self.is_open &= self.row == end;
            self.row = end;
        }
        Ok(())
    }

    /// Adds entries of one row.
    fn add_entries(&mut self, definition: &[u32], values: &mut impl Values) -> Result<()> {
        let entry_level = self.entry_level;
        for level in definition.iter().filter(|level| **level >= entry_level) {
            let is_value = *level == self.value_level;
            if self.is_open && self.sink.wants_entry(self.entry) {
                let code = if is_value { Some(values.next(self)?) } else { None };
                self.sink.put(code);
            } else if is_value {
                values.skip(1)?;
            }
            self.entry += 1;
        }
        Ok(())
    }
}

/// Where repetition is 0.
fn row_starts(repetition: &[u32], starts: &mut Vec<u32>) {
    starts.clear();
    starts.resize(repetition.len(), 0);
    let mut count = 0;
    // Without a branch: how long lists are is not to be foretold.
    for (at, level) in repetition.iter().enumerate() {
        starts[count] = at as u32;
        count += usize::from(*level == 0);
    }
    starts.truncate(count);
}

impl Halves<Lists<'_>> {
    fn lists(self) -> Result<ListArray> {
        let Lists { mut offsets, valid, codes, .. } = self.sink;
        let mut texts = self.texts;
        offsets.push(codes.len() as i32);
        let nulls = codes.contains(&-1).then(|| codes.iter().map(|code| *code >= 0).collect::<NullBuffer>());
        let codes: Vec<i32> = if nulls.is_some() { codes.into_iter().map(|code| code.max(0)).collect() } else { codes };
        if texts.is_empty() {
            // Where all are NULL, their position is that of no text.
            texts.append_value("");
        }
        let codes = Int32Array::try_new(codes.into(), nulls)?;
        let coded = DictionaryArray::try_new(codes, Arc::new(texts.finish()))?;
        let coded_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        let field = Arc::new(Field::new("item", coded_type, true));
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(ListArray::try_new(field, offsets, Arc::new(coded), Some(NullBuffer::from(valid)))?)
    }
}

/// A text within a page.
struct Text {
    start: u32,
    len: u32,
}

/// The text at a place, after its length.
fn next_text(page: &[u8], at: &mut usize) -> Result<Text> {
    let length = page.get(*at..*at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let length = length.ok_or_else(short)?;
    let start = *at + 4;
    *at = start + length as usize;
    match *at <= page.len() {
        true => Ok(Text { start: start as u32, len: length }),
        false => Err(short()),
    }
}

/// The bytes after their length, and where they end.
fn with_length(page: &[u8], at: usize) -> Result<(&[u8], usize)> {
    let text = next_text(page, &mut { at })?;
    let (start, end) = (text.start as usize, (text.start + text.len) as usize);
    Ok((page.get(start..end).unwrap_or_default(), end))
}

fn short() -> ParquetError {
    ParquetError::EOF("a page ends early".to_owned())
}

#[cfg(test)]
mod tests;
