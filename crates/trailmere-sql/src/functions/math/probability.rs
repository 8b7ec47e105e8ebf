//! Distributions: normal, beta, Student's t, and Wilson's interval.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use datafusion::error::Result as DfResult;

use super::special::{beta, erfc, inverse, ln_gamma};
use super::{entry, fits};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::numbers;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "normal_cdf",
            "normal_cdf(mean, sd, v) -> double",
            "The probability that a normal variable is below v.",
            "normal_cdf(0, 1, 1.96)",
            |a| doubles("normal_cdf", 3, a, normal_cdf),
        ),
        entry(
            "inverse_normal_cdf",
            "inverse_normal_cdf(mean, sd, p) -> double",
            "The value below which a normal variable is with probability p.",
            "inverse_normal_cdf(0, 1, 0.975)",
            |a| doubles("inverse_normal_cdf", 3, a, inverse_normal_cdf),
        ),
        entry(
            "beta_cdf",
            "beta_cdf(a, b, v) -> double",
            "The probability that a beta variable is below v.",
            "beta_cdf(3, 3.6, 0.9)",
            |a| doubles("beta_cdf", 3, a, beta_cdf),
        ),
        entry(
            "inverse_beta_cdf",
            "inverse_beta_cdf(a, b, p) -> double",
            "The value below which a beta variable is with probability p.",
            "inverse_beta_cdf(3, 3.6, 0.5)",
            |a| doubles("inverse_beta_cdf", 3, a, inverse_beta_cdf),
        ),
        entry(
            "t_cdf",
            "t_cdf(x, df) -> double",
            "The probability that a variable of Student's t distribution is below x.",
            "t_cdf(1, 10)",
            |a| doubles("t_cdf", 2, a, t_cdf),
        ),
        entry("t_pdf", "t_pdf(x, df) -> double", "The density of Student's t distribution.", "t_pdf(1, 10)", |a| {
            doubles("t_pdf", 2, a, t_pdf)
        }),
        entry(
            "wilson_interval_lower",
            "wilson_interval_lower(successes, trials, z) -> double",
            "The lower bound of Wilson's interval of a rate.",
            "wilson_interval_lower(1250, 1310, 1.96)",
            |a| doubles("wilson_interval_lower", 3, a, |v| wilson(v, -1.0)),
        ),
        entry(
            "wilson_interval_upper",
            "wilson_interval_upper(successes, trials, z) -> double",
            "The upper bound of Wilson's interval of a rate.",
            "wilson_interval_upper(1250, 1310, 1.96)",
            |a| doubles("wilson_interval_upper", 3, a, |v| wilson(v, 1.0)),
        ),
    ]
}

type Numbers = fn(&[f64]) -> DfResult<f64>;

fn doubles(name: &str, count: usize, args: &[Arg<'_>], f: Numbers) -> Result<ScalarCall> {
    let types = vec![Type::Double; count];
    if !fits(args, &types) {
        return Err(no_overload(name, args, if count == 2 { "two doubles" } else { "three doubles" }));
    }
    Ok(ScalarCall::new(types, Type::Double, move |call| {
        let arrays = (0..count).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        numbers::<Float64Type>(call.rows, |row| {
            if arrays.iter().any(|a| a.is_null(row)) {
                return Ok(None);
            }
            let values: Vec<f64> = arrays.iter().map(|a| a.as_primitive::<Float64Type>().value(row)).collect();
            f(&values).map(Some)
        })
    }))
}

fn normal_cdf(v: &[f64]) -> DfResult<f64> {
    if v[1].is_nan() || v[1] <= 0.0 {
        return fail("standardDeviation must be > 0");
    }
    Ok(0.5 * erfc(-(v[2] - v[0]) / (v[1] * std::f64::consts::SQRT_2)))
}

fn inverse_normal_cdf(v: &[f64]) -> DfResult<f64> {
    if !(v[2] > 0.0 && v[2] < 1.0) {
        return fail("p must be 0 > p > 1");
    }
    if v[1].is_nan() || v[1] <= 0.0 {
        return fail("sd must be > 0");
    }
    let standard = inverse(v[2], (-40.0, 40.0), |x| 0.5 * erfc(-x / std::f64::consts::SQRT_2));
    Ok(v[0] + v[1] * standard)
}

fn shapes(v: &[f64]) -> DfResult<()> {
    if v[0] > 0.0 && v[1] > 0.0 { Ok(()) } else { fail("a, b must be > 0") }
}

fn beta_cdf(v: &[f64]) -> DfResult<f64> {
    shapes(v)?;
    if !(0.0..=1.0).contains(&v[2]) {
        return fail("value must be 0 >= v >= 1");
    }
    Ok(beta(v[2], v[0], v[1]))
}

fn inverse_beta_cdf(v: &[f64]) -> DfResult<f64> {
    if !(0.0..=1.0).contains(&v[2]) {
        return fail("p must be 0 >= p >= 1");
    }
    shapes(v)?;
    if v[2] == 0.0 || v[2] == 1.0 {
        return Ok(v[2]);
    }
    Ok(inverse(v[2], (0.0, 1.0), |x| beta(x, v[0], v[1])))
}

fn freedom(df: f64) -> DfResult<()> {
    if df >= 1.0 { Ok(()) } else { fail("degrees of freedom must be greater than or equal to 1") }
}

fn t_cdf(v: &[f64]) -> DfResult<f64> {
    freedom(v[1])?;
    if v[0].is_infinite() {
        return Ok(if v[0] > 0.0 { 1.0 } else { 0.0 });
    }
    let tail = 0.5 * beta(v[1] / (v[1] + v[0] * v[0]), v[1] / 2.0, 0.5);
    Ok(if v[0] > 0.0 { 1.0 - tail } else { tail })
}

fn t_pdf(v: &[f64]) -> DfResult<f64> {
    freedom(v[1])?;
    let (x, df) = (v[0], v[1]);
    let scale = ln_gamma((df + 1.0) / 2.0) - ln_gamma(df / 2.0) - 0.5 * (df * std::f64::consts::PI).ln();
    Ok((scale - (df + 1.0) / 2.0 * (x * x / df).ln_1p()).exp())
}

fn wilson(v: &[f64], side: f64) -> DfResult<f64> {
    let (successes, trials, z) = (v[0], v[1], v[2]);
    if successes < 0.0 {
        return fail("number of successes must not be negative");
    }
    if trials <= 0.0 {
        return fail("number of trials must be positive");
    }
    if successes > trials {
        return fail("number of successes must not be larger than number of trials");
    }
    if z < 0.0 {
        return fail("z-score must not be negative");
    }
    let p = successes / trials;
    let spread = z * (p * (1.0 - p) / trials + z * z / (4.0 * trials * trials)).sqrt();
    Ok((p + z * z / (2.0 * trials) + side * spread) / (1.0 + z * z / trials))
}
