//! An engine: one lake, its opened tables, and the limits that all its queries share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionConfig;
use trailmere_model::{Error, EventDataStore, Result};
use trailmere_store::{Lake, Table};
use uuid::Uuid;

use crate::jobs::Jobs;
use crate::options::EngineOptions;
use crate::saved::SavedQueries;
use crate::scan::SharedScans;
use crate::schedules::Schedules;
use crate::tables::lake_url;

/// Answers questions about the events of one lake. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    lake: Lake,
    options: EngineOptions,
    runtime: Arc<RuntimeEnv>,
    /// Opened tables: a second query reads only what is new in the log.
    tables: Mutex<HashMap<Uuid, Table>>,
    /// What every query begins with.
    session: OnceLock<SessionState>,
    /// What was decoded of data files.
    scans: Arc<SharedScans>,
}

/// Consumers of memory that an error names.
const NAMED_CONSUMERS: usize = 3;

impl Engine {
    /// An engine over a lake; nothing is read yet.
    pub fn new(lake: Lake, options: EngineOptions) -> Result<Self> {
        let named = std::num::NonZeroUsize::new(NAMED_CONSUMERS).unwrap_or(std::num::NonZeroUsize::MIN);
        let pool = TrackConsumersPool::new(FairSpillPool::new(options.memory_limit), named);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_metadata_cache_limit(options.metadata_cache)
            .build_arc()
            .map_err(|e| Error::internal("the query runtime can't be made").source(e))?;
        runtime.register_object_store(lake_url()?.as_ref(), lake.object_store());
        let scans = Arc::new(SharedScans::new(options.column_cache.min(options.memory_limit / 2)));
        let (tables, session) = (Mutex::default(), OnceLock::new());
        Ok(Engine { shared: Arc::new(Shared { lake, options, runtime, tables, session, scans }) })
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.shared.lake
    }

    /// The settings.
    pub fn options(&self) -> &EngineOptions {
        &self.shared.options
    }

    /// The saved queries.
    pub fn saved(&self) -> SavedQueries {
        SavedQueries::new(&self.shared.lake)
    }

    /// The schedules.
    pub fn schedules(&self) -> Schedules {
        Schedules::new(&self.shared.lake)
    }

    /// The queries that run as jobs, and the records of all.
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self)
    }

    pub(crate) fn runtime(&self) -> Arc<RuntimeEnv> {
        Arc::clone(&self.shared.runtime)
    }

    pub(crate) fn scans(&self) -> Arc<SharedScans> {
        Arc::clone(&self.shared.scans)
    }

    pub(crate) fn session(&self) -> &OnceLock<SessionState> {
        &self.shared.session
    }

    /// The session settings of every query.
    pub(crate) fn session_config(&self) -> SessionConfig {
        trailmere_sql::session::configure(SessionConfig::new()).with_target_partitions(self.shared.options.threads)
    }

    /// The table of a store, opened once.
    pub(crate) async fn table(&self, store: &EventDataStore) -> Result<Table> {
        if let Some(open) = self.shared.tables.lock().ok().and_then(|tables| tables.get(&store.id).cloned()) {
            return Ok(open);
        }
        let table = self.shared.lake.table(store).await?;
        if let Ok(mut tables) = self.shared.tables.lock() {
            tables.insert(store.id, table.clone());
        }
        Ok(table)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({})", self.shared.lake.location())
    }
}
