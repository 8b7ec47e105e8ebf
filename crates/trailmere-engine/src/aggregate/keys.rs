//! Numbers the groups of rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, UInt32Array, new_empty_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::numbers::by_distance;
use super::pairs::Pairs;
use crate::coded::{Compact, Values};

/// The number of a value that no row had so far.
const UNKNOWN: usize = usize::MAX;

/// With this many rows for each text of a dictionary, all of its texts are numbered, whether rows have them or not.
const FEW_TEXTS: usize = 2;

/// The keys of a grouping.
pub(super) struct Keys {
    /// Each with the pairs of the groups by all keys before it and its own values. A dictionary may have texts that no
    /// row has, so that the values of one key alone are no groups yet.
    keys: Vec<(Key, Pairs)>,
}

impl Keys {
    /// Keys by these expressions, with their types.
    pub(super) fn new(keys: Vec<(Compact, DataType)>) -> Result<Self> {
        let key = |(expr, data_type)| Ok((Key::new(expr, data_type)?, Pairs::default()));
        Ok(Keys { keys: keys.into_iter().map(key).collect::<Result<_>>()? })
    }

    /// The number of each row's group.
    pub(super) fn intern(&mut self, rows: &RecordBatch, groups: &mut Vec<usize>) -> Result<()> {
        groups.clear();
        groups.resize(rows.num_rows(), 0);
        let mut lefts = 1;
        for (key, pairs) in &mut self.keys {
            match key.numbers(rows)? {
                Numbers::Each(numbers) => pairs.intern(groups, numbers.into_iter(), (lefts, key.len())),
                Numbers::Coded(codes) => {
                    let known = key.known.as_ref().map_or(&[][..], |(_, known)| known);
                    let numbers = codes.values().iter().map(|code| known[*code as usize]);
                    pairs.intern(groups, numbers, (lefts, key.values.len()));
                }
            }
            lefts = pairs.len();
        }
        Ok(())
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.keys.last().map_or(0, |(_, pairs)| pairs.len())
    }

    /// The keys of all groups, by their numbers; none are left. Texts may be put out as positions in dictionaries.
    pub(super) fn take(&mut self, is_coded: bool) -> Result<Vec<ArrayRef>> {
        let mut columns = vec![];
        let mut groups: Option<UInt32Array> = None;
        for (key, pairs) in self.keys.iter_mut().rev() {
            let (left, right) = pairs.take();
            columns.push(key.take(&at(&right.into(), groups.as_ref()), is_coded)?);
            groups = Some(at(&left.into(), groups.as_ref()));
        }
        columns.reverse();
        Ok(columns)
    }

    /// Takes over the groups of others with the same keys, and gives the number that each of them has here.
    pub(super) fn merge(&mut self, others: Keys) -> Result<Vec<usize>> {
        let mut groups: Vec<usize> = vec![];
        let mut lefts = 1;
        for ((key, pairs), (mut other, mut other_pairs)) in self.keys.iter_mut().zip(others.keys) {
            let numbers = key.merge(&mut other)?;
            let (left, right) = other_pairs.take();
            // Of the first key, all pairs have the left number 0.
            let mut left: Vec<usize> =
                left.iter().map(|left| groups.get(*left as usize).copied().unwrap_or(0)).collect();
            let right = right.iter().map(|right| numbers[*right as usize]);
            pairs.intern(&mut left, right, (lefts, key.len()));
            lefts = pairs.len();
            groups = left;
        }
        Ok(groups)
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        self.keys.iter().map(|(key, pairs)| key.size() + pairs.size()).sum()
    }
}

/// The numbers at some places.
fn at(numbers: &UInt32Array, places: Option<&UInt32Array>) -> UInt32Array {
    match places {
        None => numbers.clone(),
        Some(places) => places.unary(|place| numbers.value(place as usize)),
    }
}

/// The numbers of some rows' values.
enum Numbers {
    /// One a row.
    Each(Vec<usize>),
    /// Each row's position among those that the key knows.
    Coded(Int32Array),
}

/// One key: its values, numbered.
struct Key {
    expr: Compact,
    data_type: DataType,
    values: Box<dyn GroupValues>,
    /// The numbers of the values of the last dictionary, as far as they are known.
    known: Option<(ArrayRef, Vec<usize>)>,
}

impl Key {
    fn new(expr: Compact, data_type: DataType) -> Result<Self> {
        let values = values_of(&data_type)?;
        Ok(Key { expr, data_type, values, known: None })
    }

    fn numbers(&mut self, rows: &RecordBatch) -> Result<Numbers> {
        let (codes, texts, values) = match self.expr.evaluate(rows)? {
            Values::Plain(array) => match by_distance(&array) {
                Some((codes, values)) => (codes, Arc::clone(&values), values),
                None => {
                    let mut numbers = Vec::with_capacity(array.len());
                    self.values.intern(&[array], &mut numbers)?;
                    return Ok(Numbers::Each(numbers));
                }
            },
            Values::Coded { codes, texts, values } => (codes, texts, values),
        };
        let mut known = match self.known.take() {
            Some((before, known)) if Arc::ptr_eq(&before, &texts) => known,
            _ => vec![UNKNOWN; values.len()],
        };
        if values.len() * FEW_TEXTS <= codes.len() {
            if known.contains(&UNKNOWN) {
                known.clear();
                self.values.intern(&[values], &mut known)?;
            }
        } else {
            self.learn(&codes, &values, &mut known)?;
        }
        self.known = Some((texts, known));
        Ok(Numbers::Coded(codes))
    }

    /// Numbers the values that rows have: few, of the many of a dictionary.
    fn learn(&mut self, codes: &Int32Array, values: &ArrayRef, known: &mut [usize]) -> Result<()> {
        let mut missing: Vec<u32> = vec![];
        for code in codes.values() {
            let number = &mut known[*code as usize];
            if *number == UNKNOWN {
                *number = missing.len();
                missing.push(*code as u32);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (missing, mut numbers) = (UInt32Array::from(missing), vec![]);
        self.values.intern(&[take(values, &missing, None)?], &mut numbers)?;
        for (code, number) in missing.values().iter().zip(numbers) {
            known[*code as usize] = number;
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// The values of these numbers; none are left.
    fn take(&mut self, numbers: &UInt32Array, is_coded: bool) -> Result<ArrayRef> {
        let values = self.take_all()?;
        if is_coded && self.data_type == DataType::Utf8View {
            let codes = Int32Array::new(numbers.values().iter().map(|number| *number as i32).collect(), None);
            return Ok(Arc::new(DictionaryArray::try_new(codes, values)?));
        }
        Ok(take(&values, numbers, None)?)
    }

    fn take_all(&mut self) -> Result<ArrayRef> {
        self.known = None;
        let mut values = self.values.emit(EmitTo::All)?;
        self.values = values_of(&self.data_type)?;
        Ok(values.pop().unwrap_or_else(|| new_empty_array(&self.data_type)))
    }

    /// Takes over another's values, and gives the number that each of them has here.
    fn merge(&mut self, other: &mut Key) -> Result<Vec<usize>> {
        let mut numbers = vec![];
        self.values.intern(&[other.take_all()?], &mut numbers)?;
        Ok(numbers)
    }

    fn size(&self) -> usize {
        self.values.size()
    }
}

fn values_of(data_type: &DataType) -> Result<Box<dyn GroupValues>> {
    new_group_values(Arc::new(Schema::new(vec![Field::new("key", data_type.clone(), true)])), &GroupOrdering::None)
}
