//! How does a delivered log file become rows? Sources, decoding, batches, commits: each event exactly once.
//!
//! A bad record is data, not a failure: it goes to the quarantine, and everything else of its file is kept. Running an
//! ingestion twice on one source adds nothing. Knows gzip and JSON, and no SQL.

mod progress;
mod request;
mod summary;

mod follow;
mod import;
mod ingest;
mod preview;
mod verify;

mod pipeline;
mod source;

pub mod decode;
mod inflate;
mod shapes;

pub use import::{Import, ImportFailure, ImportReport, ImportStatistics, ImportStatus, find_import, imports};
pub use ingest::ingest;
pub use pipeline::default_store_name;
pub use preview::{Amount, SelectorAmount, SelectorPreview, preview_selectors};
pub use progress::{Decoded, NoProgress, Progress, Step};
pub use request::{DEFAULT_MEMORY, Dedupe, ImportOptions, ImportSelectors, IngestRequest, Resume, VerifyOptions};
pub use summary::{Failure, FileCounts, IngestSummary, Outcome, StoreCounts, Verification};
pub use verify::{
    DigestFault, Line, LogFault, Moved, PublicKeys, Ratio, Trail, TrailReport, VerifyRequest, Witness, verify_logs,
};
