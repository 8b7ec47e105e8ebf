//! reduce: the elements of an array folded into one value, step by step over all rows at once.

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{interleave, take};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::compiled::Compiled;
use super::entry;
use crate::coercion::{can_coerce, common_type};
use crate::error::{Result, SqlError};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::array::lists::{Lists, element_of};
use crate::lambda::BoundLambda;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "reduce",
        "reduce(array(T), S, function(S, T, S), function(S, R)) -> R",
        "A state folded over the elements, and what the last lambda makes of it.",
        "reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s)",
        reduce,
    )]
}

/// A step whose result is brought to the state's type.
pub(crate) struct Step {
    /// The state's type.
    pub(crate) state: Type,
    /// (state, element) → state.
    pub(crate) lambda: BoundLambda,
    convert: Option<Compiled>,
}

impl Step {
    /// Finds the type that the state has before and after each step.
    pub(crate) fn bind(arg: &Arg<'_>, start: &Type, element: &Type) -> Result<Step> {
        let mut state = start.clone();
        for _ in 0..3 {
            let lambda = arg.lambda(&[state.clone(), element.clone()])?;
            if lambda.returns == state {
                return Ok(Step { state, lambda, convert: None });
            }
            match common_type(&state, &lambda.returns) {
                Some(wider) if wider != state => state = wider,
                Some(_) => break,
                None => return Err(Self::unfit(&lambda.returns, &state)),
            }
        }
        let lambda = arg.lambda(&[state.clone(), element.clone()])?;
        if lambda.returns != state && !can_coerce(&lambda.returns, &state) && !both_decimal(&lambda.returns, &state) {
            return Err(Self::unfit(&lambda.returns, &state));
        }
        let same = lambda.returns.arrow() == state.arrow();
        let convert = if same { None } else { Some(Compiled::cast(&lambda.returns, &state)?) };
        Ok(Step { state, lambda, convert })
    }

    fn unfit(found: &Type, state: &Type) -> SqlError {
        SqlError::invalid(format!("the lambda returns {found}, but its state is {state}"))
            .hint(format!("convert the start or the result: CAST(… AS {state})"))
    }

    /// One step of these rows.
    pub(crate) fn run(&self, parameters: &[ArrayRef], call: &CallArgs<'_>, outer: &UInt32Array) -> DfResult<ArrayRef> {
        let result = self.lambda.evaluate(parameters, call.captures, outer)?;
        match &self.convert {
            Some(convert) => convert.run(&result),
            None => Ok(result),
        }
    }
}

fn both_decimal(a: &Type, b: &Type) -> bool {
    matches!((a, b), (Type::Decimal(..), Type::Decimal(..)))
}

fn reduce(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("reduce", args, "an array, a start, a lambda (state, element) and a lambda (state)");
    let [array, Arg::Value { ty: start, .. }, step, output] = args else { return Err(bad()) };
    let element = element_of(array).ok_or_else(bad)?;
    let step = Step::bind(step, start, &element)?;
    let output = output.lambda(std::slice::from_ref(&step.state))?;
    let lambdas = vec![step.lambda.clone(), output.clone()];
    let returns = output.returns.clone();
    let types = vec![Type::array(element), step.state.clone()];
    let call = ScalarCall::new(types, returns, move |call| {
        let lists = Lists::of(call, 0)?;
        let state = folded(call, &lists, &step)?;
        let all: UInt32Array = (0..call.rows as u32).collect();
        let result = output.evaluate(&[state], call.captures, &all)?;
        // A NULL array has no result; a NULL state may well have one.
        let nulls = arrow::buffer::NullBuffer::union(result.logical_nulls().as_ref(), lists.array().nulls());
        if *result.data_type() == arrow::datatypes::DataType::Null {
            return Ok(ColumnarValue::Array(result));
        }
        let result = arrow::array::make_array(result.to_data().into_builder().nulls(nulls).build()?);
        Ok(ColumnarValue::Array(result))
    });
    Ok(call.handles_nulls().with_lambdas(lambdas))
}

fn folded(call: &CallArgs<'_>, lists: &Lists, step: &Step) -> DfResult<ArrayRef> {
    let mut state = call.array(1)?;
    for n in 0.. {
        let active: Vec<u32> = (0..call.rows).filter(|row| lists.range(*row).len() > n).map(|row| row as u32).collect();
        if active.is_empty() {
            break;
        }
        let positions: UInt32Array = active.iter().map(|row| (lists.range(*row as usize).start + n) as u32).collect();
        let rows = UInt32Array::from(active);
        let element = take(lists.values(), &positions, None)?;
        let next = step.run(&[take(&state, &rows, None)?, element], call, &rows)?;
        state = if rows.len() == call.rows { next } else { merged(&state, &next, &rows)? };
    }
    Ok(state)
}

/// The states with those of `rows` replaced.
pub(crate) fn merged(state: &ArrayRef, next: &ArrayRef, rows: &UInt32Array) -> DfResult<ArrayRef> {
    let mut from: Vec<(usize, usize)> = (0..state.len()).map(|i| (0, i)).collect();
    for (i, row) in rows.values().iter().enumerate() {
        from[*row as usize] = (1, i);
    }
    Ok(interleave(&[state.as_ref(), next.as_ref()], &from)?)
}
