//! Numbers the groups of rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::pairs::Pairs;
use super::rows::{Compact, Values};

/// The keys of a grouping.
pub(super) struct Keys {
    keys: Vec<Key>,
    /// Of the first two keys, of those and the third, and so on.
    pairs: Vec<Pairs>,
}

impl Keys {
    /// Keys by these expressions, with their types.
    pub(super) fn new(keys: Vec<(Compact, DataType)>) -> Result<Self> {
        let pairs = keys.iter().skip(1).map(|_| Pairs::default()).collect();
        let keys = keys.into_iter().map(|(expr, data_type)| Key::new(expr, data_type)).collect::<Result<_>>()?;
        Ok(Keys { keys, pairs })
    }

    /// The number of each row's group.
    pub(super) fn intern(&mut self, rows: &RecordBatch, groups: &mut Vec<usize>) -> Result<()> {
        let Some((first, later)) = self.keys.split_first_mut() else { return Ok(()) };
        first.intern(rows, groups)?;
        let (mut lefts, mut next) = (first.len(), vec![]);
        for (key, pairs) in later.iter_mut().zip(&mut self.pairs) {
            key.intern(rows, &mut next)?;
            pairs.intern(groups, &next, (lefts, key.len()));
            lefts = pairs.len();
        }
        Ok(())
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.pairs.last().map_or_else(|| self.keys.first().map_or(0, Key::len), Pairs::len)
    }

    /// The keys of all groups, by their numbers; none are left.
    pub(super) fn take(&mut self) -> Result<Vec<ArrayRef>> {
        let mut columns = vec![];
        let mut numbers: Option<UInt32Array> = None;
        let mut later = self.keys.iter_mut().skip(1).collect::<Vec<_>>();
        for pairs in self.pairs.iter_mut().rev() {
            let (left, right) = pairs.take();
            let (left, right) = (UInt32Array::from(left), UInt32Array::from(right));
            let Some(key) = later.pop() else { break };
            columns.push(key.take(Some(at(&right, numbers.as_ref())))?);
            numbers = Some(at(&left, numbers.as_ref()));
        }
        if let Some(first) = self.keys.first_mut() {
            columns.push(first.take(numbers)?);
        }
        columns.reverse();
        Ok(columns)
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        self.keys.iter().map(Key::size).sum::<usize>() + self.pairs.iter().map(Pairs::size).sum::<usize>()
    }
}

/// The numbers at some places.
fn at(numbers: &UInt32Array, places: Option<&UInt32Array>) -> UInt32Array {
    match places {
        None => numbers.clone(),
        Some(places) => places.unary(|place| numbers.value(place as usize)),
    }
}

/// One key: its values, numbered.
struct Key {
    expr: Compact,
    data_type: DataType,
    values: Box<dyn GroupValues>,
    /// The numbers of the values of the last dictionary.
    known: Option<(ArrayRef, Vec<usize>)>,
}

impl Key {
    fn new(expr: Compact, data_type: DataType) -> Result<Self> {
        let values = values_of(&data_type)?;
        Ok(Key { expr, data_type, values, known: None })
    }

    fn intern(&mut self, rows: &RecordBatch, numbers: &mut Vec<usize>) -> Result<()> {
        let (codes, texts, values) = match self.expr.evaluate(rows)? {
            Values::Plain(array) => return self.values.intern(&[array], numbers),
            Values::Coded { codes, texts, values } => (codes, texts, values),
        };
        let known = match self.known.take() {
            Some((before, known)) if Arc::ptr_eq(&before, &texts) => known,
            _ => {
                let mut known = vec![];
                self.values.intern(&[values], &mut known)?;
                known
            }
        };
        numbers.clear();
        numbers.extend(codes.values().iter().map(|code| known[*code as usize]));
        self.known = Some((texts, known));
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// The values of these numbers, or all of them.
    fn take(&mut self, numbers: Option<UInt32Array>) -> Result<ArrayRef> {
        self.known = None;
        let mut values = self.values.emit(EmitTo::All)?;
        self.values = values_of(&self.data_type)?;
        let Some(values) = values.pop() else { return Ok(arrow::array::new_empty_array(&self.data_type)) };
        match numbers {
            Some(numbers) => Ok(take(&values, &numbers, None)?),
            None => Ok(values),
        }
    }

    fn size(&self) -> usize {
        self.values.size()
    }
}

fn values_of(data_type: &DataType) -> Result<Box<dyn GroupValues>> {
    new_group_values(Arc::new(Schema::new(vec![Field::new("key", data_type.clone(), true)])), &GroupOrdering::None)
}
