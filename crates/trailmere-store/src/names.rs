//! How does a name stay with one event data store when two are created at the same moment?
//!
//! A name is a document of its own that says which store holds it, written with create-if-absent. A process that dies
//! between taking a name and defining the store leaves a name without a store: such a name may be taken over.

use std::error::Error as StdError;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use trailmere_model::{Error, EventDataStore, Kind, Refusal, Result};
use uuid::Uuid;

use crate::documents::Document;
use crate::lake::Lake;
use crate::stores;

const KIND: &str = "event-data-store-name";

/// How long the holder of a name may take to define its store, before the name counts as left behind.
const PATIENCE: Duration = Duration::from_millis(1500);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often a name is looked at again when others take it and give it back meanwhile.
const ATTEMPTS: usize = 8;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Holder {
    store: Uuid,
}

/// Whether two names are the same name; case does not tell names apart.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Fails if an event data store has the name now.
pub(crate) async fn check_free(lake: &Lake, name: &str) -> Result<()> {
    match holder(lake, name).await? {
        Some(document) if has_store(lake, name, document.value.store).await? => Err(taken(name)),
        _ => Ok(()),
    }
}

/// Takes a name for a store, or fails if another store has it; that store can then be found under its name.
pub(crate) async fn claim(lake: &Lake, name: &str, store: Uuid) -> Result<()> {
    let value = Holder { store };
    for _ in 0..ATTEMPTS {
        let Some(document) = holder(lake, name).await? else {
            if is_won(lake.documents().put_new(KIND, &key(name), &value).await)?.is_some() {
                return Ok(());
            }
            continue;
        };
        if document.value.store == store {
            return Ok(());
        }
        if appears(lake, name, document.value.store).await? {
            return Err(taken(name));
        }
        let next = lake.documents().put_next(KIND, &key(name), document.version, &value).await;
        let Some(version) = is_won(next)? else { continue };
        if !has_store(lake, name, document.value.store).await? {
            return Ok(());
        }
        // The holder was slow, not dead: give the name back.
        let _ = lake.documents().put_next(KIND, &key(name), version, &document.value).await;
        return Err(taken(name));
    }
    Err(taken(name))
}

/// The version that was written, or nothing if another writer was faster: then its name must be looked at again.
fn is_won(written: Result<u64>) -> Result<Option<u64>> {
    match written {
        Ok(version) => Ok(Some(version)),
        // A refusal by storage itself has a source.
        Err(error)
            if matches!(error.kind(), Kind::Invalid | Kind::Unavailable) && StdError::source(&error).is_none() =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether the name is still the store's.
pub(crate) async fn is_held(lake: &Lake, name: &str, store: Uuid) -> Result<bool> {
    Ok(holder(lake, name).await?.is_some_and(|document| document.value.store == store))
}

/// Gives a name up, if the store has it.
pub(crate) async fn release(lake: &Lake, name: &str, store: Uuid) -> Result<()> {
    match holder(lake, name).await? {
        Some(document) if document.value.store == store => {
            lake.documents().delete(KIND, &key(name), document.version).await
        }
        _ => Ok(()),
    }
}

/// What is said to who comes second.
pub(crate) fn taken(name: &str) -> Error {
    Refusal::AlreadyExists
        .because(format!("an event data store named `{name}` exists already"))
        .hint("choose another name, or use that one")
}

async fn holder(lake: &Lake, name: &str) -> Result<Option<Document<Holder>>> {
    lake.documents().get(KIND, &key(name)).await
}

async fn has_store(lake: &Lake, name: &str, store: Uuid) -> Result<bool> {
    let document: Option<Document<EventDataStore>> = lake.documents().get(stores::KIND, &store.to_string()).await?;
    Ok(document.is_some_and(|document| same(&document.value.name, name)))
}

async fn appears(lake: &Lake, name: &str, store: Uuid) -> Result<bool> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        if has_store(lake, name, store).await? {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        waited += LOOK_AGAIN;
    }
    has_store(lake, name, store).await
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}
