//! reduce_agg: the values of a group folded by a lambda.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use datafusion::error::Result as DfResult;

use super::collect::{Collect, Collected};
use super::entry;
use super::fold::aggregate_with;
use crate::error::{Result, SqlError};
use crate::function::{AggregateCall, Arg, CallArgs, Function, no_overload};
use crate::functions::lambda::reduce::{Step, merged};
use crate::lambda::Captures;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "reduce_agg",
        "reduce_agg(T, S, function(S, T, S), function(S, S, S)) -> S",
        "A state folded over the values that are not NULL.",
        "reduce_agg(7, 0, (s, x) -> s + x, (a, b) -> a + b)",
        reduce_agg,
    )]
}

fn reduce_agg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || no_overload("reduce_agg", args, "a value, a start and two lambdas (state, value) and (state, state)");
    let [Arg::Value { ty: value, .. }, Arg::Value { ty: start, .. }, step, combine] = args else { return Err(bad()) };
    let step = Step::bind(step, start, value)?;
    // States are never combined here, since all values are folded in one go; the lambda is still checked.
    let combine = combine.lambda(&[step.state.clone(), step.state.clone()])?;
    if !step.lambda.captures.is_empty() || !combine.captures.is_empty() {
        return Err(SqlError::unsupported("the lambdas of `reduce_agg` cannot use columns"));
    }
    let types = vec![value.clone(), step.state.clone()];
    let returns = step.state.clone();
    let identity = format!("{:?}", step.lambda.body);
    let arrow = types.iter().map(|t| t.arrow()).collect();
    let fold = Collect::new(arrow, Some(0), move |rows| folded(&rows, &step));
    Ok(aggregate_with("reduce_agg", types, returns, identity, fold))
}

/// One step of all groups at a time.
fn folded(rows: &Collected, step: &Step) -> DfResult<ArrayRef> {
    let offsets = &rows.offsets;
    let groups = offsets.len() - 1;
    let length = |group: usize| (offsets[group + 1] - offsets[group]) as usize;
    let first: UInt32Array = (0..groups).map(|group| (length(group) > 0).then_some(offsets[group] as u32)).collect();
    let mut state = take(&rows.columns[1], &first, None)?;
    let call = CallArgs { values: &[], captures: Captures { values: &[], rows: groups }, rows: groups };
    for n in 0.. {
        let active: Vec<u32> = (0..groups).filter(|g| length(*g) > n).map(|g| g as u32).collect();
        if active.is_empty() {
            break;
        }
        let positions: UInt32Array = active.iter().map(|g| (offsets[*g as usize] as usize + n) as u32).collect();
        let active = UInt32Array::from(active);
        let value = take(&rows.columns[0], &positions, None)?;
        let next = step.run(&[take(&state, &active, None)?, value], &call, &active)?;
        state = if active.len() == groups { next } else { merged(&state, &next, &active)? };
    }
    Ok(Arc::clone(&state))
}
