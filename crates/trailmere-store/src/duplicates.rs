//! Which events lie in a store twice, since CloudTrail delivers at least once, and how is one of them removed?
//!
//! Two rows are the same event if account and event ID are equal. They have the same time then, so they lie in the same
//! day; the one that was ingested first stays.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::{concat_batches, filter_record_batch};
use chrono::{DateTime, Utc};
use deltalake::protocol::DeltaOperation;
use futures::TryStreamExt;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use serde::Serialize;
use trailmere_model::{Error, INGESTED, Result, storage_schema};
use xxhash_rust::xxh3::xxh3_128;

use crate::balance::Removal;
use crate::commit::{attempts, is_collision, pause, too_busy};
use crate::failure;
use crate::ranges::StoredFile;
use crate::rows::{self, Changes, Replacement};
use crate::snapshot::DataFile;
use crate::table::Table;

const ACCOUNT: &str = "recipientaccountid";
const EVENT_ID: &str = "eventid";

/// Events that are compared at once; a larger day is gone through several times, a part of its events each time.
const COMPARED: u64 = 4 << 20;

/// What a removal of duplicates did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Events that were there once more.
    pub events: u64,
    /// Files that had such, written anew without them or removed.
    pub files_rewritten: u64,
}

/// Where a row is, and what decides which of two equal ones stays: the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    ingested: i64,
    file: usize,
    row: usize,
}

/// Rows to leave out, by file.
type Surplus = BTreeMap<usize, HashSet<usize>>;

impl Table {
    /// Removes events that are there twice.
    pub async fn remove_duplicates(&self, now: DateTime<Utc>) -> Result<Duplicates> {
        let mut removed = Duplicates::default();
        for day in self.days().await? {
            removed.add(&self.clean_day(day, now).await.map_err(|error| error.at(self.place()))?);
        }
        Ok(removed)
    }

    /// Says what [`Table::remove_duplicates`] would remove.
    pub async fn duplicates(&self) -> Result<Duplicates> {
        let mut found = Duplicates::default();
        let snapshot = self.snapshot().await?;
        for files in by_day(&snapshot.files).into_values() {
            found.add(&Duplicates::of(&self.surplus(&files).await.map_err(|error| error.at(self.place()))?));
        }
        Ok(found)
    }

    async fn days(&self) -> Result<Vec<i64>> {
        Ok(by_day(&self.snapshot().await?.files).into_keys().collect())
    }

    async fn clean_day(&self, day: i64, now: DateTime<Utc>) -> Result<Duplicates> {
        for attempt in attempts() {
            let (files, delta) = self.files_and_state().await?;
            let files: Vec<DataFile> = files.iter().filter(|file| file.day == day).cloned().collect();
            let surplus = self.surplus(&files).await?;
            if surplus.is_empty() {
                return Ok(Duplicates::default());
            }
            let found = Duplicates::of(&surplus);
            let (mut removed, mut added) = (Vec::new(), Vec::new());
            for (index, rows) in surplus {
                let Some(file) = files.get(index) else { continue };
                added.extend(self.without(file, rows).await?);
                removed.push(file.clone());
            }
            let operation = DeltaOperation::Delete { predicate: Some(format!("duplicate ({ACCOUNT}, {EVENT_ID})")) };
            let said = self.removal(&delta, Removal::Duplicate, found.events).await;
            let said = said.map(Some).map_err(|error| self.failed(error, "remove duplicates from"))?;
            let replacement = Replacement { removed: &removed, added: &added, changes: Changes::Data, said };
            match self.replace(&delta, replacement, operation, now).await {
                Ok(()) => return Ok(found),
                Err(error) if is_collision(&error) => tokio::time::sleep(pause(attempt)).await,
                Err(error) => return Err(self.failed(error, "remove duplicates from")),
            }
        }
        Err(too_busy())
    }

    /// The rows of one day's files that equal an earlier one.
    async fn surplus(&self, files: &[DataFile]) -> Result<Surplus> {
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        let parts = rows.div_ceil(COMPARED).max(1);
        let mut surplus = Surplus::new();
        for part in 0..parts {
            let mut seen = Seen { part, parts, first: HashMap::new() };
            for (index, file) in files.iter().enumerate() {
                self.compare(file, index, &mut seen, &mut surplus).await?;
            }
        }
        Ok(surplus)
    }

    /// Reads no more of a file than the columns that tell events apart.
    async fn compare(&self, file: &DataFile, index: usize, seen: &mut Seen, surplus: &mut Surplus) -> Result<()> {
        let path = Path::parse(&file.path)
            .map_err(|error| Error::corrupt(format!("`{}` is no path", file.path)).source(error))?;
        let reader = StoredFile { store: self.inner.store.clone(), path, size: file.size };
        let failed = |error| failure::parquet(error, "read the file").at(format!("`{}`", file.path));
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed)?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), [ACCOUNT, EVENT_ID, INGESTED]);
        let mut batches = builder.with_projection(columns).build().map_err(failed)?;
        let mut first_row = 0;
        while let Some(rows) = batches.try_next().await.map_err(failed)? {
            let ids = Ids::of(&rows).map_err(|error| error.at(format!("`{}`", file.path)))?;
            for row in 0..rows.num_rows() {
                let Some(key) = ids.key(row) else { continue };
                let place = Place { ingested: ids.ingested.value(row), file: index, row: first_row + row };
                if let Some(later) = seen.meet(key, place) {
                    surplus.entry(later.file).or_default().insert(later.row);
                }
            }
            first_row += rows.num_rows();
        }
        Ok(())
    }

    /// The file without some of its rows; none if nothing is left.
    async fn without(&self, file: &DataFile, surplus: HashSet<usize>) -> Result<Option<DataFile>> {
        if surplus.len() as u64 == file.rows {
            return Ok(None);
        }
        let bytes = self.fetch(file).await?;
        let (table, file) = (self.clone(), file.clone());
        let encode = move || {
            let batches = rows::decode(&file, bytes, Ok)?;
            let rows = concat_batches(&storage_schema(table.store_type()), &batches);
            let rows = rows.map_err(|error| failure::arrow(error, "put the rows of a file together"))?;
            let keep: BooleanArray = (0..rows.num_rows()).map(|row| Some(!surplus.contains(&row))).collect();
            let rows =
                filter_record_batch(&rows, &keep).map_err(|error| failure::arrow(error, "leave duplicates out"))?;
            table.encode_again(file.day, &rows)
        };
        let encoded = tokio::task::spawn_blocking(encode).await.map_err(failure::task)??;
        self.upload(encoded).await.map(Some)
    }
}

impl Duplicates {
    fn of(surplus: &Surplus) -> Self {
        let events = surplus.values().map(|rows| rows.len() as u64).sum();
        Self { events, files_rewritten: surplus.len() as u64 }
    }

    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.files_rewritten += other.files_rewritten;
    }
}

/// The first place of each event, for one part of a day's events.
struct Seen {
    part: u64,
    parts: u64,
    first: HashMap<u128, Place>,
}

impl Seen {
    /// Of two equal events, the place of the one that goes.
    fn meet(&mut self, key: u128, place: Place) -> Option<Place> {
        if key % u128::from(self.parts) != u128::from(self.part) {
            return None;
        }
        let first = self.first.entry(key).or_insert(place);
        if *first == place {
            return None;
        }
        let later = place.max(*first);
        *first = place.min(*first);
        Some(later)
    }
}

struct Ids<'a> {
    accounts: &'a StringArray,
    events: &'a StringArray,
    ingested: &'a TimestampMicrosecondArray,
}

impl<'a> Ids<'a> {
    fn of(rows: &'a RecordBatch) -> Result<Self> {
        let wrong = |name: &str| Error::corrupt(format!("column `{name}` is missing or of another type"));
        let column = |name: &str| rows.column_by_name(name).ok_or_else(|| wrong(name));
        Ok(Self {
            accounts: column(ACCOUNT)?.as_string_opt().ok_or_else(|| wrong(ACCOUNT))?,
            events: column(EVENT_ID)?.as_string_opt().ok_or_else(|| wrong(EVENT_ID))?,
            ingested: column(INGESTED)?.as_primitive_opt().ok_or_else(|| wrong(INGESTED))?,
        })
    }

    /// An event without an ID equals none.
    fn key(&self, row: usize) -> Option<u128> {
        if self.events.is_null(row) {
            return None;
        }
        let account = if self.accounts.is_valid(row) { self.accounts.value(row) } else { "" };
        Some(xxh3_128(format!("{account}\n{}", self.events.value(row)).as_bytes()))
    }
}

fn by_day(files: &[DataFile]) -> BTreeMap<i64, Vec<DataFile>> {
    let mut days: BTreeMap<i64, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        days.entry(file.day).or_default().push(file.clone());
    }
    days
}
