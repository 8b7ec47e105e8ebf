//! A batch's values as text, the way Trino's CLI and Lake print them.

use arrow::array::{Array, RecordBatch};
use trailmere_engine::OutputColumn;
use trailmere_sql::render;
use unicode_width::UnicodeWidthStr;

/// Renders the cells of batches of one result.
#[derive(Debug, Clone)]
pub struct Cells {
    columns: Vec<OutputColumn>,
}

impl Cells {
    /// For a result with these columns.
    pub fn new(columns: &[OutputColumn]) -> Self {
        Cells { columns: columns.to_vec() }
    }

    /// The text of one cell; `None` for NULL.
    pub fn text(&self, batch: &RecordBatch, row: usize, column: usize) -> Option<String> {
        let array = batch.column(column);
        if array.is_null(row) || array.data_type().is_null() {
            return None;
        }
        let mut text = String::new();
        render::text(&self.columns[column].ty, array.as_ref(), row, &mut text);
        Some(text)
    }

    /// The JSON value of one cell.
    pub fn json(&self, batch: &RecordBatch, row: usize, column: usize) -> serde_json::Value {
        render::json(&self.columns[column].ty, batch.column(column).as_ref(), row)
    }

    /// Heads that are unique, for formats that need it: the second `arn` is `arn_1`.
    pub fn unique_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let mut name = column.name.clone();
            let mut n = 0;
            while names.contains(&name) {
                n += 1;
                name = format!("{}_{n}", column.name);
            }
            names.push(name);
        }
        names
    }
}

/// Terminal columns that a text takes.
pub fn visible_width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// One line of text: line breaks, tabs and control characters are shown as escapes, so that no log entry moves the cursor.
pub(super) fn one_line(text: String) -> String {
    if !text.chars().any(char::is_control) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut line, c| {
        match c {
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
        line
    })
}
