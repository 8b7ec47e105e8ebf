//! Which tags can a store have?

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{EventDataStore, Refusal};
use crate::Result;

/// The most tags of a store.
pub const MAX_TAGS: usize = 50;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// 1 to 128 characters, unique in a store.
    pub key: String,
    /// 1 to 256 characters.
    pub value: String,
}

impl Tag {
    /// Makes a tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

/// Refuses malformed tags, and more than a store can have.
pub fn validate_tags(tags: &[Tag]) -> Result<()> {
    for tag in tags {
        let (key, value) = (tag.key.chars().count(), tag.value.chars().count());
        if !(1..=128).contains(&key) {
            let message = format!("the key of tag `{}` has {key} characters, and 1 to 128 are possible", tag.key);
            return Err(Refusal::InvalidTag.because(message));
        }
        if !(1..=256).contains(&value) {
            let message = format!("the value of tag `{}` has {value} characters, and 1 to 256 are possible", tag.key);
            return Err(Refusal::InvalidTag.because(message));
        }
    }
    if tags.len() > MAX_TAGS {
        let message = format!("{} tags are too many: a store has at most {MAX_TAGS}", tags.len());
        return Err(Refusal::TagsLimitExceeded.because(message).hint("remove some first"));
    }
    Ok(())
}

/// Puts tags over others: the same key takes the new value, in its old place.
pub(super) fn merge(old: &[Tag], new: &[Tag]) -> Vec<Tag> {
    let mut merged = old.to_vec();
    for tag in new {
        match merged.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value.clone_from(&tag.value),
            None => merged.push(tag.clone()),
        }
    }
    merged
}

impl EventDataStore {
    /// Adds tags; the same key takes the new value.
    pub fn add_tags(&mut self, tags: &[Tag], now: DateTime<Utc>) -> Result<()> {
        self.check_active()?;
        let merged = merge(&self.tags, tags);
        validate_tags(&merged).map_err(|error| error.at(self.place()))?;
        self.tags = merged;
        self.updated = now;
        Ok(())
    }

    /// Removes the tags with these keys; a key that is not there is no fault.
    pub fn remove_tags(&mut self, keys: &[String], now: DateTime<Utc>) -> Result<()> {
        self.check_active()?;
        self.tags.retain(|tag| !keys.contains(&tag.key));
        self.updated = now;
        Ok(())
    }
}
