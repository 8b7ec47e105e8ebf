//! Are the documents readable, the names held by their stores, and all folders of stores that there are?

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use trailmere_model::{Error, EventDataStore, Result};
use uuid::Uuid;

use super::{Ailment, Examination, YOUNG};
use crate::documents::Survey;
use crate::failure;
use crate::lake::{Lake, STORES};
use crate::{names, stores, vacuum};

/// Looks documents and folders over; gives the stores whose definitions can be read.
pub(super) async fn examine(
    lake: &Lake,
    now: DateTime<Utc>,
    examination: &mut Examination,
) -> Result<Vec<EventDataStore>> {
    let survey = lake.documents().survey().await?;
    examination.documents = survey.iter().map(|document| document.versions.len() as u64).sum();
    survey.iter().for_each(|document| examine_document(document, examination));
    let defined: Vec<EventDataStore> = survey.iter().filter_map(|document| definition(document, examination)).collect();
    let readable: Vec<EventDataStore> = defined.iter().filter(|store| !store.is_gone(now)).cloned().collect();
    for store in defined.iter().filter(|store| store.is_gone(now)) {
        let seen = "its days of pending deletion are over".to_owned();
        examination.findings.push(Ailment::DeletionDue.found(store.id.to_string(), seen).of(&store.name));
    }
    examine_names(&survey, &readable, examination);
    let unreadable = survey.iter().filter(|document| document.kind == stores::KIND && document.newest.is_err());
    let mut known: Vec<Uuid> = unreadable.filter_map(|document| Uuid::try_parse(&document.id).ok()).collect();
    known.extend(defined.iter().map(|store| store.id));
    examine_folders(lake, &known, now, examination).await?;
    Ok(defined)
}

fn examine_document(document: &Survey, examination: &mut Examination) {
    let place = format!("{}/{}", document.kind, document.id);
    for (path, error) in &document.unreadable {
        examination.findings.push(Ailment::Document.found(path.to_string(), said(error)));
    }
    let expected = (1..).zip(&document.versions);
    if let Some((missing, _)) = expected.into_iter().find(|(expected, version)| *expected != **version) {
        let seen = format!("version {missing} is missing");
        examination.findings.push(Ailment::DocumentVersion.found(place, seen));
    }
}

fn definition(document: &Survey, examination: &mut Examination) -> Option<EventDataStore> {
    if document.kind != stores::KIND {
        return None;
    }
    let value = document.newest.as_ref().ok()?.clone()?;
    match serde_json::from_value(value) {
        Ok(store) => Some(store),
        Err(error) => {
            let place = format!("{}/{}", document.kind, document.id);
            let seen = format!("it defines no event data store: {error}");
            examination.findings.push(Ailment::Document.found(place, seen));
            None
        }
    }
}

fn examine_names(survey: &[Survey], stores: &[EventDataStore], examination: &mut Examination) {
    let mut by_name: BTreeMap<String, Vec<&EventDataStore>> = BTreeMap::new();
    for store in stores {
        by_name.entry(store.name.to_ascii_lowercase()).or_default().push(store);
    }
    let held: HashMap<String, Uuid> = survey.iter().filter_map(names::holding).collect();
    for (name, stores) in &by_name {
        if stores.len() > 1 {
            let ids: Vec<String> = stores.iter().map(|store| store.id.to_string()).collect();
            examination.findings.push(Ailment::NameTwice.found(name, ids.join(" and ")).of(&stores[0].name));
        } else if held.get(name) != Some(&stores[0].id) {
            let seen = held.get(name).map_or("nobody".to_owned(), Uuid::to_string) + " holds the name";
            examination.findings.push(Ailment::NameNotHeld.found(name, seen).of(&stores[0].name));
        }
    }
    for (name, holder) in held.iter().filter(|(name, _)| !by_name.contains_key(*name)) {
        examination.findings.push(Ailment::NameLeftBehind.found(name, format!("store {holder} does not have it")));
    }
}

/// Finds what stores left behind that were never completed, or were removed in part.
async fn examine_folders(lake: &Lake, known: &[Uuid], now: DateTime<Utc>, examination: &mut Examination) -> Result<()> {
    let object_store = lake.object_store();
    let listed = object_store.list_with_delimiter(Some(&STORES.into())).await;
    let listed = listed.map_err(|error| failure::storage(error, "list the event data stores"))?;
    for folder in listed.common_prefixes {
        let id = folder.filename().and_then(|name| Uuid::try_parse(name).ok());
        if id.is_none_or(|id| known.contains(&id)) {
            continue;
        }
        let files = vacuum::list(object_store.as_ref(), &folder).await?;
        // A store that is being created has its files before its definition.
        if files.iter().any(|file| file.last_modified + YOUNG < now) {
            let unused = vacuum::count(&files);
            let seen = format!("{} files, {} bytes of no store", unused.files, unused.bytes);
            examination.findings.push(Ailment::Abandoned.found(folder.to_string(), seen));
        }
    }
    Ok(())
}

/// An error in a line.
pub(super) fn said(error: &Error) -> String {
    match error.place() {
        Some(place) => format!("{} ({place})", error.message()),
        None => error.message().to_owned(),
    }
}
