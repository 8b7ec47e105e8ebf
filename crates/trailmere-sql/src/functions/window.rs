//! Window functions: ranks, and values of other rows of the window.
//!
//! Ranks are DataFusion's own, brought to bigint. The value functions are ours: their offsets may be any expression,
//! and IGNORE NULLS counts as Trino does.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::functions_window::{cume_dist, rank, row_number};
use datafusion::logical_expr::{Expr, WindowUDF, cast};

use self::udwf::{Compute, udwf};
use crate::coercion::{can_coerce, common_type};
use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, WindowCall, no_overload};
use crate::types::Type;

pub(crate) mod framed;
mod udwf;
mod value;

/// The window functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = ranks();
    all.extend(of_other_rows());
    all
}

fn ranks() -> Vec<Function> {
    vec![
        entry("row_number", "row_number() -> bigint", "The number of the row, from 1.", "row_number() OVER ()", |a| {
            ranking("row_number", a, row_number::row_number_udwf())
        }),
        entry(
            "rank",
            "rank() -> bigint",
            "The rank of the row; equal rows share one, and gaps follow.",
            "rank() OVER (ORDER BY 1)",
            |a| ranking("rank", a, rank::rank_udwf()),
        ),
        entry(
            "dense_rank",
            "dense_rank() -> bigint",
            "The rank of the row without gaps.",
            "dense_rank() OVER (ORDER BY 1)",
            |a| ranking("dense_rank", a, rank::dense_rank_udwf()),
        ),
        entry(
            "percent_rank",
            "percent_rank() -> double",
            "The rank as a part of the rows, 0 to 1.",
            "percent_rank() OVER (ORDER BY 1)",
            |a| share("percent_rank", a, rank::percent_rank_udwf()),
        ),
        entry(
            "cume_dist",
            "cume_dist() -> double",
            "The part of the rows that are not after this one.",
            "cume_dist() OVER (ORDER BY 1)",
            |a| share("cume_dist", a, cume_dist::cume_dist_udwf()),
        ),
    ]
}

fn of_other_rows() -> Vec<Function> {
    vec![
        entry(
            "ntile",
            "ntile(n) -> bigint",
            "The bucket of the row, of n of nearly equal size.",
            "ntile(4) OVER (ORDER BY 1)",
            ntile,
        ),
        entry(
            "lag",
            "lag(x[, offset[, default]]) -> type of x",
            "The value so many rows before, one by itself.",
            "lag(1, 1, 0) OVER (ORDER BY 1)",
            |a| other_row("lag", a, value::LAG),
        ),
        entry(
            "lead",
            "lead(x[, offset[, default]]) -> type of x",
            "The value so many rows after, one by itself.",
            "lead(1, 1, 0) OVER (ORDER BY 1)",
            |a| other_row("lead", a, value::LEAD),
        ),
        entry(
            "first_value",
            "first_value(x) -> type of x",
            "The value of the first row of the frame.",
            "first_value(1) OVER ()",
            |a| of_frame("first_value", a, value::FIRST),
        ),
        entry(
            "last_value",
            "last_value(x) -> type of x",
            "The value of the last row of the frame.",
            "last_value(1) OVER ()",
            |a| of_frame("last_value", a, value::LAST),
        ),
        entry(
            "nth_value",
            "nth_value(x, n) -> type of x",
            "The value of the n-th row of the frame; NULL if there is none.",
            "nth_value(1, 1) OVER ()",
            nth_value,
        ),
    ]
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<WindowCall>,
) -> Function {
    Function { name, aliases: &[], family: "window", signature, about, example, kind: FunctionKind::Window(bind) }
}

fn nullary(name: &str, args: &[Arg<'_>]) -> Result<()> {
    if args.is_empty() { Ok(()) } else { Err(no_overload(name, args, "nothing")) }
}

fn ranking(name: &str, args: &[Arg<'_>], udwf: Arc<WindowUDF>) -> Result<WindowCall> {
    nullary(name, args)?;
    let to_bigint = |expr: Expr| cast(expr, DataType::Int64);
    Ok(WindowCall { args: vec![], returns: Type::BigInt, udwf, finish: Some(Arc::new(to_bigint)) })
}

fn share(name: &str, args: &[Arg<'_>], udwf: Arc<WindowUDF>) -> Result<WindowCall> {
    nullary(name, args)?;
    Ok(WindowCall { args: vec![], returns: Type::Double, udwf, finish: None })
}

fn ours(name: &'static str, args: Vec<Type>, returns: Type, compute: Compute) -> WindowCall {
    let udwf = udwf(name, args.len(), &returns, compute);
    WindowCall { args, returns, udwf: Arc::new(udwf), finish: None }
}

fn is_bigint(arg: &Arg<'_>) -> bool {
    !arg.is_lambda() && can_coerce(arg.ty(), &Type::BigInt)
}

fn ntile(args: &[Arg<'_>]) -> Result<WindowCall> {
    match args {
        [n] if is_bigint(n) => Ok(ours("ntile", vec![Type::BigInt], Type::BigInt, value::NTILE)),
        _ => Err(no_overload("ntile", args, "a number")),
    }
}

/// `lag` and `lead`.
fn other_row(name: &'static str, args: &[Arg<'_>], compute: Compute) -> Result<WindowCall> {
    let bad = || no_overload(name, args, "a value, and perhaps an offset and a default");
    let [Arg::Value { ty, .. }, rest @ ..] = args else { return Err(bad()) };
    let mut types = vec![ty.clone()];
    if let Some(offset) = rest.first() {
        if !is_bigint(offset) {
            return Err(bad());
        }
        types.push(Type::BigInt);
    }
    if let Some(default) = rest.get(1) {
        let common = common_type(ty, default.ty()).filter(|_| !default.is_lambda()).ok_or_else(bad)?;
        types[0] = common.clone();
        types.push(common);
    }
    if rest.len() > 2 {
        return Err(bad());
    }
    let returns = types[0].clone();
    Ok(ours(name, types, returns, compute))
}

fn of_frame(name: &'static str, args: &[Arg<'_>], compute: Compute) -> Result<WindowCall> {
    match args {
        [Arg::Value { ty, .. }] => Ok(ours(name, vec![ty.clone()], ty.clone(), compute)),
        _ => Err(no_overload(name, args, "one value")),
    }
}

fn nth_value(args: &[Arg<'_>]) -> Result<WindowCall> {
    match args {
        [Arg::Value { ty, .. }, n] if is_bigint(n) => {
            Ok(ours("nth_value", vec![ty.clone(), Type::BigInt], ty.clone(), value::NTH))
        }
        _ => Err(no_overload("nth_value", args, "a value and a number")),
    }
}
