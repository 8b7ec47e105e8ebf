//! How is history copied so that it can be stopped, gone on with, and retried where it failed?
//!
//! An import is a document of the lake: what was asked, how far it came, what failed. What is taken is in the stores'
//! ledgers, so going on is doing it again: everything that is there is passed over.

mod prefixes;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};
use trailmere_store::Lake;
use uuid::Uuid;

pub(crate) use prefixes::Prefixes;

use crate::ingest::take_all;
use crate::pipeline::Tally;
use crate::progress::Progress;
use crate::request::{ImportOptions, IngestRequest, Resume};
use crate::source::{Pruning, Source};
use crate::summary::IngestSummary;

/// The kind of the documents that imports are.
const KIND: &str = "import";
/// Failures beyond this many are counted, and found again only by going over everything.
const MAX_FAILURES: usize = 10_000;

/// An import, as the lake keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// How far it is.
    pub status: ImportStatus,
    /// The sources.
    pub sources: Vec<String>,
    /// The event data stores named; empty means all that take imports.
    pub stores: Vec<String>,
    /// What was to be copied.
    pub options: ImportOptions,
    /// How much was copied.
    pub statistics: ImportStatistics,
    /// The log files that could not be read to their end.
    pub failures: Vec<ImportFailure>,
    /// When it was started.
    pub created: DateTime<Utc>,
    /// When it was last gone on with.
    pub updated: DateTime<Utc>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportStatus {
    /// Running, or its process died: it can be gone on with.
    InProgress,
    /// Everything is copied.
    Completed,
    /// It was stopped, and can be gone on with.
    Stopped,
    /// Finished, but some log files failed: these can be retried.
    Failed,
}

/// How much an import has copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportStatistics {
    /// Folders with log files that are wanted.
    pub prefixes_found: u64,
    /// Folders of which every log file is copied.
    pub prefixes_completed: u64,
    /// Log files copied.
    pub files_completed: u64,
    /// Events copied.
    pub events_completed: u64,
    /// Log files that failed.
    pub failed_entries: u64,
}

/// A log file that an import could not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFailure {
    /// Its path or URL.
    pub location: String,
    /// Why.
    pub error_message: String,
    /// When it was last tried.
    pub last_updated: DateTime<Utc>,
}

/// What an import says in the summary.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// The import's id, to go on with it or to retry what failed.
    pub id: Uuid,
    /// How far it is.
    pub status: ImportStatus,
    /// How much it has copied, earlier runs included.
    #[serde(flatten)]
    pub statistics: ImportStatistics,
}

impl fmt::Display for ImportStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ImportStatus::InProgress => "IN_PROGRESS",
            ImportStatus::Completed => "COMPLETED",
            ImportStatus::Stopped => "STOPPED",
            ImportStatus::Failed => "FAILED",
        })
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.statistics;
        write!(
            f,
            "{} {}: {} of {} prefixes completed, ",
            self.id, self.status, s.prefixes_completed, s.prefixes_found
        )?;
        write!(f, "{} files, {} events, {} failed", s.files_completed, s.events_completed, s.failed_entries)
    }
}

/// Lists the imports of a lake, newest first.
pub async fn imports(lake: &Lake) -> Result<Vec<Import>> {
    let mut imports: Vec<Import> =
        lake.documents().list(KIND).await?.into_iter().map(|document| document.value).collect();
    imports.sort_by_key(|import: &Import| std::cmp::Reverse(import.created));
    Ok(imports)
}

/// Finds an import.
pub async fn find_import(lake: &Lake, id: Uuid) -> Result<Import> {
    let document = lake.documents().get(KIND, &id.to_string()).await?;
    document.map(|document| document.value).ok_or_else(|| Error::not_found(format!("there is no import `{id}`")))
}

/// Starts an import, or goes on with one.
pub(crate) async fn run(
    lake: &Lake,
    request: &IngestRequest,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let Some(options) = &request.import else { return Err(Error::internal("no import was asked for")) };
    check(options)?;
    let (import, only) = match options.resume {
        None => (start(lake, request, options, now).await?, None),
        Some(Resume::Rest(id)) => (find_import(lake, id).await?, None),
        Some(Resume::Failed(id)) => {
            let import = find_import(lake, id).await?;
            let failed = import.failures.iter().map(|failure| failure.location.clone()).collect();
            (import, Some(failed))
        }
    };
    let request = IngestRequest {
        sources: only.clone().unwrap_or_else(|| import.sources.clone()),
        stores: import.stores.clone(),
        import: Some(import.options.clone()),
        ..request.clone()
    };
    let mut sources = Vec::new();
    for source in &request.sources {
        sources.push(Source::open(source).await?);
    }
    let pruning = Pruning::outside(lake.location()).with_import(&import.options);
    let (tally, mut summary) = take_all(lake, &request, now, (&sources, pruning, progress)).await?;
    let part = if only.is_some() { Part::Failed } else { Part::All };
    summary.import = Some(finish(lake, &import, (&tally, &summary, part), (now, progress)).await?);
    Ok(summary)
}

/// What of an import was gone over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Failed,
}

fn check(options: &ImportOptions) -> Result<()> {
    match (options.start, options.end) {
        (Some(start), Some(end)) if start >= end => {
            Err(Error::invalid(format!("the import would start at {start} and end before it, at {end}"))
                .hint("give a start that is before the end"))
        }
        _ => Ok(()),
    }
}

async fn start(lake: &Lake, request: &IngestRequest, options: &ImportOptions, now: DateTime<Utc>) -> Result<Import> {
    let import = Import {
        id: Uuid::new_v4(),
        status: ImportStatus::InProgress,
        sources: request.sources.clone(),
        stores: request.stores.clone(),
        options: options.clone(),
        statistics: ImportStatistics::default(),
        failures: Vec::new(),
        created: now,
        updated: now,
    };
    lake.documents().put_new(KIND, &import.id.to_string(), &import).await?;
    Ok(import)
}

async fn finish(
    lake: &Lake,
    import: &Import,
    did: (&Tally, &IngestSummary, Part),
    at: (DateTime<Utc>, &dyn Progress),
) -> Result<ImportReport> {
    let ((tally, summary, part), (now, progress)) = (did, at);
    let (documents, id) = (lake.documents(), import.id.to_string());
    let changed = documents.change(KIND, &id, |import: &mut Import| {
        let statistics = &mut import.statistics;
        statistics.events_completed += summary.events();
        match part {
            Part::All => {
                statistics.files_completed = summary.files.taken + summary.files.skipped + summary.files.known;
                (statistics.prefixes_found, statistics.prefixes_completed) = tally.prefixes.counts();
            }
            Part::Failed => {
                statistics.files_completed += summary.files.taken + summary.files.skipped;
                statistics.prefixes_completed += tally.prefixes.counts().1;
            }
        }
        statistics.failed_entries = tally.failed.len() as u64;
        let failures = tally.failed.iter().take(MAX_FAILURES).map(|failure| ImportFailure {
            location: failure.location.clone(),
            error_message: failure.reason.clone(),
            last_updated: now,
        });
        import.failures = failures.collect();
        import.updated = now;
        import.status = match (progress.is_stopped(), tally.failed.is_empty()) {
            (true, _) => ImportStatus::Stopped,
            (false, true) => ImportStatus::Completed,
            (false, false) => ImportStatus::Failed,
        };
        Ok(())
    });
    let import = changed.await?.value;
    Ok(ImportReport { id: import.id, status: import.status, statistics: import.statistics })
}
