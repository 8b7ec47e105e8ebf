//! Which row groups of a file can hold a value, said before the file is opened?
//!
//! The table's log keeps where each bloom filter of a file lies. A filter is made of blocks of 32 bytes, and a value is in
//! one of them or nowhere: so one read of 32 bytes a row group answers, however large the file and its footer are.

use std::fmt::Write;
use std::ops::Range;

use bytes::Bytes;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::file::metadata::ParquetMetaData;
use trailmere_model::{Error, Result};
use xxhash_rust::xxh64::xxh64;

use crate::failure;
use crate::snapshot::DataFile;

/// Columns that are asked for one value, in the files' spelling of their paths.
pub const NEEDLES: [&str; 7] = [
    "eventid",
    "requestid",
    "sourceipaddress",
    "useridentity.accesskeyid",
    "useridentity.arn",
    "useridentity.principalid",
    "useridentity.sessioncontext.sessionissuer.arn",
];

/// A block of a split block bloom filter: eight words of 32 bits.
const BLOCK_BYTES: u64 = 32;

/// The salts of Parquet's split block bloom filter, one a word (parquet-format, `BloomFilter.md`).
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Where the bloom filters of a file lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NeedleFilters(Vec<ColumnFilters>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct ColumnFilters {
    column: &'static str,
    /// One a row group.
    groups: Vec<Filter>,
}

/// The blocks of one bloom filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Filter {
    offset: u64,
    blocks: u64,
}

impl NeedleFilters {
    /// Of a file that was just written.
    pub(crate) fn of_file(metadata: &ParquetMetaData) -> Self {
        let columns = NEEDLES.iter().filter_map(|column| {
            let groups = metadata.row_groups().iter().map(|group| {
                let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == *column)?;
                let offset = u64::try_from(chunk.bloom_filter_offset()?).ok()?;
                let length = u64::try_from(chunk.bloom_filter_length()?).ok()?;
                // The filter's header takes less than a block and stands before the blocks.
                let blocks = length / BLOCK_BYTES;
                (blocks > 0).then_some(Filter { offset: offset + length % BLOCK_BYTES, blocks })
            });
            Some(ColumnFilters { column, groups: groups.collect::<Option<Vec<_>>>()? })
        });
        Self(columns.collect())
    }

    /// As the log keeps it: `column=offset+blocks,offset+blocks;column=…`.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for (index, ColumnFilters { column, groups }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{column}=");
            for (index, Filter { offset, blocks }) in groups.iter().enumerate() {
                let separator = if index == 0 { "" } else { "," };
                let _ = write!(text, "{separator}{offset}+{blocks}");
            }
        }
        text
    }

    /// As the log keeps it; what cannot be read is left out, since a filter only saves work.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.split(';').filter_map(column_filters).collect())
    }

    fn of_column(&self, column: &str) -> Option<&[Filter]> {
        self.0.iter().find(|filters| filters.column == column).map(|filters| filters.groups.as_slice())
    }
}

fn column_filters(text: &str) -> Option<ColumnFilters> {
    let (name, groups) = text.split_once('=')?;
    let column = NEEDLES.into_iter().find(|column| *column == name)?;
    let filter = |text: &str| {
        let (offset, blocks) = text.split_once('+')?;
        Some(Filter { offset: offset.parse().ok()?, blocks: blocks.parse().ok().filter(|blocks| *blocks > 0)? })
    };
    Some(ColumnFilters { column, groups: groups.split(',').map(filter).collect::<Option<_>>()? })
}

impl Filter {
    /// Where the block is that would hold the value of this hash.
    fn block(&self, hash: u64) -> Range<u64> {
        let index = ((hash >> 32) * self.blocks) >> 32;
        let start = self.offset + index * BLOCK_BYTES;
        start..start + BLOCK_BYTES
    }
}

/// Whether a block may hold the value of this hash; sure if not.
fn may_hold(block: &[u8], hash: u64) -> bool {
    let words = block.chunks_exact(4).zip(SALTS);
    words.into_iter().all(|(word, salt)| {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        word >> ((hash as u32).wrapping_mul(salt) >> 27) & 1 == 1
    })
}

/// All blocks of a column's bloom filters, one filter a row group.
#[derive(Clone, Debug)]
pub struct NeedleBlocks(Vec<Bytes>);

impl NeedleBlocks {
    /// Which row groups may hold one of these texts; sure where it says no.
    pub fn row_groups_with(&self, texts: &[&str]) -> Vec<bool> {
        let hashes: Vec<u64> = texts.iter().map(|text| xxh64(text.as_bytes(), 0)).collect();
        let may_hold_any = |blocks: &Bytes| {
            let filter = Filter { offset: 0, blocks: blocks.len() as u64 / BLOCK_BYTES };
            hashes.iter().any(|hash| {
                let block = filter.block(*hash);
                // A filter that ends early excludes nothing.
                blocks.get(block.start as usize..block.end as usize).is_none_or(|block| may_hold(block, *hash))
            })
        };
        self.0.iter().map(may_hold_any).collect()
    }

    /// Bytes.
    pub fn size(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }
}

impl DataFile {
    /// The bytes of a column's bloom filters; `None` if it has none.
    pub fn needle_bytes(&self, column: &str) -> Option<u64> {
        self.needles.of_column(column).map(|groups| groups.iter().map(|filter| filter.blocks * BLOCK_BYTES).sum())
    }

    /// All of a column's bloom filters, for who asks more than once. `None` if it has none.
    pub async fn needle_blocks(&self, store: &dyn ObjectStore, column: &str) -> Result<Option<NeedleBlocks>> {
        let Some(groups) = self.needles.of_column(column) else { return Ok(None) };
        let whole = |filter: &Filter| filter.offset..filter.offset + filter.blocks * BLOCK_BYTES;
        let ranges: Vec<Range<u64>> = groups.iter().map(whole).collect();
        self.read_blocks(store, &ranges).await.map(|blocks| Some(NeedleBlocks(blocks)))
    }

    async fn read_blocks(&self, store: &dyn ObjectStore, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = Path::parse(&self.path)
            .map_err(|error| Error::corrupt(format!("`{}` is no path", self.path)).source(error))?;
        let blocks = store.get_ranges(&path, ranges).await;
        blocks.map_err(|error| failure::storage(error, format!("read a bloom filter of `{path}`")))
    }

    /// Which row groups may hold one of these texts in a column; sure where it says no. `None` if the column has no
    /// filters.
    pub async fn row_groups_with(
        &self,
        store: &dyn ObjectStore,
        column: &str,
        texts: &[&str],
    ) -> Result<Option<Vec<bool>>> {
        let Some(groups) = self.needles.of_column(column) else { return Ok(None) };
        let hashes: Vec<u64> = texts.iter().map(|text| xxh64(text.as_bytes(), 0)).collect();
        let ranges: Vec<Range<u64>> =
            groups.iter().flat_map(|filter| hashes.iter().map(|hash| filter.block(*hash))).collect();
        let blocks = self.read_blocks(store, &ranges).await?;
        let found = blocks.chunks(hashes.len().max(1));
        Ok(Some(found.map(|blocks| blocks.iter().zip(&hashes).any(|(block, hash)| may_hold(block, *hash))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_survive_the_log() {
        let group = |offset| Filter { offset, blocks: 64 };
        let filters = NeedleFilters(vec![
            ColumnFilters { column: NEEDLES[0], groups: vec![group(4), group(5000)] },
            ColumnFilters { column: NEEDLES[3], groups: vec![group(70_000)] },
        ]);
        assert_eq!(filters.to_text(), "eventid=4+64,5000+64;useridentity.accesskeyid=70000+64");
        assert_eq!(NeedleFilters::from_text(&filters.to_text()), filters);
        for text in ["", "eventid", "eventid=", "eventid=4+0", "eventid=x+1", "useragent=4+1"] {
            assert_eq!(NeedleFilters::from_text(text), NeedleFilters::default(), "{text}");
        }
    }
}
