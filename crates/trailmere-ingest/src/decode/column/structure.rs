//! How does a JSON object become a struct?

use arrow::array::{ArrayRef, NullBufferBuilder, StructArray};
use arrow::datatypes::{Field, Fields};
use trailmere_model::{Member, Result};

use super::{ABSENT, Column, Json, Node, NodeKind, internal};

/// A struct column under construction. Keys match members in any case (`ARN`, `arn`); of two the last one counts.
pub(crate) struct StructColumn {
    members: &'static [Member],
    fields: Fields,
    columns: Vec<Column>,
    /// The value of each member in the object at hand.
    found: Vec<u32>,
    validity: NullBufferBuilder,
    pub(super) nulls: usize,
}

impl StructColumn {
    pub(super) fn new(members: &'static [Member]) -> Self {
        Self {
            members,
            fields: members
                .iter()
                .map(|member| Field::new(member.name(), member.column_type.data_type(), true))
                .collect(),
            columns: members.iter().map(|member| Column::new(&member.column_type)).collect(),
            found: vec![ABSENT; members.len()],
            validity: NullBufferBuilder::new(0),
            nulls: 0,
        }
    }

    pub(crate) fn append(&mut self, json: Json<'_>, value: u32, scratch: &mut String) {
        if json.node(value).kind != NodeKind::Object {
            self.nulls += 1;
            return;
        }
        self.find_members(json, value);
        self.append_row(&mut |column, _, found| column.append(json, found, scratch));
    }

    /// Appends a row that is not NULL, each member by `append_member`, which gets its column, spelling and value found.
    pub(crate) fn append_row(&mut self, append_member: &mut dyn FnMut(&mut Column, &'static str, u32)) {
        self.push_nulls();
        for ((column, member), found) in self.columns.iter_mut().zip(self.members).zip(&mut self.found) {
            append_member(column, member.display, std::mem::replace(found, ABSENT));
        }
        self.validity.append_non_null();
    }

    fn find_members(&mut self, json: Json<'_>, value: u32) {
        let mut expected = 0;
        for (key, value) in json.members(value) {
            let Some(position) = self.position(json, json.node(key), expected) else { continue };
            self.found[position] = value;
            expected = position + 1;
        }
    }

    /// The member that a key stands for; most often the one after the last.
    #[inline]
    fn position(&self, json: Json<'_>, key: Node, expected: usize) -> Option<usize> {
        if key.marked {
            let said = json.said(key);
            return self.members.iter().position(|member| is_named(member, said.as_bytes()));
        }
        let name = &json.text.as_bytes()[key.start as usize..key.end as usize];
        match self.members.get(expected) {
            Some(member) if member.json_key.as_bytes() == name => Some(expected),
            _ => self.members.iter().position(|member| is_named(member, name)),
        }
    }

    fn push_nulls(&mut self) {
        if self.nulls > 0 {
            let count = std::mem::take(&mut self.nulls);
            self.columns.iter_mut().for_each(|column| column.append_nulls(count));
            self.validity.append_n_nulls(count);
        }
    }

    pub(super) fn finish(&mut self) -> Result<StructArray> {
        self.push_nulls();
        let columns = self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<ArrayRef>>>()?;
        StructArray::try_new(self.fields.clone(), columns, self.validity.finish()).map_err(internal)
    }
}

fn is_named(member: &Member, key: &[u8]) -> bool {
    member.json_key.as_bytes().eq_ignore_ascii_case(key) || member.display.as_bytes().eq_ignore_ascii_case(key)
}
