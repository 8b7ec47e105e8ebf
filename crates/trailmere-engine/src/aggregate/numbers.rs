//! Keys that are numbers close to each other: days, hours, ports. Each is its distance from the least one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, PrimitiveArray};
use arrow::compute::{max, min};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};

/// Further apart than this, hashing them is no slower.
const FARTHEST: i64 = 1 << 12;

/// What times are often cut to, in microseconds.
const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// Rows that are looked at before all of them are.
const FIRST: usize = 16;

/// Rows' positions among some values, most of which occur; `None` if they are no such numbers. The last value is NULL.
pub(super) fn by_distance(array: &ArrayRef) -> Option<(Int32Array, ArrayRef)> {
    match array.data_type() {
        DataType::Int64 => close::<_, 1>(array.as_primitive::<Int64Type>(), |v| v, |v| v),
        DataType::Int32 => close::<_, 1>(array.as_primitive::<Int32Type>(), i64::from, |v| v as i32),
        DataType::Date32 => close::<_, 1>(array.as_primitive::<Date32Type>(), i64::from, |v| v as i32),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            close::<_, HOUR>(times, |v| v, |v| v).or_else(|| close::<_, MINUTE>(times, |v| v, |v| v))
        }
        _ => None,
    }
}

/// Numbers that are some steps from the least one.
fn close<T: ArrowPrimitiveType, const STEP: i64>(
    array: &PrimitiveArray<T>,
    wide: impl Fn(T::Native) -> i64,
    narrow: impl Fn(i64) -> T::Native,
) -> Option<(Int32Array, ArrayRef)>
where
    T::Native: PartialOrd,
{
    let (least, greatest) = (wide(min(array)?), wide(max(array)?));
    let farthest = greatest.checked_sub(least)? / STEP;
    if farthest >= FARTHEST.min(array.len() as i64) {
        return None;
    }
    if !array.values().iter().take(FIRST).all(|value| wide(*value).wrapping_sub(least) % STEP == 0) {
        return None;
    }
    let null = farthest as i32 + 1;
    let mut is_whole = true;
    let code = |value: T::Native| {
        // NULL may stand on any number.
        let distance = wide(value).wrapping_sub(least);
        (distance / STEP, distance % STEP == 0)
    };
    let mut codes = Vec::with_capacity(array.len());
    match array.nulls() {
        None => codes.extend(array.values().iter().map(|value| {
            let (code, whole) = code(*value);
            is_whole &= whole;
            code as i32
        })),
        Some(nulls) => codes.extend(array.values().iter().zip(nulls.iter()).map(|(value, is_valid)| {
            let (code, whole) = code(*value);
            is_whole &= whole || !is_valid;
            if is_valid { code as i32 } else { null }
        })),
    }
    let values = (0..=farthest).map(|nth| Some(narrow(least + nth * STEP))).chain([None]);
    is_whole.then(|| (codes.into(), Arc::new(values.collect::<PrimitiveArray<T>>()) as ArrayRef))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Int64Array, TimestampMicrosecondArray};
    use arrow::compute::take;

    use super::*;

    fn check(array: ArrayRef, is_close: bool) {
        let Some((codes, values)) = by_distance(&array) else { return assert!(!is_close, "{array:?}") };
        assert!(is_close, "{array:?}");
        assert_eq!(&take(&values, &codes, None).unwrap(), &array);
        assert!(values.is_null(values.len() - 1));
    }

    #[test]
    fn numbers_are_those_at_their_distance() {
        check(Arc::new(Int64Array::from(vec![Some(7), None, Some(5), Some(7)])), true);
        check(Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX])), false);
        check(Arc::new(Int64Array::from(vec![0, 900])), false);
        check(Arc::new(Int64Array::from(Vec::<i64>::new())), false);
        check(Arc::new(Int64Array::new_null(3)), false);
        check(Arc::new(Date32Array::from(vec![-3, 0, -3, -1])), true);
        let hours = |hours: [i64; 4]| TimestampMicrosecondArray::from(hours.map(|hour| hour * HOUR).to_vec());
        check(Arc::new(hours([-2, 1, -2, 0])), true);
        check(Arc::new(TimestampMicrosecondArray::from(vec![0, MINUTE, 2 * MINUTE, 0])), true);
        check(Arc::new(TimestampMicrosecondArray::from(vec![0, MINUTE + 1, 2 * MINUTE, 0])), false);
    }
}
