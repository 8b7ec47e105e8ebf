//! Reading event data stores: files, pruning and the table provider.

mod files;
mod kept_needles;
mod listing;
mod needles;
mod provider;
mod prune;
mod read;

pub(crate) use provider::StoreScan;
pub(crate) use read::{EventSource, Shared as SharedScans, Unreadable};

/// Whether filters look for single values that bloom filters know.
pub(crate) fn has_needles(filters: &[datafusion::logical_expr::Expr]) -> bool {
    !needles::needles(filters).is_empty()
}
