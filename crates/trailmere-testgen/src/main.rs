//! `trailmere-testgen`: writes delivered CloudTrail logs of any size from a seed.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use chrono::NaiveDate;
use clap::{Parser, ValueEnum};
use trailmere_testgen::{Amount, Digests, Plan, parse_size, write};

/// Writes CloudTrail logs like delivered ones: same seed, same logs.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder to write into; keys start with `AWSLogs/` below it.
    #[arg(long)]
    out: PathBuf,
    /// What to write: a corpus of its own, or the logs committed as `testdata/logs`.
    #[arg(long, value_enum, default_value = "corpus")]
    preset: Preset,
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how much JSON, before compression (`500MB`, `2GB`).
    #[arg(long, value_parser = parse_size, conflicts_with = "events")]
    raw_size: Option<u64>,
    /// How many events.
    #[arg(long)]
    events: Option<u64>,
    /// The day of the first delivery.
    #[arg(long, default_value = "2026-03-01")]
    start: NaiveDate,
    /// Over how many days.
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// How many accounts.
    #[arg(long, default_value_t = 12)]
    accounts: usize,
    /// How many of the accounts belong to an organization.
    #[arg(long, default_value_t = 0)]
    organization_accounts: usize,
    /// How many regions.
    #[arg(long, default_value_t = 8)]
    regions: usize,
    /// Mean size of a log file as delivered, compressed.
    #[arg(long, value_parser = parse_size, default_value = "27KB")]
    files_of: u64,
    /// How many files in a thousand repeat events of another.
    #[arg(long, default_value_t = 0)]
    repeating: usize,
    /// Also Insights and network activity folders, and each action and identity at least once.
    #[arg(long)]
    complete: bool,
    /// Also digest files, of the hours in which something was delivered.
    #[arg(long)]
    digests: bool,
    /// Also digest files of all hours, and backfill digests; with what S3 keeps beside them, and the public keys.
    #[arg(long)]
    hourly_digests: bool,
    /// Threads; by default all there are.
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Preset {
    Corpus,
    Testdata,
}

impl Arguments {
    fn plan(&self) -> Plan {
        if matches!(self.preset, Preset::Testdata) {
            return Plan::testdata();
        }
        let amount = match self.raw_size {
            Some(bytes) => Amount::RawBytes(bytes),
            None => Amount::Events(self.events.unwrap_or(100_000)),
        };
        Plan {
            seed: self.seed,
            amount,
            start: self.start,
            days: self.days,
            accounts: self.accounts,
            organization_accounts: self.organization_accounts,
            regions: self.regions,
            file_bytes: self.files_of,
            repeating_per_mille: self.repeating,
            complete: self.complete,
            digests: match (self.hourly_digests, self.digests) {
                (true, _) => Digests::Hourly,
                (false, true) => Digests::Busy,
                (false, false) => Digests::None,
            },
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into));
    let begun = Instant::now();
    let written = write(&arguments.plan(), &arguments.out, threads.unwrap_or(1))?;
    let report = format!(
        "{} log files and {} digests, {} events, {:.1} MB of JSON in {:.1} MB delivered, {:.1} s\n",
        written.files,
        written.digests,
        written.events,
        written.raw_bytes as f64 / 1e6,
        written.gzip_bytes as f64 / 1e6,
        begun.elapsed().as_secs_f64()
    );
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
