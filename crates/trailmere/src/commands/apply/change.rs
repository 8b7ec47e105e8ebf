//! What is a change of a lake, how is it shown, and how is it made?

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use trailmere_engine::Engine;
use trailmere_engine::schedules::Schedule;
use trailmere_model::{EventDataStore, Result, Tag, UpdateStore};
use trailmere_queries::SavedQuery;
use uuid::Uuid;

/// One thing that is made, changed or deleted.
pub(super) enum Change {
    CreateStore(Box<EventDataStore>),
    UpdateStore { name: String, id: Uuid, update: Box<UpdateStore>, tags: Vec<Tag>, differences: Vec<String> },
    CreateQuery(SavedQuery),
    UpdateQuery { query: SavedQuery, differences: Vec<String> },
    DeleteQuery(String),
    CreateSchedule(Box<Schedule>),
    UpdateSchedule { schedule: Box<Schedule>, differences: Vec<String> },
    DeleteSchedule(String),
}

impl Change {
    /// Makes the change.
    pub(super) async fn make(&self, engine: &Engine, now: DateTime<Utc>) -> Result<()> {
        match self {
            Change::CreateStore(store) => engine.lake().create_store(store).await,
            Change::UpdateStore { id, update, tags, .. } => {
                let changed = engine.lake().change_store(*id, |store| {
                    store.update(UpdateStore::clone(update), now)?;
                    if tags.is_empty() { Ok(()) } else { store.add_tags(tags, now) }
                });
                changed.await.map(|_| ())
            }
            Change::CreateQuery(query) | Change::UpdateQuery { query, .. } => {
                engine.saved().save(query).await.map(|_| ())
            }
            Change::DeleteQuery(name) => engine.saved().delete(name).await,
            Change::CreateSchedule(schedule) => engine.schedules().add(schedule).await,
            Change::UpdateSchedule { schedule, .. } => {
                let schedules = engine.schedules();
                let changed = schedules.change(&schedule.name, |old| {
                    let (from, created) = (old.from, old.created);
                    *old = Schedule { from, created, updated: now, ..Schedule::clone(schedule) };
                });
                changed.await.map(|_| ())
            }
            Change::DeleteSchedule(name) => engine.schedules().delete(name).await,
        }
    }

    /// The schedule that there is afterwards.
    pub(super) fn schedule(&self) -> Option<&Schedule> {
        match self {
            Change::CreateSchedule(schedule) | Change::UpdateSchedule { schedule, .. } => Some(schedule),
            _ => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = vec![];
        let (sign, kind, name, differences) = match self {
            Change::CreateStore(store) => ('+', "store", &store.name, &nothing),
            Change::UpdateStore { name, differences, .. } => ('~', "store", name, differences),
            Change::CreateQuery(query) => ('+', "query", &query.name, &nothing),
            Change::UpdateQuery { query, differences } => ('~', "query", &query.name, differences),
            Change::DeleteQuery(name) => ('-', "query", name, &nothing),
            Change::CreateSchedule(schedule) => ('+', "schedule", &schedule.name, &nothing),
            Change::UpdateSchedule { schedule, differences } => ('~', "schedule", &schedule.name, differences),
            Change::DeleteSchedule(name) => ('-', "schedule", name, &nothing),
        };
        write!(f, "{sign} {kind} {name}")?;
        differences.iter().try_for_each(|difference| write!(f, "\n    {difference}"))
    }
}

/// What differs between two values, a line a field.
pub(super) fn differences<T: Serialize>(old: &T, new: &T) -> Vec<String> {
    let (old, new) = (fields(old), fields(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let shown = |value: Option<&String>| value.cloned().unwrap_or("nothing".to_string());
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| format!("{name}: {} -> {}", shown(old.get(name)), shown(new.get(name))))
        .collect()
}

fn fields<T: Serialize>(value: &T) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    flatten("", &serde_json::to_value(value).unwrap_or_default(), &mut found);
    found
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, member, into);
            }
        }
        other => {
            into.insert(path.to_string(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_the_field_with_both_values() {
        let old = json!({ "a": 1, "b": { "c": "x", "d": null }, "e": [1] });
        let new = json!({ "a": 1, "b": { "c": "y", "d": true }, "f": 2 });
        assert_eq!(
            differences(&old, &new),
            ["b.c: \"x\" -> \"y\"", "b.d: nothing -> true", "e: [1] -> nothing", "f: nothing -> 2"]
        );
        assert!(differences(&old, &old).is_empty());
    }
}
