//! Aggregate functions: what is one value of many rows?
//!
//! Each is a [`fold`] but for count, min and max, which are DataFusion's own so that it can answer them from statistics.

use std::sync::Arc;

use datafusion::functions_aggregate::{count::count_udaf, min_max};

use self::extreme::{Arbitrary, Extreme};
use self::fold::aggregate;
pub(crate) use self::numeric::divide_half_up;
use self::numeric::{Bits, Count, Exact, Floating, Logical, Number};
pub(crate) use self::ordered::in_order;
use crate::canonical::{is_canonical, is_comparable, is_orderable};
use crate::coercion::can_coerce;
use crate::error::Result;
use crate::function::{AggregateCall, Arg, Function, FunctionKind, no_overload};
use crate::functions::sketch::hyperloglog::{self, Distinct};
use crate::types::Type;

mod checksum;
mod collect;
mod collections;
mod extreme;
pub(crate) mod fold;
mod numeric;
mod ordered;
mod percentile;
mod reduce;
mod replay;
pub(crate) mod spread;
mod statistics;
mod top;

/// The aggregate functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = basic();
    all.extend(bitwise());
    all.extend(collections::all());
    all.extend(top::all());
    all.extend(statistics::all());
    all.extend(percentile::all());
    all.extend(checksum::all());
    all.extend(reduce::all());
    all
}

/// An entry of this family.
pub(super) const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<AggregateCall>,
) -> Function {
    Function { name, aliases: &[], family: "aggregate", signature, about, example, kind: FunctionKind::Aggregate(bind) }
}

fn basic() -> Vec<Function> {
    vec![
        entry(
            "count",
            "count(*) -> bigint\ncount(x) -> bigint",
            "The number of rows, or of those where x is not NULL.",
            "count(*)",
            count,
        ),
        entry(
            "sum",
            "sum(bigint) -> bigint\nsum(double) -> double\nsum(real) -> real\nsum(decimal(p,s)) -> decimal(38,s)\nsum(interval) -> interval",
            "The total; an error where a whole number overflows.",
            "sum(1)",
            sum,
        ),
        entry(
            "avg",
            "avg(bigint) -> double\navg(double) -> double\navg(real) -> real\navg(decimal(p,s)) -> decimal(p,s)\navg(interval) -> interval",
            "The arithmetic mean.",
            "avg(1.5e0)",
            avg,
        ),
        entry(
            "count_if",
            "count_if(boolean) -> bigint",
            "The number of rows where x is true.",
            "count_if(true)",
            count_if,
        ),
        entry("bool_or", "bool_or(boolean) -> boolean", "True if any value is.", "bool_or(true)", bool_or),
        Function {
            aliases: &["every"],
            ..entry("bool_and", "bool_and(boolean) -> boolean", "True if every value is.", "bool_and(true)", bool_and)
        },
        Function {
            aliases: &["any_value"],
            ..entry(
                "arbitrary",
                "arbitrary(T) -> T",
                "Some value that is not NULL, if there is one.",
                "arbitrary(1)",
                arbitrary,
            )
        },
        entry(
            "approx_distinct",
            "approx_distinct(x) -> bigint\napprox_distinct(x, double) -> bigint",
            "About how many distinct values there are, with a standard error of 2.3 % or the one given.",
            "approx_distinct('a')",
            approx_distinct,
        ),
    ]
}

fn bitwise() -> Vec<Function> {
    vec![
        entry(
            "bitwise_and_agg",
            "bitwise_and_agg(bigint) -> bigint",
            "The bitwise AND of all values.",
            "bitwise_and_agg(7)",
            |a| bits("bitwise_and_agg", a, |x, y| x & y),
        ),
        entry(
            "bitwise_or_agg",
            "bitwise_or_agg(bigint) -> bigint",
            "The bitwise OR of all values.",
            "bitwise_or_agg(7)",
            |a| bits("bitwise_or_agg", a, |x, y| x | y),
        ),
        entry(
            "bitwise_xor_agg",
            "bitwise_xor_agg(bigint) -> bigint",
            "The bitwise XOR of all values.",
            "bitwise_xor_agg(7)",
            |a| bits("bitwise_xor_agg", a, |x, y| x ^ y),
        ),
    ]
}

/// Whether each argument coerces to its type.
pub(super) fn fits(args: &[Arg<'_>], types: &[Type]) -> bool {
    args.len() == types.len() && args.iter().zip(types).all(|(a, t)| !a.is_lambda() && can_coerce(a.ty(), t))
}

fn count(args: &[Arg<'_>]) -> Result<AggregateCall> {
    if args.len() > 1 {
        return Err(no_overload("count", args, "* or one value"));
    }
    let args: Vec<Type> = args.iter().map(|a| a.ty().clone()).collect();
    if !args.iter().all(|ty| is_canonical(ty) && !matches!(ty, Type::Array(_) | Type::Row(_))) {
        // With DISTINCT, Arrow's own equality would tell apart what is the same, and DataFusion takes each of the nested
        // values for as large as the batch that it came in: a thousand rows would break any limit of memory.
        return Ok(aggregate("count", args, Type::BigInt, Count::Valid));
    }
    Ok(AggregateCall { args, prepare: None, returns: Type::BigInt, udaf: count_udaf(), finish: None })
}

/// The type that `sum` and `avg` read, and how.
fn number(name: &str, args: &[Arg<'_>]) -> Result<(Type, Number)> {
    let [arg] = args else { return Err(no_overload(name, args, "one number or interval")) };
    Ok(match arg.ty() {
        Type::Decimal(p, s) => (Type::Decimal(*p, *s), Number::Decimal(*p, *s as i8)),
        Type::Real => (Type::Real, Number::Real),
        Type::Double => (Type::Double, Number::Double),
        Type::IntervalDayToSecond => (Type::IntervalDayToSecond, Number::Long),
        Type::IntervalYearToMonth => (Type::IntervalYearToMonth, Number::Int),
        ty if !arg.is_lambda() && can_coerce(ty, &Type::BigInt) => (Type::BigInt, Number::Long),
        _ => return Err(no_overload(name, args, "one number or interval")),
    })
}

fn sum(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let (ty, number) = number("sum", args)?;
    Ok(match number {
        Number::Double | Number::Real => aggregate("sum", vec![ty.clone()], ty, Floating { number, average: false }),
        Number::Decimal(_, scale) => {
            let exact = Exact { number: Number::Decimal(38, scale), average: false };
            aggregate("sum", vec![ty], Type::Decimal(38, scale as u8), exact)
        }
        _ => aggregate("sum", vec![ty.clone()], ty, Exact { number, average: false }),
    })
}

fn avg(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let (ty, number) = number("avg", args)?;
    Ok(match (&ty, number) {
        (Type::BigInt, _) => {
            let floating = Floating { number: Number::Double, average: true };
            aggregate("avg", vec![Type::Double], Type::Double, floating)
        }
        (_, Number::Double | Number::Real) => {
            aggregate("avg", vec![ty.clone()], ty, Floating { number, average: true })
        }
        _ => aggregate("avg", vec![ty.clone()], ty, Exact { number, average: true }),
    })
}

fn count_if(args: &[Arg<'_>]) -> Result<AggregateCall> {
    if !fits(args, &[Type::Boolean]) {
        return Err(no_overload("count_if", args, "a boolean"));
    }
    Ok(aggregate("count_if", vec![Type::Boolean], Type::BigInt, Count::True))
}

fn bool_and(args: &[Arg<'_>]) -> Result<AggregateCall> {
    logical("bool_and", args, true)
}

fn bool_or(args: &[Arg<'_>]) -> Result<AggregateCall> {
    logical("bool_or", args, false)
}

fn logical(name: &'static str, args: &[Arg<'_>], and: bool) -> Result<AggregateCall> {
    if !fits(args, &[Type::Boolean]) {
        return Err(no_overload(name, args, "a boolean"));
    }
    Ok(aggregate(name, vec![Type::Boolean], Type::Boolean, Logical { and }))
}

fn bits(name: &'static str, args: &[Arg<'_>], f: fn(i64, i64) -> i64) -> Result<AggregateCall> {
    if !fits(args, &[Type::BigInt]) {
        return Err(no_overload(name, args, "a bigint"));
    }
    Ok(aggregate(name, vec![Type::BigInt], Type::BigInt, Bits(f)))
}

fn arbitrary(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let [Arg::Value { ty, .. }] = args else { return Err(no_overload("arbitrary", args, "one value")) };
    Ok(aggregate("arbitrary", vec![ty.clone()], ty.clone(), Arbitrary { value: ty.clone() }))
}

fn approx_distinct(args: &[Arg<'_>]) -> Result<AggregateCall> {
    let bad = || no_overload("approx_distinct", args, "a value and perhaps a constant error");
    let (value, error) = match args {
        [value] => (value, None),
        [value, error] if can_coerce(error.ty(), &Type::Double) => (value, error.constant()),
        _ => return Err(bad()),
    };
    if value.is_lambda() || !is_comparable(value.ty()) {
        return Err(bad());
    }
    let error = match error.map(|e| e.cast_to(&arrow::datatypes::DataType::Float64)) {
        Some(Ok(datafusion::common::ScalarValue::Float64(Some(e)))) if (0.0040625..=0.26).contains(&e) => Some(e),
        Some(_) => {
            return Err(crate::error::SqlError::invalid("standard error must be in [0.0040625, 0.26000]"));
        }
        None => None,
    };
    let ty = value.ty().clone();
    let types = if args.len() == 2 { vec![ty, Type::Double] } else { vec![ty] };
    Ok(hyperloglog::of_values("approx_distinct", types, Type::BigInt, Distinct::counted(error)))
}

/// max and min of one argument.
pub(super) fn extreme(name: &'static str, args: &[Arg<'_>], greatest: bool) -> Result<AggregateCall> {
    let [Arg::Value { ty, .. }] = args else { return Err(no_overload(name, args, "one value that can be ordered")) };
    if !is_orderable(ty) {
        return Err(no_overload(name, args, "one value that can be ordered"));
    }
    let native = match ty {
        Type::Varchar(_) | Type::Char(_) | Type::Boolean | Type::Date | Type::Decimal(..) => true,
        Type::Timestamp(p) => *p <= 6,
        _ => ty.is_integer(),
    };
    if native {
        let udaf = if greatest { min_max::max_udaf() } else { min_max::min_udaf() };
        return Ok(AggregateCall {
            prepare: None,
            args: vec![ty.clone()],
            returns: ty.clone(),
            udaf: Arc::clone(&udaf),
            finish: None,
        });
    }
    let fold = Extreme { value: ty.clone(), key: ty.clone(), greatest };
    Ok(aggregate(name, vec![ty.clone()], ty.clone(), fold))
}

#[cfg(test)]
mod tests;
