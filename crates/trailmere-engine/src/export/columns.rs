//! How are columns named in formats that know no two of the same name?

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use trailmere_sql::OutputColumn;

/// Heads that are unique: the second `arn` is `arn_1`.
pub(crate) fn unique_names(columns: &[OutputColumn]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.name.clone();
        let mut n = 0;
        while names.contains(&name) {
            n += 1;
            name = format!("{}_{n}", column.name);
        }
        names.push(name);
    }
    names
}

/// The Arrow schema of a result under unique names.
pub(crate) fn unique_schema(columns: &[OutputColumn]) -> SchemaRef {
    let fields = columns.iter().zip(unique_names(columns)).map(|(c, name)| Field::new(name, c.ty.arrow(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
