//! Which files hold a store's events, and what is known of each?

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use deltalake::kernel::{Add, LogicalFileView};
use object_store::path::Path;
use trailmere_model::{CALENDARDAY, Error, Result};

use crate::needles::NeedleFilters;
use crate::stats::{FileStats, StatColumns};

/// The `Add` tag that says how long a file's events were as delivered.
const RAW_BYTES: &str = "trailmere.rawBytes";
/// The `Add` tag that says where a file's bloom filters lie.
const BLOOM_FILTERS: &str = "trailmere.bloomFilters";

/// A state of a store's table.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The table's version.
    pub version: u64,
    /// The files, by day and path.
    pub files: Arc<Vec<DataFile>>,
    /// The columns in the files.
    pub schema: SchemaRef,
}

impl Snapshot {
    /// How many rows there are, expired ones that are still stored included.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// How much storage the files take.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// A Parquet file of one day's events.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFile {
    /// The path from the lake's root.
    pub path: String,
    /// The size in bytes.
    pub size: u64,
    /// The day all events are of: `calendarday`, `YYYYMMDD` in UTC.
    pub day: i64,
    /// The number of rows.
    pub rows: u64,
    /// The bytes of the events as delivered; 0 if another program wrote the file.
    pub raw_bytes: u64,
    /// What is known of the top columns.
    pub stats: FileStats,
    /// Where its bloom filters lie; none if another program wrote the file.
    pub(crate) needles: NeedleFilters,
}

impl DataFile {
    /// What Delta is told of a new file. `written` is in milliseconds since 1970.
    pub(crate) fn add(&self, table: &Path, written: i64) -> Add {
        Add {
            path: relative(table, &self.path).to_owned(),
            partition_values: HashMap::from([(CALENDARDAY.to_owned(), Some(self.day.to_string()))]),
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            modification_time: written,
            data_change: true,
            stats: Some(self.stats.to_json(self.rows)),
            tags: Some(HashMap::from([
                (RAW_BYTES.to_owned(), Some(self.raw_bytes.to_string())),
                (BLOOM_FILTERS.to_owned(), Some(self.needles.to_text())),
            ])),
            ..Add::default()
        }
    }

    /// What Delta's library says of an active file.
    pub(crate) fn from_view(table: &Path, kept: &StatColumns, view: &LogicalFileView) -> Result<Self> {
        // The only way to a file's tags that the library has.
        #[allow(deprecated)]
        let add = view.add_action();
        Self::from_add(table, kept, &add)
    }

    /// What a commit says of a file.
    pub(crate) fn from_add(table: &Path, kept: &StatColumns, add: &Add) -> Result<Self> {
        let place = || format!("file `{}` of the table", add.path);
        if add.deletion_vector.is_some() {
            let error = Error::unsupported("another program has deleted rows of it by a deletion vector");
            return Err(error.at(place()).hint("let that program rewrite the file (`REORG TABLE … APPLY (PURGE)`)"));
        }
        let missing = |what: &str| Error::corrupt(format!("its {what} is missing or no number")).at(place());
        let day = add.partition_values.get(CALENDARDAY).cloned().flatten().and_then(|text| text.parse().ok());
        let stats = add.stats.as_deref().ok_or_else(|| missing("number of rows"))?;
        let (rows, stats) = FileStats::from_json(kept, stats).map_err(|error| error.at(place()))?;
        let tag = |name: &str| add.tags.as_ref().and_then(|tags| tags.get(name)?.as_deref());
        let raw_bytes = tag(RAW_BYTES).and_then(|text| text.parse().ok()).unwrap_or(0);
        let needles = tag(BLOOM_FILTERS).map(NeedleFilters::from_text).unwrap_or_default();
        Ok(Self {
            path: format!("{table}/{}", add.path),
            size: u64::try_from(add.size).unwrap_or(0),
            day: day.ok_or_else(|| missing("`calendarday`"))?,
            rows: rows.ok_or_else(|| missing("number of rows"))?,
            raw_bytes,
            stats,
            needles,
        })
    }
}

/// The part of a path below the table's root.
pub(crate) fn relative<'a>(table: &Path, path: &'a str) -> &'a str {
    path.strip_prefix(table.as_ref()).map_or(path, |rest| rest.trim_start_matches('/'))
}
