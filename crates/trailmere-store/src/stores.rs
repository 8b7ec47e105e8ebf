//! Which event data stores are there, and how is one created, found and changed?

use trailmere_model::{Error, EventDataStore, Result, nearest};
use uuid::Uuid;

use crate::documents::Document;
use crate::lake::Lake;
use crate::names;
use crate::table::Table;

/// The kind of the documents that define event data stores.
pub(crate) const KIND: &str = "event-data-store";

impl Lake {
    /// Creates an event data store: its table, its name, its definition, in this order, so that what can be seen works.
    pub async fn create_store(&self, store: &EventDataStore) -> Result<()> {
        names::check_free(self, &store.name).await?;
        Table::create(self, store).await?;
        names::claim(self, &store.name, store.id).await?;
        self.documents().put_new(KIND, &store.id.to_string(), store).await?;
        if names::is_held(self, &store.name, store.id).await? {
            return Ok(());
        }
        self.documents().delete(KIND, &store.id.to_string(), 1).await?;
        Err(names::taken(&store.name))
    }

    /// Lists all event data stores by name.
    pub async fn stores(&self) -> Result<Vec<EventDataStore>> {
        let documents: Vec<Document<EventDataStore>> = self.documents().list(KIND).await?;
        let mut stores: Vec<EventDataStore> = documents.into_iter().map(|document| document.value).collect();
        stores.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(stores)
    }

    /// Finds an event data store by name, id, ARN, or by a part at the beginning of its id that no other id begins with.
    pub async fn find_store(&self, wanted: &str) -> Result<EventDataStore> {
        let stores = self.stores().await?;
        find(&stores, wanted).cloned()
    }

    /// Changes an event data store's definition with `change`, again and again until no other writer comes between.
    pub async fn change_store(
        &self,
        id: Uuid,
        mut change: impl FnMut(&mut EventDataStore) -> Result<()>,
    ) -> Result<EventDataStore> {
        let document: Option<Document<EventDataStore>> = self.documents().get(KIND, &id.to_string()).await?;
        let before = document.ok_or_else(|| unknown(&id.to_string()))?.value;
        let mut planned = before.clone();
        change(&mut planned)?;
        let is_renamed = !names::same(&before.name, &planned.name);
        if is_renamed {
            names::claim(self, &planned.name, id).await?;
        }
        let changed = self.documents().change(KIND, &id.to_string(), change).await?.value;
        if is_renamed && names::same(&changed.name, &planned.name) {
            names::release(self, &before.name, id).await?;
        }
        // The definition counts; the table's properties tell others and may lag behind until the next maintenance.
        let _ = Table::open(self, &changed)?.publish_properties().await;
        Ok(changed)
    }

    /// Opens an event data store's table.
    pub async fn table(&self, store: &EventDataStore) -> Result<Table> {
        Table::open(self, store)
    }
}

/// Finds one of `stores` by name, id, ARN or a unique beginning of its id.
pub(crate) fn find<'a>(stores: &'a [EventDataStore], wanted: &str) -> Result<&'a EventDataStore> {
    let wanted = wanted.trim();
    let exact = |store: &&EventDataStore| store.name == wanted || store.arn == wanted;
    if let Some(found) = stores.iter().find(exact) {
        return Ok(found);
    }
    let alike =
        |store: &&EventDataStore| store.name.eq_ignore_ascii_case(wanted) || store.arn.eq_ignore_ascii_case(wanted);
    if let Some(found) = stores.iter().find(alike) {
        return Ok(found);
    }
    let prefix = wanted.to_ascii_lowercase();
    let begun: Vec<&EventDataStore> =
        stores.iter().filter(|store| !prefix.is_empty() && store.id.to_string().starts_with(&prefix)).collect();
    match begun.as_slice() {
        [found] => Ok(found),
        [] => Err(no_such_store(stores, wanted)),
        several => {
            let names: Vec<String> = several.iter().map(|store| format!("{} ({})", store.id, store.name)).collect();
            Err(Error::invalid(format!("`{wanted}` begins several ids: {}", names.join(", ")))
                .hint("write more of the id"))
        }
    }
}

fn no_such_store(stores: &[EventDataStore], wanted: &str) -> Error {
    let error = unknown(wanted);
    if let Some(name) = nearest(wanted, stores.iter().map(|store| store.name.as_str())) {
        return error.hint(format!("did you mean `{name}`?"));
    }
    if stores.is_empty() {
        return error.hint("the lake has no event data store yet: ingest something, or create one");
    }
    let names: Vec<&str> = stores.iter().map(|store| store.name.as_str()).collect();
    error.hint(format!("the lake has {}", names.join(", ")))
}

fn unknown(wanted: &str) -> Error {
    Error::not_found(format!("there is no event data store `{wanted}`"))
}
