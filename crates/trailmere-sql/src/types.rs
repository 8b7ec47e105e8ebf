//! Trino's types, and how each is laid out in Arrow.
//!
//! The analyzer types every expression with [`Type`]; DataFusion only ever sees the Arrow type of [`Type::arrow`].
//! Two Trino types may share an Arrow type (varchar and json): what tells them apart is the analyzer's `Type`.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// A type of Trino.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// The type of a bare NULL. Arrow: `Null`.
    Unknown,
    /// Arrow: `Boolean`.
    Boolean,
    /// Arrow: `Int8`.
    TinyInt,
    /// Arrow: `Int16`.
    SmallInt,
    /// Arrow: `Int32`.
    Integer,
    /// Arrow: `Int64`.
    BigInt,
    /// Arrow: `Float32`.
    Real,
    /// Arrow: `Float64`.
    Double,
    /// Precision 1 to 38, scale 0 to precision. Arrow: `Decimal128`.
    Decimal(u8, u8),
    /// Length in code points, `None` for unbounded. Arrow: `Utf8View`.
    Varchar(Option<u32>),
    /// Blank-padded in meaning, stored without trailing blanks. Arrow: `Utf8View`.
    Char(u32),
    /// Arrow: `BinaryView`.
    Varbinary,
    /// Canonical JSON text. Arrow: `Utf8View`.
    Json,
    /// Arrow: `Date32`.
    Date,
    /// Precision 0 to 12. Arrow: `Int64`, picoseconds since midnight.
    Time(u8),
    /// Arrow: `Struct{picos: Int64, offset: Int32 (minutes)}`.
    TimeTz(u8),
    /// Precision 0 to 6: Arrow `Timestamp(Microsecond)`; 7 to 12: `Decimal128(38, 0)`, picoseconds since 1970.
    Timestamp(u8),
    /// An instant with its own zone. Arrow: `Struct{instant: as Timestamp(p), zone: Utf8View ("UTC", "Asia/Tokyo", "+05:45")}`.
    TimestampTz(u8),
    /// Arrow: `Int64`, milliseconds.
    IntervalDayToSecond,
    /// Arrow: `Int32`, months.
    IntervalYearToMonth,
    /// Arrow: `List` with the item field `item`.
    Array(Box<Type>),
    /// Arrow: `Map` with `entries{key, value}`.
    Map(Box<Type>, Box<Type>),
    /// Arrow: `Struct`; see [`RowField`] for the names.
    Row(Vec<RowField>),
    /// An IPv6 address, IPv4 mapped into it. Arrow: `FixedSizeBinary(16)`.
    IpAddress,
    /// Address (16 bytes) and prefix length (1 byte). Arrow: `FixedSizeBinary(17)`.
    IpPrefix,
    /// Arrow: `FixedSizeBinary(16)`.
    Uuid,
    /// Serialised sketch. Arrow: `BinaryView`.
    HyperLogLog,
    /// Serialised digest. Arrow: `BinaryView`.
    TDigest,
    /// Serialised digest over bigint, real or double. Arrow: `BinaryView`.
    QDigest(Box<Type>),
    /// A terminal colour. Arrow: `Int32`.
    Color,
}

/// A field of a row. Names keep their spelling; they are matched without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowField {
    /// The name, if it has one.
    pub name: Option<String>,
    /// The type.
    pub ty: Type,
}

/// Name of the item field of every list.
pub const ITEM: &str = "item";
/// Members of the struct that holds a timestamp with time zone.
pub const INSTANT: &str = "instant";
/// See [`INSTANT`].
pub const ZONE: &str = "zone";

impl Type {
    /// Unbounded varchar.
    pub const VARCHAR: Type = Type::Varchar(None);

    /// An array of `element`.
    pub fn array(element: Type) -> Type {
        Type::Array(Box::new(element))
    }

    /// A map.
    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Box::new(key), Box::new(value))
    }

    /// A row of unnamed fields.
    pub fn anonymous_row(types: impl IntoIterator<Item = Type>) -> Type {
        Type::Row(types.into_iter().map(|ty| RowField { name: None, ty }).collect())
    }

    /// How DataFusion and Arrow hold a value of this type.
    pub fn arrow(&self) -> DataType {
        match self {
            Type::Unknown => DataType::Null,
            Type::Boolean => DataType::Boolean,
            Type::TinyInt => DataType::Int8,
            Type::SmallInt => DataType::Int16,
            Type::Integer | Type::IntervalYearToMonth | Type::Color => DataType::Int32,
            Type::BigInt | Type::Time(_) | Type::IntervalDayToSecond => DataType::Int64,
            Type::Real => DataType::Float32,
            Type::Double => DataType::Float64,
            Type::Decimal(p, s) => DataType::Decimal128(*p, *s as i8),
            Type::Varchar(_) | Type::Char(_) | Type::Json => DataType::Utf8View,
            Type::Varbinary | Type::HyperLogLog | Type::TDigest | Type::QDigest(_) => DataType::BinaryView,
            Type::Date => DataType::Date32,
            Type::Timestamp(p) if *p <= 6 => DataType::Timestamp(TimeUnit::Microsecond, None),
            Type::Timestamp(_) => DataType::Decimal128(38, 0),
            Type::TimeTz(_) => structure([("picos", DataType::Int64), ("offset", DataType::Int32)]),
            Type::TimestampTz(p) => structure([(INSTANT, Type::Timestamp(*p).arrow()), (ZONE, DataType::Utf8View)]),
            Type::Array(element) => DataType::List(item_field(element)),
            Type::Map(key, value) => DataType::Map(entries_field(key, value), false),
            Type::Row(fields) => DataType::Struct(row_fields(fields)),
            Type::IpAddress | Type::Uuid => DataType::FixedSizeBinary(16),
            Type::IpPrefix => DataType::FixedSizeBinary(17),
        }
    }

    /// Whether values are numbers.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Type::Real | Type::Double | Type::Decimal(..))
    }

    /// Whether values are whole numbers of 8 to 64 bits.
    pub fn is_integer(&self) -> bool {
        matches!(self, Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt)
    }

    /// Whether values are varchar or char.
    pub fn is_text(&self) -> bool {
        matches!(self, Type::Varchar(_) | Type::Char(_))
    }

    /// The type of a column of an Arrow table that nobody has described otherwise.
    pub fn from_arrow(data_type: &DataType) -> Option<Type> {
        Some(match data_type {
            DataType::Null => Type::Unknown,
            DataType::Boolean => Type::Boolean,
            DataType::Int8 => Type::TinyInt,
            DataType::Int16 | DataType::UInt8 => Type::SmallInt,
            DataType::Int32 | DataType::UInt16 => Type::Integer,
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::BigInt,
            DataType::Float32 => Type::Real,
            DataType::Float64 => Type::Double,
            DataType::Decimal128(p, s) if *s >= 0 => Type::Decimal(*p, *s as u8),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::VARCHAR,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Type::Varbinary,
            DataType::Date32 => Type::Date,
            DataType::Timestamp(TimeUnit::Second, None) => Type::Timestamp(0),
            DataType::Timestamp(TimeUnit::Millisecond, None) => Type::Timestamp(3),
            DataType::Timestamp(TimeUnit::Microsecond, None) => Type::Timestamp(6),
            DataType::List(item) => Type::array(Type::from_arrow(item.data_type())?),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(kv) if kv.len() == 2 => {
                    Type::map(Type::from_arrow(kv[0].data_type())?, Type::from_arrow(kv[1].data_type())?)
                }
                _ => return None,
            },
            DataType::Struct(fields) => Type::Row(
                fields
                    .iter()
                    .map(|f| Some(RowField { name: Some(f.name().clone()), ty: Type::from_arrow(f.data_type())? }))
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        })
    }
}

/// The item field of a list of `element`.
pub fn item_field(element: &Type) -> Arc<Field> {
    Arc::new(Field::new(ITEM, element.arrow(), true))
}

/// The entries field of a map.
pub fn entries_field(key: &Type, value: &Type) -> Arc<Field> {
    let kv = Fields::from(vec![Field::new("key", key.arrow(), false), Field::new("value", value.arrow(), true)]);
    Arc::new(Field::new("entries", DataType::Struct(kv), false))
}

/// The Arrow fields of a row: names in lower case; `field0`, `field1`… for those without; a repeated name gets its position.
pub fn row_fields(fields: &[RowField]) -> Fields {
    let mut seen = std::collections::HashSet::new();
    fields
        .iter()
        .enumerate()
        .map(|(i, f)| {
            let mut name = f.name.as_ref().map_or_else(|| format!("field{i}"), |n| n.to_lowercase());
            if !seen.insert(name.clone()) {
                name = format!("{name}#{i}");
                seen.insert(name.clone());
            }
            Field::new(name, f.ty.arrow(), true)
        })
        .collect()
}

fn structure<const N: usize>(members: [(&str, DataType); N]) -> DataType {
    DataType::Struct(members.into_iter().map(|(n, t)| Field::new(n, t, true)).collect())
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Unknown => f.write_str("unknown"),
            Type::Boolean => f.write_str("boolean"),
            Type::TinyInt => f.write_str("tinyint"),
            Type::SmallInt => f.write_str("smallint"),
            Type::Integer => f.write_str("integer"),
            Type::BigInt => f.write_str("bigint"),
            Type::Real => f.write_str("real"),
            Type::Double => f.write_str("double"),
            Type::Decimal(p, s) => write!(f, "decimal({p},{s})"),
            Type::Varchar(None) => f.write_str("varchar"),
            Type::Varchar(Some(n)) => write!(f, "varchar({n})"),
            Type::Char(n) => write!(f, "char({n})"),
            Type::Varbinary => f.write_str("varbinary"),
            Type::Json => f.write_str("json"),
            Type::Date => f.write_str("date"),
            Type::Time(p) => write!(f, "time({p})"),
            Type::TimeTz(p) => write!(f, "time({p}) with time zone"),
            Type::Timestamp(p) => write!(f, "timestamp({p})"),
            Type::TimestampTz(p) => write!(f, "timestamp({p}) with time zone"),
            Type::IntervalDayToSecond => f.write_str("interval day to second"),
            Type::IntervalYearToMonth => f.write_str("interval year to month"),
            Type::Array(e) => write!(f, "array({e})"),
            Type::Map(k, v) => write!(f, "map({k}, {v})"),
            Type::Row(fields) => write_row(f, fields),
            Type::IpAddress => f.write_str("ipaddress"),
            Type::IpPrefix => f.write_str("ipprefix"),
            Type::Uuid => f.write_str("uuid"),
            Type::HyperLogLog => f.write_str("HyperLogLog"),
            Type::TDigest => f.write_str("tdigest"),
            Type::QDigest(t) => write!(f, "qdigest({t})"),
            Type::Color => f.write_str("color"),
        }
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, fields: &[RowField]) -> fmt::Result {
    f.write_str("row(")?;
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        match &field.name {
            Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => write!(f, "{name} ")?,
            Some(name) => write!(f, "\"{name}\" ")?,
            None => {}
        }
        write!(f, "{}", field.ty)?;
    }
    f.write_str(")")
}
