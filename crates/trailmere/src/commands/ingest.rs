//! `trailmere ingest`: delivered log files into event data stores.

mod bar;
mod summary;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use trailmere_ingest::{Dedupe, ImportOptions, ImportSelectors, IngestRequest, IngestSummary, Outcome, Resume, ingest};
use trailmere_model::Error;
use trailmere_store::Lake;
use uuid::Uuid;

use super::query::{bytes, duration};
use crate::arguments::Global;
use crate::context::{now, open_lake};
use crate::exit;
pub(crate) use bar::Bar;
pub(crate) use summary::describe as describe_summary;

/// What to ingest.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Folders, files, s3://bucket/prefix, or - for stdin
    #[arg(required_unless_present_any = ["resume", "retry"])]
    sources: Vec<String>,
    /// Into these stores only (name, id or ARN) [default: all that are ingesting; with none at all, one is made]
    #[arg(long)]
    store: Vec<String>,
    /// Leave out events whose account and event ID are in the store already
    #[arg(long)]
    dedupe: bool,
    /// Keep looking for new log files
    #[arg(long)]
    follow: bool,
    /// How often --follow looks
    #[arg(long, default_value = "30s", value_parser = duration, requires = "follow")]
    interval: Duration,
    /// How far back --follow looks for late log files
    #[arg(long, default_value = "24h", value_parser = duration, requires = "follow")]
    look_back: Duration,
    #[command(flatten)]
    import: Import,
    /// Fail (exit code 1) if anything was rejected or could not be read, rather than end with code 3
    #[arg(long)]
    strict: bool,
    /// Memory for rows and files under way: 256MB, 1GB
    #[arg(long, value_parser = bytes)]
    memory: Option<usize>,
    /// Threads that decode, and as many that encode [default: one per core]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Copying history.
#[derive(Debug, Args)]
struct Import {
    /// Copy history: takes a time range, accounts and regions; can be resumed
    #[arg(long)]
    import: bool,
    /// Take every event, whatever the stores' selectors, as Lake's imports do
    #[arg(long, requires = "import")]
    ignore_selectors: bool,
    /// Events from this time on: 2026-03-01 or 2026-03-01T12:00:00Z
    #[arg(long, value_parser = moment, requires = "import")]
    start: Option<DateTime<Utc>>,
    /// Events before this time
    #[arg(long, value_parser = moment, requires = "import")]
    end: Option<DateTime<Utc>>,
    /// Only these accounts
    #[arg(long, value_delimiter = ',', requires = "import")]
    accounts: Vec<String>,
    /// Only these regions
    #[arg(long, value_delimiter = ',', requires = "import")]
    regions: Vec<String>,
    /// Go on with an import that was stopped
    #[arg(long, value_name = "IMPORT-ID", requires = "import")]
    resume: Option<Uuid>,
    /// Take only what failed in an import
    #[arg(long, value_name = "IMPORT-ID", requires = "import", conflicts_with = "resume")]
    retry: Option<Uuid>,
}

impl Import {
    fn options(&self) -> Option<ImportOptions> {
        let resume = self.resume.map(Resume::Rest).or(self.retry.map(Resume::Failed));
        self.import.then(|| ImportOptions {
            start: self.start,
            end: self.end,
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            selectors: if self.ignore_selectors { ImportSelectors::Ignore } else { ImportSelectors::Apply },
            resume,
        })
    }
}

pub(crate) async fn run(global: &Global, command: Ingest) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let mut request = IngestRequest {
        sources: command.sources.clone(),
        stores: command.store.clone(),
        import: command.import.options(),
        follow: command.follow.then_some(command.interval),
        look_back: command.look_back,
        dedupe: if command.dedupe { Dedupe::Remove } else { Dedupe::Count },
        threads: command.threads,
        ..IngestRequest::default()
    };
    request.memory = command.memory.unwrap_or(request.memory);
    let summary = watched(&lake, &request).await?;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        print!("{}", describe_summary(&summary));
    }
    Ok(match (summary.outcome(), command.strict) {
        (Outcome::Good, _) => ExitCode::SUCCESS,
        (Outcome::Rejects, true) => {
            eprintln!("error: something was rejected or could not be read (--strict)");
            exit::FAILED
        }
        (Outcome::Rejects, false) => ExitCode::from(exit::WITH_REJECTS),
    })
}

/// Ingests one source into all stores of a lake, with a progress bar; says what came of it on stderr.
pub(crate) async fn ingest_into(lake: &Lake, source: &str) -> Result<IngestSummary> {
    let summary = watched(lake, &IngestRequest::of(source)).await?;
    eprint!("{}", describe_summary(&summary));
    Ok(summary)
}

/// Ingests under a progress bar; ctrl-C ends it after what is under way, so that nothing is half done.
pub(crate) async fn watched(lake: &Lake, request: &IngestRequest) -> Result<IngestSummary> {
    let bar = Arc::new(Bar::start());
    let watch = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                bar.stop();
            }
            // The second time the user means now; the lake stands that.
            let _ = tokio::signal::ctrl_c().await;
            bar.abandon();
        })
    };
    let abandoned = bar.abandoned();
    let result = tokio::select! {
        result = ingest(lake, request, now(), bar.as_ref()) => result,
        () = abandoned => Err(Error::cancelled("the ingestion was cut short").hint("run it again: nothing is taken twice")),
    };
    watch.abort();
    bar.finish();
    Ok(result?)
}

/// `2026-03-01`, `2026-03-01T12:00:00Z`, `2026-03-01 12:00:00` (UTC).
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .map(|time| time.and_utc())
        .map_err(|_| "give a time such as 2026-03-01 or 2026-03-01T12:00:00Z".to_string())
}
