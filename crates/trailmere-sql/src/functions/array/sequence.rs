//! sequence: numbers, dates or timestamps from one to another.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::entry;
use super::shape::MOST_ENTRIES;
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, CallArgs, Function, ScalarCall, no_overload};
use crate::functions::map::build::list_array;
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_MILLI, Stamps, add_months, stamps};
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "sequence",
        "sequence(bigint, bigint[, bigint]) -> array(bigint)\nsequence(date, date[, interval]) -> array(date)\nsequence(timestamp, timestamp, interval) -> array(timestamp)",
        "The values from one to another by a step, which is one, or a day, or minus that, by itself.",
        "sequence(1, 5, 2)",
        sequence,
    )]
}

/// How the next value comes out of the one before.
#[derive(Clone, Copy)]
enum Step {
    Whole,
    Days,
    Months,
}

fn sequence(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bad = || no_overload("sequence", args, "two numbers, dates or timestamps and perhaps a step");
    let [from, to, step @ ..] = args else { return Err(bad()) };
    if step.len() > 1 || args.iter().any(Arg::is_lambda) {
        return Err(bad());
    }
    let step_type = step.first().map(Arg::ty);
    let ty = crate::coercion::common_type(from.ty(), to.ty()).ok_or_else(bad)?;
    let (ty, kind) = match (&ty, step_type) {
        (Type::Date, Some(Type::IntervalYearToMonth)) => (Type::Date, Step::Months),
        (Type::Date, None | Some(Type::IntervalDayToSecond)) => (Type::Date, Step::Days),
        (Type::Timestamp(_), Some(Type::IntervalYearToMonth)) => (ty, Step::Months),
        (Type::Timestamp(_), Some(Type::IntervalDayToSecond)) => (ty, Step::Days),
        (n, s) if can_coerce(n, &Type::BigInt) && s.is_none_or(|s| can_coerce(s, &Type::BigInt)) => {
            (Type::BigInt, Step::Whole)
        }
        _ => return Err(bad()),
    };
    let mut types = vec![ty.clone(), ty.clone()];
    if !step.is_empty() {
        types.push(match kind {
            Step::Whole => Type::BigInt,
            Step::Days => Type::IntervalDayToSecond,
            Step::Months => Type::IntervalYearToMonth,
        });
    }
    let call = ScalarCall::new(types, Type::array(ty.clone()), move |call| compute(call, &ty, kind));
    Ok(call.handles_nulls())
}

/// Values as whole numbers: themselves, days, or picoseconds.
fn numbers(ty: &Type, array: &ArrayRef) -> DfResult<Vec<i128>> {
    Ok(match ty {
        Type::BigInt => array.as_primitive::<Int64Type>().values().iter().map(|v| i128::from(*v)).collect(),
        Type::Date => array.as_primitive::<Date32Type>().values().iter().map(|v| i128::from(*v)).collect(),
        _ => {
            let stamps = Stamps::of(array)?;
            (0..array.len()).map(|i| stamps.picos(i)).collect()
        }
    })
}

fn steps(ty: &Type, kind: Step, array: &ArrayRef, row: usize) -> DfResult<i128> {
    match (kind, ty) {
        (Step::Months, _) => Ok(array.as_primitive::<Int32Type>().value(row).into()),
        (Step::Days, Type::Date) => {
            let millis = array.as_primitive::<Int64Type>().value(row);
            if millis % 86_400_000 != 0 {
                return fail("sequence step must be a day interval if start and end values are dates");
            }
            Ok(i128::from(millis / 86_400_000))
        }
        (Step::Days, _) => Ok(i128::from(array.as_primitive::<Int64Type>().value(row)) * PICOS_PER_MILLI),
        (Step::Whole, _) => Ok(array.as_primitive::<Int64Type>().value(row).into()),
    }
}

fn compute(call: &CallArgs<'_>, ty: &Type, kind: Step) -> DfResult<ColumnarValue> {
    let arrays = (0..call.values.len()).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
    let (from, to) = (numbers(ty, &arrays[0])?, numbers(ty, &arrays[1])?);
    let mut values = vec![];
    let (mut lengths, mut valid) = (Vec::with_capacity(call.rows), Vec::with_capacity(call.rows));
    for row in 0..call.rows {
        let present = arrays.iter().all(|a| a.is_valid(row));
        let before = values.len();
        if present {
            let step = match arrays.get(2) {
                Some(array) => steps(ty, kind, array, row)?,
                None => {
                    if to[row] >= from[row] {
                        1
                    } else {
                        -1
                    }
                }
            };
            fill(&mut values, (from[row], to[row], step), (kind, ty))?;
        }
        lengths.push(values.len() - before);
        valid.push(present);
    }
    let values: ArrayRef = match ty {
        Type::BigInt => Arc::new(values.iter().map(|v| Some(*v as i64)).collect::<Int64Array>()),
        Type::Date => Arc::new(values.iter().map(|v| Some(*v as i32)).collect::<Date32Array>()),
        Type::Timestamp(p) => stamps(*p, values.iter().map(|v| Some(*v)))?,
        _ => return fail("sequence is of numbers, dates or timestamps"),
    };
    let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
    Ok(ColumnarValue::Array(list_array(ty, values, OffsetBuffer::from_lengths(lengths), nulls)?))
}

fn fill(values: &mut Vec<i128>, (from, to, step): (i128, i128, i128), (kind, ty): (Step, &Type)) -> DfResult<()> {
    if step == 0 {
        return fail("step must not be zero");
    }
    if (step > 0 && to < from) || (step < 0 && to > from) {
        return fail(
            "sequence stop value should be greater than or equal to start value if step is greater than zero \
             otherwise stop should be less than or equal to start",
        );
    }
    let before = values.len();
    let mut n = 0;
    loop {
        let value = match kind {
            Step::Months => plus_months(from, (step * n) as i64, ty),
            _ => from + step * n,
        };
        if (step > 0 && value > to) || (step < 0 && value < to) {
            return Ok(());
        }
        if values.len() - before >= MOST_ENTRIES as usize {
            return fail("result of sequence function must not have more than 10000 entries");
        }
        values.push(value);
        n += 1;
    }
}

fn plus_months(value: i128, months: i64, ty: &Type) -> i128 {
    if *ty == Type::Date {
        return add_months(value as i64, months).into();
    }
    let (days, rest) = (value.div_euclid(PICOS_PER_DAY), value.rem_euclid(PICOS_PER_DAY));
    i128::from(add_months(days as i64, months)) * PICOS_PER_DAY + rest
}
