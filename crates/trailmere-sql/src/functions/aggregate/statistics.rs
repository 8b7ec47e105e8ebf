//! Statistics: variance and its kin, correlation and regression, geometric mean, entropy.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result as DfResult;

use super::fold::{Fold, Members, aggregate};
use super::{entry, fits};
use crate::coercion::can_coerce;
use crate::error::{Result, fail};
use crate::function::{AggregateCall, Arg, Function, no_overload};
use crate::types::Type;

macro_rules! of_one {
    ($($name:literal, $aliases:expr, $about:literal, $finish:expr;)*) => {
        vec![$(Function {
            aliases: $aliases,
            ..entry(
                $name,
                concat!($name, "(double) -> double"),
                $about,
                concat!($name, "(1.5)"),
                |args| central($name, args, $finish),
            )
        },)*]
    };
}

macro_rules! of_two {
    ($($name:literal, $about:literal, $finish:expr;)*) => {
        vec![$(entry(
            $name,
            concat!($name, "(y, x) -> double"),
            $about,
            concat!($name, "(1, 2)"),
            |args| joint($name, args, $finish),
        ),)*]
    };
}

pub(super) fn all() -> Vec<Function> {
    let mut all = of_one! {
        "var_samp", &["variance"], "The variance of a sample.", |[n, _, m2, ..]| (*n > 1.0).then(|| m2 / (n - 1.0));
        "var_pop", &[], "The variance of a population.", |[n, _, m2, ..]| (*n > 0.0).then(|| m2 / n);
        "stddev_samp", &["stddev"], "The standard deviation of a sample.", |[n, _, m2, ..]| (*n > 1.0).then(|| (m2 / (n - 1.0)).sqrt());
        "stddev_pop", &[], "The standard deviation of a population.", |[n, _, m2, ..]| (*n > 0.0).then(|| (m2 / n).sqrt());
        "skewness", &[], "The skewness.", |[n, _, m2, m3, _]| (*n >= 3.0).then(|| n.sqrt() * m3 / m2.powf(1.5));
        "kurtosis", &[], "The excess kurtosis.", kurtosis;
    };
    all.extend(of_two! {
        "corr", "The correlation coefficient.", |[_, _, _, xx, yy, xy]| finite(xy / (xx * yy).sqrt());
        "covar_pop", "The covariance of a population.", |[n, _, _, _, _, xy]| (*n > 0.0).then(|| xy / n);
        "covar_samp", "The covariance of a sample.", |[n, _, _, _, _, xy]| (*n > 1.0).then(|| xy / (n - 1.0));
        "regr_slope", "The slope of the line through the points.", |[_, _, _, xx, _, xy]| finite(xy / xx);
        "regr_intercept", "Where the line through the points meets x = 0.", |[_, x, y, xx, _, xy]| finite(y - xy / xx * x);
    });
    all.push(entry(
        "geometric_mean",
        "geometric_mean(double) -> double\ngeometric_mean(real) -> real",
        "The geometric mean.",
        "geometric_mean(2)",
        geometric_mean,
    ));
    all.push(entry("entropy", "entropy(bigint) -> double", "The entropy of counts, in bits.", "entropy(8)", entropy));
    all
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn kurtosis([n, _, m2, _, m4]: &[f64; 5]) -> Option<f64> {
    if *n < 4.0 {
        return None;
    }
    let variance = m2 / (n - 1.0);
    let scale = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
    Some(scale * m4 / (variance * variance) - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0)))
}

/// Sums over doubles that states of `N` numbers hold.
struct Sums<const N: usize> {
    columns: usize,
    add: fn(&mut [f64; N], &[f64; 2]) -> DfResult<()>,
    merge: fn(&mut [f64; N], &[f64; N]),
    finish: fn(&[f64; N]) -> Option<f64>,
    real: bool,
}

/// The numbers of a state.
struct Numbers<const N: usize>([f64; N]);

impl<const N: usize> Default for Numbers<N> {
    fn default() -> Self {
        Numbers([0.0; N])
    }
}

impl<const N: usize> Fold for Sums<N> {
    type State = Numbers<N>;

    fn update(&self, states: &mut [Numbers<N>], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let values: Vec<&Float64Array> = columns[..self.columns].iter().map(|c| c.as_primitive()).collect();
        members.each(|group, row| {
            if values.iter().any(|v| v.is_null(row)) {
                return Ok(());
            }
            let second = values.get(1).map_or(0.0, |v| v.value(row));
            (self.add)(&mut states[group].0, &[values[0].value(row), second])
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Float64; N]
    }

    fn save(&self, states: &[Numbers<N>]) -> DfResult<Vec<ArrayRef>> {
        let column = |i| Arc::new(states.iter().map(|s| Some(s.0[i])).collect::<Float64Array>()) as ArrayRef;
        Ok((0..N).map(column).collect())
    }

    fn merge(&self, states: &mut [Numbers<N>], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let columns: Vec<&Float64Array> = saved.iter().map(|c| c.as_primitive::<Float64Type>()).collect();
        members.each(|group, row| {
            let mut other = [0.0; N];
            other.iter_mut().zip(&columns).for_each(|(o, c)| *o = c.value(row));
            (self.merge)(&mut states[group].0, &other);
            Ok(())
        })
    }

    fn finish(&self, states: &[Numbers<N>]) -> DfResult<ArrayRef> {
        let results = states.iter().map(|s| (self.finish)(&s.0));
        Ok(if self.real {
            Arc::new(results.map(|r| r.map(|r| r as f32)).collect::<Float32Array>())
        } else {
            Arc::new(results.collect::<Float64Array>())
        })
    }
}

/// One value more (Welford).
fn add_central(state: &mut [f64; 5], value: f64) {
    let [before, mean, m2, m3, m4] = *state;
    let n = before + 1.0;
    let delta = value - mean;
    let d = delta / n;
    let mean = mean + d;
    let step = delta * d * before;
    let new_m4 = m4 + step * d * d * (n * n - 3.0 * n + 3.0) + 6.0 * d * d * m2 - 4.0 * d * m3;
    let new_m3 = m3 + step * d * (n - 2.0) - 3.0 * d * m2;
    *state = [n, mean, m2 + delta * (value - mean), new_m3, new_m4];
}

/// Count, mean and the sums of the second to fourth powers of the distances from it.
fn merge_central(state: &mut [f64; 5], other: &[f64; 5]) {
    let [na, mean_a, m2a, m3a, m4a] = *state;
    let [nb, mean_b, m2b, m3b, m4b] = *other;
    let n = na + nb;
    if nb == 0.0 {
        return;
    }
    let delta = mean_b - mean_a;
    let d = delta / n;
    let m2 = m2a + m2b + delta * d * na * nb;
    let m3 = m3a + m3b + delta * d * d * na * nb * (na - nb) + 3.0 * d * (na * m2b - nb * m2a);
    let m4 = m4a
        + m4b
        + delta * d * d * d * na * nb * (na * na - na * nb + nb * nb)
        + 6.0 * d * d * (na * na * m2b + nb * nb * m2a)
        + 4.0 * d * (na * m3b - nb * m3a);
    *state = [n, mean_a + d * nb, m2, m3, m4];
}

fn central(name: &'static str, args: &[Arg<'_>], finish: fn(&[f64; 5]) -> Option<f64>) -> Result<AggregateCall> {
    if !fits(args, &[Type::Double]) {
        return Err(no_overload(name, args, "one number"));
    }
    let add = |state: &mut [f64; 5], value: &[f64; 2]| {
        add_central(state, value[0]);
        Ok(())
    };
    let fold = Sums { columns: 1, add, merge: merge_central, finish, real: false };
    Ok(aggregate(name, vec![Type::Double], Type::Double, fold))
}

/// Count, the means of x and y, and the sums of xx, yy and xy about them.
fn merge_joint(state: &mut [f64; 6], other: &[f64; 6]) {
    let [na, xa, ya, xxa, yya, xya] = *state;
    let [nb, xb, yb, xxb, yyb, xyb] = *other;
    if nb == 0.0 {
        return;
    }
    let n = na + nb;
    let (dx, dy) = (xb - xa, yb - ya);
    let weight = na * nb / n;
    *state = [
        n,
        xa + dx * nb / n,
        ya + dy * nb / n,
        xxa + xxb + dx * dx * weight,
        yya + yyb + dy * dy * weight,
        xya + xyb + dx * dy * weight,
    ];
}

/// Arguments are (y, x); reals give a real.
fn joint(name: &'static str, args: &[Arg<'_>], finish: fn(&[f64; 6]) -> Option<f64>) -> Result<AggregateCall> {
    let real = args.len() == 2 && args.iter().all(|a| !a.is_lambda() && can_coerce(a.ty(), &Type::Real));
    if !real && !fits(args, &[Type::Double, Type::Double]) {
        return Err(no_overload(name, args, "two numbers"));
    }
    let add = |state: &mut [f64; 6], value: &[f64; 2]| {
        merge_joint(state, &[1.0, value[1], value[0], 0.0, 0.0, 0.0]);
        Ok(())
    };
    let fold = Sums { columns: 2, add, merge: merge_joint, finish, real };
    let returns = if real { Type::Real } else { Type::Double };
    Ok(aggregate(name, vec![Type::Double; 2], returns, fold))
}

fn add_up<const N: usize>(state: &mut [f64; N], other: &[f64; N]) {
    state.iter_mut().zip(other).for_each(|(s, o)| *s += o);
}

fn geometric_mean(args: &[Arg<'_>]) -> Result<AggregateCall> {
    if !fits(args, &[Type::Double]) {
        return Err(no_overload("geometric_mean", args, "one number"));
    }
    let real = *args[0].ty() == Type::Real;
    let add = |state: &mut [f64; 2], value: &[f64; 2]| {
        add_up(state, &[1.0, value[0].ln()]);
        Ok(())
    };
    let finish = |[n, sum]: &[f64; 2]| (*n > 0.0).then(|| (sum / n).exp());
    let fold = Sums { columns: 1, add, merge: add_up, finish, real };
    let returns = if real { Type::Real } else { Type::Double };
    Ok(aggregate("geometric_mean", vec![Type::Double], returns, fold))
}

fn entropy(args: &[Arg<'_>]) -> Result<AggregateCall> {
    if !fits(args, &[Type::Double]) {
        return Err(no_overload("entropy", args, "one number"));
    }
    let add = |state: &mut [f64; 2], value: &[f64; 2]| {
        let count = value[0];
        if count < 0.0 {
            return fail("Entropy count argument must be non-negative");
        }
        if count > 0.0 {
            add_up(state, &[count, count * count.ln()]);
        }
        Ok(())
    };
    let finish = |[sum, logs]: &[f64; 2]| {
        Some(if *sum > 0.0 { ((sum.ln() - logs / sum) / std::f64::consts::LN_2).max(0.0) } else { 0.0 })
    };
    let fold = Sums { columns: 1, add, merge: add_up, finish, real: false };
    Ok(aggregate("entropy", vec![Type::Double], Type::Double, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_the_same_in_parts() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let state = |values: &[f64]| {
            let mut state = [0.0; 5];
            values.iter().for_each(|v| add_central(&mut state, *v));
            state
        };
        let mut parts = state(&values[..3]);
        merge_central(&mut parts, &state(&values[3..]));
        let whole = state(&values);
        for (a, b) in whole.iter().zip(parts) {
            assert!((a - b).abs() < 1e-9, "{whole:?} {parts:?}");
        }
        assert!((whole[2] / whole[0] - 4.0).abs() < 1e-9);
        assert!((kurtosis(&whole).unwrap() - 0.940_625).abs() < 1e-9);
    }
}
