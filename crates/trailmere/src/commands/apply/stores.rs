//! What has to change in the event data stores so that they are what a file says?

use chrono::{DateTime, Utc};
use trailmere_model::{
    AdvancedEventSelectors, CreateStore, Error, EventDataStore, Result, SelectorChoice, StoreType, Tag, UpdateStore,
};
use trailmere_store::Lake;
use uuid::Uuid;

use super::change::{Change, differences};
use super::file::{File, Retention, StoreEntry};
use super::plan::is_missing;

/// The changes. What an entry leaves out stays as it is in a store that is there.
pub(super) async fn plan(lake: &Lake, file: &File, now: DateTime<Utc>) -> Result<Vec<Change>> {
    let mut changes = vec![];
    for entry in &file.store {
        let change = match lake.find_store(&entry.name).await {
            Ok(store) => update(file, entry, &store, now),
            Err(error) if is_missing(&error) => create(file, entry, now).map(Some),
            Err(error) => Err(error),
        };
        changes.extend(change.map_err(|error| error.at(format!("store `{}`", entry.name)))?);
    }
    Ok(changes)
}

fn create(file: &File, entry: &StoreEntry, now: DateTime<Utc>) -> Result<Change> {
    let wanted = CreateStore {
        name: entry.name.clone(),
        selectors: match entry.selectors.as_deref() {
            None => SelectorChoice::Default,
            Some("all") => SelectorChoice::Everything(StoreType::CloudTrail),
            Some(text) => SelectorChoice::Chosen(selectors(file, text)?),
        },
        multi_region: entry.single_region.is_some().then_some(false),
        region: entry.single_region.clone(),
        organization_enabled: entry.organization,
        retention: entry.retention.as_ref().map(retention).transpose()?,
        termination_protection: entry.termination_protection,
        account: entry.account.clone(),
        tags: tags(entry),
        ..CreateStore::default()
    };
    Ok(Change::CreateStore(Box::new(EventDataStore::create(wanted, Uuid::new_v4(), now)?)))
}

fn update(file: &File, entry: &StoreEntry, store: &EventDataStore, now: DateTime<Utc>) -> Result<Option<Change>> {
    let selectors = match entry.selectors.as_deref() {
        None => None,
        Some("all") if store.selectors.is_none() => None,
        Some("all") => {
            return Err(Error::unsupported("a store with selectors can't be told to take everything")
                .hint("make another store, and ingest into it"));
        }
        Some(text) => Some(selectors(file, text)?),
    };
    let retention = entry.retention.as_ref().map(retention).transpose()?;
    let wanted = UpdateStore {
        selectors: selectors.filter(|wanted| store.selectors.as_ref() != Some(wanted)),
        retention: retention.filter(|wanted| *wanted != store.retention),
        termination_protection: entry.termination_protection.filter(|wanted| *wanted != store.termination_protection),
        organization_enabled: entry.organization.filter(|wanted| *wanted != store.organization_enabled),
        ..UpdateStore::default()
    };
    let tags: Vec<Tag> = tags(entry).into_iter().filter(|tag| !store.tags.contains(tag)).collect();
    if wanted == UpdateStore::default() && tags.is_empty() {
        return Ok(None);
    }
    let mut changed = store.clone();
    changed.update(wanted.clone(), now)?;
    if !tags.is_empty() {
        changed.add_tags(&tags, now)?;
    }
    changed.updated = store.updated;
    let differences = differences(store, &changed);
    Ok(Some(Change::UpdateStore {
        name: store.name.clone(),
        id: store.id,
        update: Box::new(wanted),
        tags,
        differences,
    }))
}

fn retention(wanted: &Retention) -> Result<trailmere_model::Retention> {
    match wanted {
        Retention::Days(days) => Ok(trailmere_model::Retention::Days(*days)),
        Retention::Text(text) => text.parse(),
    }
}

fn selectors(file: &File, text: &str) -> Result<AdvancedEventSelectors> {
    if text.trim_start().starts_with(['[', '{']) {
        return AdvancedEventSelectors::parse(text);
    }
    let path = file.beside(text);
    let json = std::fs::read_to_string(&path)
        .map_err(|e| Error::not_found("the selectors can't be read").at(format!("`{path}`")).source(e))?;
    AdvancedEventSelectors::parse(&json)
}

fn tags(entry: &StoreEntry) -> Vec<Tag> {
    entry.tags.iter().map(|(key, value)| Tag::new(key, value)).collect()
}
