//! A Parquet file, zstd, with the result's own types.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::Cells;
use super::{Printer, output_error};

pub(super) struct Parquet<'a> {
    out: Option<Box<dyn Write + Send + 'a>>,
    writer: Option<ArrowWriter<Box<dyn Write + Send + 'a>>>,
    schema: SchemaRef,
}

impl<'a> Parquet<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>) -> Self {
        Parquet { out: Some(out), writer: None, schema: Arc::new(Schema::empty()) }
    }
}

/// The schema of a result under unique names.
pub(super) fn file_schema(columns: &[OutputColumn]) -> SchemaRef {
    let names = Cells::new(columns).unique_names();
    let fields: Vec<Field> = columns.iter().zip(names).map(|(c, name)| Field::new(name, c.ty.arrow(), true)).collect();
    Arc::new(Schema::new(fields))
}

impl Printer for Parquet<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.schema = file_schema(columns);
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        if let Some(out) = self.out.take() {
            let writer = ArrowWriter::try_new(out, Arc::clone(&self.schema), Some(properties));
            self.writer = Some(writer.map_err(output_error)?);
        }
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec()).map_err(output_error)?;
        match &mut self.writer {
            Some(writer) => writer.write(&batch).map_err(output_error),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            let mut out = writer.into_inner().map_err(output_error)?;
            out.flush().map_err(output_error)?;
        }
        Ok(())
    }
}
