//! Reading event data stores: files, pruning and the table provider.

mod files;
mod provider;
mod prune;

pub(crate) use files::ScanFile;
pub(crate) use provider::StoreScan;
