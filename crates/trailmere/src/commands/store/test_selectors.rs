//! `trailmere store test-selectors`: what would be kept, before anything is stored.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_ingest::{Amount, SelectorPreview, preview_selectors};

use super::create::read_selectors;
use crate::arguments::Global;
use crate::commands::ingest::Bar;
use crate::context::open_lake;

/// Selectors and logs to try them on.
#[derive(Debug, Args)]
pub(super) struct TestSelectors {
    /// A folder, file or s3:// prefix of delivered logs
    source: String,
    /// Selectors: JSON, a file, or file://FILE
    #[arg(long, value_name = "JSON|FILE", required_unless_present = "store")]
    selectors: Option<String>,
    /// The selectors of this store
    #[arg(long, conflicts_with = "selectors")]
    store: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, test: TestSelectors) -> Result<ExitCode> {
    let selectors = match (&test.selectors, &test.store) {
        (Some(text), _) => read_selectors(text)?,
        (None, Some(name)) => {
            let store = open_lake(global).await?.find_store(name).await?;
            match store.selectors {
                Some(selectors) => selectors,
                None => {
                    println!("{} takes every event of its type", store.name);
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
        (None, None) => read_selectors("")?,
    };
    let bar = Bar::start();
    let preview = preview_selectors(&test.source, &selectors, &bar).await;
    bar.finish();
    let preview = preview?;
    if test.json {
        println!("{}", serde_json::to_string_pretty(&preview)?);
    } else {
        print!("{}", describe(&preview));
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(preview: &SelectorPreview) -> String {
    let mut lines = vec![format!("{:<40} {}", "all events", amount(&preview.all, &preview.all))];
    for (i, selector) in preview.selectors.iter().enumerate() {
        let name = selector.name.clone().unwrap_or_else(|| format!("selector {}", i + 1));
        lines.push(format!("{name:<40} {}", amount(&selector.amount, &preview.all)));
    }
    lines.push(format!("{:<40} {}", "kept by any of them", amount(&preview.kept, &preview.all)));
    let mut read = format!("{} log files read", HumanCount(preview.files));
    if preview.failed > 0 {
        read.push_str(&format!(", {} could not be read to their end", HumanCount(preview.failed)));
    }
    if preview.rejected > 0 {
        read.push_str(&format!(", {} records are no events", HumanCount(preview.rejected)));
    }
    lines.push(read);
    lines.join("\n") + "\n"
}

fn amount(some: &Amount, all: &Amount) -> String {
    let share = 100.0 * some.bytes as f64 / all.bytes.max(1) as f64;
    format!(
        "{:>12} events {:>12} {share:>6.1} %",
        HumanCount(some.events).to_string(),
        HumanBytes(some.bytes).to_string()
    )
}
