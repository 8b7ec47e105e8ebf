//! What is known of a data file without opening it: smallest, largest and missing values of its top columns?
//!
//! They travel in the `stats` of the file's Delta `Add`, where Spark, Trino and DuckDB look for them too.

mod json;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::kernels::aggregate;
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use trailmere_model::{EVENTJSON, Error, Result};

/// Longer texts are cut to this many characters: a smallest value to a prefix, a largest one to the next prefix.
pub const STAT_TEXT_CHARS: usize = 32;

/// Random or free text: a range of such values excludes nothing, and would only make the Delta log longer.
const WITHOUT_RANGE: [&str; 7] =
    ["eventid", "requestid", "sharedeventid", "useragent", "errormessage", "annotation", "_path"];

/// A smallest or largest value.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum StatValue {
    /// Of a text column; see [`StatValue::is_exact`].
    Text(String),
    /// Of a timestamp column: microseconds since 1970, UTC.
    Timestamp(i64),
    /// Of a boolean column.
    Boolean(bool),
    /// Of a whole-number column.
    Integer(i64),
    /// Of a floating-point column.
    Double(f64),
}

impl StatValue {
    /// Whether some row has exactly this value; a text that was cut is only a bound.
    pub fn is_exact(&self) -> bool {
        match self {
            StatValue::Text(text) => text.chars().count() < STAT_TEXT_CHARS,
            _ => true,
        }
    }
}

/// What is known of one column of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnStats {
    /// How many rows have no value.
    pub null_count: Option<u64>,
    /// No value is smaller.
    pub min: Option<StatValue>,
    /// No value is larger.
    pub max: Option<StatValue>,
}

/// What is known of the columns of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileStats {
    names: Arc<[String]>,
    columns: Arc<[ColumnStats]>,
}

impl FileStats {
    /// What is known of a top column, if statistics are kept for it.
    pub fn column(&self, name: &str) -> Option<&ColumnStats> {
        let index = self.names.iter().position(|known| known == name)?;
        self.columns.get(index)
    }

    /// The columns that statistics are kept for, with what is known.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &ColumnStats)> {
        self.names.iter().map(String::as_str).zip(self.columns.iter())
    }

    /// The statistics of rows.
    pub(crate) fn of_rows(kept: &StatColumns, rows: &RecordBatch) -> Result<Self> {
        let mut builder = Self::builder(kept);
        builder.add(rows)?;
        Ok(builder.finish())
    }

    /// Collects statistics.
    pub(crate) fn builder(kept: &StatColumns) -> FileStatsBuilder {
        FileStatsBuilder { names: kept.names.clone(), columns: Vec::new() }
    }
}

/// The statistics of rows that come slice by slice.
pub(crate) struct FileStatsBuilder {
    names: Arc<[String]>,
    /// With the number of values in each.
    columns: Vec<(ColumnStats, usize)>,
}

impl FileStatsBuilder {
    pub(crate) fn add(&mut self, rows: &RecordBatch) -> Result<()> {
        for (index, name) in self.names.iter().enumerate() {
            let values =
                rows.column_by_name(name).ok_or_else(|| Error::internal(format!("rows lack column `{name}`")))?;
            let next = (column_stats(name, values.as_ref()), values.len() - values.null_count());
            match self.columns.get_mut(index) {
                Some(column) => merge(column, next),
                None => self.columns.push(next),
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> FileStats {
        FileStats { names: self.names, columns: self.columns.into_iter().map(|(column, _)| column).collect() }
    }
}

/// A bound that is not known of some values is not known of all.
fn merge((sum, count): &mut (ColumnStats, usize), (next, more): (ColumnStats, usize)) {
    sum.null_count = sum.null_count.zip(next.null_count).map(|(a, b)| a + b);
    let bound = |a: Option<StatValue>, b: Option<StatValue>, wanted: Ordering| match (*count, more) {
        (_, 0) => a,
        (0, _) => b,
        _ => a.zip(b).and_then(|(a, b)| a.partial_cmp(&b).map(|order| if order == wanted { a } else { b })),
    };
    sum.min = bound(sum.min.take(), next.min, Ordering::Less);
    sum.max = bound(sum.max.take(), next.max, Ordering::Greater);
    *count += more;
}

/// The columns that statistics are kept for: all of a simple type but the record itself.
#[derive(Clone, Debug)]
pub(crate) struct StatColumns {
    names: Arc<[String]>,
    types: Arc<[DataType]>,
}

impl StatColumns {
    pub(crate) fn of_schema(schema: &SchemaRef) -> Self {
        let kept: Vec<_> =
            schema.fields().iter().filter(|field| is_simple(field.data_type()) && field.name() != EVENTJSON).collect();
        Self {
            names: kept.iter().map(|field| field.name().clone()).collect(),
            types: kept.iter().map(|field| field.data_type().clone()).collect(),
        }
    }

    /// The value of Delta's `delta.dataSkippingStatsColumns`, without which readers see the first 32 leaves only.
    pub(crate) fn property(&self) -> String {
        self.names.join(",")
    }
}

fn is_simple(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::Boolean
            | DataType::Int64
            | DataType::Float64
            | DataType::Timestamp(TimeUnit::Microsecond, None)
    )
}

fn column_stats(name: &str, values: &dyn Array) -> ColumnStats {
    let null_count = Some(values.null_count() as u64);
    if WITHOUT_RANGE.contains(&name) {
        return ColumnStats { null_count, min: None, max: None };
    }
    let (min, max) = range(values);
    ColumnStats { null_count, min, max }
}

fn range(values: &dyn Array) -> (Option<StatValue>, Option<StatValue>) {
    match values.data_type() {
        DataType::Utf8 => {
            let (min, max) = text_range(values.as_string());
            (min.map(|text| StatValue::Text(cut_down(text))), max.and_then(cut_up).map(StatValue::Text))
        }
        DataType::Boolean => {
            let values = values.as_boolean();
            (
                aggregate::min_boolean(values).map(StatValue::Boolean),
                aggregate::max_boolean(values).map(StatValue::Boolean),
            )
        }
        DataType::Int64 => {
            let values = values.as_primitive::<Int64Type>();
            (aggregate::min(values).map(StatValue::Integer), aggregate::max(values).map(StatValue::Integer))
        }
        DataType::Float64 => double_range(values),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let values = values.as_primitive::<TimestampMicrosecondType>();
            (aggregate::min(values).map(StatValue::Timestamp), aggregate::max(values).map(StatValue::Timestamp))
        }
        _ => (None, None),
    }
}

/// One pass for both ends; runs of equal values, as sorting makes them, cost one comparison each.
fn text_range(values: &StringArray) -> (Option<&str>, Option<&str>) {
    let mut range: Option<(&str, &str)> = None;
    let mut last: Option<&str> = None;
    for value in values.iter().flatten() {
        if last == Some(value) {
            continue;
        }
        last = Some(value);
        range = Some(range.map_or((value, value), |(min, max)| (min.min(value), max.max(value))));
    }
    (range.map(|(min, _)| min), range.map(|(_, max)| max))
}

/// NaN has no place in an order that all readers share.
fn double_range(values: &dyn Array) -> (Option<StatValue>, Option<StatValue>) {
    let values = values.as_primitive::<Float64Type>();
    if values.iter().flatten().any(f64::is_nan) {
        return (None, None);
    }
    (aggregate::min(values).map(StatValue::Double), aggregate::max(values).map(StatValue::Double))
}

fn cut_down(text: &str) -> String {
    text.chars().take(STAT_TEXT_CHARS).collect()
}

/// The least text of the permitted length that is not smaller; none if there is no such text.
fn cut_up(text: &str) -> Option<String> {
    if text.chars().nth(STAT_TEXT_CHARS).is_none() {
        return Some(text.to_owned());
    }
    let mut prefix: Vec<char> = text.chars().take(STAT_TEXT_CHARS).collect();
    // A raised character in an earlier place would make the text shorter, and then look exact: better none.
    let last = prefix.pop()?;
    let raised = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32)?;
    prefix.push(raised);
    Some(prefix.into_iter().collect())
}

#[cfg(test)]
mod tests;
