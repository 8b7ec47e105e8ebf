//! An Arrow IPC file with the result's own types.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::FileWriter;
use trailmere_model::Result;

use super::{Encoder, unwritable};

/// Rows of a record batch in the file.
const STEP: usize = 1_024;

/// What the footer needs, roughly.
const FOOTER: u64 = 16 << 10;

pub(super) struct ArrowFile {
    schema: SchemaRef,
    writer: FileWriter<Vec<u8>>,
    fetched: u64,
    rows: u64,
}

impl ArrowFile {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self> {
        let writer = FileWriter::try_new(vec![], schema).map_err(unwritable)?;
        Ok(ArrowFile { schema: Arc::clone(schema), writer, fetched: 0, rows: 0 })
    }

    fn expected(&self) -> u64 {
        let size = self.fetched + self.writer.get_ref().len() as u64 + FOOTER;
        size + size * STEP as u64 / self.rows.max(1)
    }
}

impl Encoder for ArrowFile {
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
        }
        Ok(next)
    }

    fn ready(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(self.writer.get_mut());
        self.fetched += bytes.len() as u64;
        bytes
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<u8>> {
        self.writer.finish().map_err(unwritable)?;
        Ok(self.ready())
    }
}
