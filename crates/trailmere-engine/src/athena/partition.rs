//! What are the partition columns of a day? Text, as tables over CloudTrail files have it.
//!
//! They come from the store's own partition column, so that no file is opened to compute them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringViewBuilder};
use datafusion::logical_expr::ColumnarValue;
use trailmere_model::CALENDARDAY;
use trailmere_sql::Type;
use trailmere_sql::call::{Typed, apply, downcast};
use trailmere_sql::function::ScalarCall;

use crate::columns::physical;

/// A part of the day.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// `2024`
    Year,
    /// `01`
    Month,
    /// `31`
    Day,
    /// `2024/01/31`
    Slashes,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Year => "partition_year",
            Part::Month => "partition_month",
            Part::Day => "partition_day",
            Part::Slashes => "partition_date",
        }
    }

    fn text(self, day: i64) -> String {
        let (year, month, date) = (day / 10_000, day / 100 % 100, day % 100);
        match self {
            Part::Year => format!("{year:04}"),
            Part::Month => format!("{month:02}"),
            Part::Day => format!("{date:02}"),
            Part::Slashes => format!("{year:04}/{month:02}/{date:02}"),
        }
    }
}

/// The part of `calendarday` as text.
pub(super) fn day_part(part: Part) -> Typed {
    let call = ScalarCall::new(vec![Type::BigInt], Type::VARCHAR, move |args| {
        let days = args.array(0)?;
        let days = downcast::<Int64Array>(&days)?;
        let mut out = StringViewBuilder::with_capacity(days.len());
        let mut last: Option<(i64, String)> = None;
        for day in days.iter() {
            let Some(day) = day else {
                out.append_null();
                continue;
            };
            let known = last.take().filter(|(d, _)| *d == day);
            let (_, text) = last.insert(known.unwrap_or_else(|| (day, part.text(day))));
            out.append_value(text);
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    });
    apply(part.name(), call, vec![Typed::new(physical(CALENDARDAY), Type::BigInt)], vec![])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_with_all_their_digits() {
        let written = [Part::Year, Part::Month, Part::Day, Part::Slashes].map(|part| part.text(20240105));
        assert_eq!(written, ["2024", "01", "05", "2024/01/05"]);
    }
}
