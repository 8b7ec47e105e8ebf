//! `trailmere verify logs`: delivered log files against CloudTrail's digest files, as `aws cloudtrail validate-logs` does.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use trailmere_ingest::{Line, Moved, PublicKeys, TrailReport, VerifyRequest, Witness, verify_logs};
use trailmere_model::Error;

use crate::commands::ingest::moment;
use crate::context::now;
use crate::exit;

/// What to validate.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// A folder with a copy of a bucket, or s3://bucket/prefix
    source: String,
    /// CloudTrail's public keys, as `aws cloudtrail list-public-keys` prints them; one file a region
    #[arg(long, value_name = "FILE", required = true)]
    public_keys: Vec<PathBuf>,
    /// From this time on: 2026-03-01 or 2026-03-01T12:00:00Z [default: the day of the oldest digest]
    #[arg(long, value_parser = moment)]
    start: Option<DateTime<Utc>>,
    /// Until this time [default: now]
    #[arg(long, value_parser = moment)]
    end: Option<DateTime<Utc>>,
    /// The bucket (and prefix) that a folder is a copy of [default: as its newest digest says]
    #[arg(long, value_name = "BUCKET[/PREFIX]")]
    bucket: Option<String>,
    /// Accept digests that are not where they were delivered
    #[arg(long)]
    allow_moved: bool,
    /// Also say what is valid
    #[arg(long, short)]
    verbose: bool,
    /// Print the reports as JSON; what is invalid still goes to stderr
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Logs) -> Result<ExitCode> {
    let request = VerifyRequest {
        source: command.source.clone(),
        public_keys: read_public_keys(&command.public_keys)?,
        start: command.start,
        end: command.end,
        bucket: command.bucket.clone(),
        moved: if command.allow_moved { Moved::Accepted } else { Moved::Invalid },
    };
    let mut voice = Voice {
        is_verbose: command.verbose,
        is_json: command.json,
        is_apart: true,
        is_summed_up: false,
        reports: Vec::new(),
    };
    verify_logs(&request, now(), &mut voice).await?;
    let reports = voice.reports;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else if reports.is_empty() {
        println!("No digests found");
    }
    Ok(if reports.iter().all(TrailReport::is_good) { ExitCode::SUCCESS } else { exit::FAILED })
}

/// Reads files of public keys.
pub(crate) fn read_public_keys(files: &[PathBuf]) -> Result<PublicKeys> {
    let mut keys = PublicKeys::default();
    for file in files {
        let place = format!("`{}`", file.display());
        let text = std::fs::read_to_string(file)
            .map_err(|error| Error::not_found(format!("the public keys {place} cannot be read: {error}")))?;
        keys.extend(PublicKeys::parse(&text).map_err(|error| error.at(place))?);
    }
    Ok(keys)
}

/// Says things with the blank lines that AWS's validator has between them.
struct Voice {
    is_verbose: bool,
    is_json: bool,
    /// Whether a blank line was the last.
    is_apart: bool,
    /// Whether a summary was the last.
    is_summed_up: bool,
    reports: Vec<TrailReport>,
}

impl Witness for Voice {
    fn line(&mut self, line: &Line) {
        if line.is_warning() {
            eprint!("{}{line}\n\n", if self.is_apart { "" } else { "\n" });
            self.is_apart = true;
            return;
        }
        if self.is_json {
            return;
        }
        if !line.is_good_news() {
            print!("{}{line}\n\n", if self.is_summed_up { "\n" } else { "" });
            self.is_apart = true;
        } else if self.is_verbose {
            println!("{line}");
            self.is_apart = false;
        }
    }

    fn report(&mut self, report: &TrailReport) {
        self.reports.push(report.clone());
        if self.is_json {
            return;
        }
        print!("{}{report}", if self.is_apart { "" } else { "\n" });
        self.is_summed_up = true;
    }
}
