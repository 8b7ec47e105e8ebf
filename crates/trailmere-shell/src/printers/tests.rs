//! What each format looks like.

use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema};
use trailmere_engine::OutputColumn;
use trailmere_sql::Type;

use super::*;

/// A place that can be looked at afterwards.
#[derive(Clone, Default)]
struct Place(Arc<Mutex<Vec<u8>>>);

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn sample() -> (Vec<OutputColumn>, RecordBatch) {
    let columns = vec![
        OutputColumn { name: "arn".into(), ty: Type::VARCHAR },
        OutputColumn { name: "arn".into(), ty: Type::VARCHAR },
        OutputColumn { name: "n".into(), ty: Type::BigInt },
    ];
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from(vec![Some("a|b"), Some("é, \"q\"")])),
        Arc::new(StringViewArray::from(vec![None, Some("line\nbreak")])),
        Arc::new(Int64Array::from(vec![7, 1234])),
    ];
    let field = |name: &str, t: DataType| Field::new(name, t, true);
    let schema =
        Schema::new(vec![field("x", DataType::Utf8View), field("y", DataType::Utf8View), field("z", DataType::Int64)]);
    (columns, RecordBatch::try_new(Arc::new(schema), arrays).unwrap())
}

fn bytes(name: &str, width: Option<usize>) -> Vec<u8> {
    let (columns, batch) = sample();
    let place = Place::default();
    let mut printer = format(name).unwrap().printer(Box::new(place.clone()), Layout { width, color: false });
    printer.start(&columns).unwrap();
    printer.rows(&batch.slice(0, 1)).unwrap();
    printer.rows(&batch.slice(1, 1)).unwrap();
    printer.finish().unwrap();
    drop(printer);
    place.0.lock().unwrap().clone()
}

fn text(name: &str, width: Option<usize>) -> String {
    String::from_utf8(bytes(name, width)).unwrap()
}

const TABLE: &str = "\
┌────────┬─────────────┬──────┐
│ arn    │ arn         │ n    │
├────────┼─────────────┼──────┤
│ a|b    │ NULL        │    7 │
│ é, \"q\" │ line\\nbreak │ 1234 │
└────────┴─────────────┴──────┘
";

const VERTICAL: &str = "\
─[ row 1 ]────────
arn │ a|b
arn │ NULL
n   │ 7
─[ row 2 ]────────
arn │ é, \"q\"
arn │ line\\nbreak
n   │ 1234
";

#[test]
fn boxes_have_room_for_every_cell() {
    assert_eq!(text("table", None), TABLE);
    assert_eq!(text("table", Some(10)), TABLE, "a table that was asked for stays one");
}

#[test]
fn auto_turns_vertical_where_a_row_is_wider_than_the_screen() {
    assert_eq!(text("auto", Some(80)), TABLE);
    assert_eq!(text("auto", Some(20)), VERTICAL);
    assert_eq!(text("vertical", Some(80)), VERTICAL);
}

#[test]
fn delimited_text_quotes_where_it_must() {
    assert_eq!(text("csv", None), "arn,arn,n\na|b,,7\n\"é, \"\"q\"\"\",\"line\nbreak\",1234\n");
    assert!(text("tsv", None).starts_with("arn\tarn\tn\na|b\t\t7\n"));
}

#[test]
fn json_keeps_both_columns_of_one_name() {
    let parsed: serde_json::Value = serde_json::from_str(&text("json", None)).unwrap();
    assert_eq!(parsed[0], serde_json::json!({ "arn": "a|b", "arn_1": null, "n": 7 }));
    let lines = text("jsonl", None);
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(serde_json::from_str::<serde_json::Value>(lines.lines().nth(1).unwrap()).unwrap(), parsed[1]);
}

#[test]
fn markdown_escapes_bars() {
    assert_eq!(text("markdown", None).lines().nth(2), Some("| a\\|b |  | 7 |"));
}

#[test]
fn files_come_back_as_they_went() {
    let (_, batch) = sample();
    let parquet = bytes::from(bytes("parquet", None));
    let mut reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(parquet, 10).unwrap();
    let read = reader.next().unwrap().unwrap();
    assert_eq!(read.columns(), batch.columns());
    let arrow = std::io::Cursor::new(bytes("arrow", None));
    let read: Vec<RecordBatch> =
        arrow::ipc::reader::FileReader::try_new(arrow, None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
    assert_eq!(read[0].schema().field(1).name(), "arn_1");
}

mod bytes {
    /// What the Parquet reader takes.
    pub(super) fn from(bytes: Vec<u8>) -> std::fs::File {
        use std::io::{Seek, Write};
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file.rewind().unwrap();
        file
    }
}

#[test]
fn empty_results_are_whole_in_every_format() {
    let (columns, _) = sample();
    for format in FORMATS {
        let place = Place::default();
        let mut printer = format.printer(Box::new(place.clone()), Layout::default());
        printer.start(&columns).unwrap();
        printer.finish().unwrap();
        drop(printer);
        let out = place.0.lock().unwrap().clone();
        match format.name {
            "json" => assert_eq!(out, b"[]\n"),
            "jsonl" | "vertical" => assert!(out.is_empty()),
            _ => assert!(!out.is_empty(), "{}", format.name),
        }
    }
}

#[test]
fn formats_are_found_by_name_and_by_the_ending_of_a_file() {
    assert_eq!(format("CSV").unwrap().name, "csv");
    assert!(format("jsno").unwrap_err().advice().unwrap().contains("json"));
    assert_eq!(format_of_file("s3://b/x.parquet").unwrap().name, "parquet");
    assert_eq!(format_of_file("x.ndjson").unwrap().name, "jsonl");
    assert!(format_of_file("x").is_none());
}
