//! One JSON object per row.

use std::io::Write;

use arrow::array::RecordBatch;
use serde_json::{Map, Value};
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::Cells;
use super::{Printer, output_error};

pub(super) struct JsonLines<'a> {
    out: Box<dyn Write + Send + 'a>,
    cells: Cells,
    names: Vec<String>,
}

impl<'a> JsonLines<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>) -> Self {
        JsonLines { out, cells: Cells::new(&[]), names: vec![] }
    }
}

/// A row as an object, its keys in the order of the columns.
pub(super) fn object(cells: &Cells, names: &[String], batch: &RecordBatch, row: usize) -> Value {
    let members = names.iter().enumerate().map(|(column, name)| (name.clone(), cells.json(batch, row, column)));
    Value::Object(members.collect::<Map<_, _>>())
}

impl Printer for JsonLines<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.cells = Cells::new(columns);
        self.names = self.cells.unique_names();
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        for row in 0..batch.num_rows() {
            writeln!(self.out, "{}", object(&self.cells, &self.names, batch, row)).map_err(output_error)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(output_error)
    }
}
