//! Where are the rows that a query has found, and for how long?
//!
//! `results/<day>/<query id>/<part>-<rows>.parquet`: numbered parts, whose names say how many rows they have, so that a
//! page is found by a listing. A part is written in one piece: what is there is whole.

use std::ops::Range;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use trailmere_model::Result;
use uuid::Uuid;

use crate::failure;
use crate::lake::Lake;
use crate::vacuum::{self, Unused};

const ROOT: &str = "results";

/// One part of a result.
#[derive(Clone, Debug)]
pub struct ResultPart {
    /// Its place among the parts, from 1 on.
    pub number: u64,
    /// Which rows of the result it has, counted from 0.
    pub rows: Range<u64>,
    /// The file, in the lake's store.
    pub file: ObjectMeta,
}

/// The kept rows of one query.
#[derive(Clone, Debug)]
pub struct ResultFiles {
    lake: Lake,
    folder: Path,
}

impl Lake {
    /// The kept rows of a query that was asked on this day (`YYYYMMDD`).
    pub fn results(&self, day: i64, id: Uuid) -> ResultFiles {
        ResultFiles { lake: self.clone(), folder: Path::from_iter([ROOT, &day.to_string(), &id.to_string()]) }
    }

    /// The days (`YYYYMMDD`) of which results are kept, oldest first.
    pub async fn result_days(&self) -> Result<Vec<i64>> {
        let listed = self.object_store().list_with_delimiter(Some(&Path::from(ROOT))).await;
        let listed = listed.map_err(|error| failure::storage(error, "list the results"))?;
        let day = |folder: &Path| folder.filename().and_then(|name| name.parse().ok());
        let mut days: Vec<i64> = listed.common_prefixes.iter().filter_map(day).collect();
        days.sort_unstable();
        Ok(days)
    }

    /// Counts all results of a day.
    pub async fn count_results(&self, day: i64) -> Result<Unused> {
        Ok(vacuum::count(&self.day_files(day).await?))
    }

    /// Removes all results of a day.
    pub async fn remove_results(&self, day: i64) -> Result<Unused> {
        let files = self.day_files(day).await?;
        vacuum::delete(self.object_store().as_ref(), &files).await?;
        Ok(vacuum::count(&files))
    }

    async fn day_files(&self, day: i64) -> Result<Vec<ObjectMeta>> {
        vacuum::list(self.object_store().as_ref(), &Path::from_iter([ROOT, &day.to_string()])).await
    }
}

impl ResultFiles {
    /// Writes the part of this number, a Parquet file.
    pub async fn put(&self, number: u64, rows: u64, parquet: Bytes) -> Result<()> {
        let path = self.folder.clone().join(format!("{number:06}-{rows}.parquet"));
        let written = self.lake.object_store().put(&path, parquet.into()).await;
        written.map(drop).map_err(|error| failure::storage(error, format!("keep the result in `{path}`")))
    }

    /// The parts in their order.
    pub async fn list(&self) -> Result<Vec<ResultPart>> {
        let files = vacuum::list(self.lake.object_store().as_ref(), &self.folder).await?;
        let mut named: Vec<(u64, u64, ObjectMeta)> = files.into_iter().filter_map(parse).collect();
        named.sort_by_key(|(number, ..)| *number);
        let mut parts: Vec<ResultPart> = Vec::with_capacity(named.len());
        for (number, rows, file) in named {
            let start = parts.last().map_or(0, |part| part.rows.end);
            parts.push(ResultPart { number, rows: start..start + rows, file });
        }
        Ok(parts)
    }

    /// Removes them.
    pub async fn remove(&self) -> Result<()> {
        let files = vacuum::list(self.lake.object_store().as_ref(), &self.folder).await?;
        vacuum::delete(self.lake.object_store().as_ref(), &files).await
    }
}

fn parse(file: ObjectMeta) -> Option<(u64, u64, ObjectMeta)> {
    let (number, rows) = file.location.filename()?.strip_suffix(".parquet")?.split_once('-')?;
    Some((number.parse().ok()?, rows.parse().ok()?, file))
}
