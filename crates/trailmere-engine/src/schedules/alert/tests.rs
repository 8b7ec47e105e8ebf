//! What is told once, what again, and what never.

use serde_json::json;

use super::*;
use crate::schedules::cadence::Cadence;
use crate::schedules::definition::Task;
use crate::schedules::findings::Row;
use crate::schedules::notify::Notify;
use crate::schedules::period::Period;

fn time(hour: u32) -> DateTime<Utc> {
    format!("2026-03-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24).parse().unwrap()
}

fn schedule(dedupe_by: &[&str]) -> Schedule {
    let cadence = Cadence::every(Period::seconds(3_600)).unwrap();
    let mut schedule = Schedule::new("s", Task::Maintain { dedupe: false }, cadence, time(0));
    schedule.alerting.notify = vec![Notify::to("https://h/".parse().unwrap())];
    schedule.alerting.dedupe_by = dedupe_by.iter().map(ToString::to_string).collect();
    schedule
}

fn found(names: &[&str]) -> Report {
    let first = names.iter().map(|name| Row { cells: vec![json!(name)], key: format!("key of {name}") }).collect();
    let findings =
        Findings { columns: vec!["who".into()], rows: names.len() as u64, first, hash: format!("hash of {names:?}") };
    Report { findings, fires: Fires::Yes }
}

fn run(hour: u32) -> RunRecord {
    RunRecord {
        id: Uuid::new_v4(),
        scheduled_time: time(hour),
        last_success_time: time(hour - 1),
        by_hand: false,
        status: RunStatus::Finished,
        attempt: 1,
        holder: "a".into(),
        started: time(hour),
        finished: time(hour),
        query_id: None,
        rows: 0,
        alert: false,
        repeated: false,
        note: None,
        notices: vec![],
    }
}

/// Raises and gives the texts that are to be sent of this run.
fn raised(state: &mut ScheduleState, schedule: &Schedule, hour: u32, report: &Report) -> (RunRecord, Vec<String>) {
    let mut run = run(hour);
    raise(state, schedule, &mut run, report, time(hour));
    let sent = std::mem::take(&mut state.outbox);
    (run, sent.into_iter().map(|notice| notice.message.text).collect())
}

#[test]
fn the_same_finding_is_told_once_in_a_window() {
    let (schedule, mut state) = (schedule(&[]), ScheduleState::default());
    let (first, texts) = raised(&mut state, &schedule, 1, &found(&["ann"]));
    assert_eq!((first.alert, first.repeated, texts.len(), first.notices.len()), (true, false, 1, 1));
    let (again, texts) = raised(&mut state, &schedule, 2, &found(&["ann"]));
    assert_eq!((again.alert, again.repeated, texts.len()), (true, true, 0));
    let (_, texts) = raised(&mut state, &schedule, 3, &found(&["ann", "bob"]));
    assert_eq!(texts.len(), 1, "other rows are another finding");
    let (_, texts) = raised(&mut state, &schedule, 25, &found(&["ann"]));
    assert_eq!(texts.len(), 1, "a day later it is told again");
}

#[test]
fn with_columns_only_rows_that_are_new_are_told() {
    let (schedule, mut state) = (schedule(&["who"]), ScheduleState::default());
    raised(&mut state, &schedule, 1, &found(&["ann"]));
    let (_, texts) = raised(&mut state, &schedule, 2, &found(&["ann", "bob", "bob"]));
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("2 found") && !texts[0].contains("ann"), "{texts:?}");
    let (run, texts) = raised(&mut state, &schedule, 3, &found(&["bob", "ann"]));
    assert_eq!((texts.len(), run.repeated), (0, true));
}

#[test]
fn no_window_means_telling_every_time() {
    let (mut schedule, mut state) = (schedule(&[]), ScheduleState::default());
    schedule.alerting.dedupe_window = Period::default();
    for hour in 1..4 {
        assert_eq!(raised(&mut state, &schedule, hour, &found(&["ann"])).1.len(), 1);
    }
}

#[test]
fn a_change_is_one_from_the_last_success() {
    let (schedule, mut state) = (schedule(&[]), ScheduleState::default());
    let changed = |names: &[&str]| Report { fires: Fires::IfChanged, ..found(names) };
    assert!(!raised(&mut state, &schedule, 1, &changed(&["ann"])).0.alert, "there was nothing before");
    state.last_hash = Some(found(&["ann"]).findings.hash);
    assert!(!raised(&mut state, &schedule, 2, &changed(&["ann"])).0.alert);
    assert!(raised(&mut state, &schedule, 3, &changed(&["bob"])).0.alert);
}

#[test]
fn failures_are_told_unless_they_are_to_be_silent() {
    let (mut schedule, mut state) = (schedule(&[]), ScheduleState::default());
    let mut failed = RunRecord { status: RunStatus::Failed, note: Some("no store".into()), ..run(1) };
    raise(&mut state, &schedule, &mut failed, &found(&[]), time(1));
    assert!(state.outbox[0].message.text.contains("failed: no store"));
    assert!(!failed.alert);
    state.outbox.clear();
    raise(&mut state, &schedule, &mut failed, &found(&[]), time(2));
    assert!(state.outbox.is_empty(), "the same failure is not told every hour");
    schedule.alerting.failures = Failures::Silent;
    failed.note = Some("another".into());
    raise(&mut state, &schedule, &mut failed, &found(&[]), time(3));
    assert!(state.outbox.is_empty());
}
