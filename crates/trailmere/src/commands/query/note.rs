//! Queries that somebody watches are recorded too, when they have ended: who, what, when, what it cost.

use chrono::{DateTime, Utc};
use trailmere_engine::{AskedStore, Engine, JobRequest, Noted, Origin, QueryRequest, QueryStatistics};
use trailmere_model::Error;

use crate::context::{now, who};

/// A statement that is being watched.
pub(super) struct Watched<'a> {
    pub(super) sql: &'a str,
    pub(super) request: QueryRequest,
    pub(super) stores: Vec<AskedStore>,
    pub(super) started: DateTime<Utc>,
}

impl Watched<'_> {
    /// Records how it went. A lake that may only be read can be asked all the same, so a record that can't be written is
    /// no failure.
    pub(super) async fn note(self, engine: &Engine, statistics: QueryStatistics, error: Option<&Error>) {
        let (sql, request) = (self.sql.trim().to_string(), self.request);
        let job = JobRequest { sql, request, delivery: None, origin: Origin::Interactive, who: who() };
        let noted = Noted { stores: self.stores, statistics, error, started: self.started, finished: now() };
        let _ = engine.jobs().note(&job, noted).await;
    }
}
