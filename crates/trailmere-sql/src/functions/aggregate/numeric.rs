//! sum, avg, count_if and the folds over whole numbers and booleans.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array,
};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type};
use datafusion::error::Result as DfResult;

use super::fold::{Fold, Members};
use crate::error::fail;

/// How a column of numbers is read and what becomes of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// bigint and interval day to second.
    Long,
    /// interval year to month.
    Int,
    /// double.
    Double,
    /// real: totals are double.
    Real,
    /// decimal, of this precision and scale in the result.
    Decimal(u8, i8),
}

/// The sum or the average of exact numbers.
pub(super) struct Exact {
    pub(super) number: Number,
    pub(super) average: bool,
}

/// Total and count.
#[derive(Default)]
pub(super) struct Total {
    sum: i128,
    count: i64,
}

impl Exact {
    fn overflow<T>(&self) -> DfResult<T> {
        match self.number {
            Number::Decimal(..) => fail("Decimal overflow"),
            Number::Int => fail("integer addition overflow"),
            _ => fail("bigint addition overflow"),
        }
    }

    fn result(&self, state: &Total) -> DfResult<Option<i128>> {
        if state.count == 0 {
            return Ok(None);
        }
        let value = if self.average { divide_half_up(state.sum, i128::from(state.count)) } else { state.sum };
        let fits = match self.number {
            Number::Int => i32::try_from(value).is_ok(),
            Number::Decimal(precision, _) => value.unsigned_abs() < 10u128.pow(u32::from(precision)),
            _ => i64::try_from(value).is_ok(),
        };
        if fits { Ok(Some(value)) } else { self.overflow() }
    }
}

/// Rounded half away from zero.
pub(crate) fn divide_half_up(value: i128, by: i128) -> i128 {
    let (quotient, remainder) = (value / by, value % by);
    if remainder.unsigned_abs() >= by.unsigned_abs().div_ceil(2) {
        quotient + value.signum() * by.signum()
    } else {
        quotient
    }
}

impl Fold for Exact {
    type State = Total;

    fn update(&self, states: &mut [Total], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let column = &columns[0];
        let mut add = |group: usize, value: i128| {
            let state = &mut states[group];
            state.count += 1;
            match state.sum.checked_add(value) {
                Some(sum) => state.sum = sum,
                None => return self.overflow(),
            }
            Ok(())
        };
        match self.number {
            Number::Int => {
                let values = column.as_primitive::<Int32Type>();
                members.each_valid(column, |group, row| add(group, values.value(row).into()))
            }
            Number::Decimal(..) => {
                let values = column.as_primitive::<Decimal128Type>();
                members.each_valid(column, |group, row| add(group, values.value(row)))
            }
            _ => {
                let values = column.as_primitive::<Int64Type>();
                members.each_valid(column, |group, row| add(group, values.value(row).into()))
            }
        }
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Decimal128(38, 0), DataType::Int64]
    }

    fn save(&self, states: &[Total]) -> DfResult<Vec<ArrayRef>> {
        let sums: Decimal128Array = states.iter().map(|s| Some(s.sum)).collect();
        let counts: Int64Array = states.iter().map(|s| Some(s.count)).collect();
        Ok(vec![Arc::new(sums.with_precision_and_scale(38, 0)?), Arc::new(counts)])
    }

    fn merge(&self, states: &mut [Total], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let sums = saved[0].as_primitive::<Decimal128Type>();
        let counts = saved[1].as_primitive::<Int64Type>();
        members.each(|group, row| {
            let state = &mut states[group];
            state.count += counts.value(row);
            match state.sum.checked_add(sums.value(row)) {
                Some(sum) => state.sum = sum,
                None => return self.overflow(),
            }
            Ok(())
        })
    }

    fn finish(&self, states: &[Total]) -> DfResult<ArrayRef> {
        let values = states.iter().map(|s| self.result(s)).collect::<DfResult<Vec<_>>>()?;
        Ok(match self.number {
            Number::Decimal(precision, scale) => {
                let values = values.into_iter().collect::<Decimal128Array>();
                Arc::new(values.with_precision_and_scale(precision, scale)?)
            }
            Number::Int => Arc::new(values.into_iter().map(|v| v.map(|v| v as i32)).collect::<Int32Array>()),
            _ => Arc::new(values.into_iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>()),
        })
    }
}

/// The sum or the average of floating-point numbers.
pub(super) struct Floating {
    pub(super) number: Number,
    pub(super) average: bool,
}

impl Fold for Floating {
    type State = (f64, i64);

    fn update(&self, states: &mut [(f64, i64)], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let column = &columns[0];
        let mut add = |group: usize, value: f64| {
            states[group].0 += value;
            states[group].1 += 1;
            Ok(())
        };
        if self.number == Number::Real {
            let values = column.as_primitive::<Float32Type>();
            members.each_valid(column, |group, row| add(group, values.value(row).into()))
        } else {
            let values = column.as_primitive::<Float64Type>();
            members.each_valid(column, |group, row| add(group, values.value(row)))
        }
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Float64, DataType::Int64]
    }

    fn save(&self, states: &[(f64, i64)]) -> DfResult<Vec<ArrayRef>> {
        let sums: Float64Array = states.iter().map(|s| Some(s.0)).collect();
        let counts: Int64Array = states.iter().map(|s| Some(s.1)).collect();
        Ok(vec![Arc::new(sums), Arc::new(counts)])
    }

    fn merge(&self, states: &mut [(f64, i64)], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let sums = saved[0].as_primitive::<Float64Type>();
        let counts = saved[1].as_primitive::<Int64Type>();
        members.each(|group, row| {
            states[group].0 += sums.value(row);
            states[group].1 += counts.value(row);
            Ok(())
        })
    }

    fn finish(&self, states: &[(f64, i64)]) -> DfResult<ArrayRef> {
        let result = |s: &(f64, i64)| (s.1 > 0).then(|| if self.average { s.0 / s.1 as f64 } else { s.0 });
        Ok(if self.number == Number::Real {
            Arc::new(states.iter().map(|s| result(s).map(|v| v as f32)).collect::<Float32Array>())
        } else {
            Arc::new(states.iter().map(result).collect::<Float64Array>())
        })
    }
}

/// Which rows are counted.
pub(super) enum Count {
    /// Those with a value.
    Valid,
    /// Those with true.
    True,
}

impl Fold for Count {
    type State = i64;

    fn update(&self, states: &mut [i64], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let booleans = match self {
            Count::Valid => None,
            Count::True => columns[0].as_boolean_opt(),
        };
        members.each_valid(&columns[0], |group, row| {
            states[group] += booleans.map_or(1, |b| i64::from(b.value(row)));
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn save(&self, states: &[i64]) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.finish(states)?])
    }

    fn merge(&self, states: &mut [i64], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let counts = saved[0].as_primitive::<Int64Type>();
        members.each(|group, row| {
            states[group] += counts.value(row);
            Ok(())
        })
    }

    fn finish(&self, states: &[i64]) -> DfResult<ArrayRef> {
        Ok(Arc::new(states.iter().map(|s| Some(*s)).collect::<Int64Array>()))
    }
}

/// bool_and, bool_or.
pub(super) struct Logical {
    pub(super) and: bool,
}

impl Fold for Logical {
    type State = Option<bool>;

    fn update(&self, states: &mut [Option<bool>], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let values = columns[0].as_boolean();
        members.each_valid(values, |group, row| {
            let value = values.value(row);
            let state = &mut states[group];
            *state = Some(match *state {
                Some(before) if self.and => before && value,
                Some(before) => before || value,
                None => value,
            });
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Boolean]
    }

    fn save(&self, states: &[Option<bool>]) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.finish(states)?])
    }

    fn merge(&self, states: &mut [Option<bool>], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        self.update(states, saved, members)
    }

    fn finish(&self, states: &[Option<bool>]) -> DfResult<ArrayRef> {
        Ok(Arc::new(states.iter().copied().collect::<BooleanArray>()))
    }
}

/// bitwise_and_agg, bitwise_or_agg, bitwise_xor_agg.
pub(super) struct Bits(pub(super) fn(i64, i64) -> i64);

impl Fold for Bits {
    type State = Option<i64>;

    fn update(&self, states: &mut [Option<i64>], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let values = columns[0].as_primitive::<Int64Type>();
        members.each_valid(values, |group, row| {
            let value = values.value(row);
            let state = &mut states[group];
            *state = Some(state.map_or(value, |before| (self.0)(before, value)));
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn save(&self, states: &[Option<i64>]) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.finish(states)?])
    }

    fn merge(&self, states: &mut [Option<i64>], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        self.update(states, saved, members)
    }

    fn finish(&self, states: &[Option<i64>]) -> DfResult<ArrayRef> {
        Ok(Arc::new(states.iter().copied().collect::<Int64Array>()))
    }
}
