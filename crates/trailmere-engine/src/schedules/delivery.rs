//! How does a notification get to where it should, although its receiver or its sender fails?
//!
//! It stands in the state's outbox from the moment that its run is written down. Whoever takes it holds it for a while;
//! after a failure it waits, longer each time; after the last it goes to the dead letters. It leaves the outbox only when
//! it was sent or is dead, so that it is sent at least once, and twice only if its sender dies between sending and
//! writing that down: its id tells.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use sha2::{Digest, Sha256};
use trailmere_model::{Error, Kind, Result};
use uuid::Uuid;

use super::catalog::DeadLetter;
use super::definition::Schedule;
use super::notify::Sending;
use super::scheduler::{Happening, Scheduler};
use super::state::{Notice, NoticeStatus};

/// How often a notification is tried, and how long is waited in between.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Tries in all.
    pub attempts: u32,
    /// The wait after the first; it doubles after each.
    pub base: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: 6, base: Duration::from_secs(1), most: Duration::from_secs(60) }
    }
}

impl Retry {
    /// The wait after the n-th failure: doubled each time, and between half of that and all of it, so that many who
    /// failed at the same moment do not come back at the same moment. Chance comes from the notification's id.
    pub(crate) fn wait(&self, id: Uuid, attempt: u32) -> Duration {
        let doubled = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(self.most);
        let digest = Sha256::digest(format!("{id} {attempt}").as_bytes());
        let chance = f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX);
        doubled.mul_f64(0.5 + chance / 2.0)
    }
}

impl Scheduler<'_> {
    /// Sends what stands in a schedule's outbox and nobody else is sending; waits for what is to be tried again.
    pub(crate) async fn deliver(&self, schedule: &Schedule) -> Result<()> {
        let outbox = self.schedules.state(schedule.id).await?.outbox;
        let sent = join_all(outbox.iter().map(|notice| self.deliver_one(schedule, notice.id))).await;
        sent.into_iter().collect()
    }

    async fn deliver_one(&self, schedule: &Schedule, id: Uuid) -> Result<()> {
        loop {
            let take = self.schedules.change_state(schedule.id, |state| Ok(state.take_notice(id, self.claim())));
            let Ok(Some((notice, token))) = take.await? else { return Ok(()) };
            let Some(next) = self.attempt(schedule, &notice, token).await? else { return Ok(()) };
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                () = self.shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// Tries once; gives the wait before the next try, if there is to be one.
    async fn attempt(&self, schedule: &Schedule, notice: &Notice, token: u64) -> Result<Option<Duration>> {
        let to = notice.notify.to.to_string();
        let error = match self.send(notice).await {
            Ok(()) => {
                self.close(schedule, notice, token, NoticeStatus::Sent).await?;
                self.say(Happening::Notified { schedule: schedule.name.clone(), to });
                return Ok(None);
            }
            Err(error) => error,
        };
        let why = in_one_line(&error);
        if is_final(&error) || notice.attempts >= self.options.retry.attempts {
            let notice = Notice { error: Some(why.clone()), hold: None, ..notice.clone() };
            let letter = DeadLetter { schedule_id: schedule.id, notice, died: (self.clock.wall)() };
            self.schedules.bury(&letter).await?;
            self.close(schedule, &letter.notice, token, NoticeStatus::Dead).await?;
            self.say(Happening::Undeliverable { schedule: schedule.name.clone(), to, why });
            return Ok(None);
        }
        let wait = self.options.retry.wait(notice.id, notice.attempts);
        let not_before = (self.clock.wall)() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::zero());
        let put_off = self.schedules.change_state(schedule.id, |state| {
            state.put_off(notice.id, token, not_before, &why);
            Ok(())
        });
        put_off.await?.ok();
        self.say(Happening::Retrying { schedule: schedule.name.clone(), to, why, wait });
        Ok(Some(until(not_before, (self.clock.wall)())))
    }

    async fn close(&self, schedule: &Schedule, notice: &Notice, token: u64, status: NoticeStatus) -> Result<()> {
        let closed = self.schedules.change_state(schedule.id, |state| {
            state.close(notice.id, token, status);
            Ok(())
        });
        closed.await?.ok();
        Ok(())
    }

    async fn send(&self, notice: &Notice) -> Result<()> {
        let sending = Sending { client: &self.client, local: self.options.local_actions, now: (self.clock.wall)() };
        notice.notify.send(&notice.message, &sending).await
    }

    /// Sends dead letters again, all or those of these ids; says how many arrived and how many did not.
    pub async fn replay(&self, ids: &[Uuid]) -> Result<(usize, usize)> {
        let (mut sent, mut failed) = (0, 0);
        for letter in self.schedules.dead_letters().await? {
            let notice = &letter.notice;
            if !ids.is_empty() && !ids.contains(&notice.id) {
                continue;
            }
            let (schedule, to) = (notice.message.schedule.clone(), notice.notify.to.to_string());
            if let Err(error) = self.send(notice).await {
                failed += 1;
                self.say(Happening::Undeliverable { schedule, to, why: in_one_line(&error) });
                continue;
            }
            self.schedules.raise_from_dead(notice.id).await?;
            let noted = self.schedules.change_state(letter.schedule_id, |state| {
                state.note(notice.id, NoticeStatus::Sent, notice.attempts + 1);
                Ok(())
            });
            noted.await?.ok();
            sent += 1;
            self.say(Happening::Notified { schedule, to });
        }
        Ok((sent, failed))
    }
}

/// What no repetition mends.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), Kind::Invalid | Kind::Unsupported)
}

fn until(then: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    // A clock that is a little behind would find that it is not time yet, and give up.
    (then - now).to_std().unwrap_or_default() + Duration::from_millis(2)
}

/// An error with its causes, for a log.
pub(crate) fn in_one_line(error: &Error) -> String {
    let mut text = error.message().to_owned();
    if let Some(place) = error.place() {
        text.push_str(&format!(" at {}", place.lines().next().unwrap_or_default()));
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    match error.advice() {
        Some(hint) => format!("{text} ({hint})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ_from_each_other() {
        let retry = Retry { attempts: 6, base: Duration::from_secs(1), most: Duration::from_secs(60) };
        let id = Uuid::from_u128(7);
        for (attempt, full) in [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (40, 60.0)] {
            let wait = retry.wait(id, attempt).as_secs_f64();
            assert!((full / 2.0..=full).contains(&wait), "{attempt}: {wait}");
        }
        let waits: std::collections::BTreeSet<Duration> = (0..20).map(|n| retry.wait(Uuid::from_u128(n), 3)).collect();
        assert!(waits.len() > 15, "{waits:?}");
    }

    #[test]
    fn errors_are_said_in_one_line_with_cause_and_advice() {
        let error = Error::invalid("no").at("`x`").hint("try").source(std::io::Error::other("disk"));
        assert_eq!(in_one_line(&error), "no at `x`: disk (try)");
    }
}
