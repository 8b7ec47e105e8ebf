//! What is a date plus an interval, a timestamp less a timestamp, an interval times a number?

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::arithmetic::{ArithmeticOp, Checked, negate, pairwise};
use crate::call::Typed;
use crate::cast::temporal::time_tz;
use crate::coercion::{coerce, common_type};
use crate::error::{Result, fail};
use crate::function::CallArgs;
use crate::scalar;
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_MILLI, Stamps, Zoned, add_months, round_picos, stamps, zoned};
use crate::types::Type;
use crate::zone::ZoneCache;

/// The result where a date, a time, a timestamp or an interval takes part; `None` where none does.
pub(crate) fn arithmetic(op: ArithmeticOp, left: &Typed, right: &Typed) -> Result<Option<Typed>> {
    use ArithmeticOp::*;
    let (l, r) = (&left.ty, &right.ty);
    match op {
        Add if is_moment(l) && is_interval(r) => shift(left.clone(), right.clone()).map(Some),
        Add if is_interval(l) && is_moment(r) => shift(right.clone(), left.clone()).map(Some),
        Subtract if is_moment(l) && is_interval(r) => shift(left.clone(), negate(right.clone())?).map(Some),
        Subtract if is_moment(l) && is_moment(r) => difference(left, right),
        Add | Subtract if is_interval(l) && l == r => Ok(Some(sum(op, left, right))),
        Multiply if is_interval(l) && r.is_numeric() => scale(op, left, right).map(Some),
        Multiply if l.is_numeric() && is_interval(r) => scale(op, right, left).map(Some),
        Divide if is_interval(l) && r.is_numeric() => scale(op, left, right).map(Some),
        _ => Ok(None),
    }
}

fn is_interval(ty: &Type) -> bool {
    matches!(ty, Type::IntervalDayToSecond | Type::IntervalYearToMonth)
}

fn is_moment(ty: &Type) -> bool {
    use Type::*;
    matches!(ty, Date | Time(_) | TimeTz(_) | Timestamp(_) | TimestampTz(_))
}

/// An interval has milliseconds: a moment of less precision gets them.
fn shift(moment: Typed, interval: Typed) -> Result<Typed> {
    let months = interval.ty == Type::IntervalYearToMonth;
    let returns = match &moment.ty {
        Type::Time(p) if !months => Type::Time((*p).max(3)),
        Type::TimeTz(p) if !months => Type::TimeTz((*p).max(3)),
        Type::Timestamp(p) if !months => Type::Timestamp((*p).max(3)),
        Type::TimestampTz(p) if !months => Type::TimestampTz((*p).max(3)),
        Type::Time(_) | Type::TimeTz(_) => return Err(super::no_operator("+", &moment, &interval)),
        other => other.clone(),
    };
    let ty = moment.ty.clone();
    let result = returns.clone();
    let kernel = move |call: &CallArgs<'_>| {
        let (moments, intervals) = (call.array(0)?, call.array(1)?);
        let shifted = match &ty {
            Type::Date => dates(call, months)?,
            Type::Time(_) | Type::TimeTz(_) => times(&moments, &intervals)?,
            Type::Timestamp(p) => timestamps(&moments, &intervals, *p, months)?,
            _ => zoned_timestamps(&moments, &intervals, &result, months)?,
        };
        Ok(ColumnarValue::Array(shifted))
    };
    Ok(scalar::strict("shift", vec![moment, interval], returns, kernel))
}

fn dates(call: &CallArgs<'_>, months: bool) -> DfResult<ArrayRef> {
    if months {
        return pairwise::<Date32Type, Int32Type, Date32Type>(call, |date, months| {
            i32::try_from(add_months(i64::from(date), i64::from(months))).map_err(|_| "date out of range".to_string())
        });
    }
    pairwise::<Date32Type, Int64Type, Date32Type>(call, |date, millis| {
        if millis % 86_400_000 != 0 {
            return Err("Cannot add hour, minutes or seconds to a date".to_string());
        }
        i32::try_from(i64::from(date) + millis / 86_400_000).map_err(|_| "date out of range".to_string())
    })
}

fn times(moments: &ArrayRef, intervals: &ArrayRef) -> DfResult<ArrayRef> {
    let millis = intervals.as_primitive::<Int64Type>();
    let add = |picos: &Int64Array| -> Int64Array {
        let row = |i: usize| {
            let sum = i128::from(picos.value(i)) + i128::from(millis.value(i)) * PICOS_PER_MILLI;
            (picos.is_valid(i) && millis.is_valid(i)).then(|| sum.rem_euclid(PICOS_PER_DAY) as i64)
        };
        (0..picos.len()).map(row).collect()
    };
    match moments.as_struct_opt() {
        None => Ok(Arc::new(add(moments.as_primitive()))),
        Some(members) => {
            let picos = add(members.column(0).as_primitive());
            let offsets = members.column(1).as_primitive::<Int32Type>();
            let kept: Int32Array = (0..picos.len()).map(|i| picos.is_valid(i).then(|| offsets.value(i))).collect();
            time_tz(picos, kept)
        }
    }
}

fn shifted(picos: i128, intervals: &ArrayRef, i: usize, months: bool) -> i128 {
    if !months {
        return picos + i128::from(intervals.as_primitive::<Int64Type>().value(i)) * PICOS_PER_MILLI;
    }
    let months = i64::from(intervals.as_primitive::<Int32Type>().value(i));
    let days = add_months(picos.div_euclid(PICOS_PER_DAY) as i64, months);
    i128::from(days) * PICOS_PER_DAY + picos.rem_euclid(PICOS_PER_DAY)
}

fn timestamps(moments: &ArrayRef, intervals: &ArrayRef, precision: u8, months: bool) -> DfResult<ArrayRef> {
    let source = Stamps::of(moments)?;
    let valid = |i: usize| moments.is_valid(i) && intervals.is_valid(i);
    let row = |i: usize| valid(i).then(|| shifted(source.picos(i), intervals, i, months));
    stamps(precision, (0..moments.len()).map(row))
}

/// Days and seconds move the instant, months the local date.
fn zoned_timestamps(moments: &ArrayRef, intervals: &ArrayRef, ty: &Type, months: bool) -> DfResult<ArrayRef> {
    let Type::TimestampTz(precision) = ty else { return fail("not a timestamp with time zone") };
    let source = Zoned::of(moments)?;
    let mut cache = ZoneCache::default();
    let valid = |i: usize| moments.is_valid(i) && intervals.is_valid(i);
    let mut row = |i: usize| {
        let zone = cache.get(source.zones.value(i));
        let instant = source.instants.picos(i);
        if months {
            let local = zone.to_local(instant);
            return instant + zone.to_instant(shifted(local, intervals, i, true)) - zone.to_instant(local);
        }
        shifted(instant, intervals, i, false)
    };
    let values: Vec<Option<i128>> = (0..moments.len()).map(|i| valid(i).then(|| row(i))).collect();
    let zones: ArrayRef = Arc::new(source.zones.clone());
    zoned(*precision, stamps(*precision, values.into_iter())?, zones, scalar::both_valid(moments, intervals))
}

/// Milliseconds between two moments.
fn difference(left: &Typed, right: &Typed) -> Result<Option<Typed>> {
    let Some(common) = common_type(&left.ty, &right.ty) else { return Ok(None) };
    let (left, right) = (coerce(left.clone(), &common)?, coerce(right.clone(), &common)?);
    let (left, right) = match common {
        Type::TimestampTz(_) => (super::keys::instant(left), super::keys::instant(right)),
        Type::TimeTz(_) => (super::keys::time_of_utc_day(left), super::keys::time_of_utc_day(right)),
        _ => (left, right),
    };
    let ty = left.ty.clone();
    Ok(Some(scalar::strict("difference", vec![left, right], Type::IntervalDayToSecond, move |call| {
        let millis = |picos: i128| {
            i64::try_from(round_picos(picos, 3) / PICOS_PER_MILLI).map_err(|_| "interval out of range".to_string())
        };
        Ok(ColumnarValue::Array(match &ty {
            Type::Date => pairwise::<Date32Type, Date32Type, Int64Type>(call, |a, b| {
                Ok((i64::from(a) - i64::from(b)) * 86_400_000)
            })?,
            Type::Time(_) => {
                pairwise::<Int64Type, Int64Type, Int64Type>(call, |a, b| millis(i128::from(a) - i128::from(b)))?
            }
            _ => {
                let (a, b) = (call.array(0)?, call.array(1)?);
                let (x, y) = (Stamps::of(&a)?, Stamps::of(&b)?);
                let mut out = Vec::with_capacity(call.rows);
                for i in 0..call.rows {
                    let apart = (a.is_valid(i) && b.is_valid(i)).then(|| millis(x.picos(i) - y.picos(i)));
                    out.push(apart.transpose().or_else(fail)?);
                }
                Arc::new(Int64Array::from(out))
            }
        }))
    })))
}

fn sum(op: ArithmeticOp, left: &Typed, right: &Typed) -> Typed {
    let ty = left.ty.clone();
    let returns = ty.clone();
    scalar::strict(op.symbol(), vec![left.clone(), right.clone()], returns, move |call| {
        let overflow = |a: String, b: String| format!("{ty} {} overflow: {a} {} {b}", op.noun(), op.symbol());
        Ok(ColumnarValue::Array(if ty == Type::IntervalDayToSecond {
            pairwise::<Int64Type, Int64Type, Int64Type>(call, |a, b| {
                a.apply(op, b).ok_or_else(|| overflow(a.to_string(), b.to_string()))
            })?
        } else {
            pairwise::<Int32Type, Int32Type, Int32Type>(call, |a, b| {
                a.apply(op, b).ok_or_else(|| overflow(a.to_string(), b.to_string()))
            })?
        }))
    })
}

/// An interval times or by a number; by an integer exactly, else as a double, cut to whole milliseconds or months.
fn scale(op: ArithmeticOp, interval: &Typed, number: &Typed) -> Result<Typed> {
    let whole = number.ty.is_integer();
    let number = coerce(number.clone(), if whole { &Type::BigInt } else { &Type::Double })?;
    let months = interval.ty == Type::IntervalYearToMonth;
    let ty = interval.ty.clone();
    let returns = ty.clone();
    let kernel = move |call: &CallArgs<'_>| {
        let overflow = |a: i64, b: String| format!("{ty} {} overflow: {a} {} {b}", op.noun(), op.symbol());
        let integer = |a: i64, b: i64| match op {
            ArithmeticOp::Divide if b == 0 => Err("Division by zero".to_string()),
            _ => a.apply(op, b).ok_or_else(|| overflow(a, b.to_string())),
        };
        let double = |a: i64, b: f64| {
            let result = if op == ArithmeticOp::Divide { a as f64 / b } else { a as f64 * b };
            if op == ArithmeticOp::Divide && b == 0.0 {
                return Err("Division by zero".to_string());
            }
            if result.is_nan() || result.abs() >= i64::MAX as f64 {
                return Err(overflow(a, b.to_string()));
            }
            Ok(result as i64)
        };
        let narrow = |v: i64, a: i32| i32::try_from(v).map_err(|_| overflow(i64::from(a), "a number".to_string()));
        Ok(ColumnarValue::Array(match (months, whole) {
            (false, true) => pairwise::<Int64Type, Int64Type, Int64Type>(call, integer)?,
            (false, false) => pairwise::<Int64Type, Float64Type, Int64Type>(call, double)?,
            (true, true) => {
                pairwise::<Int32Type, Int64Type, Int32Type>(call, |a, b| narrow(integer(i64::from(a), b)?, a))?
            }
            (true, false) => {
                pairwise::<Int32Type, Float64Type, Int32Type>(call, |a, b| narrow(double(i64::from(a), b)?, a))?
            }
        }))
    };
    Ok(scalar::strict(op.symbol(), vec![interval.clone(), number], returns, kernel))
}
