//! What is in the rows of a batch, as plain values that two decoders can be compared by?

use std::fmt;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};

/// A value of any column type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Time(i64),
    Map(Vec<(String, Option<String>)>),
    List(Vec<Cell>),
    Struct(Vec<(String, Cell)>),
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Cell::Text(text.to_string())
    }

    pub(crate) fn map(entries: &[(&str, Option<&str>)]) -> Self {
        Cell::Map(entries.iter().map(|(key, value)| (key.to_string(), value.map(str::to_string))).collect())
    }

    /// A member of a struct, an item of a list by position, a value of a map by key.
    pub(crate) fn member(self, name: &str) -> Cell {
        match self {
            Cell::Struct(members) => members.into_iter().find(|(member, _)| member == name).expect(name).1,
            Cell::List(items) => items[name.parse::<usize>().unwrap()].clone(),
            Cell::Map(entries) => match entries.into_iter().find(|(key, _)| key == name).expect(name).1 {
                Some(text) => Cell::Text(text),
                None => Cell::Null,
            },
            other => panic!("{other:?} has no `{name}`"),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Text(text) => f.write_str(text),
            other => write!(f, "{other:?}"),
        }
    }
}

/// The rows of a batch: name and value of each column.
pub(crate) fn rows(batch: &RecordBatch) -> Vec<Vec<(String, Cell)>> {
    let schema = batch.schema();
    let row = |row| {
        let columns = schema.fields().iter().zip(batch.columns());
        columns.map(|(field, column)| (field.name().clone(), cell(column.as_ref(), row))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn cell(column: &dyn Array, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Cell::text(column.as_string::<i32>().value(row)),
        DataType::Boolean => Cell::Boolean(column.as_boolean().value(row)),
        DataType::Int32 => Cell::Integer(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Cell::Double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            Cell::Time(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Map(_, _) => {
            let entries = column.as_map().value(row);
            let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
            assert_eq!(keys.null_count(), 0);
            Cell::Map(
                keys.iter().zip(values).map(|(key, value)| (key.unwrap().into(), value.map(Into::into))).collect(),
            )
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            Cell::List((0..items.len()).map(|item| cell(items.as_ref(), item)).collect())
        }
        DataType::Struct(fields) => {
            let members = fields.iter().zip(column.as_struct().columns());
            Cell::Struct(members.map(|(field, member)| (field.name().clone(), cell(member.as_ref(), row))).collect())
        }
        other => panic!("no store has a column of type {other}"),
    }
}
