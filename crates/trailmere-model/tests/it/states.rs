//! Does a store pass through its states as the reference's diagram has it, whatever is done to it in whichever order?
//!
//! Oracle: `Expected`, the diagram with its conditions, as few lines as it can be said in.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use trailmere_model::{CreateStore, EventDataStore, Refusal, Result, Retention, StoreStatus, UpdateStore};
use uuid::Uuid;

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Stop,
    Delete,
    Restore,
    Protect(bool),
    Retain(u32),
    Wait(i64),
}

/// What the diagram says.
#[derive(Clone, Copy, Debug)]
struct Expected {
    ingesting: bool,
    protected: bool,
    deleted_at: Option<DateTime<Utc>>,
    retention: u32,
}

impl Expected {
    fn take(&mut self, step: Step, now: DateTime<Utc>) -> std::result::Result<(), Refusal> {
        match (step, self.deleted_at) {
            (Step::Wait(_), _) => {}
            (Step::Restore, Some(at)) if now < at + Duration::days(7) => self.deleted_at = None,
            (Step::Restore, _) => return Err(Refusal::InvalidStatus),
            (Step::Protect(_) | Step::Retain(_), Some(_)) => return Err(Refusal::Inactive),
            (_, Some(_)) => return Err(Refusal::InvalidStatus),
            (Step::Start, None) if !self.ingesting => self.ingesting = true,
            (Step::Stop, None) if self.ingesting => self.ingesting = false,
            (Step::Start | Step::Stop, None) => return Err(Refusal::InvalidStatus),
            (Step::Delete, None) if self.protected => return Err(Refusal::TerminationProtected),
            (Step::Delete, None) => self.deleted_at = Some(now),
            (Step::Protect(on), None) => self.protected = on,
            (Step::Retain(days), None) if (7..=3653).contains(&days) => self.retention = days,
            (Step::Retain(_), None) => return Err(Refusal::InvalidParameter),
        }
        Ok(())
    }

    fn status(&self) -> StoreStatus {
        match (self.deleted_at, self.ingesting) {
            (Some(_), _) => StoreStatus::PendingDeletion,
            (None, true) => StoreStatus::Enabled,
            (None, false) => StoreStatus::StoppedIngestion,
        }
    }
}

fn apply(store: &mut EventDataStore, step: Step, now: DateTime<Utc>) -> Result<()> {
    match step {
        Step::Start => store.start_ingestion(now),
        Step::Stop => store.stop_ingestion(now),
        Step::Delete => store.delete(now),
        Step::Restore => store.restore(now),
        Step::Protect(on) => {
            store.update(UpdateStore { termination_protection: Some(on), ..UpdateStore::default() }, now)
        }
        Step::Retain(days) => {
            store.update(UpdateStore { retention: Some(Retention::Days(days)), ..UpdateStore::default() }, now)
        }
        Step::Wait(_) => Ok(()),
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Start),
        Just(Step::Stop),
        Just(Step::Delete),
        Just(Step::Restore),
        any::<bool>().prop_map(Step::Protect),
        (0u32..4000).prop_map(Step::Retain),
        (0i64..10 * 86_400_000_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_order_of_steps_ends_where_the_diagram_says(steps in prop::collection::vec(step(), 1..40), protected: bool, start: bool) {
        let mut now = DateTime::from_timestamp(1_767_268_800, 0).expect("a time");
        let wanted = CreateStore {
            name: "events".to_owned(),
            termination_protection: Some(protected),
            start_ingestion: Some(start),
            ..CreateStore::default()
        };
        let mut store = EventDataStore::create(wanted, Uuid::nil(), now).expect("a store");
        let mut expected = Expected { ingesting: start, protected, deleted_at: None, retention: 366 };
        for step in steps {
            if let Step::Wait(micros) = step {
                now += Duration::microseconds(micros);
            }
            let before = store.clone();
            match (apply(&mut store, step, now), expected.take(step, now)) {
                (Ok(()), Ok(())) => {}
                (Err(error), Err(refusal)) => {
                    prop_assert_eq!(error.cause::<Refusal>(), Some(&refusal), "{:?}", step);
                    prop_assert_eq!(&store, &before, "a refusal changes nothing");
                }
                (result, expected) => prop_assert!(false, "{:?}: {:?}, expected {:?}", step, result, expected),
            }
            prop_assert_eq!(store.status, expected.status());
            prop_assert_eq!(store.accepts_ingestion(), expected.status() == StoreStatus::Enabled);
            prop_assert_eq!(store.termination_protection, expected.protected);
            prop_assert_eq!(store.retention, Retention::Days(expected.retention));
            prop_assert_eq!(store.delete_after, expected.deleted_at.map(|at| at + Duration::days(7)));
            prop_assert_eq!(store.is_gone(now), expected.deleted_at.is_some_and(|at| now >= at + Duration::days(7)));
            prop_assert_eq!(store.check_active().is_ok(), expected.deleted_at.is_none());
            let text = serde_json::to_string(&store).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<EventDataStore>(&text).expect("a definition"), &store);
        }
    }
}
