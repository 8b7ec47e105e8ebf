//! Leases, takeovers and the outbox.

use super::*;

fn time(minute: u32) -> DateTime<Utc> {
    format!("2026-03-01T01:{minute:02}:00Z").parse().unwrap()
}

fn claim(holder: &str, minute: u32) -> Claim<'_> {
    Claim { holder, now: time(minute), patience: TimeDelta::minutes(5) }
}

fn run(slot: DateTime<Utc>, status: RunStatus) -> RunRecord {
    RunRecord {
        id: Uuid::new_v4(),
        scheduled_time: slot,
        last_success_time: slot,
        by_hand: false,
        status,
        attempt: 1,
        holder: "a".into(),
        started: slot,
        finished: slot,
        query_id: None,
        rows: 0,
        alert: false,
        repeated: false,
        note: None,
        notices: vec![],
    }
}

#[test]
fn one_of_two_gets_the_slot_and_nobody_gets_it_again() {
    let mut state = ScheduleState::default();
    let lease = state.take(time(0), claim("a", 0)).unwrap();
    assert_eq!(state.take(time(0), claim("b", 1)), Err(Refused::Held));
    assert_eq!(state.take(time(30), claim("b", 1)), Err(Refused::Held), "one slot of a schedule at a time");
    state.settle(lease.token, run(time(0), RunStatus::Finished), Some("h".into())).unwrap();
    assert_eq!(state.take(time(0), claim("b", 59)), Err(Refused::Settled));
    assert_eq!(
        (state.settled, state.last_success, state.last_hash.as_deref()),
        (Some(time(0)), Some(time(0)), Some("h"))
    );
    assert!(state.take(time(30), claim("b", 30)).is_ok());
}

#[test]
fn whoever_was_taken_for_dead_can_write_nothing_any_more() {
    let mut state = ScheduleState::default();
    let slow = state.take(time(0), claim("a", 0)).unwrap();
    let next = state.take(time(0), claim("b", 6)).unwrap();
    assert_eq!(next.attempt, 2);
    assert_ne!(slow.token, next.token);
    let before = state.clone();
    assert_eq!(state.renew(slow.token, claim("a", 7)), Err(Refused::Lost));
    assert_eq!(state.release(slow.token), Err(Refused::Lost));
    assert_eq!(state.settle(slow.token, run(time(0), RunStatus::Finished), None), Err(Refused::Lost));
    assert_eq!(state, before);
    state.settle(next.token, run(time(0), RunStatus::Finished), None).unwrap();
    assert_eq!(
        state.settle(next.token, run(time(0), RunStatus::Finished), None),
        Err(Refused::Lost),
        "not twice either"
    );
    assert_eq!(state.runs.len(), 1);
}

#[test]
fn a_lease_lasts_as_long_as_it_is_renewed_and_can_be_given_back() {
    let mut state = ScheduleState::default();
    let lease = state.take(time(0), claim("a", 0)).unwrap();
    state.renew(lease.token, claim("a", 4)).unwrap();
    assert_eq!(state.take(time(0), claim("b", 8)), Err(Refused::Held));
    state.release(lease.token).unwrap();
    let other = state.take(time(0), claim("b", 8)).unwrap();
    assert_eq!(other.attempt, 1, "nobody died");
}

#[test]
fn a_slot_that_kills_its_schedulers_is_given_up() {
    let mut state = ScheduleState::default();
    let attempts: Vec<bool> = (0..6).map(|n| state.take(time(0), claim("a", n * 6)).unwrap().is_hopeless()).collect();
    assert_eq!(attempts, [false, false, false, false, false, true]);
}

#[test]
fn a_failed_run_settles_its_slot_and_leaves_its_time_open() {
    let mut state = ScheduleState::default();
    let lease = state.take(time(0), claim("a", 0)).unwrap();
    state.settle(lease.token, run(time(0), RunStatus::Finished), Some("h".into())).unwrap();
    let lease = state.take(time(30), claim("a", 30)).unwrap();
    state.settle(lease.token, run(time(30), RunStatus::Failed), None).unwrap();
    assert_eq!((state.settled, state.last_success), (Some(time(30)), Some(time(0))));
    assert_eq!(state.last_hash.as_deref(), Some("h"));
}

#[test]
fn the_history_keeps_the_newest_runs() {
    let mut state = ScheduleState::default();
    for minute in 0..150 {
        state.remember(run(time(0) + TimeDelta::minutes(minute), RunStatus::Finished));
    }
    assert_eq!(state.runs.len(), KEPT_RUNS);
    assert_eq!(state.runs[0].scheduled_time, time(50));
}

#[test]
fn a_notice_is_sent_by_one_put_off_and_taken_over_when_its_sender_dies() {
    let id = Uuid::new_v4();
    let message = Message {
        id,
        schedule: "s".into(),
        scheduled_time: time(0),
        last_success_time: time(0),
        rows: 1,
        findings: vec![],
        query_id: None,
        error: None,
        text: String::new(),
    };
    let notify = Notify::to("https://h/".parse().unwrap());
    let notice = Notice { id, notify, message, attempts: 0, not_before: time(0), hold: None, error: None };
    let mut record = run(time(0), RunStatus::Finished);
    let told = NoticeRecord { id, to: "https://h/".into(), status: NoticeStatus::Pending, attempts: 0 };
    record.notices.push(told);
    let mut state = ScheduleState { outbox: vec![notice], runs: vec![record], ..ScheduleState::default() };

    let (_, first) = state.take_notice(id, claim("a", 0)).unwrap();
    assert!(state.take_notice(id, claim("b", 1)).is_none(), "a has it");
    state.put_off(id, first, time(3), "500");
    assert!(state.take_notice(id, claim("b", 2)).is_none(), "not before its time");
    let (taken, second) = state.take_notice(id, claim("b", 3)).unwrap();
    assert_eq!((taken.attempts, taken.error.as_deref()), (2, Some("500")));
    let (_, third) = state.take_notice(id, claim("c", 9)).unwrap();
    state.close(id, second, NoticeStatus::Sent);
    assert_eq!(state.outbox.len(), 1, "b was taken for dead");
    state.close(id, third, NoticeStatus::Sent);
    assert!(state.outbox.is_empty());
    assert_eq!((state.runs[0].notices[0].status, state.runs[0].notices[0].attempts), (NoticeStatus::Sent, 3));
}
