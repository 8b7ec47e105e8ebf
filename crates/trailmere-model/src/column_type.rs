//! What types can a column have, as section by section of the published schemas, and which Arrow type is each?

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// A column's type in Lake's own terms; the whole of every schema is a static tree of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `string`.
    Text,
    /// `boolean`.
    Boolean,
    /// `integer`, 32 bits.
    Integer,
    /// `bigint`, 64 bits.
    Bigint,
    /// `double`.
    Double,
    /// `timestamp`: microseconds, UTC, without a zone.
    Timestamp,
    /// `map<string,string>`: top-level keys of a JSON object, nested values as their JSON text.
    Map,
    /// `array<…>`.
    List(&'static ColumnType),
    /// `struct<…>`.
    Struct(&'static [Member]),
}

/// A struct member, or a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The spelling in records; lower-cased, it is the name in SQL.
    pub display: &'static str,
    /// The key in the delivered JSON where it is another word than `display`.
    pub json_key: &'static str,
    /// The type.
    pub column_type: ColumnType,
}

impl Member {
    /// A member whose JSON key is its spelling.
    pub const fn new(display: &'static str, column_type: ColumnType) -> Self {
        Self { display, json_key: display, column_type }
    }

    /// A `string` member.
    pub const fn text(display: &'static str) -> Self {
        Self::new(display, ColumnType::Text)
    }

    /// The name in SQL and in Arrow.
    pub fn name(&self) -> String {
        self.display.to_ascii_lowercase()
    }
}

impl ColumnType {
    /// The Arrow type, as stored.
    pub fn data_type(&self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Integer => DataType::Int32,
            ColumnType::Bigint => DataType::Int64,
            ColumnType::Double => DataType::Float64,
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ColumnType::Map => map_of(DataType::Utf8),
            ColumnType::List(item) => DataType::List(Arc::new(Field::new("item", item.data_type(), true))),
            ColumnType::Struct(members) => DataType::Struct(
                members.iter().map(|m| Field::new(m.name(), m.column_type.data_type(), true)).collect(),
            ),
        }
    }

    /// The members of a struct, or of the structs in a list; none for the other types.
    pub fn members(&self) -> &'static [Member] {
        match self {
            ColumnType::Struct(members) => members,
            ColumnType::List(item) => item.members(),
            _ => &[],
        }
    }
}

fn map_of(text: DataType) -> DataType {
    let key = Field::new("key", text.clone(), false);
    let value = Field::new("value", text, true);
    let entries = Field::new("entries", DataType::Struct(Fields::from(vec![key, value])), false);
    DataType::Map(Arc::new(entries), false)
}

/// The type that a stored type has when it is scanned: `Utf8` becomes `Utf8View`, at every depth.
pub fn scanned_type(stored: &DataType) -> DataType {
    let scanned_field =
        |field: &Arc<Field>| Arc::new(field.as_ref().clone().with_data_type(scanned_type(field.data_type())));
    match stored {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(item) => DataType::List(scanned_field(item)),
        DataType::Map(entries, sorted) => DataType::Map(scanned_field(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(scanned_field).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_required_keys_and_nullable_values() {
        let DataType::Map(entries, sorted) = ColumnType::Map.data_type() else { panic!("no map") };
        assert!(!sorted);
        assert_eq!((entries.name().as_str(), entries.is_nullable()), ("entries", false));
        let DataType::Struct(fields) = entries.data_type() else { panic!("no entries") };
        let seen: Vec<_> = fields.iter().map(|f| (f.name().as_str(), f.is_nullable(), f.data_type().clone())).collect();
        assert_eq!(seen, [("key", false, DataType::Utf8), ("value", true, DataType::Utf8)]);
    }

    #[test]
    fn scanned_types_have_views_at_every_depth() {
        const PAIR: &[Member] = &[Member::text("ARN"), Member::new("tags", ColumnType::Map)];
        let stored = ColumnType::List(&ColumnType::Struct(PAIR)).data_type();
        let scanned = scanned_type(&stored).to_string();
        assert!(scanned.contains("Utf8View"));
        assert!(!scanned.replace("Utf8View", "").contains("Utf8"), "{scanned}");
        assert_eq!(scanned_type(&DataType::Int64), DataType::Int64);
    }
}
