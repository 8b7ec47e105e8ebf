//! `trailmere quickstart`: from a folder of logs to a first answer.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use trailmere_engine::QueryRequest;
use trailmere_shell::printers::{self, Layout};
use trailmere_shell::show::{footer, show};

use super::ingest::ingest_into;
use crate::arguments::Global;
use crate::context::{engine, now, open_lake};

/// From logs to an answer.
#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// A folder, file or s3:// prefix of delivered CloudTrail logs
    source: String,
}

/// The questions: what is there, and a real one.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "What is in these logs?",
        "SELECT eventSource, count(*) AS events, count(DISTINCT eventName) AS apis, count_if(errorCode IS NOT NULL) AS errors
FROM events
GROUP BY eventSource
ORDER BY events DESC
LIMIT 10",
    ),
    (
        "Who was denied what?",
        "SELECT coalesce(userIdentity.arn, userIdentity.invokedBy, userIdentity.accountId) AS who,
       count(*) AS denied, array_join(array_sort(array_agg(DISTINCT eventName)), ', ') AS what, max(eventTime) AS latest
FROM events
WHERE errorCode IN ('AccessDenied', 'AccessDeniedException', 'Client.UnauthorizedOperation')
GROUP BY 1
ORDER BY denied DESC, latest DESC
LIMIT 5",
    ),
];

pub(crate) async fn run(global: &Global, command: Quickstart) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let location = lake.location().to_string();
    println!("Ingesting {} into the lake {location}", command.source);
    ingest_into(&lake, &command.source).await?;
    let engine = engine(lake, None)?;
    for (question, sql) in QUESTIONS {
        println!("\n{question}\n\n{sql};\n");
        let request = QueryRequest { store: None, parameters: vec![], now: now(), timeout: None };
        let run = engine.query(sql, &request).await?;
        let layout = Layout { width: trailmere_shell::terminal_width(), color: false };
        let mut printer = printers::format("auto")?.printer(Box::new(std::io::stdout()), layout);
        let shown = show(run, printer.as_mut(), None).await?;
        drop(printer);
        println!("{}", footer(&shown));
    }
    println!("\nAsk on: trailmere --lake '{location}' shell");
    Ok(ExitCode::SUCCESS)
}
