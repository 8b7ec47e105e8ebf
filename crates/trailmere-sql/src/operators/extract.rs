//! Which fields does EXTRACT take out of dates, times, timestamps and intervals?

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};
use datafusion::error::Result as DfResult;

use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::function::{CallArgs, ScalarCall};
use crate::scalar;
use crate::temporal::{
    PICOS_PER_MICRO, PICOS_PER_SECOND, Stamps, Zoned, civil_from_days, day_of_week, day_of_year, iso_week,
};
use crate::types::Type;
use crate::zone::ZoneCache;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A field of a date, time or interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    DayOfYear,
    YearOfWeek,
    Hour,
    Minute,
    Second,
    Millisecond,
    TimezoneHour,
    TimezoneMinute,
}

impl Field {
    fn parse(name: &str) -> Option<Field> {
        Some(match name.to_ascii_lowercase().as_str() {
            "year" => Field::Year,
            "quarter" => Field::Quarter,
            "month" => Field::Month,
            "week" | "week_of_year" => Field::Week,
            "day" | "day_of_month" => Field::Day,
            "day_of_week" | "dow" => Field::DayOfWeek,
            "day_of_year" | "doy" => Field::DayOfYear,
            "year_of_week" | "yow" => Field::YearOfWeek,
            "hour" => Field::Hour,
            "minute" => Field::Minute,
            "second" => Field::Second,
            "millisecond" => Field::Millisecond,
            "timezone_hour" => Field::TimezoneHour,
            "timezone_minute" => Field::TimezoneMinute,
            _ => return None,
        })
    }

    fn is_of_zone(self) -> bool {
        matches!(self, Field::TimezoneHour | Field::TimezoneMinute)
    }

    fn is_of_time(self) -> bool {
        matches!(self, Field::Hour | Field::Minute | Field::Second | Field::Millisecond)
    }

    /// Whether values of `ty` have it.
    fn is_in(self, ty: &Type) -> bool {
        match ty {
            Type::Date => !self.is_of_time() && !self.is_of_zone(),
            Type::Timestamp(_) => !self.is_of_zone(),
            Type::TimestampTz(_) => true,
            Type::Time(_) => self.is_of_time(),
            Type::TimeTz(_) => self.is_of_time() || self.is_of_zone(),
            Type::IntervalDayToSecond => self.is_of_time() || self == Field::Day,
            Type::IntervalYearToMonth => matches!(self, Field::Year | Field::Month),
            _ => false,
        }
    }

    fn of_day(self, days: i64) -> i64 {
        match self {
            Field::Year => civil_from_days(days).0,
            Field::Quarter => (i64::from(civil_from_days(days).1) + 2) / 3,
            Field::Month => i64::from(civil_from_days(days).1),
            Field::Week => iso_week(days).1,
            Field::Day => i64::from(civil_from_days(days).2),
            Field::DayOfWeek => day_of_week(days),
            Field::DayOfYear => day_of_year(days),
            _ => iso_week(days).0,
        }
    }

    fn of_local(self, micros: i64) -> i64 {
        if !self.is_of_time() {
            return self.of_day(micros.div_euclid(MICROS_PER_DAY));
        }
        self.of_time(micros.rem_euclid(MICROS_PER_DAY))
    }

    /// Also of a negative interval, whose fields are all negative.
    fn of_time(self, micros: i64) -> i64 {
        match self {
            Field::Hour => micros / 3_600_000_000 % 24,
            Field::Minute => micros / 60_000_000 % 60,
            Field::Second => micros / 1_000_000 % 60,
            Field::Millisecond => micros / 1000 % 1000,
            _ => micros / MICROS_PER_DAY,
        }
    }

    fn of_offset(self, minutes: i64) -> i64 {
        if self == Field::TimezoneHour { minutes / 60 } else { minutes % 60 }
    }
}

/// `EXTRACT(field FROM value)`.
pub fn extract(field: &str, value: Typed) -> Result<Typed> {
    if value.ty == Type::Unknown {
        return Ok(scalar::null_of(&Type::BigInt));
    }
    // Trino has a function millisecond(), but no such field.
    if field.eq_ignore_ascii_case("millisecond") {
        return Err(SqlError::invalid("`millisecond` is not a field of EXTRACT").hint("use millisecond(…)"));
    }
    let found = find(field, &value.ty)?;
    let ty = value.ty.clone();
    let name = format!("extract_{}", field.to_ascii_lowercase());
    Ok(scalar::strict(&name, vec![value], Type::BigInt, move |call| kernel(call, found, &ty)))
}

/// The same as a bound call, for functions such as `year(x)`.
pub fn extract_call(field: &str, ty: &Type) -> Result<ScalarCall> {
    let found = find(field, ty)?;
    let of = ty.clone();
    Ok(ScalarCall::new(vec![ty.clone()], Type::BigInt, move |call| kernel(call, found, &of)))
}

fn find(field: &str, ty: &Type) -> Result<Field> {
    let Some(found) = Field::parse(field) else {
        return Err(SqlError::invalid(format!("`{field}` is not a field of a date or time")));
    };
    if !found.is_in(ty) {
        return Err(SqlError::invalid(format!("cannot extract {} from {ty}", field.to_ascii_lowercase())));
    }
    Ok(found)
}

fn kernel(call: &CallArgs<'_>, field: Field, ty: &Type) -> DfResult<datafusion::logical_expr::ColumnarValue> {
    let array = call.array(0)?;
    Ok(scalar::columnar(match ty {
        Type::Date => array.as_primitive::<Date32Type>().unary(|days| field.of_day(i64::from(days))),
        Type::Time(_) => {
            array.as_primitive::<Int64Type>().unary::<_, Int64Type>(|picos| field.of_time(picos / 1_000_000))
        }
        Type::IntervalDayToSecond => {
            array.as_primitive::<Int64Type>().unary::<_, Int64Type>(|millis| of_interval(field, millis))
        }
        Type::IntervalYearToMonth => array
            .as_primitive::<Int32Type>()
            .unary::<_, Int64Type>(|months| i64::from(if field == Field::Year { months / 12 } else { months % 12 })),
        Type::Timestamp(_) => match Stamps::of(&array)? {
            Stamps::Micros(source) => source.unary::<_, Int64Type>(|micros| field.of_local(micros)),
            Stamps::Picos(source) => {
                source.unary::<_, Int64Type>(|picos| field.of_local(picos.div_euclid(PICOS_PER_MICRO) as i64))
            }
        },
        Type::TimeTz(_) => time_tz(&array, field),
        _ => zoned(&array, field)?,
    }))
}

fn of_interval(field: Field, millis: i64) -> i64 {
    match field {
        Field::Day => millis / 86_400_000,
        Field::Hour => millis / 3_600_000 % 24,
        Field::Minute => millis / 60_000 % 60,
        Field::Second => millis / 1000 % 60,
        _ => millis % 1000,
    }
}

fn time_tz(array: &ArrayRef, field: Field) -> Int64Array {
    let members = array.as_struct();
    let (picos, offsets) =
        (members.column(0).as_primitive::<Int64Type>(), members.column(1).as_primitive::<Int32Type>());
    let value = |i: usize| match field.is_of_zone() {
        true => field.of_offset(i64::from(offsets.value(i))),
        false => field.of_time(picos.value(i) / 1_000_000),
    };
    (0..array.len()).map(|i| array.is_valid(i).then(|| value(i))).collect()
}

fn zoned(array: &ArrayRef, field: Field) -> DfResult<Int64Array> {
    let source = Zoned::of(array)?;
    let mut cache = ZoneCache::default();
    let mut value = |i: usize| {
        let (zone, instant) = (cache.get(source.zones.value(i)), source.instants.picos(i));
        match field.is_of_zone() {
            true => field.of_offset(zone.offset_at(instant.div_euclid(PICOS_PER_SECOND) as i64) / 60),
            false => field.of_local(zone.to_local(instant).div_euclid(PICOS_PER_MICRO) as i64),
        }
    };
    Ok((0..array.len()).map(|i| array.is_valid(i).then(|| value(i))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_moment() {
        // Sunday 2020-05-10 12:34:56.789
        let micros = 1_589_114_096_789_000;
        for (name, value) in [
            ("year", 2020),
            ("QUARTER", 2),
            ("month", 5),
            ("week", 19),
            ("day", 10),
            ("dow", 7),
            ("doy", 131),
            ("yow", 2020),
            ("hour", 12),
            ("minute", 34),
            ("second", 56),
            ("millisecond", 789),
        ] {
            assert_eq!(Field::parse(name).unwrap().of_local(micros), value, "{name}");
        }
        assert_eq!(Field::Year.of_local(-1), 1969);
        assert_eq!(Field::Second.of_local(-1), 59);
    }

    #[test]
    fn a_date_has_no_hour() {
        assert!(find("hour", &Type::Date).is_err());
        assert!(find("timezone_hour", &Type::Timestamp(3)).is_err());
        assert!(find("day", &Type::IntervalDayToSecond).is_ok());
        assert!(find("fortnight", &Type::Date).is_err());
    }
}
