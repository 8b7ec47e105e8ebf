//! checksum: one value that tells whether two sets of rows are the same, in any order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};
use datafusion::error::Result as DfResult;
use xxhash_rust::xxh64::xxh64;

use super::entry;
use super::fold::{Fold, Members, aggregate};
use crate::canonical::Keys;
use crate::function::{Arg, Function, no_overload};
use crate::types::Type;

const PRIME: i64 = 0x9E37_79B1_85EB_CA87_u64 as i64;

pub(super) fn all() -> Vec<Function> {
    vec![entry(
        "checksum",
        "checksum(T) -> varbinary",
        "A checksum of all values, in which their order does not count.",
        "checksum(2)",
        |args| match args {
            [Arg::Value { ty, .. }] => {
                Ok(aggregate("checksum", vec![ty.clone()], Type::Varbinary, Checksum(ty.clone())))
            }
            _ => Err(no_overload("checksum", args, "one value")),
        },
    )]
}

struct Checksum(Type);

impl Checksum {
    /// The hashes of a column, each as Trino has it for types of one number or text.
    fn hashes(&self, column: &ArrayRef) -> DfResult<Vec<i64>> {
        let of_long = |v: i64| xxh64(&v.to_le_bytes(), 0) as i64;
        Ok(match &self.0 {
            Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt | Type::Boolean | Type::Date => {
                let column = if self.0 == Type::Date { cast(column, &DataType::Int32)? } else { Arc::clone(column) };
                let values = cast(&column, &DataType::Int64)?;
                values.as_primitive::<Int64Type>().values().iter().map(|v| of_long(*v)).collect()
            }
            Type::Double => {
                let bits = |v: &f64| if v.is_nan() { 0x7ff8_0000_0000_0000 } else { (v + 0.0).to_bits() as i64 };
                column.as_primitive::<Float64Type>().values().iter().map(|v| of_long(bits(v))).collect()
            }
            Type::Real => {
                let bits = |v: &f32| if v.is_nan() { 0x7fc0_0000 } else { (v + 0.0).to_bits() as i32 };
                column.as_primitive::<Float32Type>().values().iter().map(|v| of_long(bits(v).into())).collect()
            }
            Type::Decimal(precision, _) if *precision <= 18 => {
                column.as_primitive::<Decimal128Type>().values().iter().map(|v| of_long(*v as i64)).collect()
            }
            Type::Varchar(_) | Type::Char(_) | Type::Json => {
                let texts = column.as_string_view();
                (0..texts.len()).map(|i| xxh64(texts.value(i).as_bytes(), 0) as i64).collect()
            }
            Type::Varbinary => {
                let bytes = column.as_binary_view();
                (0..bytes.len()).map(|i| xxh64(bytes.value(i), 0) as i64).collect()
            }
            ty => {
                let keys = Keys::of(ty, column)?;
                (0..column.len()).map(|i| xxh64(keys.get(i), 0) as i64).collect()
            }
        })
    }
}

impl Fold for Checksum {
    type State = Option<i64>;

    fn update(&self, states: &mut [Option<i64>], columns: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let hashes = self.hashes(&columns[0])?;
        let nulls = columns[0].logical_nulls();
        members.each(|group, row| {
            let null = nulls.as_ref().is_some_and(|n| n.is_null(row));
            let value = if null { PRIME } else { PRIME.wrapping_mul(hashes[row]) };
            let state = &mut states[group];
            *state = Some(state.unwrap_or(0).wrapping_add(value));
            Ok(())
        })
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn save(&self, states: &[Option<i64>]) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![Arc::new(states.iter().copied().collect::<Int64Array>())])
    }

    fn merge(&self, states: &mut [Option<i64>], saved: &[ArrayRef], members: &Members<'_>) -> DfResult<()> {
        let sums = saved[0].as_primitive::<Int64Type>();
        members.each_valid(sums, |group, row| {
            let state = &mut states[group];
            *state = Some(state.unwrap_or(0).wrapping_add(sums.value(row)));
            Ok(())
        })
    }

    fn finish(&self, states: &[Option<i64>]) -> DfResult<ArrayRef> {
        let bytes: Vec<Option<[u8; 8]>> = states.iter().map(|s| s.map(i64::to_le_bytes)).collect();
        Ok(Arc::new(bytes.iter().map(|b| b.as_ref().map(|b| b.as_slice())).collect::<BinaryViewArray>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_trinos_checksum() {
        let column: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![2]));
        let checksum = Checksum(Type::Integer);
        let mut states = [None];
        checksum.update(&mut states, &[column], &Members::all(1)).unwrap();
        let bytes = checksum.finish(&states).unwrap();
        assert_eq!(bytes.as_binary_view().value(0), [0xd0, 0xf7, 0x0c, 0xeb, 0xd1, 0x31, 0xec, 0x61]);
    }
}
