//! Parquet, zstd, with row groups of sensible size.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use trailmere_model::Result;

use super::{Encoder, unwritable};

/// Rows and memory of a row group: what other engines read in one go, and what an export holds at most.
const GROUP_ROWS: usize = 1 << 18;
const GROUP_BYTES: usize = 64 << 20;

/// Rows taken between two looks at the size of the file.
const STEP: usize = 1_024;

/// What the footer and its statistics need, roughly.
const FOOTER: u64 = 16 << 10;

pub(super) struct Parquet {
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(vec![], Arc::clone(schema), Some(properties)).map_err(unwritable)?;
        Ok(Parquet { schema: Arc::clone(schema), writer, rows: 0 })
    }

    /// The size so far, and what as many rows as a step has would add if they are like those before.
    fn expected(&self) -> u64 {
        let size = (self.writer.bytes_written() + self.writer.in_progress_size()) as u64 + FOOTER;
        size + size * STEP as u64 / self.rows.max(1)
    }
}

impl Encoder for Parquet {
    fn take(&mut self, batch: &RecordBatch, start: usize, limit: u64) -> Result<usize> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec()).map_err(unwritable)?;
        let mut next = start;
        while next < batch.num_rows() {
            if self.rows > 0 && self.expected() > limit {
                return Ok(next);
            }
            let count = STEP.min(batch.num_rows() - next);
            self.writer.write(&batch.slice(next, count)).map_err(unwritable)?;
            self.rows += count as u64;
            next += count;
            if self.writer.memory_size() > GROUP_BYTES {
                self.writer.flush().map_err(unwritable)?;
            }
        }
        Ok(next)
    }

    fn ready(&mut self) -> Vec<u8> {
        // What lies in the vector is written for good; the writer counts its offsets itself.
        std::mem::take(self.writer.inner_mut())
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        self.writer.into_inner().map_err(unwritable)
    }
}
