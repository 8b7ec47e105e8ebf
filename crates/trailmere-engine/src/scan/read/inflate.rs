//! Inflates pages with what is kept of each thread.
//!
//! Parquet's page reader makes a compressor and a decompressor for each column chunk: for small ones that takes longer
//! than inflating them. So it is told that pages are not compressed, and what it gives is inflated here.

use std::cell::RefCell;
use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

/// Parquet counts the bytes of a page in 32 bits.
const MOST_BYTES: u64 = i32::MAX as u64;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Reads the pages of a column chunk; some of them, if their places are given.
pub(super) fn page_reader<R: ChunkReader + 'static>(
    read: Arc<R>,
    chunk: &ColumnChunkMetaData,
    rows: usize,
    places: Option<Vec<PageLocation>>,
) -> Result<Box<dyn PageReader>> {
    if !matches!(chunk.compression(), Compression::ZSTD(_)) {
        return Ok(Box::new(SerializedPageReader::new(read, chunk, rows, places)?));
    }
    let raw = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
    Ok(Box::new(Inflating { pages: SerializedPageReader::new(read, &raw, rows, places)? }))
}

struct Inflating<R: ChunkReader> {
    pages: SerializedPageReader<R>,
}

impl<R: ChunkReader + 'static> PageReader for Inflating<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.pages.get_next_page()?.map(inflated).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl<R: ChunkReader + 'static> Iterator for Inflating<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn inflated(mut page: Page) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => *buf = inflate(buf, 0)?,
        // Levels are never compressed in pages of the second version.
        Page::DataPageV2 { buf, rep_levels_byte_len, def_levels_byte_len, is_compressed: true, .. } => {
            *buf = inflate(buf, *rep_levels_byte_len as usize + *def_levels_byte_len as usize)?;
        }
        Page::DataPageV2 { .. } => {}
    }
    Ok(page)
}

/// The bytes after so many that are as they are.
fn inflate(bytes: &Bytes, start: usize) -> Result<Bytes> {
    let Some(deflated) = bytes.get(start..) else {
        return Err(ParquetError::EOF("a page ends within its levels".to_owned()));
    };
    if deflated.is_empty() {
        return Ok(bytes.clone());
    }
    let bad = |what: &dyn std::fmt::Display| ParquetError::General(format!("a page cannot be inflated: {what}"));
    let size = match get_frame_content_size(deflated) {
        Ok(Some(size)) if size <= MOST_BYTES => size as usize,
        Ok(Some(size)) => return Err(bad(&format!("it says that it has {size} bytes"))),
        Ok(None) => {
            let mut all = bytes[..start].to_vec();
            zstd::stream::copy_decode(deflated, &mut all).map_err(|error| bad(&error))?;
            return Ok(all.into());
        }
        Err(_) => return Err(bad(&"it does not begin as zstd does")),
    };
    let mut all = Vec::with_capacity(start + size);
    all.extend_from_slice(&bytes[..start]);
    let mut to = Cursor::new(&mut all);
    to.set_position(start as u64);
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress_to_buffer(deflated, &mut to).map_err(|error| bad(&error))
    })?;
    match all.len() == start + size {
        true => Ok(all.into()),
        false => Err(bad(&format!("it has {} of {size} bytes", all.len() - start))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deflated_comes_back_after_what_was_not() {
        let text = b"arn:aws:iam::123456789012:user/alice ".repeat(100);
        for size_is_known in [true, false] {
            let deflated = match size_is_known {
                true => zstd::bulk::compress(&text, 3).unwrap(),
                false => zstd::stream::encode_all(text.as_slice(), 3).unwrap(),
            };
            assert_eq!(get_frame_content_size(&deflated).unwrap().is_some(), size_is_known);
            for start in [0, 5] {
                let bytes = Bytes::from([&b"level"[..start], &deflated].concat());
                assert_eq!(inflate(&bytes, start).unwrap(), [&b"level"[..start], &text].concat());
                for cut in start + 1..bytes.len() {
                    assert!(inflate(&bytes.slice(..cut), start).is_err(), "cut at {cut}");
                }
            }
        }
        assert!(inflate(&Bytes::from_static(b"ab"), 3).is_err());
    }
}
