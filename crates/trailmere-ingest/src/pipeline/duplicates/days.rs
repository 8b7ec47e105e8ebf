//! Which event IDs does a store have of a day?

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use tokio::runtime::Handle;
use trailmere_model::{Error, Result};
use trailmere_store::DataFile;

use super::identity;
use super::recent::Already;
use crate::pipeline::target::Target;

/// When more IDs are in memory, days that have rested for a while are given up.
const MAX_IDS: usize = 3_000_000;
/// After so many commits without an event of a day, all of its events are in the store.
const RESTED_TURNS: u64 = 3;

type Ids = HashSet<u128, BuildHasherDefault<Already>>;

/// The IDs of the days at hand, by target and day.
#[derive(Default)]
pub(crate) struct Days {
    days: Mutex<HashMap<(usize, i64), Arc<Day>>>,
    turn: AtomicU64,
}

#[derive(Default)]
struct Day {
    /// None until they were read from the store.
    ids: Mutex<Option<Ids>>,
    last_turn: AtomicU64,
}

impl Days {
    /// Remembers an ID; true if the store has it or this run met it before.
    pub(crate) fn meet(&self, target: &Target, place: (usize, i64), id: u128) -> Result<bool> {
        let day = self.day(place);
        let mut ids = day.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.is_none() {
            *ids = Some(read(target, place.1)?);
        }
        Ok(ids.as_mut().is_some_and(|ids| !ids.insert(id)))
    }

    /// A batch was committed.
    pub(crate) fn turn(&self) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |day: &Arc<Day>| day.ids.try_lock().map_or(0, |ids| ids.as_ref().map_or(0, HashSet::len));
        let mut total: usize = days.values().map(count).sum();
        let mut resting: Vec<_> =
            days.iter().map(|(place, day)| (day.last_turn.load(Ordering::Relaxed), *place)).collect();
        resting.sort_unstable();
        for (last_turn, place) in resting {
            if total <= MAX_IDS || last_turn + RESTED_TURNS > turn {
                return;
            }
            total -= days.remove(&place).map_or(0, |day| count(&day));
        }
    }

    fn day(&self, place: (usize, i64)) -> Arc<Day> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let day = days.entry(place).or_default().clone();
        day.last_turn.store(self.turn.load(Ordering::Relaxed), Ordering::Relaxed);
        day
    }
}

/// Reads the IDs of a day from the store; blocks.
fn read(target: &Target, day: i64) -> Result<Ids> {
    let Some(opened) = target.opened() else { return Ok(Ids::default()) };
    let store = opened.root;
    let table = opened.table;
    Handle::current().block_on(async move {
        let snapshot = table.snapshot().await?;
        let mut ids = Ids::default();
        for file in snapshot.files.iter().filter(|file| file.day == day) {
            read_file(&store, file, &mut ids).await?;
        }
        Ok(ids)
    })
}

async fn read_file(store: &Arc<dyn ObjectStore>, file: &DataFile, ids: &mut Ids) -> Result<()> {
    let failed = |error: ParquetError| {
        Error::unavailable(format!("cannot read the event IDs of `{}`: {error}", file.path)).source(error)
    };
    let reader = FileReader { store: store.clone(), path: Path::from(file.path.as_str()), size: file.size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), ["recipientaccountid", "eventid"]);
    let mut batches = builder.with_projection(columns).build().map_err(failed)?;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        let (accounts, event_ids) = (texts(&batch, "recipientaccountid"), texts(&batch, "eventid"));
        let Some(event_ids) = event_ids else { continue };
        for row in (0..batch.num_rows()).filter(|row| event_ids.is_valid(*row)) {
            let account = accounts.filter(|accounts| accounts.is_valid(row)).map_or("", |accounts| accounts.value(row));
            ids.insert(identity(account, event_ids.value(row)));
        }
    }
    Ok(())
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name).and_then(|values| values.as_string_opt::<i32>())
}

/// Reads parts of a file of the lake.
struct FileReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        self.store.get_range(&self.path, range).map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let reader = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            reader.load_and_finish(self, size).await.map(Arc::new)
        }
        .boxed()
    }
}
