//! An Arrow IPC file with the result's own types.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::writer::FileWriter;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::parquet_file::file_schema;
use super::{Printer, output_error};

pub(super) struct ArrowFile<'a> {
    out: Option<Box<dyn Write + Send + 'a>>,
    writer: Option<FileWriter<Box<dyn Write + Send + 'a>>>,
    schema: SchemaRef,
}

impl<'a> ArrowFile<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>) -> Self {
        ArrowFile { out: Some(out), writer: None, schema: Arc::new(Schema::empty()) }
    }
}

impl Printer for ArrowFile<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.schema = file_schema(columns);
        if let Some(out) = self.out.take() {
            self.writer = Some(FileWriter::try_new(out, &self.schema).map_err(output_error)?);
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
        if let Some(mut writer) = self.writer.take() {
            writer.finish().map_err(output_error)?;
            writer.get_mut().flush().map_err(output_error)?;
        }
        Ok(())
    }
}
