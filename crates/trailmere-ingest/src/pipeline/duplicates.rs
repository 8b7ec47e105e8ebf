//! Was this event, by account and event ID, delivered before?
//!
//! To count, the last million or two of this run's events are remembered. To leave out, the IDs of each day that events
//! come for are read from the store, and this run's are added: exact, but for what others commit meanwhile. The same
//! event has the same time, so only its own day is asked.

mod days;
mod recent;

use trailmere_model::Result;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use super::plan::Plan;
use super::worker::bits;
use crate::decode::ScannedRecord;
use crate::request::Dedupe;
use days::Days;
use recent::Recent;

/// What is remembered of events to know them again.
pub(crate) struct Duplicates {
    recent: Recent,
    days: Days,
}

/// The targets that have an event already.
pub(crate) struct Found {
    /// A bit each.
    pub(crate) found: u64,
    pub(crate) are_left_out: bool,
}

impl Duplicates {
    pub(crate) fn new() -> Self {
        Self { recent: Recent::default(), days: Days::default() }
    }

    /// Which of the targets have the event; remembers it for all of them. Blocks.
    pub(crate) fn find(&self, plan: &Plan, record: &ScannedRecord<'_>, place: (i64, u64)) -> Result<Found> {
        let (day, taking) = place;
        let are_left_out = plan.dedupe == Dedupe::Remove;
        let Some(event_id) = record.event_id() else { return Ok(Found { found: 0, are_left_out }) };
        let account = record.recipient_account_id().unwrap_or_default();
        let mut found = 0;
        for target in bits(taking) {
            let is_known = match plan.dedupe {
                Dedupe::Count => {
                    let account = xxh3_64_with_seed(account.as_bytes(), target as u64);
                    self.recent.meet(xxh3_64_with_seed(event_id.as_bytes(), account))
                }
                Dedupe::Remove => {
                    self.days.meet(&plan.targets[target], (target, day), identity(&account, &event_id))?
                }
            };
            if is_known {
                found |= 1 << target;
            }
        }
        Ok(Found { found, are_left_out })
    }

    /// Notes that everything met before the last call is committed or given up.
    pub(crate) fn committed(&self) {
        self.days.turn();
    }
}

/// 128 bits: nothing is ever left out by a chance collision.
fn identity(account: &str, event_id: &str) -> u128 {
    let mut key = [0u8; 96];
    let length = account.len() + 1 + event_id.len();
    if length > key.len() {
        return xxh3_128(format!("{account}\0{event_id}").as_bytes());
    }
    key[..account.len()].copy_from_slice(account.as_bytes());
    key[account.len() + 1..length].copy_from_slice(event_id.as_bytes());
    xxh3_128(&key[..length])
}
