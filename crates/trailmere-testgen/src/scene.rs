//! What is going on at the moment an event is written: where, when, who, about what, and did it fail?

use crate::dice::{BASE32, Dice};
use crate::identity::Actor;
use crate::world::{Account, Things, World};

/// One event in the making.
pub(crate) struct Scene<'w> {
    pub(crate) world: &'w World,
    pub(crate) account: &'w Account,
    pub(crate) region: &'static str,
    /// Seconds since 1970.
    pub(crate) time: i64,
    pub(crate) dice: Dice,
    pub(crate) actor: Actor,
    /// Which of the account's things the event is about.
    pub(crate) number: usize,
    pub(crate) error: Option<&'static str>,
}

impl Scene<'_> {
    /// The thing the event is about.
    pub(crate) fn thing(&self) -> Things<'_> {
        self.numbered(self.number)
    }

    /// Another thing.
    pub(crate) fn numbered(&self, number: usize) -> Things<'_> {
        Things { account: self.account, region: self.region, number }
    }

    /// The event's time plus so many seconds, as records spell it.
    pub(crate) fn clock(&self, later: i64) -> String {
        spell_time(self.time + later)
    }

    /// A public address: few of them are busy.
    pub(crate) fn address(&mut self) -> String {
        let host = self.dice.skewed(4000);
        match self.dice.below(20) {
            0 => format!("2001:db8:{:x}::{:x}", host % 97, host),
            _ => format!(
                "{}.{}.{}.{}",
                [3, 18, 34, 52, 54, 198, 203][host % 7],
                host / 250 + 16,
                host % 250,
                host % 13 * 19 + 1
            ),
        }
    }

    /// A KMS key's ARN.
    pub(crate) fn kms_key(&self, number: usize) -> String {
        let things = self.numbered(number % 12);
        things.arn("kms", &format!("key/{}", things.uuid()))
    }

    /// An S3-like request id.
    pub(crate) fn short_request_id(&mut self) -> String {
        self.dice.text(BASE32, 16)
    }
}

/// `2026-03-02T10:15:00Z`.
pub(crate) fn spell_time(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
