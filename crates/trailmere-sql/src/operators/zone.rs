//! What does AT TIME ZONE mean? The display moves to the zone, the instant stays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, StringViewArray};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Typed;
use crate::cast::temporal::time_tz;
use crate::coercion::coerce;
use crate::error::{Result, SqlError, fail};
use crate::scalar;
use crate::temporal::{PICOS_PER_DAY, PICOS_PER_SECOND, zoned};
use crate::types::Type;
use crate::zone::Zone;

/// `value AT TIME ZONE zone`; the zone is a name, an offset or an interval. A value without a zone is the session's: UTC.
pub fn at_time_zone(value: Typed, zone: Typed) -> Result<Typed> {
    let moved = match &value.ty {
        Type::Timestamp(p) | Type::TimestampTz(p) => Type::TimestampTz(*p),
        Type::Time(p) | Type::TimeTz(p) => Type::TimeTz(*p),
        Type::Unknown => Type::TimestampTz(3),
        other => return Err(SqlError::invalid(format!("AT TIME ZONE takes a time or a timestamp, not {other}"))),
    };
    let zone = match zone.ty {
        Type::Varchar(_) | Type::IntervalDayToSecond => zone,
        Type::Unknown => coerce(zone, &Type::VARCHAR)?,
        ref other => return Err(SqlError::invalid(format!("a time zone is text or an interval, not {other}"))),
    };
    let value = coerce(value, &moved)?;
    let result = moved.clone();
    Ok(scalar::strict("at_time_zone", vec![value, zone], moved, move |call| {
        let (values, zones) = (call.array(0)?, Zones::of(&call.array(1)?, &call.array(0)?)?);
        Ok(ColumnarValue::Array(match result {
            Type::TimeTz(_) => times(&values, &zones)?,
            Type::TimestampTz(p) => {
                let members = values.as_struct();
                let names: ArrayRef = Arc::new(zones.names());
                zoned(p, Arc::clone(members.column(0)), names, members.nulls().cloned())?
            }
            _ => return fail("not a time"),
        }))
    }))
}

/// The zone of each row: few different ones, mostly.
struct Zones {
    distinct: Vec<(String, Zone)>,
    rows: Vec<Option<usize>>,
}

impl Zones {
    fn of(array: &ArrayRef, values: &ArrayRef) -> DfResult<Zones> {
        let mut zones = Zones { distinct: vec![], rows: Vec::with_capacity(array.len()) };
        let mut last: Option<(String, usize)> = None;
        for i in 0..array.len() {
            if array.is_null(i) || values.is_null(i) {
                zones.rows.push(None);
                continue;
            }
            let text = match array.as_string_view_opt() {
                Some(texts) => texts.value(i).to_string(),
                None => interval(array.as_primitive::<Int64Type>().value(i))?,
            };
            let at = match &last {
                Some((before, at)) if *before == text => *at,
                _ => {
                    let Some(zone) = Zone::parse(&text) else {
                        return fail(format!("'{text}' is not a valid time zone"));
                    };
                    zones.distinct.push((zone.name(), zone));
                    zones.distinct.len() - 1
                }
            };
            last = Some((text, at));
            zones.rows.push(Some(at));
        }
        Ok(zones)
    }

    fn names(&self) -> StringViewArray {
        self.rows.iter().map(|at| at.map(|at| self.distinct[at].0.as_str())).collect()
    }
}

fn interval(millis: i64) -> DfResult<String> {
    let minutes = millis / 60_000;
    if millis % 60_000 != 0 || minutes.abs() > 14 * 60 {
        return fail("Invalid time zone offset interval: it must be whole minutes, at most 14 hours");
    }
    Ok(crate::zone::offset_text(minutes as i32))
}

/// A time moves by the difference of the offsets; a zone's offset is that of 1970.
fn times(values: &ArrayRef, zones: &Zones) -> DfResult<ArrayRef> {
    let members = values.as_struct();
    let (picos, offsets) =
        (members.column(0).as_primitive::<Int64Type>(), members.column(1).as_primitive::<Int32Type>());
    let target = |i: usize| zones.rows[i].map(|at| zones.distinct[at].1.offset_at(0) / 60);
    let moved = (0..values.len()).map(|i| {
        let target = target(i).filter(|_| values.is_valid(i))?;
        let shift = i128::from(target - i64::from(offsets.value(i))) * 60 * PICOS_PER_SECOND;
        Some((i128::from(picos.value(i)) + shift).rem_euclid(PICOS_PER_DAY) as i64)
    });
    let moved: Int64Array = moved.collect();
    let minutes: Int32Array =
        (0..values.len()).map(|i| target(i).filter(|_| values.is_valid(i)).map(|m| m as i32)).collect();
    time_tz(moved, minutes)
}
