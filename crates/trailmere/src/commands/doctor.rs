//! `trailmere doctor`: is the lake in good health, and if not, how is it mended?

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use trailmere_store::{Depth, Examination, Finding, Severity};

use crate::arguments::Global;
use crate::context::{now, open_lake};
use crate::exit;

/// How closely to look.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Also read every row: order, days, statistics, and the events of each log file
    #[arg(long)]
    deep: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(global: &Global, command: Doctor) -> Result<ExitCode> {
    let lake = open_lake(global).await?;
    let depth = if command.deep { Depth::Deep } else { Depth::Quick };
    let examination = lake.examine(now(), depth).await?;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&examination)?);
    } else {
        print!("{}", describe(&examination));
    }
    Ok(if examination.is_healthy() { ExitCode::SUCCESS } else { exit::FAILED })
}

/// What was looked at, then a paragraph a finding.
fn describe(examination: &Examination) -> String {
    let Examination { documents, stores, files, rows, bytes, .. } = examination;
    let (stores, documents) = (HumanCount(*stores), HumanCount(*documents));
    let (files, rows, bytes) = (HumanCount(*files), HumanCount(*rows), HumanBytes(*bytes));
    let how = match examination.depth {
        Depth::Quick => "looked over",
        Depth::Deep => "read to the last row",
    };
    let mut text = format!("{how}: {stores} stores, {files} files, {rows} events, {bytes}, {documents} documents\n");
    for finding in &examination.findings {
        text.push_str(&paragraph(finding));
    }
    let count = |severity| examination.findings.iter().filter(|finding| finding.severity == severity).count();
    let (problems, notes) = (count(Severity::Problem), count(Severity::Note));
    text.push_str(&match (problems, notes) {
        (0, 0) => "nothing is wrong\n".to_owned(),
        (0, notes) => format!("nothing is wrong; {notes} things for the next upkeep\n"),
        (problems, 0) => format!("{problems} problems\n"),
        (problems, notes) => format!("{problems} problems, and {notes} things for the next upkeep\n"),
    });
    text
}

fn paragraph(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Problem => "problem",
        Severity::Note => "note",
    };
    let store = finding.store.as_ref().map(|store| format!("{store}: ")).unwrap_or_default();
    let (place, seen, mend) = (&finding.place, &finding.seen, finding.mend);
    format!("{word}: {store}{place}\n  {seen}\n  mend: {mend}\n")
}
