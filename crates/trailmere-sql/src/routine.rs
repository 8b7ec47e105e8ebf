//! How does an inline function run? All rows at once, statement by statement; rows part where conditions do.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::compute::{interleave, take};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result as DfResult;
use datafusion::physical_expr::PhysicalExpr;

use crate::error::fail;
use crate::function::CallArgs;
use crate::types::Type;

/// Rounds that all loops of a call may take together, so that a loop without end ends.
const MOST_ROUNDS: usize = 100_000;

/// Bytes that all assignments of a call may write together, and for each row as many again: a value that grows in each
/// round of a loop without end would else take hours.
const MOST_BYTES: usize = 1 << 30;
const MOST_ROW_BYTES: usize = 1 << 20;

/// A function, compiled.
#[derive(Debug)]
pub(crate) struct Routine {
    /// Its name, for errors.
    pub(crate) name: String,
    /// The types of its variables; the parameters come first.
    pub(crate) slots: Vec<Type>,
    /// The result's type.
    pub(crate) returns: Type,
    /// RETURNS NULL ON NULL INPUT.
    pub(crate) strict: bool,
    /// Whether a call may give another value each time.
    pub(crate) volatile: bool,
    pub(crate) steps: Vec<Step>,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Step {
    Return(Code),
    Set(usize, Code),
    If(Vec<(Code, Vec<Step>)>, Vec<Step>),
    Loop { label: usize, before: Option<Code>, body: Vec<Step>, until: Option<Code> },
    Leave(usize),
    Iterate(usize),
}

/// An expression over some of the variables.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) body: Arc<dyn PhysicalExpr>,
    pub(crate) schema: SchemaRef,
    /// The variables, in the order of `schema`.
    pub(crate) slots: Vec<usize>,
}

/// Rows, by number.
type Rows = Vec<u32>;

/// A label, and whether its loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Jump {
    Leave(usize),
    Iterate(usize),
}

struct Run<'r> {
    routine: &'r Routine,
    variables: Vec<ArrayRef>,
    result: ArrayRef,
    jumps: HashMap<Jump, Rows>,
    rounds: usize,
    /// Bytes that assignments may still write.
    bytes: usize,
}

impl Routine {
    /// The results for all rows of a call.
    pub(crate) fn call(&self, args: &CallArgs<'_>) -> DfResult<ArrayRef> {
        let mut variables = (0..args.values.len()).map(|i| args.array(i)).collect::<DfResult<Vec<_>>>()?;
        let wanted = |row: &usize| !self.strict || variables.iter().all(|v| v.is_valid(*row));
        let rows: Rows = (0..args.rows).filter(wanted).map(|row| row as u32).collect();
        for ty in &self.slots[variables.len()..] {
            variables.push(new_null_array(&ty.arrow(), args.rows));
        }
        let result = new_null_array(&self.returns.arrow(), args.rows);
        let bytes = MOST_BYTES.saturating_add(args.rows.saturating_mul(MOST_ROW_BYTES));
        let mut run = Run { routine: self, variables, result, jumps: HashMap::new(), rounds: 0, bytes };
        run.all(&self.steps, rows)?;
        Ok(run.result)
    }
}

impl Run<'_> {
    /// Runs statements in order; gives the rows that come out at the end.
    fn all(&mut self, steps: &[Step], mut rows: Rows) -> DfResult<Rows> {
        for step in steps {
            if rows.is_empty() {
                break;
            }
            rows = self.one(step, rows)?;
        }
        Ok(rows)
    }

    fn one(&mut self, step: &Step, rows: Rows) -> DfResult<Rows> {
        match step {
            Step::Return(value) => {
                let values = self.evaluate(value, &rows)?;
                self.result = merged(&self.result, &values, &rows)?;
                Ok(vec![])
            }
            Step::Set(slot, value) => {
                let values = self.evaluate(value, &rows)?;
                self.spend(values.get_array_memory_size())?;
                self.variables[*slot] = merged(&self.variables[*slot], &values, &rows)?;
                Ok(rows)
            }
            Step::If(branches, otherwise) => self.branch(branches, otherwise, rows),
            Step::Loop { label, before, body, until } => {
                let ends = (before.as_ref(), until.as_ref());
                self.rounds(*label, ends, body, rows)
            }
            Step::Leave(label) => self.jump(Jump::Leave(*label), rows),
            Step::Iterate(label) => self.jump(Jump::Iterate(*label), rows),
        }
    }

    fn spend(&mut self, bytes: usize) -> DfResult<()> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => self.bytes = left,
            None => return fail(format!("`{}` writes more and more; does a loop of it end?", self.routine.name)),
        }
        Ok(())
    }

    fn branch(&mut self, branches: &[(Code, Vec<Step>)], otherwise: &[Step], mut rows: Rows) -> DfResult<Rows> {
        let mut out = vec![];
        for (condition, then) in branches {
            let (taken, rest) = self.part(condition, rows)?;
            out.extend(self.all(then, taken)?);
            rows = rest;
        }
        out.extend(self.all(otherwise, rows)?);
        Ok(out)
    }

    fn rounds(
        &mut self,
        label: usize,
        (before, until): (Option<&Code>, Option<&Code>),
        body: &[Step],
        mut rows: Rows,
    ) -> DfResult<Rows> {
        let mut out = vec![];
        while !rows.is_empty() {
            self.rounds += 1;
            if self.rounds > MOST_ROUNDS {
                return fail(format!("a loop of `{}` does not end within {MOST_ROUNDS} rounds", self.routine.name));
            }
            if let Some(condition) = before {
                let (going, done) = self.part(condition, rows)?;
                out.extend(done);
                rows = going;
            }
            rows = self.all(body, rows)?;
            rows.extend(self.jumps.remove(&Jump::Iterate(label)).unwrap_or_default());
            out.extend(self.jumps.remove(&Jump::Leave(label)).unwrap_or_default());
            if let Some(condition) = until {
                let (done, going) = self.part(condition, rows)?;
                out.extend(done);
                rows = going;
            }
        }
        Ok(out)
    }

    fn jump(&mut self, jump: Jump, rows: Rows) -> DfResult<Rows> {
        self.jumps.entry(jump).or_default().extend(rows);
        Ok(vec![])
    }

    /// The rows for which the condition holds, and the others.
    fn part(&self, condition: &Code, rows: Rows) -> DfResult<(Rows, Rows)> {
        if rows.is_empty() {
            return Ok((vec![], vec![]));
        }
        let values = self.evaluate(condition, &rows)?;
        let values = values.as_boolean();
        let (mut yes, mut no) = (vec![], vec![]);
        for (i, row) in rows.into_iter().enumerate() {
            let holds = values.is_valid(i) && values.value(i);
            if holds { yes.push(row) } else { no.push(row) }
        }
        Ok((yes, no))
    }

    fn evaluate(&self, code: &Code, rows: &Rows) -> DfResult<ArrayRef> {
        let whole = rows.len() == self.result.len() && rows.is_sorted();
        let chosen = UInt32Array::from(rows.clone());
        let column = |slot: &usize| match whole {
            true => Ok(Arc::clone(&self.variables[*slot])),
            false => take(&self.variables[*slot], &chosen, None),
        };
        let columns = code.slots.iter().map(column).collect::<std::result::Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&code.schema), columns, &options)?;
        code.body.evaluate(&batch)?.into_array(rows.len())
    }
}

/// The old values, with the new ones at their rows.
fn merged(old: &ArrayRef, new: &ArrayRef, rows: &Rows) -> DfResult<ArrayRef> {
    if rows.len() == old.len() && rows.is_sorted() {
        return Ok(Arc::clone(new));
    }
    let mut picks: Vec<(usize, usize)> = (0..old.len()).map(|row| (0, row)).collect();
    for (i, row) in rows.iter().enumerate() {
        picks[*row as usize] = (1, i);
    }
    Ok(interleave(&[old.as_ref(), new.as_ref()], &picks)?)
}
