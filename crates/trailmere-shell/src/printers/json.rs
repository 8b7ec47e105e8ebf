//! One JSON array of objects.

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::Cells;
use super::jsonl::object;
use super::{Printer, output_error};

pub(super) struct Json<'a> {
    out: Box<dyn Write + Send + 'a>,
    cells: Cells,
    names: Vec<String>,
    rows: usize,
}

impl<'a> Json<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>) -> Self {
        Json { out, cells: Cells::new(&[]), names: vec![], rows: 0 }
    }
}

impl Printer for Json<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.cells = Cells::new(columns);
        self.names = self.cells.unique_names();
        write!(self.out, "[").map_err(output_error)
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        for row in 0..batch.num_rows() {
            let separator = if self.rows == 0 { "\n " } else { ",\n " };
            self.rows += 1;
            write!(self.out, "{separator}{}", object(&self.cells, &self.names, batch, row)).map_err(output_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        writeln!(self.out, "{}]", if self.rows == 0 { "" } else { "\n" }).map_err(output_error)?;
        self.out.flush().map_err(output_error)
    }
}
