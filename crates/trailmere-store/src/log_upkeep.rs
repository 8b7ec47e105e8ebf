//! How does a Delta log stay short: checkpoints, and old commits that they make superfluous?
//!
//! Commits write a checkpoint now and then by themselves; upkeep does it for tables to which little is committed, and
//! removes what is older than the log's retention. A reader begins at a checkpoint, so whatever of the commits before it
//! is gone, and in whatever order, it is not missed.

use chrono::{DateTime, Duration, Utc};
use deltalake::{DeltaTable, DeltaTableError, checkpoints};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::Serialize;
use trailmere_model::Result;

use crate::table::{LOG_RETENTION_DAYS, Table};
use crate::vacuum::{self, Unused};

/// Fewer commits after the last checkpoint are read as fast as a new checkpoint.
const CHECKPOINT_DUE: u64 = 8;

/// What was done about a Delta log, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogUpkeep {
    /// The version that got a checkpoint.
    pub checkpoint: Option<u64>,
    /// Commits and checkpoints that were removed.
    pub removed: Unused,
}

/// What is due.
#[derive(Debug, Default)]
struct Plan {
    checkpoint: Option<u64>,
    removed: Vec<ObjectMeta>,
}

/// What a file of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Commit(u64),
    Checkpoint(u64),
}

impl Table {
    /// Writes a checkpoint if one is due, then removes what it makes superfluous.
    pub(crate) async fn shorten_log(&self, now: DateTime<Utc>) -> Result<LogUpkeep> {
        let plan = self.plan_log(now).await?;
        if let Some(version) = plan.checkpoint {
            self.checkpoint(version)
                .await
                .map_err(|error| self.failed(error, "write a checkpoint of").at(self.place()))?;
        }
        vacuum::delete(self.inner.store.as_ref(), &plan.removed).await?;
        Ok(plan.counted())
    }

    /// Says what [`Table::shorten_log`] would do.
    pub(crate) async fn shortenable_log(&self, now: DateTime<Utc>) -> Result<LogUpkeep> {
        Ok(self.plan_log(now).await?.counted())
    }

    async fn plan_log(&self, now: DateTime<Utc>) -> Result<Plan> {
        let folder = Path::from_iter(self.inner.path.parts().chain(["_delta_log".into()]));
        let files = vacuum::list(self.inner.store.as_ref(), &folder).await?;
        Ok(plan(files, now - Duration::days(LOG_RETENTION_DAYS)))
    }

    async fn checkpoint(&self, version: u64) -> std::result::Result<(), DeltaTableError> {
        let mut table = DeltaTable::new(self.inner.log.clone());
        table.load_version(version).await?;
        checkpoints::create_checkpoint(&table, None).await
    }
}

impl Plan {
    fn counted(&self) -> LogUpkeep {
        LogUpkeep { checkpoint: self.checkpoint, removed: vacuum::count(&self.removed) }
    }
}

fn plan(files: Vec<ObjectMeta>, cutoff: DateTime<Utc>) -> Plan {
    let entries: Vec<(Entry, ObjectMeta)> =
        files.into_iter().filter_map(|file| Some((Entry::parse(file.location.filename()?)?, file))).collect();
    let commits = entries.iter().filter_map(|(entry, _)| entry.commit());
    let Some(newest) = commits.max() else { return Plan::default() };
    let checkpoints = || entries.iter().filter_map(|(entry, _)| entry.checkpoint());
    let last = checkpoints().max();
    let checkpoint = (newest - last.unwrap_or(0) >= CHECKPOINT_DUE).then_some(newest);
    // All versions within the retention can be read to the end: from the last checkpoint that is not younger than any.
    let young = entries.iter().filter(|(_, file)| file.last_modified >= cutoff);
    let oldest_kept = young.map(|(entry, _)| entry.version()).min().unwrap_or(newest);
    let safe = checkpoints().chain(checkpoint).filter(|version| *version <= oldest_kept).max();
    let is_old = |entry: &Entry, file: &ObjectMeta| {
        safe.is_some_and(|safe| entry.version() < safe) && file.last_modified < cutoff
    };
    let removed = entries.into_iter().filter(|(entry, file)| is_old(entry, file)).map(|(_, file)| file).collect();
    Plan { checkpoint, removed }
}

impl Entry {
    fn parse(name: &str) -> Option<Self> {
        let (version, rest) = name.split_once('.')?;
        let version = version.parse().ok().filter(|_| version.len() == 20)?;
        match rest {
            "json" => Some(Self::Commit(version)),
            _ if rest.starts_with("checkpoint") && rest.ends_with(".parquet") => Some(Self::Checkpoint(version)),
            _ => None,
        }
    }

    fn version(self) -> u64 {
        match self {
            Self::Commit(version) | Self::Checkpoint(version) => version,
        }
    }

    fn commit(self) -> Option<u64> {
        matches!(self, Self::Commit(_)).then(|| self.version())
    }

    fn checkpoint(self) -> Option<u64> {
        matches!(self, Self::Checkpoint(_)).then(|| self.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(i64::from(hour) * 3600, 0).unwrap()
    }

    fn file(name: &str, hour: u32) -> ObjectMeta {
        let location = Path::from(format!("stores/x/_delta_log/{name}"));
        ObjectMeta { location, last_modified: at(hour), size: 1, e_tag: None, version: None }
    }

    fn log(commits: u32, checkpoints: &[u32]) -> Vec<ObjectMeta> {
        let commits = (0..commits).map(|version| file(&format!("{version:020}.json"), version));
        let checkpoints =
            checkpoints.iter().map(|version| file(&format!("{version:020}.checkpoint.parquet"), *version));
        commits.chain(checkpoints).chain([file("_last_checkpoint", 0), file("notes.txt", 0)]).collect()
    }

    #[test]
    fn a_checkpoint_is_due_after_some_commits() {
        assert_eq!(plan(log(8, &[]), at(0)).checkpoint, None);
        assert_eq!(plan(log(9, &[]), at(0)).checkpoint, Some(8));
        assert_eq!(plan(log(40, &[32]), at(0)).checkpoint, None);
        assert_eq!(plan(log(41, &[32]), at(0)).checkpoint, Some(40));
        assert_eq!(plan(Vec::new(), at(0)).checkpoint, None);
    }

    #[test]
    fn what_is_within_the_retention_stays_readable() {
        let versions = |files: Vec<ObjectMeta>, cutoff| {
            let removed = plan(files, at(cutoff)).removed;
            let mut versions: Vec<u64> =
                removed.iter().filter_map(|file| Some(Entry::parse(file.location.filename()?)?.version())).collect();
            versions.sort_unstable();
            versions
        };
        assert!(versions(log(40, &[10, 32]), 0).is_empty());
        // Version 30 is kept, so it must be reached from checkpoint 10 on.
        assert_eq!(versions(log(40, &[10, 32]), 30), (0..10).collect::<Vec<u64>>());
        // All are old: the checkpoint that is due, and what it is of, are enough.
        let all = (0..40).chain([10, 20]).collect::<std::collections::BTreeSet<u64>>();
        let removed: std::collections::BTreeSet<u64> = versions(log(41, &[10, 20]), 100).into_iter().collect();
        assert_eq!(removed, all);
        assert!(versions(log(5, &[]), 100).is_empty(), "no checkpoint, nothing goes");
    }
}
