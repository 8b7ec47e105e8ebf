//! Plans whose rows have texts as positions in dictionaries: a scan, and what stands between it and a grouping.
//!
//! Batches then differ from the plans' schemas in that: only what knows of it may read them.

mod among;
mod among_rule;
mod compact;
mod list_texts;
mod rows;
mod rule;
mod unnest;

pub(crate) use among_rule::kept_among;
pub(crate) use compact::{Compact, Values, plain};
pub(crate) use list_texts::{ListTexts, Which, of_lists};
pub(crate) use rule::{coded_rows, is_unique, scan_of, table_column};

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};

/// The schema with the types that the columns have.
pub(crate) fn of_columns(schema: &SchemaRef, columns: &[ArrayRef]) -> SchemaRef {
    let fields = schema.fields().iter().zip(columns);
    let fields = fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}
