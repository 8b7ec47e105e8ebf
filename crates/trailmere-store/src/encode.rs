//! How do sorted rows become a Parquet file that is small, quick to write, and quick to look things up in?

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use trailmere_model::time::calendarday;
use trailmere_model::{EVENTJSON, EVENTTIME, Error, Result, StoreType, sort_columns};

use crate::failure;
use crate::needles::{NEEDLES, NeedleFilters};
use crate::sorted_rows::SortedRows;
use crate::stats::{FileStats, StatColumns, StatValue};

/// Columns whose values hardly ever repeat: a dictionary would be built and thrown away.
pub const UNIQUE: [&str; 4] = ["eventid", "requestid", "sharedeventid", EVENTJSON];

const NEEDLE_ERRORS: f64 = 0.01;
const ROW_GROUP_BYTES: usize = 64 << 20;
const ROW_GROUP_ROWS: usize = 256 << 10;
const PAGE_BYTES: usize = 256 << 10;
const JSON_PAGE_BYTES: usize = 1 << 20;
const PAGE_ROWS: usize = 16 << 10;
/// Room for the ARNs of a day: their texts are looked at once each where all of them are in the dictionary.
const DICTIONARY_BYTES: usize = 1 << 20;
/// Of what hardly repeats, a few rows are wanted more often than all, and a page is inflated as a whole, a dictionary too:
/// pages of this size made such questions a quarter faster, for half a percent of storage.
const TEXT_PAGE_BYTES: usize = 32 << 10;
const STATISTIC_BYTES: usize = 64;
/// Levels 2 to 4 gain next to nothing on events, 5 and above search differently.
const THOROUGH_LEVEL: i32 = 8;

/// The values of the maps.
const MAP_VALUES: [&str; 3] =
    ["requestparameters.entries.value", "responseelements.entries.value", "additionaleventdata.entries.value"];

/// Their keys, of which a page of the usual size has those of a whole day: who asks for one name's entries would unpack
/// all of them.
const MAP_KEYS: [&str; 3] =
    ["requestparameters.entries.key", "responseelements.entries.key", "additionaleventdata.entries.key"];
const KEY_PAGE_BYTES: usize = 8 << 10;

/// What a row takes in a file, more or less.
const GUESSED_ROW_BYTES: usize = 320;

/// How much work goes into making a file small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// While events wait to be seen.
    Quick,
    /// When rows are written once more, and then read for years.
    Thorough,
}

/// A Parquet file in memory, with what the table must know of it.
#[derive(Clone, Debug)]
pub struct EncodedFile {
    /// The day all of its events are of, `YYYYMMDD`.
    pub day: i64,
    /// How many rows it has.
    pub rows: u64,
    /// The bytes of its events as delivered.
    pub raw_bytes: u64,
    pub(crate) bytes: Bytes,
    pub(crate) stats: FileStats,
    pub(crate) needles: NeedleFilters,
}

impl EncodedFile {
    /// The size of the file.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// Encodes rows of the store type's storage schema.
pub(crate) fn encode(
    store_type: StoreType,
    kept: &StatColumns,
    (day, rows): (i64, SortedRows<'_>),
    effort: Effort,
) -> Result<EncodedFile> {
    if rows.count == 0 {
        return Err(Error::internal(format!("a file without rows was to be written for {day}")));
    }
    let failed = |error| failure::parquet(error, format!("encode the events of {day}"));
    let schema = trailmere_model::storage_schema(store_type);
    let properties = properties(store_type, &rows, &schema, effort)?;
    let mut bytes = Vec::with_capacity(rows.count * GUESSED_ROW_BYTES);
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), Some(properties)).map_err(failed)?;
    let mut stats = FileStats::builder(kept);
    let mut raw_bytes = 0;
    let mut count = 0;
    for slice in rows.slices {
        let slice = slice?;
        check(&schema, day, &slice)?;
        stats.add(&slice)?;
        raw_bytes += json_bytes(&slice);
        count += slice.num_rows();
        writer.write(&slice).map_err(failed)?;
    }
    let needles = NeedleFilters::of_file(&writer.close().map_err(failed)?);
    let stats = stats.finish();
    check_day(day, &stats)?;
    Ok(EncodedFile { day, rows: count as u64, raw_bytes, bytes: bytes.into(), stats, needles })
}

fn check(schema: &SchemaRef, day: i64, rows: &RecordBatch) -> Result<()> {
    if rows.schema_ref().fields() != schema.fields() {
        return Err(Error::internal(format!("rows for {day} have other columns than their store")));
    }
    Ok(())
}

/// A query for a day opens that day's files only: a row in the wrong one would never be found.
fn check_day(day: i64, stats: &FileStats) -> Result<()> {
    let is_other =
        |value: &Option<StatValue>| matches!(value, Some(StatValue::Timestamp(micros)) if calendarday(*micros) != day);
    match stats.column(EVENTTIME) {
        Some(times) if is_other(&times.min) || is_other(&times.max) => {
            Err(Error::internal(format!("rows of other days were to be written for {day}")))
        }
        _ => Ok(()),
    }
}

fn properties(
    store_type: StoreType,
    rows: &SortedRows<'_>,
    schema: &SchemaRef,
    effort: Effort,
) -> Result<WriterProperties> {
    let group_rows = rows.count.min(ROW_GROUP_ROWS);
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("trailmere ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(STATISTIC_BYTES))
        .set_column_index_truncate_length(Some(STATISTIC_BYTES))
        .set_sorting_columns(sorting(store_type, schema, rows.complete));
    for field in schema.fields() {
        builder = nested(builder, field, &mut vec![field.name().clone()]);
    }
    for name in UNIQUE {
        builder = builder
            .set_column_dictionary_enabled(column(name), false)
            .set_column_data_page_size_limit(column(name), TEXT_PAGE_BYTES)
            .set_column_encoding(column(name), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    for name in MAP_VALUES {
        builder = builder
            .set_column_data_page_size_limit(column(name), TEXT_PAGE_BYTES)
            .set_column_dictionary_page_size_limit(column(name), TEXT_PAGE_BYTES);
    }
    for name in MAP_KEYS {
        builder = builder.set_column_data_page_size_limit(column(name), KEY_PAGE_BYTES);
    }
    for name in NEEDLES {
        let ndv = group_rows as u64;
        builder = builder
            .set_column_bloom_filter_fpp(column(name), NEEDLE_ERRORS)
            .set_column_bloom_filter_max_ndv(column(name), ndv);
    }
    if effort == Effort::Thorough {
        let level = ZstdLevel::try_new(THOROUGH_LEVEL)
            .map_err(|error| failure::parquet(error, "choose a level of compression"))?;
        // Files are mostly made of these: only they are worth a higher level, which takes tens of megabytes a column.
        for path in [EVENTJSON].into_iter().chain(MAP_VALUES) {
            builder = builder.set_column_compression(column(path), Compression::ZSTD(level));
        }
    }
    let builder = builder
        .set_column_statistics_enabled(column(EVENTJSON), EnabledStatistics::None)
        .set_column_data_page_size_limit(column(EVENTJSON), JSON_PAGE_BYTES)
        .set_column_encoding(column(EVENTTIME), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(column(EVENTTIME), false);
    Ok(builder.build())
}

/// Inside lists and maps a range of values excludes nothing: no statistics there.
fn nested(mut builder: WriterPropertiesBuilder, field: &Field, path: &mut Vec<String>) -> WriterPropertiesBuilder {
    let (children, is_repeated): (Vec<&Arc<Field>>, bool) = match field.data_type() {
        DataType::Struct(members) => (members.iter().collect(), false),
        DataType::List(item) => {
            path.push("list".to_owned());
            (vec![item], true)
        }
        DataType::Map(entries, _) => (vec![entries], true),
        _ => return builder,
    };
    if is_repeated {
        return without_statistics(builder, &children, path);
    }
    for child in children {
        path.push(child.name().clone());
        builder = nested(builder, child, path);
        path.pop();
    }
    builder
}

fn without_statistics(
    mut builder: WriterPropertiesBuilder,
    fields: &[&Arc<Field>],
    path: &[String],
) -> WriterPropertiesBuilder {
    for field in fields {
        let mut path = path.to_vec();
        path.push(field.name().clone());
        let children: Vec<&Arc<Field>> = match field.data_type() {
            DataType::Struct(members) => members.iter().collect(),
            DataType::List(item) => {
                path.push("list".to_owned());
                vec![item]
            }
            DataType::Map(entries, _) => vec![entries],
            _ => {
                builder = builder.set_column_statistics_enabled(ColumnPath::new(path), EnabledStatistics::None);
                continue;
            }
        };
        builder = without_statistics(builder, &children, &path);
    }
    builder
}

/// Only said of columns without missing values, so that nobody has to know where those were sorted to.
fn sorting(store_type: StoreType, schema: &SchemaRef, complete: usize) -> Option<Vec<SortingColumn>> {
    let mut leaf = 0;
    let mut leaves = std::collections::HashMap::new();
    for field in schema.fields() {
        leaves.insert(field.name().as_str(), leaf);
        leaf += leaf_count(field.data_type());
    }
    let mut sorting = Vec::new();
    for name in sort_columns(store_type).iter().take(complete) {
        sorting.push(SortingColumn { column_idx: *leaves.get(name)?, descending: false, nulls_first: false });
    }
    (!sorting.is_empty()).then_some(sorting)
}

fn leaf_count(data_type: &DataType) -> i32 {
    match data_type {
        DataType::Struct(members) => members.iter().map(|member| leaf_count(member.data_type())).sum(),
        DataType::List(item) => leaf_count(item.data_type()),
        DataType::Map(entries, _) => leaf_count(entries.data_type()),
        _ => 1,
    }
}

fn json_bytes(rows: &RecordBatch) -> u64 {
    let json = rows.column_by_name(EVENTJSON).and_then(|values| values.as_string_opt::<i32>());
    json.map_or(0, |json| {
        let offsets = json.value_offsets();
        let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
        u64::try_from(last - first).unwrap_or(0)
    })
}

fn column(path: &str) -> ColumnPath {
    ColumnPath::from(path.split('.').map(str::to_owned).collect::<Vec<_>>())
}
