//! The arguments of all commands.

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    apply, completions, doctor, export, ingest, keys, maintain, query, quickstart, saved, schedule, scheduler, shell,
    store, verify,
};

/// An open, self-hosted event lake for AWS CloudTrail: ingest delivered log files, ask in SQL.
#[derive(Debug, Parser)]
#[command(name = "trailmere", version, propagate_version = true, arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The lake: a folder or s3://bucket/prefix [default: a lake in the platform's data folder]
    #[arg(long, env = "TRAILMERE_LAKE", global = true, value_name = "DIR|s3://…")]
    pub(crate) lake: Option<String>,
    /// Don't wait for the disk (a lake that may be lost with the power)
    #[arg(long, global = true)]
    pub(crate) no_sync: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ingest logs and answer a first question, in one go
    Quickstart(quickstart::Quickstart),
    /// Ingest delivered log files into event data stores
    Ingest(Box<ingest::Ingest>),
    /// Run SQL, or start it to be looked at later
    Query(Box<query::Query>),
    /// Open the interactive SQL shell
    Shell(shell::Shell),
    /// Event data stores: create, list, show, change, delete
    Store(store::Store),
    /// Saved queries: the shipped ones and your own
    Saved(saved::Saved),
    /// Schedules: queries that ask themselves, and alerts on what they find
    Schedule(schedule::Schedule),
    /// Run the schedules that are due, once or for ever
    Scheduler(scheduler::Scheduler),
    /// Make stores, saved queries and schedules what a TOML file says
    Apply(apply::Apply),
    /// Write a store, or a range of its time, to plain files
    Export(Box<export::Export>),
    /// Check by signatures: delivered log files, exported results
    Verify(verify::Verify),
    /// The keys that exports are signed with
    Keys(keys::Keys),
    /// Look a lake over: do logs, files and ledgers agree?
    Doctor(doctor::Doctor),
    /// Remove what is past retention, and what nothing refers to
    Maintain(maintain::Maintain),
    /// Print shell completions
    Completions(completions::Completions),
}
