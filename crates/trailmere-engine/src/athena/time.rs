//! What text is the time of an event in Athena? `2024-01-01T00:00:00Z`, with a fraction where there is one.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder, TimestampMicrosecondArray};
use datafusion::logical_expr::{ColumnarValue, Expr};
use trailmere_model::time::{MICROS_PER_SECOND, format_timestamp};
use trailmere_sql::Type;
use trailmere_sql::call::{Typed, apply, downcast};
use trailmere_sql::function::ScalarCall;

/// The name of the call that writes a time; the order of texts is that of the seconds.
pub(crate) const EVENT_TIME_TEXT: &str = "event_time_text";

/// A timestamp as the text that CloudTrail delivers.
pub(super) fn iso_text(timestamp: Expr) -> Typed {
    let call = ScalarCall::new(vec![Type::Timestamp(6)], Type::VARCHAR, |args| {
        let times = args.array(0)?;
        let times = downcast::<TimestampMicrosecondArray>(&times)?;
        let mut out = StringViewBuilder::with_capacity(times.len());
        let mut text = String::with_capacity(32);
        for time in times.iter() {
            match time {
                None => out.append_null(),
                Some(micros) => {
                    text.clear();
                    push(micros, &mut text);
                    out.append_value(&text);
                }
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    });
    apply(EVENT_TIME_TEXT, call, vec![Typed::new(timestamp, Type::Timestamp(6))], vec![])
}

fn push(micros: i64, out: &mut String) {
    let shown = format_timestamp(micros);
    let (day, time) = shown.split_once(' ').unwrap_or((&shown, ""));
    let seconds = time.split_once('.').map_or(time, |(seconds, _)| seconds);
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    let _ = match fraction {
        0 => write!(out, "{day}T{seconds}Z"),
        f if f % 1_000 == 0 => write!(out, "{day}T{seconds}.{:03}Z", f / 1_000),
        f => write!(out, "{day}T{seconds}.{f:06}Z"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_delivered() {
        let text = |micros| {
            let mut out = String::new();
            push(micros, &mut out);
            out
        };
        assert_eq!(text(1_704_067_200_000_000), "2024-01-01T00:00:00Z");
        assert_eq!(text(1_704_067_199_250_000), "2023-12-31T23:59:59.250Z");
        assert_eq!(text(1_704_067_199_000_001), "2023-12-31T23:59:59.000001Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999Z");
    }
}
