//! Which event data stores do events go to, and what does each of them take?

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use trailmere_model::{
    CompiledSelectors, CreateStore, Error, EventDataStore, Kind, Result, Retention, SelectorChoice, StoreType,
    retention_cutoff,
};
use trailmere_store::{Lake, Ledger, Table};
use uuid::Uuid;

use crate::decode::ScannedRecord;
use crate::request::{ImportSelectors, IngestRequest};

/// More stores than this at once do not fit a row's mask.
pub(crate) const MAX_TARGETS: usize = 64;

/// An event data store that events may go to; a default one is made when its first event comes.
pub(crate) struct Target {
    pub(crate) store_type: StoreType,
    /// None takes every event of the type.
    selectors: Option<CompiledSelectors>,
    cutoff: Option<i64>,
    region: Option<String>,
    opened: RwLock<Option<Opened>>,
}

/// A target that is there.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) store: EventDataStore,
    pub(crate) table: Table,
    /// The lake's storage.
    pub(crate) root: std::sync::Arc<dyn object_store::ObjectStore>,
    pub(crate) ledger: Ledger,
    /// Made by this ingestion.
    pub(crate) is_new: bool,
}

/// A store and its table, kept from one round to the next.
pub(crate) struct Known {
    store: EventDataStore,
    table: Table,
}

/// What a target does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Take,
    Filtered,
    Expired,
}

impl Target {
    async fn open(finder: &Finder<'_>, store: EventDataStore) -> Result<Self> {
        let Finder { lake, request, now, known } = *finder;
        let ignores = request.import.as_ref().is_some_and(|import| import.selectors == ImportSelectors::Ignore);
        let table = match known.iter().find(|known| known.store == store) {
            Some(known) => known.table.clone(),
            None => lake.table(&store).await?,
        };
        let ledger = table.ledger().await?;
        Ok(Self {
            store_type: store.store_type,
            selectors: store.selectors.as_ref().filter(|_| !ignores).map(|selectors| selectors.compile()),
            cutoff: retention_cutoff(store.retention, now.timestamp_micros()),
            region: (!store.multi_region && !ignores).then(|| store.region.clone()),
            opened: RwLock::new(Some(Opened { store, table, root: lake.object_store(), ledger, is_new: false })),
        })
    }

    fn to_be_made(store_type: StoreType) -> Self {
        Self { store_type, selectors: None, cutoff: None, region: None, opened: RwLock::new(None) }
    }

    /// What is there of it, as of now.
    pub(crate) fn opened(&self) -> Option<Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, opened: Opened) {
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    }

    /// What the next round can use again.
    pub(crate) fn known(&self) -> Option<Known> {
        self.opened().map(|opened| Known { store: opened.store, table: opened.table })
    }

    /// Reads the ledger again, after others may have committed.
    pub(crate) async fn refresh(&self) -> Result<()> {
        if let Some(opened) = self.opened() {
            let ledger = opened.table.ledger().await?;
            self.set(Opened { ledger, ..opened });
        }
        Ok(())
    }

    /// Asks retention, region and selectors.
    pub(crate) fn choose(&self, record: &ScannedRecord<'_>) -> Choice {
        if self.cutoff.is_some_and(|cutoff| record.event_time() < cutoff) {
            return Choice::Expired;
        }
        let is_elsewhere = |region: &String| record.aws_region().is_some_and(|found| found != region.as_str());
        if self.region.as_ref().is_some_and(is_elsewhere) {
            return Choice::Filtered;
        }
        match &self.selectors {
            Some(selectors) if !record.with_facts(|facts| selectors.matches(facts)) => Choice::Filtered,
            _ => Choice::Take,
        }
    }

    /// The store, made now if it is not there yet. Another process may be faster; then its store is used.
    pub(crate) async fn materialize(&self, lake: &Lake, now: DateTime<Utc>) -> Result<Opened> {
        if let Some(opened) = self.opened() {
            return Ok(opened);
        }
        let (store, is_new) = make_default(lake, self.store_type, now).await?;
        let table = lake.table(&store).await?;
        // As of before anything was in it: what another ingester has taken since is found as an overlap.
        let ledger = table.ledger().await?;
        let opened = Opened { store, table, root: lake.object_store(), ledger, is_new };
        self.set(opened.clone());
        Ok(opened)
    }
}

#[derive(Clone, Copy)]
struct Finder<'a> {
    lake: &'a Lake,
    request: &'a IngestRequest,
    now: DateTime<Utc>,
    known: &'a [Known],
}

/// Finds the targets of a request: the stores named, or all that ingest, and default ones for what has no store.
pub(crate) async fn targets(
    lake: &Lake,
    request: &IngestRequest,
    now: DateTime<Utc>,
    known: &[Known],
) -> Result<Vec<Target>> {
    let finder = Finder { lake, request, now, known };
    let mut targets = Vec::new();
    if !request.stores.is_empty() {
        for name in &request.stores {
            let store = named(lake, name, request).await?;
            let is_known = |target: &Target| target.opened().is_some_and(|opened| opened.store.id == store.id);
            if !targets.iter().any(is_known) {
                targets.push(Target::open(&finder, store).await?);
            }
        }
        return checked(targets);
    }
    let stores = lake.stores().await?;
    for store_type in StoreType::ALL {
        let of_type = stores.iter().filter(|store| store.store_type == store_type && store.check_active().is_ok());
        let of_type: Vec<_> = of_type.collect();
        if of_type.is_empty() {
            targets.push(Target::to_be_made(store_type));
        }
        for store in of_type.into_iter().filter(|store| store.accepts_ingestion()) {
            targets.push(Target::open(&finder, store.clone()).await?);
        }
    }
    checked(targets)
}

async fn named(lake: &Lake, name: &str, request: &IngestRequest) -> Result<EventDataStore> {
    let store = lake.find_store(name).await?;
    store.check_active()?;
    if request.import.is_some() {
        store.check_import()?;
    } else if !store.accepts_ingestion() {
        return Err(Error::invalid(format!("event data store `{}` is `{}`", store.name, store.status))
            .hint("start its ingestion first, or copy history into it with --import"));
    }
    Ok(store)
}

fn checked(targets: Vec<Target>) -> Result<Vec<Target>> {
    if targets.len() <= MAX_TARGETS {
        return Ok(targets);
    }
    Err(Error::limit(format!("{} event data stores are ingesting, at most {MAX_TARGETS} can at once", targets.len()))
        .hint("name some of them with --store"))
}

/// The name of the store that is made for a type of events that no store is there for.
pub fn default_store_name(store_type: StoreType) -> &'static str {
    match store_type {
        StoreType::CloudTrail => "events",
        StoreType::Insights => "insights",
        StoreType::Configuration => "configuration-items",
        StoreType::Evidence => "evidence",
        StoreType::ActivityAuditLog => "activity",
    }
}

async fn make_default(lake: &Lake, store_type: StoreType, now: DateTime<Utc>) -> Result<(EventDataStore, bool)> {
    let name = default_store_name(store_type);
    let wanted = CreateStore {
        name: name.to_owned(),
        selectors: SelectorChoice::Everything(store_type),
        retention: Some(Retention::Forever),
        is_default: true,
        ..CreateStore::default()
    };
    let store = EventDataStore::create(wanted, Uuid::new_v4(), now)?;
    let failure = match lake.create_store(&store).await {
        Ok(()) => return Ok((store, true)),
        Err(error) if error.kind() == Kind::Invalid => error,
        Err(error) => return Err(error),
    };
    let stores = lake.stores().await?;
    let takes =
        |store: &&EventDataStore| store.store_type == store_type && store.accepts_ingestion() && store.is_default;
    match stores.iter().find(takes) {
        Some(other) => Ok((other.clone(), false)),
        None => Err(failure.at(format!("making a default event data store for {store_type} events"))),
    }
}
