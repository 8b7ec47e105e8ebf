//! How are the rows of a query kept while they come, in bounded memory?

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use trailmere_model::{Error, Result};
use trailmere_sql::OutputColumn;
use trailmere_store::ResultFiles;

use crate::export::unique_schema;
use crate::query::QueryRun;

/// A part is closed once it has this many bytes.
const PART_BYTES: usize = 32 << 20;

/// A row group is closed once it takes this much memory.
const GROUP_BYTES: usize = 48 << 20;

/// Rows of a group: a page of a result reads one or two.
const GROUP_ROWS: usize = 1 << 16;

/// Keeps all rows of a query; what there is of one that breaks off is kept too.
pub(super) async fn keep(run: &mut QueryRun, files: &ResultFiles) -> Result<()> {
    let mut keeper = Keeper { schema: unique_schema(&run.columns), writer: None, number: 0, rows: 0, files };
    let end = loop {
        match run.next_batch().await {
            Ok(Some(batch)) => keeper.add(&batch).await?,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    keeper.close().await?;
    end
}

struct Keeper<'a> {
    schema: SchemaRef,
    writer: Option<ArrowWriter<Vec<u8>>>,
    number: u64,
    rows: u64,
    files: &'a ResultFiles,
}

impl Keeper<'_> {
    async fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec()).map_err(unwritable)?;
        if self.writer.is_none() {
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_max_row_group_row_count(Some(GROUP_ROWS))
                .build();
            let writer = ArrowWriter::try_new(vec![], Arc::clone(&self.schema), Some(properties));
            self.writer = Some(writer.map_err(unwritable)?);
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write(&batch).map_err(unwritable)?;
        self.rows += batch.num_rows() as u64;
        if writer.memory_size() > GROUP_BYTES {
            writer.flush().map_err(unwritable)?;
        }
        if writer.bytes_written() > PART_BYTES {
            self.close().await?;
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let parquet = writer.into_inner().map_err(unwritable)?;
        self.number += 1;
        self.files.put(self.number, std::mem::take(&mut self.rows), Bytes::from(parquet)).await
    }
}

fn unwritable(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("the result can't be kept").source(e)
}

/// The columns of a run, as its record keeps them.
pub(super) fn columns(columns: &[OutputColumn]) -> Vec<super::JobColumn> {
    super::record::kept_columns(columns)
}
