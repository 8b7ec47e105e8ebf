//! Keys or values of a map, as lists, straight from their pages.
//!
//! Levels, positions in a dictionary and lengths of texts are all there is to them: Parquet's reader goes through a dozen
//! layers for each of millions of keys. What is not as simple as that is left to it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{DictionaryArray, Int32Array, ListArray, StringViewBuilder};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::hybrid::unpack;

/// The lists of these rows, ascending, with texts as positions in a dictionary; `None` if the column is none of texts in
/// lists, or coded in another way. Pages without any of the rows are not looked at where `is_partial`.
pub(super) fn lists(
    reader: &mut dyn PageReader,
    column: &ColumnDescriptor,
    rows: &[Range<usize>],
    is_partial: bool,
) -> Result<Option<ListArray>> {
    if column.max_rep_level() != 1 || column.physical_type() != Physical::BYTE_ARRAY {
        return Ok(None);
    }
    let mut halves = Halves::new(column, rows);
    loop {
        if is_partial {
            let Some(next) = reader.peek_next_page()? else { break };
            if !next.is_dict {
                let Some(count) = next.num_rows else { return Ok(None) };
                if !halves.wants(count) {
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
    halves.finish().map(Some)
}

struct Halves<'a> {
    /// The rows that are still to come.
    rows: &'a [Range<usize>],
    /// The number of the next row.
    row: usize,
    is_wanted: bool,
    /// The level of definition of an entry, and of one that is not NULL.
    entry_level: u32,
    value_level: u32,
    offsets: Vec<i32>,
    valid: Vec<bool>,
    codes: Vec<Option<i32>>,
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
}

/// Where a page's values come from.
enum Values<'a> {
    Codes(std::slice::Iter<'a, u32>),
    Plain { block: u32, bytes: &'a [u8], at: usize },
}

impl<'a> Halves<'a> {
    fn new(column: &ColumnDescriptor, rows: &'a [Range<usize>]) -> Self {
        let value_level = column.max_def_level() as u32;
        Halves {
            rows,
            row: 0,
            is_wanted: false,
            entry_level: value_level - u32::from(column.self_type().is_optional()),
            value_level,
            offsets: vec![],
            valid: vec![],
            codes: vec![],
            texts: StringViewBuilder::new(),
            dictionary: 0,
            count: 0,
            levels: Levels::default(),
        }
    }

    /// Whether any of the next so many rows is wanted; if not, they are passed over.
    fn wants(&mut self, count: usize) -> bool {
        let end = self.row + count;
        while self.rows.first().is_some_and(|range| range.end <= self.row) {
            self.rows = &self.rows[1..];
        }
        let wants = self.rows.first().is_some_and(|range| range.start < end);
        if !wants {
            self.row = end;
        }
        wants
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
                let codes = Values::Codes(levels.codes.iter());
                self.add_entries((&levels.repetition, &levels.definition), codes)?;
                true
            }
            Encoding::PLAIN => {
                let block = self.texts.append_block(Buffer::from(page.clone()));
                let plain = Values::Plain { block, bytes: page, at: start };
                self.add_entries((&levels.repetition, &levels.definition), plain)?;
                true
            }
            _ => false,
        };
        self.levels = levels;
        Ok(is_known)
    }

    fn add_entries(&mut self, (repetition, definition): (&[u32], &[u32]), mut values: Values<'_>) -> Result<()> {
        for (repetition, definition) in repetition.iter().zip(definition) {
            if *repetition == 0 {
                self.begin_row(*definition + 1 >= self.entry_level);
            }
            let is_value = *definition == self.value_level;
            if !self.is_wanted {
                if is_value {
                    values.skip()?;
                }
                continue;
            }
            if *definition >= self.entry_level {
                let code = if is_value { Some(self.code(&mut values)?) } else { None };
                self.codes.push(code);
            }
        }
        Ok(())
    }

    fn begin_row(&mut self, is_valid: bool) {
        while self.rows.first().is_some_and(|range| range.end <= self.row) {
            self.rows = &self.rows[1..];
        }
        self.is_wanted = self.rows.first().is_some_and(|range| range.start <= self.row);
        self.row += 1;
        if self.is_wanted {
            self.offsets.push(self.codes.len() as i32);
            self.valid.push(is_valid);
        }
    }

    /// The place of the next value among the texts.
    fn code(&mut self, values: &mut Values<'_>) -> Result<i32> {
        match values {
            Values::Codes(codes) => {
                let code = *codes.next().ok_or_else(short)? as usize;
                if code >= self.dictionary {
                    return Err(ParquetError::General(format!("position {code} is outside of the dictionary")));
                }
                Ok(code as i32)
            }
            Values::Plain { block, bytes, at } => {
                let text = next_text(bytes, at)?;
                self.texts.try_append_view(*block, text.start, text.len)?;
                self.count += 1;
                Ok(self.count as i32 - 1)
            }
        }
    }

    fn finish(mut self) -> Result<ListArray> {
        self.offsets.push(self.codes.len() as i32);
        let texts = Arc::new(self.texts.finish());
        let coded = DictionaryArray::try_new(Int32Array::from(self.codes), texts)?;
        let coded_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
        let field = Arc::new(Field::new("item", coded_type, true));
        let offsets = OffsetBuffer::new(self.offsets.into());
        Ok(ListArray::try_new(field, offsets, Arc::new(coded), Some(NullBuffer::from(self.valid)))?)
    }
}

impl Values<'_> {
    fn skip(&mut self) -> Result<()> {
        match self {
            Values::Codes(codes) => codes.next().map(drop).ok_or_else(short),
            Values::Plain { bytes, at, .. } => next_text(bytes, at).map(drop),
        }
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
