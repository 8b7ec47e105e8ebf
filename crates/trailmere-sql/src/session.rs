//! Which settings of DataFusion do plans of this crate need?

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionConfig;

/// Sets what Trino's semantics need; everything else (parallelism, batch sizes, limits) is the caller's.
pub fn configure(config: SessionConfig) -> SessionConfig {
    config
        // A failing rule must not fail a statement that runs without it.
        .set_bool("datafusion.optimizer.skip_failed_rules", true)
        .set_bool("datafusion.catalog.create_default_catalog_and_schema", true)
        .set_bool("datafusion.catalog.information_schema", false)
}

/// A session that runs plans of this crate; functions and tables are within the plans.
pub fn session_state(config: SessionConfig) -> SessionState {
    SessionStateBuilder::new().with_config(configure(config)).with_default_features().build()
}
