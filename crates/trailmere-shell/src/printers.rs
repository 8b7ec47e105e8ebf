//! How are rows shown? One printer per format, fed batch by batch; one list names them all.

mod arrow_file;
mod boxes;
mod cells;
mod delimited;
mod json;
mod jsonl;
mod markdown;
mod parquet_file;
mod vertical;

use std::io::Write;

use arrow::array::RecordBatch;
use trailmere_engine::OutputColumn;
use trailmere_model::{Error, Result, nearest};

pub use cells::{Cells, visible_width};

/// Shows the rows of one result.
pub trait Printer: Send {
    /// Called once, before any rows.
    fn start(&mut self, columns: &[OutputColumn]) -> Result<()>;
    /// Rows in the order of the result; their columns are those of `start`.
    fn rows(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Called once, after the last rows, also if there were none.
    fn finish(&mut self) -> Result<()>;
}

/// A format: its name, what it is, whether it is bytes that no terminal should see, and its printer.
pub struct Format {
    /// What the user types.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// Whether the output is binary.
    pub binary: bool,
    make: for<'a> fn(Box<dyn Write + Send + 'a>, Layout) -> Box<dyn Printer + 'a>,
}

/// What the place of output is like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// Columns of the terminal; `None` where there is none.
    pub width: Option<usize>,
    /// Whether NULLs and heads may be coloured.
    pub color: bool,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Format {
    /// A printer that writes to `out`.
    pub fn printer<'a>(&self, out: Box<dyn Write + Send + 'a>, layout: Layout) -> Box<dyn Printer + 'a> {
        (self.make)(out, layout)
    }
}

/// All formats, in the order of the help.
pub const FORMATS: &[Format] = &[
    Format {
        name: "table",
        about: "boxes for a terminal",
        binary: false,
        make: |out, layout| Box::new(boxes::Boxes::new(out, layout)),
    },
    Format {
        name: "vertical",
        about: "one line per column, for wide rows",
        binary: false,
        make: |out, layout| Box::new(vertical::Vertical::new(out, layout)),
    },
    Format {
        name: "auto",
        about: "table, or vertical where a row is wider than the terminal",
        binary: false,
        make: |out, layout| Box::new(boxes::Boxes::fitting(out, layout)),
    },
    Format {
        name: "csv",
        about: "RFC 4180, with a head",
        binary: false,
        make: |out, _| Box::new(delimited::Delimited::new(out, b',')),
    },
    Format {
        name: "tsv",
        about: "tab-separated, with a head",
        binary: false,
        make: |out, _| Box::new(delimited::Delimited::new(out, b'\t')),
    },
    Format {
        name: "json",
        about: "one array of objects",
        binary: false,
        make: |out, _| Box::new(json::Json::new(out)),
    },
    Format {
        name: "jsonl",
        about: "one object per row",
        binary: false,
        make: |out, _| Box::new(jsonl::JsonLines::new(out)),
    },
    Format {
        name: "markdown",
        about: "a Markdown table",
        binary: false,
        make: |out, _| Box::new(markdown::Markdown::new(out)),
    },
    Format {
        name: "parquet",
        about: "a Parquet file (zstd)",
        binary: true,
        make: |out, _| Box::new(parquet_file::Parquet::new(out)),
    },
    Format {
        name: "arrow",
        about: "an Arrow IPC file",
        binary: true,
        make: |out, _| Box::new(arrow_file::ArrowFile::new(out)),
    },
];

/// The format of that name.
pub fn format(name: &str) -> Result<&'static Format> {
    FORMATS.iter().find(|f| f.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("formats are {}", names.join(", ")),
        };
        Error::invalid(format!("there is no format `{name}`")).hint(hint)
    })
}

/// The format that a file's name asks for.
pub fn format_of_file(path: &str) -> Option<&'static Format> {
    let name = path.to_ascii_lowercase();
    let extension = name.rsplit_once('.')?.1;
    let format_name = match extension {
        "csv" => "csv",
        "tsv" => "tsv",
        "json" => "json",
        "jsonl" | "ndjson" => "jsonl",
        "md" | "markdown" => "markdown",
        "parquet" => "parquet",
        "arrow" | "ipc" | "feather" => "arrow",
        "txt" => "table",
        _ => return None,
    };
    FORMATS.iter().find(|f| f.name == format_name)
}

/// An error of the place that the output goes to.
pub(crate) fn output_error(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("the output can't be written").source(e)
}

#[cfg(test)]
mod tests;
