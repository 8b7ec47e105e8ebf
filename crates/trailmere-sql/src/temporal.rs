//! What is a date, a time, a timestamp as a number, and how do calendar fields come out of it?
//!
//! Everything is the proleptic Gregorian calendar. Times are picoseconds, so that one code serves all precisions.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, StringViewArray, StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::error::Result as DfResult;

use crate::call::downcast;
use crate::error::fail;
use crate::types::Type;

pub(crate) const PICOS_PER_MICRO: i128 = 1_000_000;
pub(crate) const PICOS_PER_MILLI: i128 = 1_000_000_000;
pub(crate) const PICOS_PER_SECOND: i128 = 1_000_000_000_000;
pub(crate) const PICOS_PER_DAY: i128 = 86_400 * PICOS_PER_SECOND;

/// Days since 1970-01-01 of a date (month 1 to 12).
pub(crate) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Whether a year has 366 days.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
pub(crate) fn month_length(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Adds months; the day is cut to the month's length.
pub(crate) fn add_months(days: i64, months: i64) -> i64 {
    let (year, month, day) = civil_from_days(days);
    let total = year * 12 + i64::from(month) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    days_from_civil(year, month, day.min(month_length(year, month)))
}

/// Monday 1 to Sunday 7.
pub(crate) fn day_of_week(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// Day of the year, from 1.
pub(crate) fn day_of_year(days: i64) -> i64 {
    let (year, _, _) = civil_from_days(days);
    days - days_from_civil(year, 1, 1) + 1
}

/// ISO year and week.
pub(crate) fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - day_of_week(days) + 4;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// Rounds picoseconds half up to `precision` digits of a second.
pub(crate) fn round_picos(picos: i128, precision: u8) -> i128 {
    let unit = 10_i128.pow(12 - u32::from(precision.min(12)));
    (picos + unit / 2).div_euclid(unit) * unit
}

/// The timestamps of a column, whatever their precision.
pub(crate) enum Stamps<'a> {
    Micros(&'a TimestampMicrosecondArray),
    Picos(&'a Decimal128Array),
}

impl<'a> Stamps<'a> {
    pub(crate) fn of(array: &'a ArrayRef) -> DfResult<Self> {
        match array.data_type() {
            DataType::Decimal128(..) => Ok(Stamps::Picos(downcast(array)?)),
            _ => Ok(Stamps::Micros(downcast(array)?)),
        }
    }

    /// Picoseconds since 1970.
    pub(crate) fn picos(&self, i: usize) -> i128 {
        match self {
            Stamps::Micros(a) => i128::from(a.value(i)) * PICOS_PER_MICRO,
            Stamps::Picos(a) => a.value(i),
        }
    }
}

/// Timestamps with their zones.
pub(crate) struct Zoned<'a> {
    pub(crate) instants: Stamps<'a>,
    pub(crate) zones: &'a StringViewArray,
}

impl<'a> Zoned<'a> {
    pub(crate) fn of(array: &'a ArrayRef) -> DfResult<Self> {
        let members: &StructArray = downcast(array)?;
        Ok(Zoned { instants: Stamps::of(members.column(0))?, zones: downcast(members.column(1))? })
    }
}

/// A column of timestamps of `precision`; the values are rounded already.
pub(crate) fn stamps(precision: u8, values: impl ExactSizeIterator<Item = Option<i128>>) -> DfResult<ArrayRef> {
    if precision > 6 {
        let array: Decimal128Array = values.collect();
        return Ok(Arc::new(array.with_precision_and_scale(38, 0)?));
    }
    let mut micros = Vec::with_capacity(values.len());
    for value in values {
        micros.push(match value {
            None => None,
            Some(v) => match i64::try_from(v.div_euclid(PICOS_PER_MICRO)) {
                Ok(v) => Some(v),
                Err(_) => return fail("timestamp out of range"),
            },
        });
    }
    Ok(Arc::new(TimestampMicrosecondArray::from(micros)))
}

/// A column of timestamps with time zone.
pub(crate) fn zoned(
    precision: u8,
    instants: ArrayRef,
    zones: ArrayRef,
    nulls: Option<NullBuffer>,
) -> DfResult<ArrayRef> {
    let DataType::Struct(fields) = Type::TimestampTz(precision).arrow() else {
        return Ok(new_null_array(&DataType::Null, instants.len()));
    };
    Ok(Arc::new(StructArray::try_new(fields, vec![instants, zones], nulls)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_go_there_and_back() {
        for (days, civil) in [(0, (1970, 1, 1)), (-1, (1969, 12, 31)), (19_782, (2024, 2, 29)), (-719_528, (0, 1, 1))] {
            assert_eq!(civil_from_days(days), civil);
            assert_eq!(days_from_civil(civil.0, civil.1, civil.2), days);
        }
        for days in (-800_000..800_000).step_by(13) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        assert_eq!(iso_week(days_from_civil(2021, 1, 3)), (2020, 53));
        assert_eq!(iso_week(days_from_civil(2018, 12, 31)), (2019, 1));
        assert_eq!(day_of_week(days_from_civil(2024, 1, 1)), 1);
        assert_eq!(day_of_year(days_from_civil(2024, 12, 31)), 366);
    }

    #[test]
    fn rounding_is_half_up_also_before_1970() {
        assert_eq!(round_picos(-500_000_000_000, 0), 0);
        assert_eq!(round_picos(-500_000_000_001, 0), -PICOS_PER_SECOND);
        assert_eq!(round_picos(499_999_999_999, 0), 0);
        assert_eq!(round_picos(500_000_000_000, 0), PICOS_PER_SECOND);
    }

    #[test]
    fn months_are_cut_to_their_length() {
        assert_eq!(add_months(days_from_civil(2024, 1, 31), 1), days_from_civil(2024, 2, 29));
        assert_eq!(add_months(days_from_civil(2024, 3, 31), -13), days_from_civil(2023, 2, 28));
    }
}
