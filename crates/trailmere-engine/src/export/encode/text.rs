//! Lines of text, compressed: Lake's CSV, and JSON lines.

use std::io::Write;

use arrow::array::{Array, RecordBatch};
use flate2::{Compression, GzBuilder, write::GzEncoder};
use serde_json::{Map, Value};
use trailmere_model::Result;
use trailmere_sql::{OutputColumn, render};

use super::super::columns::unique_names;
use super::{Encoder, Shape, unwritable};

/// What a gzip stream may still need for its end, and for a block that does not compress.
const SLACK: u64 = 128;

/// A gzip stream of lines that knows how large it can become at most.
struct Lines {
    gzip: GzEncoder<Vec<u8>>,
    /// Bytes that were fetched.
    fetched: u64,
    /// Bytes given to the compressor since it last gave all that it had.
    inside: u64,
    lines: u64,
}

impl Lines {
    /// `name` goes into the head of the stream, as Lake has it.
    fn new(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".gz");
        let gzip = GzBuilder::new().filename(name).write(vec![], Compression::default());
        Lines { gzip, fetched: 0, inside: 0, lines: 0 }
    }

    /// Whether the file surely stays within its limit with this line.
    fn fits(&mut self, line: &[u8], limit: u64) -> Result<bool> {
        if self.lines == 0 || self.bound(line) <= limit {
            return Ok(true);
        }
        if self.inside > 0 {
            // Now it is known how well it compresses.
            self.gzip.flush().map_err(unwritable)?;
            self.inside = 0;
        }
        Ok(self.bound(line) <= limit)
    }

    fn bound(&self, line: &[u8]) -> u64 {
        let raw = self.inside + line.len() as u64;
        self.fetched + self.gzip.get_ref().len() as u64 + raw + raw / 1_000 + SLACK
    }

    fn push(&mut self, line: &[u8]) -> Result<()> {
        self.gzip.write_all(line).map_err(unwritable)?;
        self.inside += line.len() as u64;
        self.lines += 1;
        Ok(())
    }

    fn head(&mut self, text: &[u8]) -> Result<()> {
        self.gzip.write_all(text).map_err(unwritable)?;
        self.inside += text.len() as u64;
        Ok(())
    }

    fn ready(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(self.gzip.get_mut());
        self.fetched += bytes.len() as u64;
        bytes
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.gzip.finish().map_err(unwritable)
    }
}

/// `result_<n>.csv.gz`: an optional `#` line, a head, rows; CRLF; quotes only where they are needed.
pub(super) struct Csv {
    lines: Lines,
    columns: Vec<OutputColumn>,
}

impl Csv {
    pub(super) fn new(shape: &Shape, name: &str) -> Result<Self> {
        let mut lines = Lines::new(name);
        let mut head = vec![];
        if let Some(comment) = &shape.comment {
            head.extend_from_slice(comment.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        push_line(&mut head, shape.columns.iter().map(|column| column.name.as_str()));
        lines.head(&head)?;
        Ok(Csv { lines, columns: shape.columns.clone() })
    }

    fn line(&self, batch: &RecordBatch, row: usize, texts: &mut [String], line: &mut Vec<u8>) {
        for (i, (column, text)) in self.columns.iter().zip(texts.iter_mut()).enumerate() {
            text.clear();
            let array = batch.column(i);
            if !array.is_null(row) {
                render::text(&column.ty, array.as_ref(), row, text);
            }
        }
        line.clear();
        push_line(line, texts.iter().map(String::as_str));
    }
}

impl Encoder for Csv {
    fn take(&mut self, batch: &RecordBatch, start: usize, limit: u64) -> Result<usize> {
        let mut texts = vec![String::new(); self.columns.len()];
        let mut line = vec![];
        for row in start..batch.num_rows() {
            self.line(batch, row, &mut texts, &mut line);
            if !self.lines.fits(&line, limit)? {
                return Ok(row);
            }
            self.lines.push(&line)?;
        }
        Ok(batch.num_rows())
    }

    fn ready(&mut self) -> Vec<u8> {
        self.lines.ready()
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        self.lines.finish()
    }
}

fn push_line<'a>(line: &mut Vec<u8>, fields: impl Iterator<Item = &'a str>) {
    let start = line.len();
    for (i, field) in fields.enumerate() {
        if i > 0 {
            line.push(b',');
        }
        push_field(line, field);
    }
    // A line of nothing would be no row to a reader.
    if line.len() == start {
        line.extend_from_slice(b"\"\"");
    }
    line.extend_from_slice(b"\r\n");
}

fn push_field(line: &mut Vec<u8>, field: &str) {
    if !field.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        line.extend_from_slice(field.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

/// `result_<n>.json.gz`: one object per row.
pub(super) struct JsonLines {
    lines: Lines,
    columns: Vec<OutputColumn>,
    names: Vec<String>,
}

impl JsonLines {
    pub(super) fn new(shape: &Shape, name: &str) -> Self {
        JsonLines { lines: Lines::new(name), columns: shape.columns.clone(), names: unique_names(&shape.columns) }
    }
}

impl Encoder for JsonLines {
    fn take(&mut self, batch: &RecordBatch, start: usize, limit: u64) -> Result<usize> {
        for row in start..batch.num_rows() {
            let cell = |(i, column): (usize, &OutputColumn)| {
                (self.names[i].clone(), render::json(&column.ty, batch.column(i).as_ref(), row))
            };
            let object = Value::Object(self.columns.iter().enumerate().map(cell).collect::<Map<_, _>>());
            let line = format!("{object}\n").into_bytes();
            if !self.lines.fits(&line, limit)? {
                return Ok(row);
            }
            self.lines.push(&line)?;
        }
        Ok(batch.num_rows())
    }

    fn ready(&mut self) -> Vec<u8> {
        self.lines.ready()
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        self.lines.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        let mut line = vec![];
        push_line(&mut line, ["{Fake=Event}", "{a=1, b=2}", "say \"x\"", "", "two\nlines"].into_iter());
        let expected = "{Fake=Event},\"{a=1, b=2}\",\"say \"\"x\"\"\",,\"two\nlines\"\r\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
        let mut line = vec![];
        push_line(&mut line, [""].into_iter());
        assert_eq!(line, b"\"\"\r\n");
    }

    #[test]
    fn a_file_stays_within_its_limit_and_uses_most_of_it() {
        let mut lines = Lines::new("result_1.csv.gz");
        let mut taken = 0_u64;
        let mut bytes = vec![];
        // Text that compresses, but not to nothing.
        let line = |n: u64| format!("{:016x},{n},some words that repeat\r\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        while lines.fits(line(taken).as_bytes(), 20_000).unwrap() {
            lines.push(line(taken).as_bytes()).unwrap();
            bytes.extend(lines.ready());
            taken += 1;
        }
        bytes.extend(lines.finish().unwrap());
        assert!(bytes.len() <= 20_000 && bytes.len() > 15_000, "{}", bytes.len());
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).unwrap();
        assert_eq!(text.lines().count() as u64, taken);
    }
}
