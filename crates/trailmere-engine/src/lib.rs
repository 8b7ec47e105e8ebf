//! How is a question answered? Sessions, tables, the query lifecycle, limits and results.
//!
//! Runs plans over the lake's snapshots and changes no events. No SQL can read files, environment or network: the only
//! tables are those of the lake.

mod error;

mod aggregate;
mod athena;
mod coded;
mod columns;
mod implied;
mod members;
mod newest;
mod scan;
mod slim;
mod tables;

mod options;
mod parameters;
mod saved;
mod statistics;
mod vocabulary;

mod engine;
mod query;
mod topk;

mod export;
mod jobs;

pub mod schedules;

pub use engine::Engine;
pub use export::{
    DeliveredFile, Delivery, DeliveryFormat, DeliveryStatus, ExportReport, ExportRequest, LogExport, PublicKey,
    PublicKeys, SigningKeys, Verdict, verify_results,
};
pub use jobs::{
    AskedStore, Clock, DeliveryRecord, ExpiredJobs, JobColumn, JobFilter, JobOptions, JobPage, JobRecord, JobRequest,
    JobRows, JobStatistics, JobStatus, Jobs, Noted, Origin,
};
pub use options::{EngineOptions, Parameter, ParameterValue, QueryRequest};
pub use query::QueryRun;
pub use saved::{SavedQueries, bind_saved};
pub use statistics::QueryStatistics;
pub use trailmere_sql::{Fragment, OutputColumn};
pub use vocabulary::Vocabulary;
