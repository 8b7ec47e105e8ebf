//! Boxes for a terminal: widths from the first rows, then streaming, so that memory does not grow with the result.

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::Result;
use trailmere_sql::Type;

use super::cells::{Cells, one_line, visible_width};
use super::vertical::Vertical;
use super::{Layout, Printer, output_error};

/// Rows from which the widths are taken.
const SAMPLE_ROWS: usize = 1_000;

pub(super) struct Boxes<'a> {
    out: Box<dyn Write + Send + 'a>,
    layout: Layout,
    /// Turn vertical where a row is wider than the terminal.
    fit: Fit,
    columns: Vec<OutputColumn>,
    held: Vec<RecordBatch>,
    held_rows: usize,
    state: State<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Always,
    IfItFits,
}

enum State<'a> {
    Sampling,
    Streaming(Vec<usize>),
    Vertical(Box<Vertical<'a>>),
}

impl<'a> Boxes<'a> {
    pub(super) fn new(out: Box<dyn Write + Send + 'a>, layout: Layout) -> Self {
        Boxes { out, layout, fit: Fit::Always, columns: vec![], held: vec![], held_rows: 0, state: State::Sampling }
    }

    pub(super) fn fitting(out: Box<dyn Write + Send + 'a>, layout: Layout) -> Self {
        Boxes { fit: Fit::IfItFits, ..Boxes::new(out, layout) }
    }

    /// Ends the sampling: decides between boxes and vertical, and prints what was held.
    fn decide(&mut self) -> Result<()> {
        let widths = self.widths();
        let row_width: usize = widths.iter().map(|w| w + 3).sum::<usize>() + 1;
        let wide = self.layout.width.is_some_and(|terminal| row_width > terminal);
        let held = std::mem::take(&mut self.held);
        if self.fit == Fit::IfItFits && wide && self.held_rows > 0 {
            let out = std::mem::replace(&mut self.out, Box::new(std::io::sink()));
            let mut vertical = Vertical::new(out, self.layout);
            vertical.start(&self.columns)?;
            for batch in &held {
                vertical.rows(batch)?;
            }
            self.state = State::Vertical(Box::new(vertical));
            return Ok(());
        }
        self.rule(&widths, ['┌', '┬', '┐'])?;
        let heads: Vec<(String, bool)> = self.columns.iter().map(|c| (one_line(c.name.clone()), false)).collect();
        self.line(&widths, &heads, "1")?;
        self.rule(&widths, ['├', '┼', '┤'])?;
        for batch in &held {
            self.lines(&widths, batch)?;
        }
        self.state = State::Streaming(widths);
        Ok(())
    }

    fn widths(&self) -> Vec<usize> {
        let cells = Cells::new(&self.columns);
        let mut widths: Vec<usize> = self.columns.iter().map(|c| visible_width(&c.name).max(1)).collect();
        for batch in &self.held {
            for (column, width) in widths.iter_mut().enumerate() {
                for row in 0..batch.num_rows() {
                    let text = cells.text(batch, row, column).map_or_else(|| "NULL".to_string(), one_line);
                    *width = (*width).max(visible_width(&text));
                }
            }
        }
        widths
    }

    fn lines(&mut self, widths: &[usize], batch: &RecordBatch) -> Result<()> {
        let cells = Cells::new(&self.columns);
        for row in 0..batch.num_rows() {
            let texts: Vec<(String, bool)> = (0..widths.len())
                .map(|column| match cells.text(batch, row, column) {
                    Some(text) => (one_line(text), is_right_aligned(&self.columns[column].ty)),
                    None => ("NULL".to_string(), is_right_aligned(&self.columns[column].ty)),
                })
                .collect();
            self.line(widths, &texts, "")?;
        }
        Ok(())
    }

    fn line(&mut self, widths: &[usize], texts: &[(String, bool)], style: &str) -> Result<()> {
        let mut line = String::from("│");
        for ((text, right), width) in texts.iter().zip(widths) {
            let pad = " ".repeat(width.saturating_sub(visible_width(text)));
            let text = self.styled(text, style);
            match right {
                true => line.push_str(&format!(" {pad}{text} │")),
                false => line.push_str(&format!(" {text}{pad} │")),
            }
        }
        writeln!(self.out, "{line}").map_err(output_error)
    }

    fn styled(&self, text: &str, style: &str) -> String {
        match (self.layout.color, text, style) {
            (true, "NULL", "") => format!("\u{1b}[2m{text}\u{1b}[0m"),
            (true, _, style) if !style.is_empty() => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            _ => text.to_string(),
        }
    }

    fn rule(&mut self, widths: &[usize], [left, middle, right]: [char; 3]) -> Result<()> {
        let spans: Vec<String> = widths.iter().map(|w| "─".repeat(w + 2)).collect();
        writeln!(self.out, "{left}{}{right}", spans.join(&middle.to_string())).map_err(output_error)
    }
}

/// Numbers stand at the right.
fn is_right_aligned(ty: &Type) -> bool {
    ty.is_numeric()
}

impl Printer for Boxes<'_> {
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        if let State::Vertical(vertical) = &mut self.state {
            return vertical.rows(batch);
        }
        if let State::Streaming(widths) = &self.state {
            let widths = widths.clone();
            return self.lines(&widths, batch);
        }
        self.held.push(batch.clone());
        self.held_rows += batch.num_rows();
        if self.held_rows >= SAMPLE_ROWS { self.decide() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<()> {
        if matches!(self.state, State::Sampling) {
            self.decide()?;
        }
        match &mut self.state {
            State::Vertical(vertical) => vertical.finish(),
            State::Streaming(widths) => {
                let widths = widths.clone();
                self.rule(&widths, ['└', '┴', '┘'])?;
                self.out.flush().map_err(output_error)
            }
            State::Sampling => Ok(()),
        }
    }
}
