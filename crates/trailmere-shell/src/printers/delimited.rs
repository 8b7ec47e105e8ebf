//! CSV and TSV: a head, then rows. A NULL and an empty text are both an empty field, as in Lake's exports.

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::Cells;
use super::{Printer, output_error};

pub(super) struct Delimited<'a> {
    out: csv::Writer<Box<dyn Write + Send + 'a>>,
    columns: Vec<OutputColumn>,
}

impl<'a> Delimited<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, delimiter: u8) -> Self {
        Delimited { out: csv::WriterBuilder::new().delimiter(delimiter).from_writer(out), columns: vec![] }
    }
}

impl Printer for Delimited<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        self.out.write_record(columns.iter().map(|c| c.name.as_str())).map_err(output_error)
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns);
        for row in 0..batch.num_rows() {
            let fields = (0..self.columns.len()).map(|column| cells.text(batch, row, column).unwrap_or_default());
            self.out.write_record(fields).map_err(output_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(output_error)
    }
}
