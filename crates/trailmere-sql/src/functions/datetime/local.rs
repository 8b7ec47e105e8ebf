//! How do kernels read dates, times and timestamps, and write them back? As local days and picoseconds of the day.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, StringViewArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::Result as DfResult;

use crate::call::downcast;
use crate::error::fail;
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_MICRO, PICOS_PER_SECOND, round_picos, stamps, zoned};
use crate::types::Type;
use crate::zone::{Zone, ZoneCache};

pub(super) const DAY: i64 = PICOS_PER_DAY as i64;
pub(super) const HOUR: i64 = 3_600 * SECOND;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const SECOND: i64 = PICOS_PER_SECOND as i64;
pub(super) const MILLI: i64 = SECOND / 1_000;
const MICRO: i64 = PICOS_PER_MICRO as i64;

/// A local date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(super) struct Local {
    /// Days since 1970-01-01.
    pub(super) days: i64,
    /// Picoseconds since midnight.
    pub(super) picos: i64,
}

impl Local {
    pub(super) fn of_micros(micros: i64) -> Local {
        const DAY_MICROS: i64 = 86_400_000_000;
        Local { days: micros.div_euclid(DAY_MICROS), picos: micros.rem_euclid(DAY_MICROS) * MICRO }
    }

    pub(super) fn of_picos(picos: i128) -> Local {
        Local { days: picos.div_euclid(PICOS_PER_DAY) as i64, picos: picos.rem_euclid(PICOS_PER_DAY) as i64 }
    }

    /// Picoseconds since 1970.
    pub(super) fn to_picos(self) -> i128 {
        i128::from(self.days) * PICOS_PER_DAY + i128::from(self.picos)
    }

    /// Whole milliseconds since 1970.
    pub(super) fn millis(self) -> i64 {
        self.days.saturating_mul(86_400_000).saturating_add(self.picos / MILLI)
    }
}

/// The local values of a column; those of NULLs mean nothing.
pub(super) fn locals(ty: &Type, array: &ArrayRef) -> DfResult<Vec<Local>> {
    Ok(match ty {
        Type::Date => {
            let days = array.as_primitive::<Date32Type>().values();
            days.iter().map(|d| Local { days: i64::from(*d), picos: 0 }).collect()
        }
        Type::Time(_) => {
            let picos = array.as_primitive::<Int64Type>().values();
            picos.iter().map(|p| Local { days: 0, picos: *p }).collect()
        }
        Type::TimeTz(_) => {
            let picos = downcast::<StructArray>(array)?.column(0).as_primitive::<Int64Type>().values();
            picos.iter().map(|p| Local { days: 0, picos: *p }).collect()
        }
        Type::Timestamp(_) => instants(array),
        Type::TimestampTz(_) => {
            let mut zones = Zones::of(array)?;
            let shift = |(row, instant): (usize, Local)| {
                let zone = zones.get(row);
                if zone == Zone::UTC { instant } else { Local::of_picos(zone.to_local(instant.to_picos())) }
            };
            let members = downcast::<StructArray>(array)?;
            instants(members.column(0)).into_iter().enumerate().map(shift).collect()
        }
        _ => return fail(format!("{ty} is no date or time")),
    })
}

/// The values of a timestamp column, or the instants of one with time zones.
pub(super) fn instants(array: &ArrayRef) -> Vec<Local> {
    match array.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(micros) => micros.values().iter().map(|m| Local::of_micros(*m)).collect(),
        None => array.as_primitive::<Decimal128Type>().values().iter().map(|p| Local::of_picos(*p)).collect(),
    }
}

/// The zones of a column of timestamps with time zone; UTC for all others.
pub(super) struct Zones {
    names: Option<StringViewArray>,
    cache: ZoneCache,
}

impl Zones {
    /// UTC for all.
    pub(super) fn none() -> Zones {
        Zones { names: None, cache: ZoneCache::default() }
    }

    pub(super) fn of(array: &ArrayRef) -> DfResult<Zones> {
        let names = match array.as_any().downcast_ref::<StructArray>() {
            Some(members) => members.column(1).as_any().downcast_ref::<StringViewArray>().cloned(),
            None => None,
        };
        Ok(Zones { names, cache: ZoneCache::default() })
    }

    pub(super) fn get(&mut self, row: usize) -> Zone {
        match &self.names {
            Some(names) if names.is_valid(row) => self.cache.get(names.value(row)),
            _ => Zone::UTC,
        }
    }
}

/// The instants of a column: the values themselves where there is no zone.
pub(super) fn instants_of(ty: &Type, array: &ArrayRef) -> DfResult<Vec<Local>> {
    match ty {
        Type::TimestampTz(_) => Ok(instants(downcast::<StructArray>(array)?.column(0))),
        Type::TimeTz(_) => {
            let offsets = downcast::<StructArray>(array)?.column(1).as_primitive::<Int32Type>().values().clone();
            let in_utc = |(v, offset): (Local, &i32)| Local {
                picos: (v.picos - i64::from(*offset) * MINUTE).rem_euclid(DAY),
                ..v
            };
            Ok(locals(ty, array)?.into_iter().zip(offsets.iter()).map(in_utc).collect())
        }
        _ => locals(ty, array),
    }
}

/// A column of type `ty` of these values: instants where the type has zones, which are those of `like`.
pub(super) fn column(ty: &Type, values: &[Local], like: &ArrayRef) -> DfResult<ArrayRef> {
    Ok(match ty {
        Type::Date => {
            let day = |v: &Local| match i32::try_from(v.days) {
                Ok(days) => Ok(days),
                Err(_) => fail(format!("Value {} exceeds MAX_INT for type date", v.days)),
            };
            Arc::new(Date32Array::from(each(values, like, day)?))
        }
        Type::Time(p) => {
            let value = |v: &Local| Ok(round_picos(v.picos.into(), *p) as i64 % DAY);
            Arc::new(Int64Array::from(each(values, like, value)?))
        }
        Type::TimeTz(p) => {
            let parts = downcast::<StructArray>(like)?;
            let value = |v: &Local| Ok(round_picos(v.picos.into(), *p) as i64 % DAY);
            let picos = Arc::new(Int64Array::from(each(values, like, value)?));
            let offsets = parts.column(1).as_primitive::<Int32Type>().clone();
            let columns: Vec<ArrayRef> = vec![picos, Arc::new(offsets)];
            Arc::new(StructArray::try_new(parts.fields().clone(), columns, parts.nulls().cloned())?)
        }
        Type::Timestamp(p) => timestamps(*p, values, like)?,
        Type::TimestampTz(p) => {
            let parts = downcast::<StructArray>(like)?;
            zoned(*p, timestamps(*p, values, like)?, Arc::clone(parts.column(1)), parts.nulls().cloned())?
        }
        _ => return fail(format!("{ty} is no date or time")),
    })
}

/// Values of the rows that are not NULL.
fn each<T>(values: &[Local], like: &ArrayRef, f: impl Fn(&Local) -> DfResult<T>) -> DfResult<Vec<Option<T>>> {
    let one = |(row, v)| if like.is_valid(row) { f(v).map(Some) } else { Ok(None) };
    values.iter().enumerate().map(one).collect()
}

fn timestamps(precision: u8, values: &[Local], like: &ArrayRef) -> DfResult<ArrayRef> {
    if precision > 6 {
        let picos = each(values, like, |v| Ok(round_picos(v.to_picos(), precision)))?;
        let picos: Decimal128Array = picos.into_iter().collect();
        return Ok(Arc::new(picos.with_precision_and_scale(38, 0)?));
    }
    let unit = 10_i64.pow(6 - u32::from(precision));
    let micros = |v: &Local| {
        let whole = v.days.checked_mul(86_400_000_000).and_then(|d| d.checked_add(v.picos / MICRO));
        match whole.and_then(|m| m.checked_add(unit / 2)) {
            Some(m) => Ok(m.div_euclid(unit) * unit),
            None => fail("timestamp out of range"),
        }
    };
    Ok(Arc::new(TimestampMicrosecondArray::from(each(values, like, micros)?)))
}

/// Timestamps with time zone of these instants (picoseconds) and zones.
pub(super) fn zoned_column(precision: u8, values: Vec<Option<(i128, String)>>) -> DfResult<ArrayRef> {
    let nulls = arrow::buffer::NullBuffer::from_iter(values.iter().map(Option::is_some));
    let instants: Vec<Option<i128>> =
        values.iter().map(|v| v.as_ref().map(|(picos, _)| round_picos(*picos, precision))).collect();
    let zones: StringViewArray = values.iter().map(|v| v.as_ref().map(|(_, zone)| zone.as_str())).collect();
    zoned(precision, stamps(precision, instants.into_iter())?, Arc::new(zones), Some(nulls))
}
