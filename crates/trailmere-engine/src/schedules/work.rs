//! How is a slot run by one scheduler and no other, and not lost when that one dies?
//!
//! A slot is taken by a conditional write, for a while that is renewed as long as the work goes on. What it came to is
//! another conditional write, which is refused if somebody else has taken the slot over meanwhile; only after it does
//! anybody hear of the run.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use trailmere_model::{Error, Result};
use uuid::Uuid;

use super::alert::{self, Fires, Report};
use super::answer::Cover;
use super::definition::Schedule;
use super::delivery::in_one_line;
use super::findings::Findings;
use super::run::{Outcome, Work};
use super::scheduler::{Happening, Scheduler};
use super::state::{Lease, Refused, RunRecord, RunStatus};

/// How many times in the life of a lease it is renewed.
const RENEWALS: u32 = 3;

impl Scheduler<'_> {
    /// Sends what is to be sent and runs the slots of a schedule that are due, one after the other.
    pub(crate) async fn work(&self, schedule: &Schedule) -> Result<()> {
        self.deliver(schedule).await?;
        while !self.shutdown.is_cancelled() {
            let state = self.schedules.state(schedule.id).await?;
            let settled = schedule.settled(&state);
            let now = (self.clock.slots)();
            let Some(slot) = schedule.timing().due(settled, now) else {
                self.wake_at(schedule, schedule.timing().next(settled, now));
                return Ok(());
            };
            let taken = self.schedules.change_state(schedule.id, |state| state.take(slot, self.claim())).await?;
            match taken {
                Ok(lease) => self.run_slot(schedule, &lease).await?,
                // Somebody was faster: what is due next shows a second look.
                Err(Refused::Settled) => {}
                Err(_) => return Ok(()),
            }
            self.deliver(schedule).await?;
        }
        Ok(())
    }

    /// Runs a schedule at once, outside of its slots, up to now: its next slot is run as if this had not been.
    pub async fn run_now(&self, schedule: &Schedule) -> Result<RunRecord> {
        let (now, started) = ((self.clock.slots)(), (self.clock.wall)());
        let state = self.schedules.state(schedule.id).await?;
        let cover = Cover { begin: schedule.begins(now, &state), end: now };
        let outcome = self.work_on(schedule, cover, now).perform().await;
        let draft = Draft { cover, by_hand: true, attempt: 1, started };
        let (run, report) = self.record(draft, outcome);
        let written = self.schedules.change_state(schedule.id, |state| {
            let mut run = run.clone();
            alert::raise(state, schedule, &mut run, &report, now);
            state.remember(run.clone());
            Ok(run)
        });
        let Ok(run) = written.await? else { return Err(Error::internal("a run by hand was refused")) };
        self.say(Happening::Ended { schedule: schedule.name.clone(), run: Box::new(run.clone()) });
        self.deliver(schedule).await?;
        Ok(run)
    }

    async fn run_slot(&self, schedule: &Schedule, lease: &Lease) -> Result<()> {
        let (name, slot) = (schedule.name.clone(), lease.slot);
        self.say(Happening::Started { schedule: name.clone(), slot, attempt: lease.attempt });
        let (now, started) = ((self.clock.slots)(), (self.clock.wall)());
        let state = self.schedules.state(schedule.id).await?;
        let cover = Cover { begin: schedule.begins(slot, &state), end: slot };
        let work = self.work_on(schedule, cover, now);
        let outcome = if lease.is_hopeless() {
            let tried = lease.attempt - 1;
            Err(Error::limit(format!("{tried} schedulers died while they ran this slot; it is given up")))
        } else {
            tokio::select! {
                outcome = work.perform() => outcome,
                () = self.keep(schedule.id, lease.token) => {
                    work.cancel().await;
                    self.say(Happening::Overtaken { schedule: name, slot });
                    return Ok(());
                }
                () = self.shutdown.cancelled() => {
                    work.cancel().await;
                    return self.give_back(schedule.id, lease.token).await;
                }
            }
        };
        let draft = Draft { cover, by_hand: false, attempt: lease.attempt, started };
        let (run, report) = self.record(draft, outcome);
        let written = self.schedules.change_state(schedule.id, |state| {
            let mut run = run.clone();
            alert::raise(state, schedule, &mut run, &report, now);
            state.settle(lease.token, run.clone(), Some(report.findings.hash.clone()))?;
            Ok(run)
        });
        match written.await? {
            Ok(run) => self.say(Happening::Ended { schedule: name, run: Box::new(run) }),
            Err(_) => self.say(Happening::Overtaken { schedule: name, slot }),
        }
        Ok(())
    }

    /// Renews a lease for ever; ends when it is somebody else's, or over because the lake could not be written for long.
    async fn keep(&self, id: Uuid, token: u64) {
        let mut over = tokio::time::Instant::now() + self.options.patience;
        loop {
            tokio::time::sleep((self.options.patience / RENEWALS).max(Duration::from_millis(10))).await;
            match self.schedules.change_state(id, |state| state.renew(token, self.claim())).await {
                Ok(Ok(())) => over = tokio::time::Instant::now() + self.options.patience,
                Ok(Err(_)) => return,
                Err(_) if tokio::time::Instant::now() >= over => return,
                Err(_) => {}
            }
        }
    }

    async fn give_back(&self, id: Uuid, token: u64) -> Result<()> {
        self.schedules.change_state(id, |state| state.release(token)).await?.ok();
        Ok(())
    }

    fn work_on<'w>(&'w self, schedule: &'w Schedule, cover: Cover, now: DateTime<Utc>) -> Work<'w> {
        let who = &self.options.holder;
        Work { engine: &self.engine, schedule, cover, now, wall: self.clock.wall, who, asking: Mutex::default() }
    }

    fn record(&self, draft: Draft, outcome: Result<Outcome>) -> (RunRecord, Report) {
        let (status, note, query_id, report) = match outcome {
            Ok(outcome) => (RunStatus::Finished, outcome.note, outcome.query_id, outcome.report),
            Err(error) => {
                let nothing = Report { findings: Findings::default(), fires: Fires::No };
                (RunStatus::Failed, Some(in_one_line(&error)), None, nothing)
            }
        };
        let run = RunRecord {
            id: Uuid::new_v4(),
            scheduled_time: draft.cover.end,
            last_success_time: draft.cover.begin,
            by_hand: draft.by_hand,
            status,
            attempt: draft.attempt,
            holder: self.options.holder.clone(),
            started: draft.started,
            finished: (self.clock.wall)(),
            query_id,
            rows: report.findings.rows,
            alert: false,
            repeated: false,
            note,
            notices: vec![],
        };
        (run, report)
    }
}

/// What is known of a run before it ends.
struct Draft {
    cover: Cover,
    by_hand: bool,
    attempt: u32,
    started: DateTime<Utc>,
}
