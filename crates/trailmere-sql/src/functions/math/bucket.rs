//! width_bucket: which bucket of a histogram does a number fall in?

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::error::Result as DfResult;

use super::{entry, fits, long};
use crate::error::{Result, fail};
use crate::function::{Arg, Function, ScalarCall, no_overload};
use crate::functions::arguments::numbers;
use crate::functions::array::lists::Lists;
use crate::types::Type;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "width_bucket",
        "width_bucket(double, bound1, bound2, n) -> bigint\nwidth_bucket(double, bins) -> bigint",
        "The bucket of a number, of n equal ones between two bounds or of those whose bounds are given.",
        "width_bucket(3.14, 0, 4, 3)",
        width_bucket,
    )]
}

fn width_bucket(args: &[Arg<'_>]) -> Result<ScalarCall> {
    let bins = vec![Type::Double, Type::array(Type::Double)];
    if fits(args, &bins) {
        return Ok(ScalarCall::new(bins, Type::BigInt, |call| {
            let values = call.array(0)?;
            let values = values.as_primitive::<Float64Type>();
            let lists = Lists::of(call, 1)?;
            let bounds = lists.values().as_primitive::<Float64Type>();
            numbers::<Int64Type>(call.rows, |row| {
                if values.is_null(row) || !lists.is_valid(row) {
                    return Ok(None);
                }
                in_bins(values.value(row), &bounds.values()[lists.range(row)]).map(Some)
            })
        }));
    }
    let types = vec![Type::Double, Type::Double, Type::Double, Type::BigInt];
    if !fits(args, &types) {
        return Err(no_overload("width_bucket", args, "a number and either two bounds and a number, or an array"));
    }
    Ok(ScalarCall::new(types, Type::BigInt, |call| {
        let arrays = (0..3).map(|i| call.array(i)).collect::<DfResult<Vec<_>>>()?;
        let counts = long(call, 3)?;
        let double = |i: usize, row: usize| arrays[i].as_primitive::<Float64Type>().value(row);
        numbers::<Int64Type>(call.rows, |row| {
            if arrays.iter().any(|a| a.is_null(row)) || counts.is_null(row) {
                return Ok(None);
            }
            equal_buckets(double(0, row), (double(1, row), double(2, row)), counts.value(row)).map(Some)
        })
    }))
}

fn equal_buckets(value: f64, (first, second): (f64, f64), count: i64) -> DfResult<i64> {
    if count <= 0 {
        return fail("bucketCount must be greater than 0");
    }
    if value.is_nan() {
        return fail("operand must not be NaN");
    }
    if !first.is_finite() {
        return fail("first bound must be finite");
    }
    if !second.is_finite() {
        return fail("second bound must be finite");
    }
    if first == second {
        return fail("bounds cannot equal each other");
    }
    let (lower, upper) = (first.min(second), first.max(second));
    let bucket = if value < lower {
        0
    } else if value >= upper {
        match count.checked_add(1) {
            Some(bucket) => bucket,
            None => return fail(format!("Bucket for value {value} is out of range")),
        }
    } else {
        (count as f64 * (value - lower) / (upper - lower) + 1.0) as i64
    };
    Ok(if first > second { count - bucket + 1 } else { bucket })
}

fn in_bins(value: f64, bins: &[f64]) -> DfResult<i64> {
    if bins.is_empty() {
        return fail("Bins cannot be an empty array");
    }
    if value.is_nan() {
        return fail("Operand cannot be NaN");
    }
    if bins.iter().any(|b| !b.is_finite()) {
        return fail("Bin values must be finite");
    }
    if bins.windows(2).any(|w| w[0] > w[1]) {
        return fail("Bin values are not sorted in ascending order");
    }
    Ok(bins.partition_point(|b| *b <= value) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_buckets() {
        for (value, bounds, count, expected) in [
            (3.2, (0.0, 4.0), 3, 3),
            (f64::INFINITY, (0.0, 4.0), 3, 4),
            (-1.0, (0.0, 3.2), 4, 0),
            (3.2, (4.0, 0.0), 3, 1),
            (2.0, (4.0, 0.0), 3, 2),
            (-1.0, (3.2, 0.0), 4, 5),
        ] {
            assert_eq!(equal_buckets(value, bounds, count).unwrap(), expected, "{value}");
        }
        assert!(equal_buckets(f64::INFINITY, (0.0, 4.0), i64::MAX).is_err());
        assert_eq!(in_bins(3.2, &[0.0, 2.0, 4.0]).unwrap(), 2);
        assert!(in_bins(1.0, &[1.0, 0.0]).is_err());
    }
}
