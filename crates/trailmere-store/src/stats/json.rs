//! How are a Delta file's statistics written and read as JSON, many thousand files in a moment?

use std::borrow::Cow;
use std::fmt;

use arrow::datatypes::DataType;
use chrono::{DateTime, NaiveDate};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use trailmere_model::{Error, Result};

use super::{ColumnStats, FileStats, StatColumns, StatValue};

const SECONDS: &str = "%Y-%m-%dT%H:%M:%S";
const FRACTION: &str = "%Y-%m-%dT%H:%M:%S%.6f";

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    num_records: Option<u64>,
    #[serde(borrow, default)]
    min_values: Members<'a>,
    #[serde(borrow, default)]
    max_values: Members<'a>,
    #[serde(borrow, default)]
    null_count: Members<'a>,
}

/// An object's members in their order, their values unread.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl FileStats {
    /// Reads the `stats` of a Delta `Add`: the number of rows, and what is known of their columns.
    pub(crate) fn from_json(kept: &StatColumns, text: &str) -> Result<(Option<u64>, Self)> {
        let stats: Stats<'_> = serde_json::from_str(text)
            .map_err(|error| Error::corrupt(format!("statistics cannot be read: {error}")).source(error))?;
        let (mut min, mut max, mut nulls) =
            (stats.min_values.reader(), stats.max_values.reader(), stats.null_count.reader());
        let columns = kept.names.iter().zip(kept.types.iter()).map(|(name, data_type)| ColumnStats {
            null_count: nulls.value(name).and_then(|count| count.parse().ok()),
            min: min.value(name).and_then(|value| parse(data_type, value)),
            max: max.value(name).and_then(|value| parse(data_type, value)),
        });
        Ok((stats.num_records, Self { names: kept.names.clone(), columns: columns.collect() }))
    }

    /// Writes the `stats` of a Delta `Add`.
    pub(crate) fn to_json(&self, rows: u64) -> String {
        let mut null_counts = Map::new();
        let mut smallest = Map::new();
        let mut largest = Map::new();
        for (name, column) in self.columns() {
            if let Some(count) = column.null_count {
                null_counts.insert(name.to_owned(), count.into());
            }
            if let Some(value) = &column.min {
                smallest.insert(name.to_owned(), json(value));
            }
            if let Some(value) = &column.max {
                largest.insert(name.to_owned(), json(value));
            }
        }
        serde_json::json!({"numRecords": rows, "minValues": smallest, "maxValues": largest, "nullCount": null_counts})
            .to_string()
    }
}

impl<'a> Members<'a> {
    fn reader(&self) -> Reader<'_, 'a> {
        Reader { members: &self.0, next: 0 }
    }
}

/// Finds members that are asked for in the order they have, as they are in what we wrote, without searching.
struct Reader<'m, 'a> {
    members: &'m [(Cow<'a, str>, &'a RawValue)],
    next: usize,
}

impl<'a> Reader<'_, 'a> {
    fn value(&mut self, name: &str) -> Option<&'a str> {
        let is_next = self.members.get(self.next).is_some_and(|(known, _)| known == name);
        let index = if is_next { self.next } else { self.members.iter().position(|(known, _)| known == name)? };
        self.next = index + 1;
        self.members.get(index).map(|(_, value)| value.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(32);
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

fn json(value: &StatValue) -> Value {
    match value {
        StatValue::Text(text) => text.as_str().into(),
        StatValue::Timestamp(micros) => timestamp(*micros).map_or(Value::Null, Value::from),
        StatValue::Boolean(value) => (*value).into(),
        StatValue::Integer(value) => (*value).into(),
        StatValue::Double(value) => (*value).into(),
    }
}

fn timestamp(micros: i64) -> Option<String> {
    let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let format = if micros % 1_000_000 == 0 { SECONDS } else { FRACTION };
    Some(time.format(format).to_string())
}

fn parse(data_type: &DataType, value: &str) -> Option<StatValue> {
    match data_type {
        DataType::Utf8 => serde_json::from_str(value).ok().map(StatValue::Text),
        DataType::Boolean => value.parse().ok().map(StatValue::Boolean),
        DataType::Int64 => value.parse().ok().map(StatValue::Integer),
        DataType::Float64 => value.parse().ok().map(StatValue::Double),
        _ => parse_timestamp(value.trim_matches('"')).map(StatValue::Timestamp),
    }
}

/// `2024-01-31T23:59:59`, with `T` or a space, a fraction or not, a `Z` or not.
fn parse_timestamp(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.trim_end_matches('Z').split_at_checked("2024-01-31T23:59:59".len())?;
    let number = |range: std::ops::Range<usize>| seconds.get(range)?.parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(seconds.get(0..4)?.parse().ok()?, number(5..7)?, number(8..10)?)?;
    let time = date.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?;
    let micros = match fraction.strip_prefix('.') {
        Some(digits) => format!("{digits:0<6}").get(..6)?.parse::<i64>().ok()?,
        None if fraction.is_empty() => 0,
        None => return None,
    };
    Some(time.and_utc().timestamp_micros() + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_timestamps_as_others_write_them() {
        let whole = 1_709_251_199_000_000;
        let cases = [
            ("2024-02-29T23:59:59", Some(whole)),
            ("2024-02-29 23:59:59Z", Some(whole)),
            ("2024-02-29T23:59:59.5", Some(whole + 500_000)),
            ("2024-02-29T23:59:59.123456Z", Some(whole + 123_456)),
            ("2024-02-29T23:59:59.123456789", Some(whole + 123_456)),
            ("1969-12-31T23:59:59.000", Some(-1_000_000)),
            ("2024-02-30T23:59:59", None),
            ("2024-02-29", None),
            ("2024-02-29T23:59:59+01:00", None),
            ("", None),
        ];
        for (text, micros) in cases {
            assert_eq!(parse_timestamp(text), micros, "{text}");
        }
    }
}
