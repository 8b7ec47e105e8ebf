//! Is this a finding that somebody must be told, and has it been told already?

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::definition::{Failures, Schedule};
use super::findings::{Findings, short_hash};
use super::message::{Facts, Message};
use super::state::{Notice, NoticeRecord, NoticeStatus, RunRecord, RunStatus, ScheduleState, Told};

/// Findings that are remembered; more of them in one window are told again.
const KEPT_TOLD: usize = 10_000;

/// Whether a run's alert fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fires {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It does if the last successful run found something else; a first run has nothing to differ from.
    IfChanged,
}

/// What a run has to say.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// What it found.
    pub(crate) findings: Findings,
    /// Whether that is an alert.
    pub(crate) fires: Fires,
}

/// Decides what is to be told of a run, notes that in the run, and puts it into the outbox.
pub(crate) fn raise(
    state: &mut ScheduleState,
    schedule: &Schedule,
    run: &mut RunRecord,
    report: &Report,
    now: DateTime<Utc>,
) {
    let window = schedule.alerting.dedupe_window.delta();
    state.told.retain(|told| now - told.at < window);
    if run.status == RunStatus::Failed {
        if schedule.alerting.failures == Failures::Told {
            let key = short_hash(&format!("failure {}", run.note.as_deref().unwrap_or_default()));
            tell(state, schedule, run, &New { keys: vec![key], rows: 0, first: vec![], columns: &[] }, now);
        }
        return;
    }
    run.alert = match report.fires {
        Fires::Yes => true,
        Fires::No => false,
        Fires::IfChanged => state.last_hash.as_ref().is_some_and(|last| *last != report.findings.hash),
    };
    if run.alert {
        let new = new_findings(state, schedule, report);
        tell(state, schedule, run, &new, now);
    }
}

/// What is to be told: the keys of what is new, and its rows.
struct New<'a> {
    keys: Vec<String>,
    rows: u64,
    first: Vec<Vec<Value>>,
    columns: &'a [String],
}

fn new_findings<'a>(state: &ScheduleState, schedule: &Schedule, report: &'a Report) -> New<'a> {
    let findings = &report.findings;
    let columns = &findings.columns;
    let whole = || New {
        keys: vec![findings.hash.clone()],
        rows: findings.rows,
        first: findings.first.iter().map(|row| row.cells.clone()).collect(),
        columns,
    };
    if schedule.alerting.dedupe_by.is_empty() || findings.first.is_empty() {
        return whole();
    }
    let is_told = |key: &str| state.told.iter().any(|told| told.key == key);
    let new: Vec<_> = findings.first.iter().filter(|row| !is_told(&row.key)).collect();
    let mut keys: Vec<String> = new.iter().map(|row| row.key.clone()).collect();
    keys.sort();
    keys.dedup();
    New { keys, rows: new.len() as u64, first: new.iter().map(|row| row.cells.clone()).collect(), columns }
}

fn tell(state: &mut ScheduleState, schedule: &Schedule, run: &mut RunRecord, new: &New<'_>, now: DateTime<Utc>) {
    let is_told = |key: &String| state.told.iter().any(|told| told.key == *key);
    if new.keys.iter().all(is_told) {
        run.repeated = true;
        return;
    }
    for (index, notify) in schedule.alerting.notify.iter().enumerate() {
        // The same for the same run, so that whatever is written twice is one.
        let id = Uuid::new_v5(&run.id, format!("{index} {}", notify.to).as_bytes());
        let facts = Facts {
            schedule: &schedule.name,
            scheduled_time: run.scheduled_time,
            last_success_time: run.last_success_time,
            query_id: run.query_id,
            error: run.note.as_deref().filter(|_| run.status == RunStatus::Failed),
            columns: new.columns,
            rows: new.rows,
            first_rows: &new.first,
        };
        let message = Message::new(id, &facts, notify.template.as_deref());
        let record = NoticeRecord { id, to: notify.to.to_string(), status: NoticeStatus::Pending, attempts: 0 };
        run.notices.push(record);
        let notice = Notice {
            id,
            notify: notify.clone(),
            message,
            attempts: 0,
            not_before: DateTime::UNIX_EPOCH,
            hold: None,
            error: None,
        };
        state.outbox.push(notice);
    }
    state.told.extend(new.keys.iter().map(|key| Told { key: key.clone(), at: now }));
    let surplus = state.told.len().saturating_sub(KEPT_TOLD);
    state.told.drain(..surplus);
}

#[cfg(test)]
mod tests;
