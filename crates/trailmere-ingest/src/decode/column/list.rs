//! How does a JSON array become a list?

use std::sync::Arc;

use arrow::array::{ListArray, NullBufferBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use trailmere_model::{ColumnType, Result};

use super::{Column, Json, NodeKind, internal};

/// A list column under construction.
pub(crate) struct ListColumn {
    item_field: Arc<Field>,
    items: Column,
    item_count: usize,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
    pub(super) nulls: usize,
}

impl ListColumn {
    pub(super) fn new(item: &ColumnType) -> Self {
        Self {
            item_field: Arc::new(Field::new("item", item.data_type(), true)),
            items: Column::new(item),
            item_count: 0,
            offsets: vec![0],
            validity: NullBufferBuilder::new(0),
            nulls: 0,
        }
    }

    pub(super) fn append(&mut self, json: Json<'_>, value: u32, scratch: &mut String) {
        self.append_items(json, value, &mut |items, item| items.append(json, item, scratch));
    }

    /// Appends an array, each item by `append_item`; NULL if it is no array.
    pub(crate) fn append_items(&mut self, json: Json<'_>, value: u32, append_item: &mut dyn FnMut(&mut Column, u32)) {
        if json.kind(value) != Some(NodeKind::Array) {
            self.nulls += 1;
            return;
        }
        self.push_nulls();
        for item in json.items(value) {
            append_item(&mut self.items, item);
            self.item_count += 1;
        }
        self.offsets.push(self.item_count as i32);
        self.validity.append_non_null();
    }

    fn push_nulls(&mut self) {
        if self.nulls > 0 {
            self.offsets.extend(std::iter::repeat_n(self.item_count as i32, self.nulls));
            self.validity.append_n_nulls(std::mem::take(&mut self.nulls));
        }
    }

    pub(super) fn finish(&mut self) -> Result<ListArray> {
        self.push_nulls();
        self.item_count = 0;
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let items = self.items.finish()?;
        ListArray::try_new(self.item_field.clone(), offsets, items, self.validity.finish()).map_err(internal)
    }
}
