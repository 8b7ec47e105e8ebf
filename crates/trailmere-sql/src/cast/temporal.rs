//! How do values become dates, times and timestamps? Without a zone of its own, a time is the session's: UTC.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StructArray};
use arrow::datatypes::{DataType, Date32Type, Field, Fields, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::Result as DfResult;

use super::build::{self, Failures};
use super::parse::{self, Separator};
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_MICRO, PICOS_PER_SECOND, Stamps, Zoned, round_picos, stamps, zoned};
use crate::types::Type;
use crate::zone::{Zone, ZoneCache};

const MICROS_PER_DAY: i64 = (PICOS_PER_DAY / PICOS_PER_MICRO) as i64;

/// Whether there is a cast to this type of time.
pub(crate) fn can(from: &Type, to: &Type) -> bool {
    use Type::*;
    match to {
        Date => from.is_text() || matches!(from, Timestamp(_) | TimestampTz(_)),
        Time(_) | TimeTz(_) => from.is_text() || matches!(from, Time(_) | TimeTz(_) | Timestamp(_) | TimestampTz(_)),
        _ => from.is_text() || matches!(from, Date | Timestamp(_) | TimestampTz(_)),
    }
}

/// The local time of each row of a date or timestamp column, in picoseconds since 1970.
enum Local<'a> {
    Date(&'a arrow::array::Date32Array),
    Stamps(Stamps<'a>),
    Zoned(Zoned<'a>, ZoneCache),
}

impl<'a> Local<'a> {
    fn of(array: &'a ArrayRef, from: &Type) -> DfResult<Self> {
        Ok(match from {
            Type::Date => Local::Date(array.as_primitive::<Date32Type>()),
            Type::TimestampTz(_) => Local::Zoned(Zoned::of(array)?, ZoneCache::default()),
            _ => Local::Stamps(Stamps::of(array)?),
        })
    }

    fn picos(&mut self, i: usize) -> i128 {
        match self {
            Local::Date(days) => i128::from(days.value(i)) * PICOS_PER_DAY,
            Local::Stamps(stamps) => stamps.picos(i),
            Local::Zoned(zoned, cache) => cache.get(zoned.zones.value(i)).to_local(zoned.instants.picos(i)),
        }
    }
}

/// To date: the local day.
pub(crate) fn to_date(array: &ArrayRef, from: &Type, failures: &mut Failures) -> DfResult<ArrayRef> {
    if from.is_text() {
        let source = array.as_string_view();
        return Ok(Arc::new(build::primitive::<Date32Type>(array, failures, |i| {
            let text = source.value(i);
            let days = parse::date(text).and_then(|d| i32::try_from(d).ok());
            days.ok_or_else(|| format!("Value cannot be cast to date: {text}"))
        })));
    }
    if let (Type::Timestamp(_), Some(times)) = (from, array.as_primitive_opt::<TimestampMicrosecondType>()) {
        // 64 bits of microseconds are fewer days than 32 bits.
        return Ok(Arc::new(times.unary::<_, Date32Type>(|micros| micros.div_euclid(MICROS_PER_DAY) as i32)));
    }
    let mut local = Local::of(array, from)?;
    Ok(Arc::new(build::primitive::<Date32Type>(array, failures, |i| {
        i32::try_from(local.picos(i).div_euclid(PICOS_PER_DAY)).map_err(|_| "date out of range".to_string())
    })))
}

/// To time(p): the local time of day.
pub(crate) fn to_time(array: &ArrayRef, from: &Type, precision: u8, failures: &mut Failures) -> DfResult<ArrayRef> {
    let times = times(array, from, failures)?;
    Ok(Arc::new(times.iter().map(|t| t.map(|(picos, _)| wrap(picos, precision))).collect::<arrow::array::Int64Array>()))
}

/// To time(p) with time zone.
pub(crate) fn to_time_tz(array: &ArrayRef, from: &Type, precision: u8, failures: &mut Failures) -> DfResult<ArrayRef> {
    let times = times(array, from, failures)?;
    let picos: arrow::array::Int64Array = times.iter().map(|t| t.map(|(picos, _)| wrap(picos, precision))).collect();
    let offsets: arrow::array::Int32Array = times.iter().map(|t| t.map(|(_, offset)| offset)).collect();
    time_tz(picos, offsets)
}

/// A column of times with time zone.
pub(crate) fn time_tz(picos: arrow::array::Int64Array, offsets: arrow::array::Int32Array) -> DfResult<ArrayRef> {
    let nulls = picos.nulls().cloned();
    let fields =
        Fields::from(vec![Field::new("picos", DataType::Int64, true), Field::new("offset", DataType::Int32, true)]);
    Ok(Arc::new(StructArray::try_new(fields, vec![Arc::new(picos), Arc::new(offsets)], nulls)?))
}

/// Rounds a time of day; the end of the day is its beginning.
pub(crate) fn wrap(picos: i128, precision: u8) -> i64 {
    round_picos(picos, precision).rem_euclid(PICOS_PER_DAY) as i64
}

/// Picoseconds of the local day and the zone's minutes.
fn times(array: &ArrayRef, from: &Type, failures: &mut Failures) -> DfResult<Vec<Option<(i128, i32)>>> {
    Ok(match from {
        Type::Varchar(_) | Type::Char(_) => {
            let source = array.as_string_view();
            build::values(array, failures, |i| {
                let text = source.value(i);
                let parsed = parse::time(text).map(|(picos, _, offset)| (picos, offset.unwrap_or(0)));
                parsed.ok_or_else(|| format!("Value cannot be cast to time: {text}"))
            })
        }
        Type::Time(_) => {
            let source = array.as_primitive::<Int64Type>();
            build::values(array, failures, |i| Ok((i128::from(source.value(i)), 0)))
        }
        Type::TimeTz(_) => {
            let members = array.as_struct();
            let picos = members.column(0).as_primitive::<Int64Type>();
            let offsets = members.column(1).as_primitive::<Int32Type>();
            build::values(array, failures, |i| Ok((i128::from(picos.value(i)), offsets.value(i))))
        }
        Type::TimestampTz(precision) => {
            let zoned = Zoned::of(array)?;
            let mut cache = ZoneCache::default();
            build::values(array, failures, |i| {
                let instant = zoned.instants.picos(i);
                let zone = cache.get(zoned.zones.value(i));
                let local = zone.to_local(instant);
                // Trino asks for the offset at the local time where the timestamp is finer than milliseconds.
                let at = if *precision > 3 { local } else { instant };
                let offset = zone.offset_at(at.div_euclid(PICOS_PER_SECOND) as i64) / 60;
                Ok((local.rem_euclid(PICOS_PER_DAY), offset as i32))
            })
        }
        _ => {
            let mut local = Local::of(array, from)?;
            build::values(array, failures, |i| Ok((local.picos(i).rem_euclid(PICOS_PER_DAY), 0)))
        }
    })
}

/// To timestamp(p): the local time. A zone in a text must be one, and is dropped.
pub(crate) fn to_timestamp(
    array: &ArrayRef,
    from: &Type,
    precision: u8,
    failures: &mut Failures,
) -> DfResult<ArrayRef> {
    if from.is_text() {
        let source = array.as_string_view();
        let values = build::values(array, failures, |i| {
            let text = source.value(i);
            let moment = parse::moment(text, Separator::Blank)
                .filter(|m| m.zone.is_none_or(|z| Zone::parse(z).is_some()))
                .ok_or_else(|| format!("Value cannot be cast to timestamp: {text}"))?;
            in_range(round_picos(moment.local(), precision))
        });
        return stamps(precision, values.into_iter());
    }
    let mut local = Local::of(array, from)?;
    let values = build::values(array, failures, |i| in_range(round_picos(local.picos(i), precision)));
    stamps(precision, values.into_iter())
}

/// To timestamp(p) with time zone: local times are the session's.
pub(crate) fn to_timestamp_tz(
    array: &ArrayRef,
    from: &Type,
    precision: u8,
    failures: &mut Failures,
) -> DfResult<ArrayRef> {
    match from {
        Type::TimestampTz(_) => {
            let source = Zoned::of(array)?;
            let values = build::values(array, failures, |i| in_range(round_picos(source.instants.picos(i), precision)));
            let zones: ArrayRef = Arc::new(source.zones.clone());
            zoned(precision, stamps(precision, values.into_iter())?, zones, array.nulls().cloned())
        }
        Type::Varchar(_) | Type::Char(_) => {
            let source = array.as_string_view();
            let values = build::values(array, failures, |i| zoned_text(source.value(i), precision));
            let names: StringViewArray = values.iter().map(|v| v.as_ref().map(|(_, zone)| zone.as_str())).collect();
            let nulls = names.nulls().cloned();
            let instants = stamps(precision, values.iter().map(|v| v.as_ref().map(|(picos, _)| *picos)))?;
            zoned(precision, instants, Arc::new(names), nulls)
        }
        _ => {
            let mut local = Local::of(array, from)?;
            let values = build::values(array, failures, |i| in_zoned_range(round_picos(local.picos(i), precision)));
            let names: StringViewArray = values.iter().map(|v| v.map(|_| "UTC")).collect();
            let nulls = names.nulls().cloned();
            zoned(precision, stamps(precision, values.into_iter())?, Arc::new(names), nulls)
        }
    }
}

/// The instant and the zone's name of a text.
pub(crate) fn zoned_text(text: &str, precision: u8) -> Result<(i128, String), String> {
    let invalid = || format!("Value cannot be cast to timestamp with time zone: {text}");
    let moment = parse::moment(text, Separator::Blank).ok_or_else(invalid)?;
    let zone = match moment.zone {
        Some(name) => Zone::parse(name).ok_or_else(invalid)?,
        None => Zone::UTC,
    };
    Ok((in_zoned_range(round_picos(zone.to_instant(moment.local()), precision))?, zone.name()))
}

/// Trino packs instants with zones into 52 bits of milliseconds: until the year 73326.
fn in_zoned_range(picos: i128) -> Result<i128, String> {
    if picos.abs() < (1 << 51) * crate::temporal::PICOS_PER_MILLI {
        return Ok(picos);
    }
    Err("timestamp with time zone out of range".to_string())
}

/// Timestamps reach as far as 64 bits of microseconds do.
fn in_range(picos: i128) -> Result<i128, String> {
    let limit = i128::from(i64::MAX) * crate::temporal::PICOS_PER_MICRO;
    if picos.abs() <= limit { Ok(picos) } else { Err("timestamp out of range".to_string()) }
}
