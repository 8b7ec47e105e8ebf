//! Where is everything kept? The lake: documents, Delta tables, the ingestion ledger.
//!
//! The only crate that knows the layout:
//!
//! ```text
//! catalog/<kind>/<id>/<version>.json             documents
//! stores/<store id>/_delta_log/                  the Delta log of an event data store
//! stores/<store id>/calendarday=<day>/*.parquet  its events
//! stores/<store id>/_ledger/                     which log files were taken, and what was rejected
//! results/<day>/<query id>/<part>-<rows>.parquet rows that queries have found
//! jobs/<query id>/{place,beat}                   queries that wait or run now
//! ```

mod failure;

mod bucket;
mod folder;
mod location;

mod documents;
mod lake;
mod names;
mod stores;

mod jobs;
mod results;

mod encode;
mod needles;
mod snapshot;
mod sorted_rows;
mod state;
mod stats;
mod table;

mod commit;
mod ledger;

mod ranges;
mod rows;

mod balance;
mod compact;
mod duplicates;
mod expire;
mod log_upkeep;
mod maintain;
mod vacuum;

mod doctor;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use commit::{Append, Committed};
pub use compact::Compacted;
pub use doctor::{Ailment, Depth, Examination, Finding, Severity};
pub use documents::{Document, DocumentVersion, Documents};
pub use duplicates::Duplicates;
pub use encode::{EncodedFile, UNIQUE};
pub use expire::Expired;
pub use jobs::{LiveJob, LiveJobs};
pub use lake::{Lake, LakeOptions};
pub use ledger::{
    FileOutcome, FileState, Ledger, LedgerEntry, Quarantined, Verified, ledger_schema, quarantine_schema,
};
pub use location::{Location, open_export_store, open_object_store};
pub use log_upkeep::LogUpkeep;
pub use maintain::{MaintainOptions, MaintainReport, RemovedStore, StoreReport};
pub use needles::{NEEDLES, NeedleBlocks};
pub use ranges::StoredFile;
pub use results::{ResultFiles, ResultPart};
pub use snapshot::{DataFile, Snapshot};
pub use sorted_rows::{SLICE_BYTES, SortedRows, complete_sort_columns};
pub use stats::{ColumnStats, FileStats, STAT_TEXT_CHARS, StatValue};
pub use table::Table;
pub use vacuum::Unused;
