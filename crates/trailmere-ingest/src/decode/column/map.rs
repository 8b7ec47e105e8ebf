//! How does a JSON object become a `map<string,string>`?
//!
//! Keys keep their case and order. A value is what a string column would hold of it: nested objects and arrays are
//! compact JSON text. A JSON null is a key with a NULL value. A key given twice counts once, with its last value.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, MapArray, NullBufferBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use trailmere_model::{ColumnType, Error, Result};

use super::texts::Texts;
use super::{Json, Node, NodeKind, append_text, internal};

/// A map column under construction.
pub(crate) struct MapColumn {
    keys: Texts,
    values: Texts,
    entries: i32,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
    pub(super) nulls: usize,
}

impl Default for MapColumn {
    fn default() -> Self {
        Self {
            keys: Texts::default(),
            values: Texts::default(),
            entries: 0,
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
            nulls: 0,
        }
    }
}

impl MapColumn {
    pub(super) fn append(&mut self, json: Json<'_>, value: u32, scratch: &mut String) {
        if json.node(value).kind != NodeKind::Object {
            self.nulls += 1;
            return;
        }
        self.push_nulls();
        if may_repeat(json, value) {
            self.append_last_of_each(json, value, scratch);
        } else {
            for (key, value) in json.members(value) {
                self.append_entry(json, (json.node(key), json.node(value)), scratch);
            }
        }
        self.offsets.push(self.entries);
        self.validity.append_non_null();
    }

    #[inline]
    fn append_entry(&mut self, json: Json<'_>, (key, value): (Node, Node), scratch: &mut String) {
        append_text(&mut self.keys, json, key, scratch);
        append_text(&mut self.values, json, value, scratch);
        self.entries += 1;
    }

    /// The exact way, for objects whose keys may repeat.
    fn append_last_of_each(&mut self, json: Json<'_>, value: u32, scratch: &mut String) {
        let mut last = HashMap::new();
        for (position, (key, _)) in json.members(value).enumerate() {
            last.insert(json.said(json.node(key)), position);
        }
        for (position, (key, value)) in json.members(value).enumerate() {
            if last.get(&json.said(json.node(key))) == Some(&position) {
                self.append_entry(json, (json.node(key), json.node(value)), scratch);
            }
        }
    }

    fn push_nulls(&mut self) {
        if self.nulls > 0 {
            self.offsets.extend(std::iter::repeat_n(self.entries, self.nulls));
            self.validity.append_n_nulls(std::mem::take(&mut self.nulls));
        }
    }

    pub(super) fn finish(&mut self) -> Result<MapArray> {
        self.push_nulls();
        self.entries = 0;
        let DataType::Map(entries_field, sorted) = ColumnType::Map.data_type() else {
            return Err(Error::internal("a map column is no map"));
        };
        let DataType::Struct(fields) = entries_field.data_type().clone() else {
            return Err(Error::internal("a map column has no entries"));
        };
        let columns: Vec<ArrayRef> = vec![Arc::new(self.keys.finish()?), Arc::new(self.values.finish()?)];
        let entries = StructArray::try_new(fields, columns, None).map_err(internal)?;
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        MapArray::try_new(entries_field, offsets, entries, self.validity.finish(), sorted).map_err(internal)
    }
}

/// Objects with more keys than this are not compared key by key.
const FEW_KEYS: usize = 32;

/// Whether a key may be there twice: never wrongly `false`.
fn may_repeat(json: Json<'_>, object: u32) -> bool {
    let bytes = json.text.as_bytes();
    let mut seen: [&[u8]; FEW_KEYS] = [&[]; FEW_KEYS];
    for (count, (key, _)) in json.members(object).enumerate() {
        let node = json.node(key);
        let name = &bytes[node.start as usize..node.end as usize];
        if node.marked || count == FEW_KEYS || seen[..count].contains(&name) {
            return true;
        }
        seen[count] = name;
    }
    false
}
