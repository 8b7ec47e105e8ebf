//! Row pattern recognition: which rows of a partition match a pattern, and what do the measures say of them?
//!
//! A partition arrives as a list of rows. A pattern is a small program that a backtracking machine runs from a row on;
//! conditions and measures are expressions over values that are navigated to (see [`navigate`]).

pub(crate) mod machine;
pub(crate) mod navigate;
pub(crate) mod program;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat;
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;

use crate::call::downcast;
use crate::error::fail;
use crate::types::{Type, item_field};
use machine::{Match, Rows};
use navigate::Condition;
use program::Program;

/// What becomes of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// ONE ROW PER MATCH
    OneRow,
    /// ALL ROWS PER MATCH
    AllRows {
        /// A match without rows gives the row at which it was found.
        empty: bool,
        /// Rows of no match are given too.
        unmatched: bool,
    },
    /// A pattern in a window: one row out for each row in.
    Window {
        /// SEEK: the match may begin later in the frame.
        seek: bool,
        /// Rows of the frame after the current one; `None` for all.
        following: Option<usize>,
    },
}

/// Where the next match is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Skip {
    /// After the match.
    PastLast,
    /// At the row after the first.
    NextRow,
    /// At the first row with one of these labels.
    First(Vec<usize>),
    /// At the last row with one of these labels.
    Last(Vec<usize>),
}

/// A pattern with everything that is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(crate) program: Program,
    pub(crate) labels: Vec<String>,
    /// Per label; `None` for one that every row has.
    pub(crate) defines: Vec<Option<Condition>>,
    pub(crate) measures: Vec<Condition>,
    pub(crate) output: Output,
    pub(crate) skip: Skip,
    /// Fields of the input rows that are handed on.
    pub(crate) kept: Vec<usize>,
}

/// Output rows of one partition.
struct Results {
    /// Input row of each output row.
    rows: Vec<u32>,
    /// Per measure, one value a row.
    measures: Vec<Vec<ArrayRef>>,
}

impl Pattern {
    /// For each list of rows the list of output rows: kept fields, then measures. `element` is their type.
    pub(crate) fn apply(&self, lists: &ArrayRef, element: &Type) -> DfResult<ArrayRef> {
        let lists = downcast::<ListArray>(lists)?;
        let mut lengths = Vec::with_capacity(lists.len());
        let mut parts: Vec<Vec<ArrayRef>> = vec![vec![]; self.kept.len() + self.measures.len()];
        for i in 0..lists.len() {
            if lists.is_null(i) {
                lengths.push(0);
                continue;
            }
            let rows = lists.value(i);
            let results = self.partition(downcast::<StructArray>(&rows)?)?;
            lengths.push(results.rows.len());
            self.collect(downcast::<StructArray>(&rows)?, results, &mut parts)?;
        }
        let DataType::Struct(fields) = element.arrow() else { return fail("a pattern makes rows") };
        let columns = parts.iter().zip(&fields).map(|(part, field)| joined(part, field.data_type()));
        let columns = columns.collect::<DfResult<Vec<_>>>()?;
        let total = lengths.iter().sum();
        let rows = match columns.is_empty() {
            true => StructArray::new_empty_fields(total, None),
            false => StructArray::try_new(fields, columns, None)?,
        };
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(item_field(element), offsets, Arc::new(rows), None)?))
    }

    fn collect(&self, rows: &StructArray, results: Results, parts: &mut [Vec<ArrayRef>]) -> DfResult<()> {
        let indices = arrow::array::UInt32Array::from(results.rows);
        for (part, field) in parts.iter_mut().zip(&self.kept) {
            part.push(arrow::compute::take(rows.column(*field), &indices, None)?);
        }
        for (part, values) in parts.iter_mut().skip(self.kept.len()).zip(results.measures) {
            part.extend(values);
        }
        Ok(())
    }

    fn partition(&self, rows: &StructArray) -> DfResult<Results> {
        let mut results = Results { rows: vec![], measures: vec![vec![]; self.measures.len()] };
        let rows = Rows::new(self, rows)?;
        match self.output {
            Output::Window { seek, following } => self.window(&rows, (seek, following), &mut results)?,
            _ => self.matches(&rows, &mut results)?,
        }
        Ok(results)
    }

    /// MATCH_RECOGNIZE over a partition.
    fn matches(&self, rows: &Rows<'_>, results: &mut Results) -> DfResult<()> {
        let unmatched = matches!(self.output, Output::AllRows { unmatched: true, .. });
        let (mut start, mut number, mut matched_to) = (0, 0, 0);
        while start < rows.len() {
            let Some(found) = rows.find(start, 0..rows.len(), number + 1)? else {
                if unmatched && start >= matched_to {
                    self.push_nulls(start, results);
                }
                start += 1;
                continue;
            };
            number += 1;
            self.push_match(rows, &found, results)?;
            matched_to = matched_to.max(found.end());
            start = self.next_start(&found)?;
        }
        Ok(())
    }

    /// A pattern in a window: measures of the match that a row begins, NULL for rows that a match has skipped.
    fn window(&self, rows: &Rows<'_>, (seek, following): (bool, Option<usize>), results: &mut Results) -> DfResult<()> {
        let mut free = 0;
        let mut number = 0;
        for row in 0..rows.len() {
            let end = following.map_or(rows.len(), |n| row.saturating_add(n).saturating_add(1).min(rows.len()));
            let mut found = None;
            let last_start = if seek { end } else { row + 1 };
            for start in row..last_start {
                if row < free {
                    break;
                }
                found = rows.find(start, row..end, number + 1)?;
                if found.is_some() {
                    break;
                }
            }
            match found {
                None => self.push_nulls(row, results),
                Some(found) => {
                    number += 1;
                    let at = found.labels.len().checked_sub(1);
                    self.push_row(rows, &found, (row, at), results)?;
                    let next = self.skip == Skip::NextRow || found.labels.is_empty();
                    free = if next { row + 1 } else { self.next_start(&found)? };
                }
            }
        }
        Ok(())
    }

    fn push_match(&self, rows: &Rows<'_>, found: &Match, results: &mut Results) -> DfResult<()> {
        match self.output {
            Output::OneRow => {
                let at = found.labels.len().checked_sub(1);
                self.push_row(rows, found, (found.start, at), results)
            }
            Output::AllRows { empty, .. } if found.labels.is_empty() => match empty {
                true => self.push_row(rows, found, (found.start, None), results),
                false => Ok(()),
            },
            _ => {
                for i in (0..found.labels.len()).filter(|i| !found.excluded[*i]) {
                    self.push_row(rows, found, (found.start + i, Some(i)), results)?;
                }
                Ok(())
            }
        }
    }

    fn push_row(
        &self,
        rows: &Rows<'_>,
        found: &Match,
        (row, at): (usize, Option<usize>),
        results: &mut Results,
    ) -> DfResult<()> {
        results.rows.push(row as u32);
        for (values, measure) in results.measures.iter_mut().zip(&self.measures) {
            values.push(measure.evaluate(rows, found, at)?);
        }
        Ok(())
    }

    fn push_nulls(&self, row: usize, results: &mut Results) {
        results.rows.push(row as u32);
        for (values, measure) in results.measures.iter_mut().zip(&self.measures) {
            values.push(arrow::array::new_null_array(&measure.ty.arrow(), 1));
        }
    }

    /// AFTER MATCH SKIP.
    fn next_start(&self, found: &Match) -> DfResult<usize> {
        if found.labels.is_empty() {
            return Ok(found.start + 1);
        }
        let labelled = |labels: &[usize]| {
            let mut all = (0..found.labels.len()).filter(|i| labels.contains(&found.labels[*i]));
            (all.next(), all.next_back())
        };
        let target = match &self.skip {
            Skip::PastLast => return Ok(found.end()),
            Skip::NextRow => return Ok(found.start + 1),
            Skip::First(labels) => labelled(labels).0,
            Skip::Last(labels) => match labelled(labels) {
                (first, None) => first,
                (_, last) => last,
            },
        };
        match target {
            Some(0) => fail("AFTER MATCH SKIP failed: cannot skip to first row of match"),
            Some(i) => Ok(found.start + i),
            None => fail("AFTER MATCH SKIP failed: pattern variable is not present in match"),
        }
    }
}

fn joined(parts: &[ArrayRef], data_type: &DataType) -> DfResult<ArrayRef> {
    let parts: Vec<&dyn Array> = parts.iter().map(|p| p.as_ref()).filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        [] => Ok(arrow::array::new_empty_array(data_type)),
        parts => Ok(concat(parts)?),
    }
}
