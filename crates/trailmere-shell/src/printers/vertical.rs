//! One line per column, for rows that are wider than a screen.

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;

use super::cells::{Cells, one_line, visible_width};
use super::{Layout, Printer, output_error};

pub(super) struct Vertical<'a> {
    out: Box<dyn Write + Send + 'a>,
    layout: Layout,
    columns: Vec<OutputColumn>,
    row: usize,
}

impl<'a> Vertical<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, layout: Layout) -> Self {
        Vertical { out, layout, columns: vec![], row: 0 }
    }
}

impl Printer for Vertical<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns);
        let heads: Vec<String> = self.columns.iter().map(|c| one_line(c.name.clone())).collect();
        let width = heads.iter().map(|h| visible_width(h)).max().unwrap_or(0);
        for row in 0..batch.num_rows() {
            self.row += 1;
            writeln!(self.out, "─[ row {} ]{}", self.row, "─".repeat(width.max(8))).map_err(output_error)?;
            for (column, head) in heads.iter().enumerate() {
                let pad = " ".repeat(width - visible_width(head));
                let text = match cells.text(batch, row, column) {
                    Some(text) => one_line(text),
                    None if self.layout.color => "\u{1b}[2mNULL\u{1b}[0m".to_string(),
                    None => "NULL".to_string(),
                };
                writeln!(self.out, "{head}{pad} │ {text}").map_err(output_error)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(output_error)
    }
}
