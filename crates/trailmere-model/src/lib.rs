//! What is an event, and what is an event data store? Schemas, advanced event selectors, definitions, retention.
//!
//! Nothing here touches a file, a clock or a network: the time comes in as an argument.

mod error;

mod category;

mod column_type;
mod schema;
mod spelling;

pub mod log_key;
pub mod time;

mod retention;

mod facts;
mod selectors;

mod definition;

pub use category::{EventCategory, StoreType};
pub use column_type::{ColumnType, Member, scanned_type};
pub use definition::{
    BillingMode, CreateStore, EventDataStore, MAX_TAGS, RESTORE_WINDOW_DAYS, Refusal, SelectorChoice, StoreStatus,
    StoreUse, Tag, UpdateStore, parse_store_arn, store_arn, validate_store_name, validate_tags,
};
pub use error::{Error, Kind, Result};
pub use facts::{EventFacts, ResourceFacts};
pub use retention::{Retention, is_expired, retention_cutoff};
pub use schema::{
    CALENDARDAY, Column, EVENTCONTEXT, EVENTJSON, EVENTJSONCHECKSUM, EVENTTIME, HOUR, INGESTED, PATH, VERIFIED,
    extra_columns, find_column, published_columns, sort_columns, storage_schema,
};
pub use selectors::{
    AdvancedEventSelector, AdvancedEventSelectors, CompiledSelectors, FieldSelector, MAX_SELECTOR_VALUES,
    SelectorField, SelectorOperator,
};
pub use spelling::{display_name, display_path, nearest};
