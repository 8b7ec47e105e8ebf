//! Up to which slot is a schedule's work done, who is at it, and what waits to be sent?
//!
//! Each change is a pure function on the state; the catalogue makes it one conditional write. A lease is known by a token
//! that is never given out twice: who comes back after another took over holds an old one, and changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::message::Message;
use super::notify::Notify;

/// Runs that are remembered.
const KEPT_RUNS: usize = 100;

/// A slot that its schedulers do not survive is given up after so many.
const MOST_ATTEMPTS: u32 = 5;

/// What is known of a schedule's runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleState {
    /// Slots up to this one are done with.
    pub settled: Option<DateTime<Utc>>,
    /// The slot of the last run that succeeded: up to there, time has been looked at.
    pub last_success: Option<DateTime<Utc>>,
    /// The hash of its rows.
    pub last_hash: Option<String>,
    /// The run that is going on.
    pub lease: Option<Lease>,
    /// The last token that was given out.
    pub last_token: u64,
    /// The last runs, oldest first.
    pub runs: Vec<RunRecord>,
    /// What is still to be sent.
    pub outbox: Vec<Notice>,
    /// Findings that were told lately.
    pub told: Vec<Told>,
}

/// A slot in somebody's hands, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The slot.
    pub slot: DateTime<Utc>,
    /// Who has it.
    pub holder: String,
    /// Tells this lease from all others of the schedule.
    pub token: u64,
    /// After this time others may take it.
    pub until: DateTime<Utc>,
    /// How many have tried the slot, this one included.
    pub attempt: u32,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// It came to its end.
    Finished,
    /// It did not.
    Failed,
}

/// A run, as the history shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Its id.
    pub id: Uuid,
    /// Its slot, or when it was asked for by hand.
    pub scheduled_time: DateTime<Utc>,
    /// From when on it covers time.
    pub last_success_time: DateTime<Utc>,
    /// Whether somebody asked for it outside of the slots.
    #[serde(default)]
    pub by_hand: bool,
    /// What became of it.
    pub status: RunStatus,
    /// How many had tried the slot.
    pub attempt: u32,
    /// Who ran it.
    pub holder: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub finished: DateTime<Utc>,
    /// The id of its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<Uuid>,
    /// Rows of its result.
    pub rows: u64,
    /// Whether its alert's condition held.
    pub alert: bool,
    /// Whether all that it found had been told before.
    #[serde(default)]
    pub repeated: bool,
    /// What it did, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who was told.
    #[serde(default)]
    pub notices: Vec<NoticeRecord>,
}

/// How it went with telling somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeRecord {
    /// The id that goes with every attempt.
    pub id: Uuid,
    /// Where it went.
    pub to: String,
    /// How it went.
    pub status: NoticeStatus,
    /// How often it was tried.
    pub attempts: u32,
}

/// Whether a notification has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NoticeStatus {
    /// Not yet.
    Pending,
    /// It has.
    Sent,
    /// It is among the dead letters.
    Dead,
}

/// A notification that is still to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The message's id.
    pub id: Uuid,
    /// Who is told.
    pub notify: Notify,
    /// What.
    pub message: Message,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before this time.
    pub not_before: DateTime<Utc>,
    /// Who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Why it did not go the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A notification in somebody's hands, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Tells this hold from all others of the schedule.
    pub token: u64,
    /// After this time others may take it.
    pub until: DateTime<Utc>,
}

/// A finding that was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The finding.
    pub key: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a change of the state was refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refused {
    /// Somebody has run the slot already.
    Settled,
    /// Somebody is at it.
    Held,
    /// Somebody else took it over.
    Lost,
}

/// Who wants a lease, when, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) holder: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) patience: TimeDelta,
}

impl ScheduleState {
    /// Takes a slot, unless it is done or somebody has it.
    pub(crate) fn take(&mut self, slot: DateTime<Utc>, claim: Claim<'_>) -> Result<Lease, Refused> {
        if self.settled.is_some_and(|settled| slot <= settled) {
            return Err(Refused::Settled);
        }
        if self.lease.as_ref().is_some_and(|lease| claim.now < lease.until) {
            return Err(Refused::Held);
        }
        let before = self.lease.as_ref().filter(|lease| lease.slot == slot).map_or(0, |lease| lease.attempt);
        let lease = Lease {
            slot,
            holder: claim.holder.to_owned(),
            token: self.next_token(),
            until: claim.now + claim.patience,
            attempt: before + 1,
        };
        self.lease = Some(lease.clone());
        Ok(lease)
    }

    /// Holds a slot for longer.
    pub(crate) fn renew(&mut self, token: u64, claim: Claim<'_>) -> Result<(), Refused> {
        let lease = self.held(token)?;
        lease.until = claim.now + claim.patience;
        Ok(())
    }

    /// Gives a slot back that was not run.
    pub(crate) fn release(&mut self, token: u64) -> Result<(), Refused> {
        let lease = self.held(token)?;
        // It stays there, over, so that attempts go on being counted; this one does not count, since nothing died.
        lease.attempt = lease.attempt.saturating_sub(1);
        lease.until = DateTime::UNIX_EPOCH;
        Ok(())
    }

    /// Writes down what became of a slot; from here on nobody runs it again.
    pub(crate) fn settle(&mut self, token: u64, run: RunRecord, hash: Option<String>) -> Result<(), Refused> {
        let slot = self.held(token)?.slot;
        self.lease = None;
        self.settled = Some(slot);
        if run.status == RunStatus::Finished {
            self.last_success = Some(slot);
            self.last_hash = hash;
        }
        self.remember(run);
        Ok(())
    }

    /// Adds a run to the history.
    pub(crate) fn remember(&mut self, run: RunRecord) {
        self.runs.push(run);
        let surplus = self.runs.len().saturating_sub(KEPT_RUNS);
        self.runs.drain(..surplus);
    }

    /// Takes a notification to send it, if it is time and nobody else does.
    pub(crate) fn take_notice(&mut self, id: Uuid, claim: Claim<'_>) -> Option<(Notice, u64)> {
        let token = self.last_token + 1;
        let notice = self.outbox.iter_mut().find(|notice| notice.id == id)?;
        let is_held = notice.hold.as_ref().is_some_and(|hold| claim.now < hold.until);
        if is_held || claim.now < notice.not_before {
            return None;
        }
        notice.hold = Some(Hold { token, until: claim.now + claim.patience });
        notice.attempts += 1;
        let taken = notice.clone();
        self.last_token = token;
        Some((taken, token))
    }

    /// Leaves a notification for later.
    pub(crate) fn put_off(&mut self, id: Uuid, token: u64, not_before: DateTime<Utc>, error: &str) {
        let Some(notice) = self.outbox.iter_mut().find(|notice| is_held_by(notice, id, token)) else { return };
        notice.hold = None;
        notice.not_before = not_before;
        notice.error = Some(error.to_owned());
        let attempts = notice.attempts;
        self.note(id, NoticeStatus::Pending, attempts);
    }

    /// Takes a notification out that was sent or given up.
    pub(crate) fn close(&mut self, id: Uuid, token: u64, status: NoticeStatus) {
        let Some(at) = self.outbox.iter().position(|notice| is_held_by(notice, id, token)) else { return };
        let notice = self.outbox.remove(at);
        self.note(id, status, notice.attempts);
    }

    /// Writes into the history how it went with a notification.
    pub(crate) fn note(&mut self, id: Uuid, status: NoticeStatus, attempts: u32) {
        let records = self.runs.iter_mut().flat_map(|run| &mut run.notices);
        for record in records.filter(|record| record.id == id) {
            record.status = status;
            record.attempts = attempts;
        }
    }

    fn held(&mut self, token: u64) -> Result<&mut Lease, Refused> {
        self.lease.as_mut().filter(|lease| lease.token == token).ok_or(Refused::Lost)
    }

    fn next_token(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }
}

impl Lease {
    /// Whether the slot has cost so many schedulers that it is given up.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.attempt > MOST_ATTEMPTS
    }
}

fn is_held_by(notice: &Notice, id: Uuid, token: u64) -> bool {
    notice.id == id && notice.hold.as_ref().is_some_and(|hold| hold.token == token)
}

#[cfg(test)]
mod tests;
