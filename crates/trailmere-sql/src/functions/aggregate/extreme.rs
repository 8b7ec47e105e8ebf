//! max_by, min_by, and max, min where Arrow's order is not Trino's; arbitrary. What is the value at the greatest key?

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;

use super::fold::{Fold, Members};
use super::spread::Spread;
use crate::canonical::{Keys, Nan};
use crate::types::Type;

/// The value of the first column where the last one is extreme; rows whose key is NULL do not count.
pub(super) struct Extreme {
    pub(super) value: Type,
    pub(super) key: Type,
    pub(super) greatest: bool,
}

/// Key and value, once there is one.
#[derive(Default)]
pub(super) struct Best(Option<(Box<[u8]>, ScalarValue)>);

/// The best row of each group of a batch, and its key.
type Candidates<'k> = HashMap<usize, (usize, &'k [u8]), BuildHasherDefault<Spread>>;

impl Extreme {
    fn better(&self, new: &[u8], old: &[u8]) -> bool {
        if self.greatest { new > old } else { new < old }
    }

    /// The best row of each group in this batch: values are only copied for these.
    fn candidates<'k>(
        &self,
        members: &Members<'_>,
        key: impl Fn(usize) -> Option<&'k [u8]>,
    ) -> DfResult<Candidates<'k>> {
        let mut best: Candidates<'_> = Candidates::default();
        members.each(|group, row| {
            if let Some(new) = key(row) {
                let entry = best.entry(group).or_insert((row, new));
                if self.better(new, entry.1) {
                    *entry = (row, new);
                }
            }
            Ok(())
        })?;
        Ok(best)
    }

    fn keep(&self, states: &mut [Best], best: Candidates<'_>, values: &ArrayRef) -> DfResult<()> {
        for (group, (row, new)) in best {
            let state = &mut states[group];
            if state.0.as_ref().is_none_or(|(old, _)| self.better(new, old)) {
                let mut value = ScalarValue::try_from_array(values, row)?;
                value.compact();
                state.0 = Some((new.into(), value));
            }
        }
        Ok(())
    }
}

impl Fold for Extreme {
    type State = Best;

    fn update(&self, states: &mut [Best], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let by = &columns[columns.len() - 1];
        let keys = Keys::placing_nan(&self.key, by, if self.greatest { Nan::First } else { Nan::Last })?;
        let nulls = by.logical_nulls();
        let key = |row| nulls.as_ref().is_none_or(|n| n.is_valid(row)).then(|| keys.get(row));
        self.keep(states, self.candidates(members, key)?, &columns[0])
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Binary, self.value.arrow()]
    }

    fn save(&self, states: &[Best]) -> DfResult<Vec<ArrayRef>> {
        let mut keys = BinaryBuilder::new();
        for state in states {
            keys.append_option(state.0.as_ref().map(|(key, _)| key));
        }
        Ok(vec![Arc::new(keys.finish()), self.finish(states)?])
    }

    fn merge(&self, states: &mut [Best], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let keys = saved[0].as_binary::<i32>();
        let key = |row| keys.is_valid(row).then(|| keys.value(row));
        self.keep(states, self.candidates(members, key)?, &saved[1])
    }

    fn finish(&self, states: &[Best]) -> DfResult<ArrayRef> {
        scalars(&self.value, states.iter().map(|s| s.0.as_ref().map(|(_, value)| value)))
    }

    fn heap(&self, state: &Best) -> usize {
        state.0.as_ref().map_or(0, |(key, value)| key.len() + value.size())
    }
}

/// An array of scalars; `None` is NULL.
pub(super) fn scalars<'a>(
    ty: &Type,
    values: impl ExactSizeIterator<Item = Option<&'a ScalarValue>>,
) -> DfResult<ArrayRef> {
    let data_type = ty.arrow();
    if values.len() == 0 {
        return Ok(arrow::array::new_empty_array(&data_type));
    }
    if data_type == DataType::Null {
        return Ok(arrow::array::new_null_array(&data_type, values.len()));
    }
    let null = ScalarValue::try_from(&data_type)?;
    ScalarValue::iter_to_array(values.map(|v| v.unwrap_or(&null).clone()))
}

/// arbitrary, any_value: the first value that is not NULL.
pub(super) struct Arbitrary {
    pub(super) value: Type,
}

impl Fold for Arbitrary {
    type State = Option<ScalarValue>;

    fn update(&self, states: &mut [Self::State], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        members.each_valid(&columns[0], |group, row| {
            if states[group].is_none() {
                let mut value = ScalarValue::try_from_array(&columns[0], row)?;
                value.compact();
                states[group] = Some(value);
            }
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![self.value.arrow()]
    }

    fn save(&self, states: &[Self::State]) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.finish(states)?])
    }

    fn merge(&self, states: &mut [Self::State], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        self.update(states, saved, members)
    }

    fn finish(&self, states: &[Self::State]) -> DfResult<ArrayRef> {
        scalars(&self.value, states.iter().map(Option::as_ref))
    }

    fn heap(&self, state: &Self::State) -> usize {
        state.as_ref().map_or(0, ScalarValue::size)
    }
}
