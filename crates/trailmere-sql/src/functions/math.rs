//! Mathematical functions: numbers in, numbers out, with Trino's types, rounding and errors.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::logical_expr::Expr;

use crate::call::Typed;
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{Arg, Function, FunctionKind, ScalarCall, no_overload};
use crate::functions::arguments::{booleans, numbers};
use crate::operators::{ArithmeticOp, arithmetic};
use crate::types::Type;

mod base;
mod bits;
mod bucket;
mod by_type;
mod numeric;
mod probability;
mod random;
mod round;
mod special;

/// The mathematical and bitwise functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = doubles();
    all.extend(two_doubles());
    all.extend(others());
    all.extend(base::all());
    all.extend(bits::all());
    all.extend(bucket::all());
    all.extend(by_type::all());
    all.extend(probability::all());
    all.extend(random::all());
    all.extend(round::all());
    all
}

/// An entry of this family.
const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "math", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// Whether each argument coerces to its type.
fn fits(args: &[Arg<'_>], types: &[Type]) -> bool {
    args.len() == types.len() && args.iter().zip(types).all(|(a, t)| !a.is_lambda() && can_coerce(a.ty(), t))
}

/// A function of one double.
fn double(name: &str, args: &[Arg<'_>], f: fn(f64) -> f64) -> Result<ScalarCall> {
    if !fits(args, &[Type::Double]) {
        return Err(no_overload(name, args, "a double"));
    }
    Ok(ScalarCall::new(vec![Type::Double], Type::Double, move |call| {
        let values = call.array(0)?;
        let values = values.as_primitive::<Float64Type>();
        numbers::<Float64Type>(call.rows, |row| Ok(Some(f(values.value(row)))))
    }))
}

macro_rules! of_double {
    ($($name:literal, $about:literal, $example:literal, $f:expr;)*) => {
        vec![$(entry($name, concat!($name, "(double) -> double"), $about, $example, |args| double($name, args, $f)),)*]
    };
}

fn doubles() -> Vec<Function> {
    of_double! {
        "acos", "The arc cosine, in radians.", "acos(0.5)", f64::acos;
        "asin", "The arc sine, in radians.", "asin(0.5)", f64::asin;
        "atan", "The arc tangent, in radians.", "atan(1)", f64::atan;
        "cbrt", "The cube root.", "cbrt(27)", f64::cbrt;
        "cos", "The cosine of radians.", "cos(0)", f64::cos;
        "cosh", "The hyperbolic cosine.", "cosh(0)", f64::cosh;
        "degrees", "Radians in degrees.", "degrees(pi())", |x| x * (180.0 / std::f64::consts::PI);
        "exp", "Euler's number to the power of x.", "exp(1)", f64::exp;
        "ln", "The natural logarithm.", "ln(10)", f64::ln;
        "log2", "The logarithm to base 2.", "log2(8)", f64::log2;
        "log10", "The logarithm to base 10.", "log10(1000)", f64::log10;
        "radians", "Degrees in radians.", "radians(180)", |x| x * (std::f64::consts::PI / 180.0);
        "sin", "The sine of radians.", "sin(0)", f64::sin;
        "sinh", "The hyperbolic sine.", "sinh(0)", f64::sinh;
        "sqrt", "The square root.", "sqrt(2)", f64::sqrt;
        "tan", "The tangent of radians.", "tan(0)", f64::tan;
        "tanh", "The hyperbolic tangent.", "tanh(0)", f64::tanh;
    }
}

/// A function of two doubles.
fn binary(name: &str, args: &[Arg<'_>], f: fn(f64, f64) -> f64) -> Result<ScalarCall> {
    if !fits(args, &[Type::Double, Type::Double]) {
        return Err(no_overload(name, args, "two doubles"));
    }
    Ok(ScalarCall::new(vec![Type::Double; 2], Type::Double, move |call| {
        let (a, b) = (call.array(0)?, call.array(1)?);
        let (a, b) = (a.as_primitive::<Float64Type>(), b.as_primitive::<Float64Type>());
        numbers::<Float64Type>(call.rows, |row| Ok(Some(f(a.value(row), b.value(row)))))
    }))
}

/// As Java has it: NaN where C and Rust say that one to any power is one.
fn power(x: f64, y: f64) -> f64 {
    if y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) { f64::NAN } else { x.powf(y) }
}

fn two_doubles() -> Vec<Function> {
    vec![
        entry(
            "atan2",
            "atan2(double, double) -> double",
            "The angle of the point (x, y), given y and x.",
            "atan2(1, 1)",
            |a| binary("atan2", a, f64::atan2),
        ),
        entry("log", "log(base, double) -> double", "The logarithm to a base.", "log(2, 8)", |a| {
            binary("log", a, |b, x| x.ln() / b.ln())
        }),
        Function {
            aliases: &["pow"],
            ..entry("power", "power(double, double) -> double", "x to the power of p.", "power(2, 10)", |a| {
                binary("power", a, power)
            })
        },
    ]
}

/// A number that never changes.
fn constant(name: &str, args: &[Arg<'_>], value: f64) -> Result<ScalarCall> {
    if !args.is_empty() {
        return Err(no_overload(name, args, "nothing"));
    }
    Ok(ScalarCall::native(vec![], Type::Double, move |_| datafusion::logical_expr::lit(value)))
}

/// A question about a double.
fn question(name: &str, args: &[Arg<'_>], f: fn(f64) -> bool) -> Result<ScalarCall> {
    if !fits(args, &[Type::Double]) {
        return Err(no_overload(name, args, "a double"));
    }
    Ok(ScalarCall::new(vec![Type::Double], Type::Boolean, move |call| {
        let values = call.array(0)?;
        let values = values.as_primitive::<Float64Type>();
        booleans(call.rows, |row| Ok(Some(f(values.value(row)))))
    }))
}

fn others() -> Vec<Function> {
    vec![
        entry("e", "e() -> double", "Euler's number.", "e()", |a| constant("e", a, std::f64::consts::E)),
        entry("pi", "pi() -> double", "The number π.", "pi()", |a| constant("pi", a, std::f64::consts::PI)),
        entry("infinity", "infinity() -> double", "Positive infinity.", "infinity()", |a| {
            constant("infinity", a, f64::INFINITY)
        }),
        entry("nan", "nan() -> double", "Not a number.", "nan()", |a| constant("nan", a, f64::NAN)),
        entry("is_finite", "is_finite(double) -> boolean", "Whether x is a number and finite.", "is_finite(1)", |a| {
            question("is_finite", a, f64::is_finite)
        }),
        entry("is_infinite", "is_infinite(double) -> boolean", "Whether x is infinite.", "is_infinite(1)", |a| {
            question("is_infinite", a, f64::is_infinite)
        }),
        entry("is_nan", "is_nan(double) -> boolean", "Whether x is not a number.", "is_nan(nan())", |a| {
            question("is_nan", a, f64::is_nan)
        }),
        entry("mod", "mod(n, m) -> their common type", "The remainder of n / m.", "mod(7, 3)", modulus),
    ]
}

/// The operator `%` under another name.
fn modulus(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let [Arg::Value { ty: n, .. }, Arg::Value { ty: m, .. }] = args else {
        return Err(no_overload("mod", args, "two numbers"));
    };
    let (n, m) = (n.clone(), m.clone());
    let number = |ty: &Type| ty.is_numeric() || *ty == Type::Unknown;
    if !number(&n) || !number(&m) {
        return Err(no_overload("mod", args, "two numbers"));
    }
    let types = vec![n.clone(), m.clone()];
    let build = move |left: Expr, right: Expr| {
        arithmetic(ArithmeticOp::Modulus, Typed::new(left, n.clone()), Typed::new(right, m.clone()))
    };
    let column = |name: &str| Expr::Column(datafusion::common::Column::from_name(name));
    let returns = build(column("n"), column("m"))?.ty;
    // The types are checked: the operator always binds.
    Ok(ScalarCall::native(types, returns, move |mut exprs| {
        let right = exprs.pop().unwrap_or_else(|| datafusion::logical_expr::lit(1));
        let left = exprs.pop().unwrap_or_else(|| datafusion::logical_expr::lit(1));
        build(left.clone(), right).map_or(left, |typed| typed.expr)
    }))
}

/// A whole number argument of 64 bits.
fn long(call: &crate::function::CallArgs<'_>, i: usize) -> datafusion::error::Result<arrow::array::Int64Array> {
    match call.array(i)?.as_primitive_opt::<Int64Type>() {
        Some(values) => Ok(values.clone()),
        None => fail("expected a bigint"),
    }
}
