//! How is a question kept by name? Saved queries: the shipped ones and the user's own, with header and parameters.

mod header;
mod parameter;
mod placeholders;
mod saved;
mod search;
mod shipped;

pub use parameter::{Parameter, is_type};
pub use placeholders::placeholders;
pub use saved::{SavedQuery, validate_query_name};
pub use search::{Hit, search};
pub use shipped::{find_shipped, shipped};
