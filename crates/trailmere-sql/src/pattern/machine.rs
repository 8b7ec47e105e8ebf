//! Runs a pattern's program from a row on: the first alternative that leads to a match wins.

use std::cell::Cell;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, BooleanArray, StructArray};
use datafusion::error::Result as DfResult;

use super::Pattern;
use super::program::Step;
use crate::call::downcast;
use crate::error::fail;

/// More steps than this in one partition is a pattern that explodes.
const MAX_WORK: usize = 20_000_000;

/// A match: rows from `start` on, with their labels.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) labels: Vec<usize>,
    /// Rows within `{- -}`.
    pub(crate) excluded: Vec<bool>,
    /// Which match of the partition it is, from 1.
    pub(crate) number: i64,
    /// The rows that navigation can see.
    pub(crate) range: (usize, usize),
}

impl Match {
    /// The row after the last.
    pub(crate) fn end(&self) -> usize {
        self.start + self.labels.len()
    }
}

/// A partition's rows, with what the conditions and measures need of each computed beforehand.
pub(crate) struct Rows<'p> {
    pattern: &'p Pattern,
    /// The columns of the rows.
    pub(crate) columns: &'p [ArrayRef],
    length: usize,
    /// Computed values by condition: defines, then measures.
    pub(crate) values: Vec<Vec<Option<ArrayRef>>>,
    work: Cell<usize>,
    /// Whether conditions ask for rows only: then a step that failed at a row fails there always.
    of_rows: bool,
}

/// An alternative to come back to.
struct Alternative {
    step: usize,
    matched: usize,
    excluding: bool,
    registers: Vec<usize>,
}

impl<'p> Rows<'p> {
    pub(crate) fn new(pattern: &'p Pattern, rows: &'p StructArray) -> DfResult<Rows<'p>> {
        let all = pattern.defines.iter().flatten().chain(&pattern.measures);
        let mut values = vec![vec![]; pattern.defines.len() + pattern.measures.len()];
        for condition in all {
            values[condition.id] = condition.precompute(rows.columns(), rows.len())?;
        }
        let defines = pattern.defines.iter().enumerate();
        let of_rows = defines.clone().all(|(i, d)| d.as_ref().is_none_or(|d| d.is_of_row(i)));
        Ok(Rows { pattern, columns: rows.columns(), length: rows.len(), values, work: Cell::new(0), of_rows })
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Names of the labels.
    pub(crate) fn labels(&self) -> &[String] {
        &self.pattern.labels
    }

    /// The match that begins at `start` and stays within `range`.
    pub(crate) fn find(&self, start: usize, range: Range<usize>, number: i64) -> DfResult<Option<Match>> {
        let range_ends = (range.start, range.end);
        let mut found = Match { start, labels: vec![], excluded: vec![], number, range: range_ends };
        let program = &self.pattern.program;
        let mut alternatives: Vec<Alternative> = Vec::new();
        let mut registers = vec![usize::MAX; program.registers];
        let (mut step, mut excluding) = (0, false);
        let mut tried = std::collections::HashSet::new();
        loop {
            self.work(1)?;
            let goes_on = match program.steps[step] {
                Step::Match => return Ok(Some(found)),
                Step::Jump(to) => {
                    step = to;
                    continue;
                }
                Step::Split(..) if self.of_rows && !tried.insert((step, found.labels.len(), excluding)) => false,
                Step::Split(first, second) => {
                    let matched = found.labels.len();
                    alternatives.push(Alternative { step: second, matched, excluding, registers: registers.clone() });
                    step = first;
                    continue;
                }
                Step::Exclude => {
                    excluding = true;
                    true
                }
                Step::Include => {
                    excluding = false;
                    true
                }
                Step::Mark(register) => {
                    registers[register] = found.labels.len();
                    true
                }
                Step::Moved(register) => registers[register] != found.labels.len(),
                Step::Start => found.end() == range.start,
                Step::End => found.end() == range.end,
                Step::Label(label) => found.end() < range.end && self.takes(&mut found, label, excluding)?,
            };
            if goes_on {
                step += 1;
                continue;
            }
            let Some(other) = alternatives.pop() else { return Ok(None) };
            found.labels.truncate(other.matched);
            found.excluded.truncate(other.matched);
            (step, excluding, registers) = (other.step, other.excluding, other.registers);
        }
    }

    /// Counts what has been done.
    fn work(&self, more: usize) -> DfResult<()> {
        self.work.set(self.work.get() + more);
        if self.work.get() <= MAX_WORK {
            return Ok(());
        }
        fail("the pattern takes too many steps over this partition; make its conditions narrower")
    }

    /// Gives the next row the label, if its condition holds then.
    fn takes(&self, found: &mut Match, label: usize, excluding: bool) -> DfResult<bool> {
        found.labels.push(label);
        found.excluded.push(excluding);
        let Some(condition) = &self.pattern.defines[label] else { return Ok(true) };
        self.work(20)?;
        let holds = condition.evaluate(self, found, Some(found.labels.len() - 1))?;
        let holds = downcast::<BooleanArray>(&holds)?;
        if holds.is_valid(0) && holds.value(0) {
            return Ok(true);
        }
        found.labels.pop();
        found.excluded.pop();
        Ok(false)
    }
}
