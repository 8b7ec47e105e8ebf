//! Where does a result go beyond the lake, in which shape, and how is it proved to be whole?

mod columns;
mod delivery;
mod encode;
mod source;

mod files;

mod keys;
mod sign;
mod verify;

mod deliver;
mod logs;
mod whole;

pub use delivery::{DeliveredFile, Delivery, DeliveryFormat, DeliveryStatus};
pub use keys::{PublicKey, PublicKeys, SigningKeys};
pub use logs::LogExport;
pub use verify::{Verdict, verify_results};
pub use whole::{ExportReport, ExportRequest};

pub(crate) use columns::unique_schema;
pub(crate) use deliver::deliver;
