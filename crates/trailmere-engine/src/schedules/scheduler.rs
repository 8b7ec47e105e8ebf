//! Who does what is due, once or for ever, alone or beside others on the same lake?

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use trailmere_model::Result;
use uuid::Uuid;

use super::cadence::Cadence;
use super::catalog::Schedules;
use super::definition::{Schedule, Task};
use super::delivery::{Retry, in_one_line};
use super::notify::{Client, LocalActions};
use super::period::Period;
use super::state::{Claim, RunRecord};
use crate::engine::Engine;

/// Reads the time; only the binary has any.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The time by which slots come due.
    pub slots: &'a (dyn Fn() -> DateTime<Utc> + Send + Sync),
    /// The time by which leases and waits end.
    pub wall: fn() -> DateTime<Utc>,
}

impl fmt::Debug for Clock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", (self.slots)())
    }
}

/// How a scheduler works.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// Its name in leases and in the history.
    pub holder: String,
    /// After so long without a sign of life, others take over what it was at.
    pub patience: Duration,
    /// It looks at the lake at least this often.
    pub poll: Duration,
    /// Schedules that it works on at the same time.
    pub concurrency: usize,
    /// How notifications are tried again.
    pub retry: Retry,
    /// Whether notifications may act on this machine.
    pub local_actions: LocalActions,
    /// Maintain the lake this often, whatever its schedules say.
    pub maintain_every: Option<Period>,
}

/// What happens, for a log.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A run began.
    Started {
        /// The schedule.
        schedule: String,
        /// The slot.
        slot: DateTime<Utc>,
        /// How many have tried.
        attempt: u32,
    },
    /// A run is over and written down.
    Ended {
        /// The schedule.
        schedule: String,
        /// The run.
        run: Box<RunRecord>,
    },
    /// A run came to nothing, since somebody else took the slot over.
    Overtaken {
        /// The schedule.
        schedule: String,
        /// The slot.
        slot: DateTime<Utc>,
    },
    /// A notification was sent.
    Notified {
        /// The schedule.
        schedule: String,
        /// Where to.
        to: String,
    },
    /// A notification will be tried again.
    Retrying {
        /// The schedule.
        schedule: String,
        /// Where to.
        to: String,
        /// Why.
        why: String,
        /// When.
        wait: Duration,
    },
    /// A notification went to the dead letters.
    Undeliverable {
        /// The schedule.
        schedule: String,
        /// Where to.
        to: String,
        /// Why.
        why: String,
    },
    /// Something kept a schedule from being worked on.
    Trouble {
        /// The schedule, or `scheduler`.
        schedule: String,
        /// What.
        why: String,
    },
}

/// What a scheduler has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs that came to their end.
    pub finished: u64,
    /// Runs that failed, and schedules that could not be worked on.
    pub failed: u64,
    /// Notifications that were sent.
    pub notified: u64,
    /// Notifications that went to the dead letters.
    pub undeliverable: u64,
}

/// Does what is due on a lake.
pub struct Scheduler<'a> {
    pub(crate) engine: Engine,
    pub(crate) schedules: Schedules,
    pub(crate) options: SchedulerOptions,
    pub(crate) clock: Clock<'a>,
    pub(crate) client: Client,
    pub(crate) shutdown: CancellationToken,
    observer: &'a (dyn Fn(&Happening) + Send + Sync),
    counts: [AtomicU64; 4],
    /// When each schedule is next due, as far as it was looked at.
    wake: Mutex<BTreeMap<Uuid, DateTime<Utc>>>,
}

impl fmt::Debug for Scheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheduler({})", self.options.holder)
    }
}

/// The name and the id of the maintenance that a scheduler was told to do; the same for all, so that one of them does it.
const MAINTENANCE: &str = "maintenance";

impl<'a> Scheduler<'a> {
    /// A scheduler of a lake, which says what happens to `observer` and ends when `shutdown` is cancelled.
    pub fn new(
        engine: &Engine,
        options: SchedulerOptions,
        clock: Clock<'a>,
        shutdown: CancellationToken,
        observer: &'a (dyn Fn(&Happening) + Send + Sync),
    ) -> Self {
        Scheduler {
            engine: engine.clone(),
            schedules: engine.schedules(),
            options,
            clock,
            client: Client::default(),
            shutdown,
            observer,
            counts: Default::default(),
            wake: Mutex::default(),
        }
    }

    /// Does all that is due now, and ends when nothing is.
    pub async fn run_due(&self) -> Result<()> {
        let due = self.definitions().await?;
        self.wake().clear();
        let works = futures::stream::iter(due.iter().map(|schedule| async move {
            if let Err(error) = self.work(schedule).await {
                self.say(Happening::Trouble { schedule: schedule.name.clone(), why: in_one_line(&error) });
            }
        }));
        works.buffer_unordered(self.options.concurrency.max(1)).collect::<Vec<()>>().await;
        Ok(())
    }

    /// Does what is due, again and again, until it is told to end.
    pub async fn run_forever(&self) {
        while !self.shutdown.is_cancelled() {
            // A lake that can't be read for a moment is no reason to end.
            if let Err(error) = self.run_due().await {
                self.say(Happening::Trouble { schedule: "scheduler".to_owned(), why: in_one_line(&error) });
            }
            let next = self.wake().values().min().copied();
            let wait = next.map_or(self.options.poll, |next| {
                let until = (next - (self.clock.slots)()).to_std().unwrap_or_default();
                until.clamp(Duration::from_millis(50), self.options.poll)
            });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }

    /// What has been done so far.
    pub fn tally(&self) -> Tally {
        let [finished, failed, notified, undeliverable] =
            [0, 1, 2, 3].map(|at: usize| self.counts[at].load(Ordering::Relaxed));
        Tally { finished, failed, notified, undeliverable }
    }

    async fn definitions(&self) -> Result<Vec<Schedule>> {
        let mut schedules = self.schedules.list().await?;
        schedules.retain(|schedule| schedule.enabled);
        let is_maintained = schedules.iter().any(|schedule| matches!(schedule.task, Task::Maintain { .. }));
        if let Some(period) = self.options.maintain_every.filter(|_| !is_maintained) {
            schedules.push(maintenance(period, (self.clock.slots)())?);
        }
        Ok(schedules)
    }

    /// Who claims, when, and for how long.
    pub(crate) fn claim(&self) -> Claim<'_> {
        let patience = TimeDelta::from_std(self.options.patience).unwrap_or(TimeDelta::minutes(1));
        Claim { holder: &self.options.holder, now: (self.clock.wall)(), patience }
    }

    /// Notes when a schedule is next due.
    pub(crate) fn wake_at(&self, schedule: &Schedule, next: Option<DateTime<Utc>>) {
        if let Some(next) = next {
            self.wake().insert(schedule.id, next);
        }
    }

    /// Tells the observer, and counts.
    pub(crate) fn say(&self, happening: Happening) {
        let counted = match &happening {
            Happening::Ended { run, .. } if run.status == super::state::RunStatus::Finished => Some(0),
            Happening::Ended { .. } | Happening::Trouble { .. } => Some(1),
            Happening::Notified { .. } => Some(2),
            Happening::Undeliverable { .. } => Some(3),
            _ => None,
        };
        if let Some(at) = counted {
            self.counts[at].fetch_add(1, Ordering::Relaxed);
        }
        (self.observer)(&happening);
    }

    fn wake(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, DateTime<Utc>>> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schedule of the maintenance that no document defines. It begins one period back, so that it is due at once.
fn maintenance(period: Period, now: DateTime<Utc>) -> Result<Schedule> {
    let mut schedule =
        Schedule::new(MAINTENANCE, Task::Maintain { dedupe: false }, Cadence::every(period)?, now - period.delta());
    schedule.id = Uuid::new_v5(&Uuid::NAMESPACE_OID, MAINTENANCE.as_bytes());
    Ok(schedule)
}
