//! How do rows become the bytes of a file that gets no larger than it may?

mod arrow_file;
mod parquet_file;
mod text;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use trailmere_model::{Error, Result};
use trailmere_sql::OutputColumn;

use super::delivery::DeliveryFormat;

/// One file while it is written.
pub(super) trait Encoder: Send {
    /// Takes rows from `start` on until the file would get larger than `limit`, and gives the first row not taken. The
    /// first row of a file is always taken.
    fn take(&mut self, batch: &RecordBatch, start: usize, limit: u64) -> Result<usize>;
    /// Bytes of the file that are ready and were not fetched yet.
    fn ready(&mut self) -> Vec<u8>;
    /// The last bytes of the file.
    fn finish(self: Box<Self>) -> Result<Vec<u8>>;
}

/// What all files of a result have in common.
pub(crate) struct Shape {
    /// The format.
    pub(crate) format: DeliveryFormat,
    /// The columns of the files.
    pub(crate) columns: Vec<OutputColumn>,
    /// Their schema under unique names.
    pub(crate) schema: SchemaRef,
    /// The line before the head of a CSV file, without its end.
    pub(crate) comment: Option<String>,
}

impl Shape {
    /// The name of a file, by its number.
    pub(super) fn file_name(&self, number: usize) -> String {
        format!("result_{number}.{}", self.format.extension())
    }

    /// An encoder for the file of this name.
    pub(super) fn encoder(&self, name: &str) -> Result<Box<dyn Encoder>> {
        Ok(match self.format {
            DeliveryFormat::Csv => Box::new(text::Csv::new(self, name)?),
            DeliveryFormat::Jsonl => Box::new(text::JsonLines::new(self, name)),
            DeliveryFormat::Parquet => Box::new(parquet_file::Parquet::new(&self.schema)?),
            DeliveryFormat::Arrow => Box::new(arrow_file::ArrowFile::new(&self.schema)?),
        })
    }
}

pub(super) fn unwritable(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("the rows can't be encoded").source(e)
}
