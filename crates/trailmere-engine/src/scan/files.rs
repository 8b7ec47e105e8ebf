//! What is known of a data file without opening it, in DataFusion's terms.
//!
//! A store may have ten thousand files: what nobody asks for is not converted.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use trailmere_model::{CALENDARDAY, EVENTTIME, VERIFIED};
use trailmere_store::{ColumnStats, DataFile, StatValue};

/// The earliest `eventtime`, microseconds; `None` if unknown.
pub(crate) fn first_event_time(file: &DataFile) -> Option<i64> {
    match file.stats.column(EVENTTIME)?.min {
        Some(StatValue::Timestamp(time)) => Some(time),
        _ => None,
    }
}

/// A lower bound of a column, in the scanned Arrow type.
pub(crate) fn min(file: &DataFile, column: &str) -> Option<ScalarValue> {
    match column {
        CALENDARDAY => Some(ScalarValue::Int64(Some(file.day))),
        _ => file.stats.column(column)?.min.as_ref().map(scalar),
    }
}

/// An upper bound of a column.
pub(crate) fn max(file: &DataFile, column: &str) -> Option<ScalarValue> {
    match column {
        CALENDARDAY => Some(ScalarValue::Int64(Some(file.day))),
        _ => file.stats.column(column)?.max.as_ref().map(scalar),
    }
}

/// How many rows have no value.
pub(crate) fn null_count(file: &DataFile, column: &str) -> Option<u64> {
    match column {
        CALENDARDAY => Some(0),
        _ => file.stats.column(column)?.null_count,
    }
}

fn scalar(value: &StatValue) -> ScalarValue {
    match value {
        StatValue::Text(text) => ScalarValue::Utf8View(Some(text.clone())),
        StatValue::Timestamp(micros) => ScalarValue::TimestampMicrosecond(Some(*micros), None),
        StatValue::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        StatValue::Integer(value) => ScalarValue::Int64(Some(*value)),
        StatValue::Double(value) => ScalarValue::Float64(Some(*value)),
    }
}

/// The file for a scan. Its Arrow schema is given, so that nobody parses it from every footer; but not of a file that may
/// be older than the youngest column.
pub(crate) fn partitioned(file: &DataFile, file_schema: &SchemaRef, asked: &Asked) -> PartitionedFile {
    let read = PartitionedFile::new(file.path.clone(), file.size)
        .with_partition_values(vec![ScalarValue::Int64(Some(file.day))])
        .with_statistics(Arc::new(statistics(file, file_schema, asked)));
    match null_count(file, VERIFIED) {
        Some(_) => read.with_arrow_schema(Arc::clone(file_schema)),
        None => read,
    }
}

/// The columns whose statistics a scan has a use for, by their places in the table's schema. Converting all of them took
/// longer than counting the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    columns: Vec<usize>,
}

impl Asked {
    /// What is projected, what filters name, and what files are sorted by.
    pub(crate) fn new<'a>(schema: &Schema, names: impl Iterator<Item = &'a str>) -> Self {
        let mut columns: Vec<usize> = names.filter_map(|name| schema.index_of(name).ok()).collect();
        columns.sort_unstable();
        columns.dedup();
        Asked { columns }
    }
}

fn statistics(file: &DataFile, schema: &Schema, asked: &Asked) -> Statistics {
    let mut columns = vec![ColumnStatistics::new_unknown(); schema.fields().len()];
    for &index in &asked.columns {
        if let Some(column) = columns.get_mut(index) {
            *column = column_statistics(file, schema.field(index).name());
        }
    }
    Statistics {
        num_rows: Precision::Exact(file.rows as usize),
        total_byte_size: Precision::Inexact(file.size as usize),
        column_statistics: columns,
    }
}

fn column_statistics(file: &DataFile, name: &str) -> ColumnStatistics {
    let mut statistics = ColumnStatistics::new_unknown();
    let exact = name == CALENDARDAY || file.stats.column(name).is_some_and(is_exact);
    let precise = |value: ScalarValue| if exact { Precision::Exact(value) } else { Precision::Inexact(value) };
    statistics.min_value = min(file, name).map_or(Precision::Absent, precise);
    statistics.max_value = max(file, name).map_or(Precision::Absent, precise);
    statistics.null_count = null_count(file, name).map_or(Precision::Absent, |n| Precision::Exact(n as usize));
    statistics
}

/// Whether the bounds are values that occur (a cut text is only a bound).
fn is_exact(column: &ColumnStats) -> bool {
    let exact = |bound: &Option<StatValue>| bound.as_ref().is_none_or(StatValue::is_exact);
    exact(&column.min) && exact(&column.max)
}

/// The statistics of several files together, for the columns of `schema`.
pub(crate) fn table_statistics<'a>(
    files: impl Iterator<Item = &'a DataFile>,
    schema: &SchemaRef,
    asked: &Asked,
) -> Statistics {
    let mut total: Option<Statistics> = None;
    for file in files {
        match &mut total {
            None => total = Some(statistics(file, schema, asked)),
            Some(sum) => add(sum, file, schema, asked),
        }
    }
    total.unwrap_or_else(|| Statistics {
        num_rows: Precision::Exact(0),
        total_byte_size: Precision::Exact(0),
        column_statistics: vec![ColumnStatistics::new_unknown(); schema.fields().len()],
    })
}

fn add(sum: &mut Statistics, file: &DataFile, schema: &Schema, asked: &Asked) {
    sum.num_rows = sum.num_rows.add(&Precision::Exact(file.rows as usize));
    sum.total_byte_size = sum.total_byte_size.add(&Precision::Inexact(file.size as usize));
    for &index in &asked.columns {
        let Some(column) = sum.column_statistics.get_mut(index) else { continue };
        let other = column_statistics(file, schema.field(index).name());
        column.min_value = column.min_value.min(&other.min_value);
        column.max_value = column.max_value.max(&other.max_value);
        column.null_count = column.null_count.add(&other.null_count);
    }
}
