//! A Markdown table, to be pasted into a ticket.

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::{Cells, one_line};
use super::{Printer, output_error};

pub(super) struct Markdown<'a> {
    out: Box<dyn Write + Send + 'a>,
    columns: Vec<OutputColumn>,
}

impl<'a> Markdown<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>) -> Self {
        Markdown { out, columns: vec![] }
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<()> {
        let cells: Vec<String> = cells.collect();
        writeln!(self.out, "| {} |", cells.join(" | ")).map_err(output_error)
    }
}

fn escaped(text: String) -> String {
    one_line(text).replace('|', "\\|")
}

impl Printer for Markdown<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        self.line(columns.iter().map(|c| escaped(c.name.clone())))?;
        self.line(columns.iter().map(|c| if c.ty.is_numeric() { "---:" } else { "---" }.to_string()))
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns);
        for row in 0..batch.num_rows() {
            let texts: Vec<String> =
                (0..self.columns.len()).map(|c| cells.text(batch, row, c).map_or_else(String::new, escaped)).collect();
            self.line(texts.into_iter())?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(output_error)
    }
}
