//! Do times read back as they were written, and does nothing make the readers fail?

use chrono::{DateTime, SecondsFormat};
use proptest::prelude::*;
use trailmere_model::log_key::{self, LogKey};
use trailmere_model::{AdvancedEventSelectors, time};

/// The years 0 to 9999, which four digits can write.
const MICROS: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

proptest! {
    #[test]
    fn every_spelling_of_a_time_is_the_same_time(micros in MICROS) {
        let moment = DateTime::from_timestamp_micros(micros).expect("within chrono's years");
        let second = micros.div_euclid(1_000_000) * 1_000_000;
        for (text, expected) in [
            (moment.to_rfc3339_opts(SecondsFormat::Micros, true), micros),
            (moment.to_rfc3339_opts(SecondsFormat::Secs, true), second),
            (moment.to_rfc3339_opts(SecondsFormat::Nanos, false), micros),
            (moment.format("%Y%m%dT%H%M%SZ").to_string(), second),
            (moment.format("%Y-%m-%dT%H:%M:%S").to_string(), second),
            (time::format_timestamp(micros), micros.div_euclid(1000) * 1000),
        ] {
            prop_assert_eq!(time::parse_event_time(&text), Some(expected), "{}", text);
        }
    }

    #[test]
    fn a_partition_holds_its_day_and_no_more(micros in MICROS) {
        let start = time::calendarday_start(time::calendarday(micros)).expect("a day of the calendar");
        prop_assert!(start <= micros && micros < start + time::MICROS_PER_DAY);
        prop_assert_eq!(time::hour(micros), (micros - start) / 3_600_000_000);
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused(text in ".*", digits in "[0-9TZ:. +-]{0,32}") {
        let _ = time::parse_event_time(&text);
        if let Some(micros) = time::parse_event_time(&digits) {
            prop_assert!(MICROS.contains(&micros) || digits.contains(['+', '-']) || digits.contains(":60") || digits.contains("60"));
        }
        let _ = log_key::file_time(&text);
        let _ = AdvancedEventSelectors::parse(&text);
        prop_assert!(text.ends_with(&log_key::identity(&text)));
    }

    #[test]
    fn a_key_is_known_by_the_same_identity_wherever_it_lies(
        prefix in "(|[a-z:/]{1,12}/|/home/x/AWSLogs/y/)", organization in "(|o-[a-z0-9]{10}/)", account in "[0-9]{12}",
        day in 0i64..20_000, file in "[A-Za-z0-9_.]{1,40}",
    ) {
        let date = DateTime::from_timestamp(day * 86_400, 0).expect("a day").format("%Y/%m/%d");
        let tail = format!("AWSLogs/{organization}{account}/CloudTrail/eu-west-1/{date}/{file}");
        let key = LogKey::parse(&format!("{prefix}{tail}")).expect("a key");
        prop_assert_eq!(&key.account, &account);
        prop_assert_eq!(key.identity(), tail.clone());
        prop_assert_eq!(log_key::identity(&format!("{prefix}{tail}")), tail);
    }
}
