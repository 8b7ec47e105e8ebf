//! What is known of a data file without opening it, in DataFusion's terms.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use trailmere_model::{CALENDARDAY, EVENTTIME, VERIFIED};
use trailmere_store::{ColumnStats, DataFile, StatValue};

/// A data file of a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct ScanFile {
    /// Relative to the lake's root.
    pub(crate) path: String,
    /// Bytes.
    pub(crate) size: u64,
    /// `calendarday` of all its rows.
    pub(crate) day: i64,
    /// Number of rows.
    pub(crate) rows: u64,
    /// Statistics by column name.
    pub(crate) columns: HashMap<String, Range>,
}

/// What the log says of one column of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Range {
    /// A lower bound, in the scanned Arrow type.
    pub(crate) min: Option<ScalarValue>,
    /// An upper bound.
    pub(crate) max: Option<ScalarValue>,
    /// Number of NULLs.
    pub(crate) nulls: Option<u64>,
    /// Whether the bounds are values that occur (a cut string is only a bound).
    pub(crate) exact: bool,
}

impl Range {
    fn new(stats: &ColumnStats) -> Self {
        Range {
            min: stats.min.as_ref().map(scalar),
            max: stats.max.as_ref().map(scalar),
            nulls: stats.null_count,
            exact: stats.min.as_ref().is_none_or(StatValue::is_exact)
                && stats.max.as_ref().is_none_or(StatValue::is_exact),
        }
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

impl ScanFile {
    /// What the log says of a file.
    pub(crate) fn new(file: &DataFile) -> Self {
        let columns = file.stats.columns().map(|(name, stats)| (name.to_string(), Range::new(stats)));
        ScanFile {
            path: file.path.clone(),
            size: file.size,
            day: file.day,
            rows: file.rows,
            columns: columns.collect(),
        }
    }

    /// The earliest `eventtime`, microseconds; `None` if unknown.
    pub(crate) fn first_event_time(&self) -> Option<i64> {
        match self.columns.get(EVENTTIME)?.min {
            Some(ScalarValue::TimestampMicrosecond(time, _)) => time,
            _ => None,
        }
    }

    pub(crate) fn min(&self, column: &str) -> Option<ScalarValue> {
        match column {
            CALENDARDAY => Some(ScalarValue::Int64(Some(self.day))),
            _ => self.columns.get(column)?.min.clone(),
        }
    }

    pub(crate) fn max(&self, column: &str) -> Option<ScalarValue> {
        match column {
            CALENDARDAY => Some(ScalarValue::Int64(Some(self.day))),
            _ => self.columns.get(column)?.max.clone(),
        }
    }

    pub(crate) fn null_count(&self, column: &str) -> Option<u64> {
        match column {
            CALENDARDAY => Some(0),
            _ => self.columns.get(column)?.nulls,
        }
    }

    /// The file for a scan. Its Arrow schema is given, so that nobody parses it from every footer; but not of a file that
    /// may be older than the youngest column.
    pub(crate) fn partitioned(&self, file_schema: &SchemaRef) -> PartitionedFile {
        let file = PartitionedFile::new(self.path.clone(), self.size)
            .with_partition_values(vec![ScalarValue::Int64(Some(self.day))])
            .with_statistics(Arc::new(self.statistics(file_schema)));
        match self.null_count(VERIFIED) {
            Some(_) => file.with_arrow_schema(Arc::clone(file_schema)),
            None => file,
        }
    }

    fn statistics(&self, schema: &Schema) -> Statistics {
        let columns = schema.fields().iter().map(|field| self.column_statistics(field.name())).collect();
        Statistics {
            num_rows: Precision::Exact(self.rows as usize),
            total_byte_size: Precision::Inexact(self.size as usize),
            column_statistics: columns,
        }
    }

    fn column_statistics(&self, name: &str) -> ColumnStatistics {
        let mut statistics = ColumnStatistics::new_unknown();
        let exact = name == CALENDARDAY || self.columns.get(name).is_some_and(|range| range.exact);
        let precise = |value: ScalarValue| if exact { Precision::Exact(value) } else { Precision::Inexact(value) };
        statistics.min_value = self.min(name).map_or(Precision::Absent, precise);
        statistics.max_value = self.max(name).map_or(Precision::Absent, precise);
        statistics.null_count = self.null_count(name).map_or(Precision::Absent, |n| Precision::Exact(n as usize));
        statistics
    }
}

/// The statistics of several files together, for the columns of `schema`.
pub(crate) fn table_statistics(files: &[&ScanFile], schema: &SchemaRef) -> Statistics {
    let mut total: Option<Statistics> = None;
    for file in files {
        let statistics = file.statistics(schema);
        total = Some(match total {
            None => statistics,
            Some(sum) => merge(sum, &statistics),
        });
    }
    total.unwrap_or_else(|| Statistics {
        num_rows: Precision::Exact(0),
        total_byte_size: Precision::Exact(0),
        column_statistics: vec![ColumnStatistics::new_unknown(); schema.fields().len()],
    })
}

fn merge(mut sum: Statistics, next: &Statistics) -> Statistics {
    sum.num_rows = sum.num_rows.add(&next.num_rows);
    sum.total_byte_size = sum.total_byte_size.add(&next.total_byte_size);
    for (column, other) in sum.column_statistics.iter_mut().zip(&next.column_statistics) {
        column.min_value = column.min_value.min(&other.min_value);
        column.max_value = column.max_value.max(&other.max_value);
        column.null_count = column.null_count.add(&other.null_count);
    }
    sum
}
