//! Which slot is to be run now, and which time does its run cover?
//!
//! Pure arithmetic: a schedule's times, up to which slot it is settled, and now.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

use super::cadence::Cadence;
use super::period::Period;

/// What becomes of the slots that no scheduler was there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchUp {
    /// Each is run, oldest first, for its own time.
    All,
    /// Only the newest is run; it covers the time of all.
    #[default]
    Last,
    /// None is run, and nobody looks at their time.
    None,
}

impl CatchUp {
    /// The policy in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            CatchUp::All => "all",
            CatchUp::Last => "last",
            CatchUp::None => "none",
        }
    }
}

impl fmt::Display for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CatchUp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [CatchUp::All, CatchUp::Last, CatchUp::None].into_iter().find(|policy| policy.as_str() == text).ok_or_else(
            || Error::invalid(format!("`{text}` is no policy for missed runs")).hint("`all`, `last` or `none`"),
        )
    }
}

/// When a schedule runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing<'a> {
    pub(crate) cadence: &'a Cadence,
    pub(crate) settle: Period,
    pub(crate) catch_up: CatchUp,
}

impl Timing<'_> {
    /// The slot to run now, if any is due: a slot after `settled` whose time, and the wait after it, is over.
    pub(crate) fn due(&self, settled: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let reached = now - self.settle.delta();
        let first = self.cadence.next_after(settled).filter(|slot| *slot <= reached)?;
        if self.catch_up == CatchUp::All {
            return Some(first);
        }
        let newest = self.cadence.last_until(reached).filter(|slot| *slot >= first)?;
        match self.catch_up {
            CatchUp::None if self.is_missed(newest, reached) => None,
            _ => Some(newest),
        }
    }

    /// When there will be something to do, if nothing is due now.
    pub(crate) fn next(&self, settled: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let reached = now - self.settle.delta();
        let after = if self.catch_up == CatchUp::All { settled } else { settled.max(reached) };
        self.cadence.next_after(after).map(|slot| slot + self.settle.delta())
    }

    /// From when on the run of a slot covers time: where the last successful one ended, so that no time is left out and
    /// none is covered twice. Before any success, that is the slot before `from`. Where missed time is given up, a run
    /// covers no more than the time since the slot before its own.
    pub(crate) fn begins(
        &self,
        slot: DateTime<Utc>,
        last_success: Option<DateTime<Utc>>,
        from: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let before = self.cadence.last_before(slot).unwrap_or(slot);
        let first = || self.cadence.last_until(from).unwrap_or(from);
        let since = last_success.unwrap_or_else(first);
        match self.catch_up {
            _ if since >= slot => before,
            CatchUp::None => since.max(before),
            CatchUp::All | CatchUp::Last => since,
        }
    }

    /// A slot counts as missed once half the time to the next one has gone by.
    fn is_missed(&self, slot: DateTime<Utc>, reached: DateTime<Utc>) -> bool {
        self.cadence.next_after(slot).is_some_and(|next| (reached - slot) * 2 > next - slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        format!("2026-03-{}Z", text.replace(' ', "T")).parse().unwrap()
    }

    fn hourly() -> Cadence {
        Cadence::Every { period: Period::seconds(3_600) }
    }

    fn timing(cadence: &Cadence, catch_up: CatchUp) -> Timing<'_> {
        Timing { cadence, settle: Period::seconds(0), catch_up }
    }

    #[test]
    fn a_slot_is_due_once_its_time_has_come_and_then_not_again() {
        let cadence = hourly();
        let timing = timing(&cadence, CatchUp::Last);
        assert_eq!(timing.due(time("01 00:10:00"), time("01 00:59:59")), None);
        assert_eq!(timing.due(time("01 00:10:00"), time("01 01:00:00")), Some(time("01 01:00:00")));
        assert_eq!(timing.due(time("01 01:00:00"), time("01 01:30:00")), None);
        assert_eq!(timing.next(time("01 01:00:00"), time("01 01:30:00")), Some(time("01 02:00:00")));
        assert_eq!(timing.due(time("05 00:00:00"), time("01 01:30:00")), None, "what is settled lies ahead");
    }

    #[test]
    fn each_policy_does_its_own_with_four_hours_of_downtime() {
        let cadence = hourly();
        let (settled, now) = (time("01 01:00:00"), time("01 05:10:00"));
        let mut ran = vec![];
        let mut cursor = settled;
        while let Some(slot) = timing(&cadence, CatchUp::All).due(cursor, now) {
            ran.push((timing(&cadence, CatchUp::All).begins(slot, Some(cursor), settled), slot));
            cursor = slot;
        }
        let expected =
            [2, 3, 4, 5].map(|hour| (time(&format!("01 0{}:00:00", hour - 1)), time(&format!("01 0{hour}:00:00"))));
        assert_eq!(ran, expected, "every hour once, end to end");

        let last = timing(&cadence, CatchUp::Last);
        assert_eq!(last.due(settled, now), Some(time("01 05:00:00")));
        assert_eq!(last.begins(time("01 05:00:00"), Some(settled), settled), settled, "one run covers all of it");
        assert_eq!(last.due(time("01 05:00:00"), now), None);

        let none = timing(&cadence, CatchUp::None);
        assert_eq!(none.due(settled, time("01 05:40:00")), None, "too late for 05:00");
        assert_eq!(none.due(settled, now), Some(time("01 05:00:00")), "but ten minutes late is on time");
        assert_eq!(none.begins(time("01 05:00:00"), Some(settled), settled), time("01 04:00:00"), "its own hour only");
        assert_eq!(none.next(settled, time("01 05:40:00")), Some(time("01 06:00:00")));
    }

    #[test]
    fn a_run_that_failed_leaves_its_time_to_the_next() {
        let cadence = hourly();
        let (slot, from) = (time("01 05:00:00"), time("01 00:20:00"));
        for policy in [CatchUp::All, CatchUp::Last] {
            let timing = timing(&cadence, policy);
            assert_eq!(timing.begins(slot, Some(time("01 02:00:00")), from), time("01 02:00:00"));
            assert_eq!(
                timing.begins(slot, None, from),
                time("01 00:00:00"),
                "nothing has succeeded since the beginning"
            );
            assert_eq!(timing.begins(slot, None, time("01 04:20:00")), time("01 04:00:00"));
            assert_eq!(
                timing.begins(slot, Some(slot), from),
                time("01 04:00:00"),
                "a run by hand, when all is looked at"
            );
        }
        assert_eq!(timing(&cadence, CatchUp::None).begins(slot, None, from), time("01 04:00:00"));
    }

    #[test]
    fn with_settle_a_slot_is_run_later_and_keeps_its_time() {
        let cadence = hourly();
        let timing = Timing { settle: Period::seconds(900), ..timing(&cadence, CatchUp::Last) };
        assert_eq!(timing.due(time("01 00:00:00"), time("01 01:14:59")), None);
        assert_eq!(timing.due(time("01 00:00:00"), time("01 01:15:00")), Some(time("01 01:00:00")));
        assert_eq!(timing.next(time("01 01:00:00"), time("01 01:20:00")), Some(time("01 02:15:00")));
    }
}
