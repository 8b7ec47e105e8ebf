//! `trailmere scheduler`: does what is due, once or until it is told to end.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;
use trailmere_engine::Engine;
use trailmere_engine::schedules::{
    Clock, Happening, LocalActions, Period, Retry, RunRecord, RunStatus, Scheduler as Runner, SchedulerOptions,
};
use uuid::Uuid;

use super::ingest::moment;
use super::query::{bytes, duration};
use super::schedule::wanted::parsed;
use crate::arguments::Global;
use crate::context::{engine, now, open_lake};
use crate::exit;

/// Doing what is due.
#[derive(Debug, Args)]
pub(crate) struct Scheduler {
    /// Do what is due now, and end: for cron
    #[arg(long)]
    once: bool,
    /// Look at the lake at least this often
    #[arg(long, value_parser = duration, default_value = "10s", conflicts_with = "once")]
    poll: Duration,
    /// Work on so many schedules at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Also maintain the lake this often, unless a schedule does
    #[arg(long, value_name = "24h", value_parser = parsed::<Period>)]
    maintain_every: Option<Period>,
    /// Whether notifications may run programs and write files on this machine; whoever can write to the lake says which
    /// [default: allow for a lake in a folder, refuse for one in a bucket]
    #[arg(long)]
    local_actions: Option<Permission>,
    /// Memory that queries may hold before they spill: 512MB, 4GB [default: 4GB]
    #[arg(long, value_parser = bytes)]
    memory_limit: Option<usize>,
    #[command(flatten)]
    timing: Timing,
}

/// Yes or no to notifications that act on this machine.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Permission {
    /// They may
    Allow,
    /// They may not
    Refuse,
}

/// What tests set, so that they need not wait.
#[derive(Debug, Args)]
pub(crate) struct Timing {
    /// The time by which slots come due
    #[arg(long, hide = true, value_parser = moment)]
    now: Option<DateTime<Utc>>,
    /// How long a scheduler may be silent before others take over its work
    #[arg(long, hide = true, value_parser = duration, default_value = "60s")]
    lease: Duration,
    /// The wait after a notification's first failure
    #[arg(long, hide = true, value_parser = duration, default_value = "1s")]
    retry_wait: Duration,
    /// How often a notification is tried
    #[arg(long, hide = true, default_value_t = 6)]
    tries: u32,
}

impl Timing {
    /// The time by which slots come due.
    pub(crate) fn slots(&self) -> impl Fn() -> DateTime<Utc> + Send + Sync + 'static {
        let fixed = self.now;
        move || fixed.unwrap_or_else(now)
    }

    /// That time and the real one.
    pub(crate) fn clock<'a>(&self, slots: &'a (dyn Fn() -> DateTime<Utc> + Send + Sync)) -> Clock<'a> {
        Clock { slots, wall: now }
    }

    /// Options that nobody was asked for.
    pub(crate) fn options(&self, engine: &Engine) -> SchedulerOptions {
        SchedulerOptions {
            holder: holder(),
            patience: self.lease,
            poll: Duration::from_secs(10),
            concurrency: 1,
            retry: Retry { attempts: self.tries.max(1), base: self.retry_wait, ..Retry::default() },
            local_actions: local_actions(engine, None),
            maintain_every: None,
        }
    }
}

pub(crate) async fn run(global: &Global, command: Scheduler) -> Result<ExitCode> {
    let engine = engine(open_lake(global).await?, command.memory_limit)?;
    let options = SchedulerOptions {
        poll: command.poll,
        concurrency: command.jobs,
        maintain_every: command.maintain_every,
        local_actions: local_actions(&engine, command.local_actions),
        ..command.timing.options(&engine)
    };
    let shutdown = CancellationToken::new();
    let slots = command.timing.slots();
    let scheduler = Runner::new(&engine, options, command.timing.clock(&slots), shutdown.clone(), &say);
    let listening = tokio::spawn(end_on_signal(shutdown.clone()));
    if command.once {
        scheduler.run_due().await?;
        listening.abort();
        let tally = scheduler.tally();
        return Ok(if tally.failed + tally.undeliverable > 0 {
            ExitCode::from(exit::WITH_REJECTS)
        } else {
            ExitCode::SUCCESS
        });
    }
    eprintln!("scheduling for {}; ctrl-C ends it", engine.lake().location());
    scheduler.run_forever().await;
    eprintln!("ended");
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C and SIGTERM end the work in an orderly way: what was not finished is given back for others.
async fn end_on_signal(shutdown: CancellationToken) {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            shutdown.cancel();
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
    shutdown.cancel();
}

/// Who can write to a lake in a folder can do things on this machine anyway; a bucket has writers elsewhere.
pub(crate) fn local_actions(engine: &Engine, asked: Option<Permission>) -> LocalActions {
    match asked {
        Some(Permission::Allow) => LocalActions::Allowed,
        Some(Permission::Refuse) => LocalActions::Refused,
        None if engine.lake().location().contains("://") => LocalActions::Refused,
        None => LocalActions::Allowed,
    }
}

/// A name that no other scheduler has, and that tells an administrator where to look.
fn holder() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_string()));
    let unique = Uuid::new_v4().simple().to_string();
    format!("{}:{}:{}", host.unwrap_or("localhost".to_string()), std::process::id(), &unique[..8])
}

/// Writes what happens to stderr, a line each.
pub(crate) fn say(happening: &Happening) {
    eprintln!("{} {}", now().format("%Y-%m-%dT%H:%M:%SZ"), line(happening));
}

fn line(happening: &Happening) -> String {
    let time = |time: &DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    match happening {
        Happening::Started { schedule, slot, attempt: 1 } => format!("{schedule} {}: started", time(slot)),
        Happening::Started { schedule, slot, attempt } => {
            format!("{schedule} {}: started, attempt {attempt}", time(slot))
        }
        Happening::Ended { schedule, run } => format!("{schedule} {}: {}", time(&run.scheduled_time), ended(run)),
        Happening::Overtaken { schedule, slot } => {
            format!("{schedule} {}: taken over by another scheduler", time(slot))
        }
        Happening::Notified { schedule, to } => format!("{schedule}: told {to}"),
        Happening::Retrying { schedule, to, why, wait } => {
            format!("{schedule}: can't tell {to} yet, trying again in {} ms: {why}", wait.as_millis())
        }
        Happening::Undeliverable { schedule, to, why } => format!("{schedule}: dead letter for {to}: {why}"),
        Happening::Trouble { schedule, why } => format!("{schedule}: {why}"),
    }
}

fn ended(run: &RunRecord) -> String {
    let took = (run.finished - run.started).num_milliseconds();
    let note = run.note.as_deref().unwrap_or_default();
    match (run.status, run.alert, run.repeated) {
        (RunStatus::Failed, ..) => format!("failed: {note}"),
        _ if run.note.is_some() => format!("{note}, {took} ms"),
        (_, true, false) => format!("{} rows, alert, {took} ms", run.rows),
        (_, true, true) => format!("{} rows, told before, {took} ms", run.rows),
        _ => format!("{} rows, {took} ms", run.rows),
    }
}
