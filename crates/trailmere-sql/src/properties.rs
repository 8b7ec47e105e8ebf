//! What holds for every value: readers never panic, what is written can be read, two ways to compute agree.

use chrono::{Datelike, Days, NaiveDate};
use proptest::prelude::*;

use crate::cast::{address, json_text, parse};
use crate::operators::like;
use crate::render::{number, time};
use crate::temporal::{PICOS_PER_SECOND, civil_from_days, days_from_civil, iso_week};
use crate::zone::Zone;
use crate::{literal, type_name};

/// Texts that look like what the readers want, and some that do not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,30}",
        "[-+]?[0-9]{0,5}[-:. T][0-9]{0,3}[-:. ][0-9]{0,3}[ T]?[0-9:.]{0,12} ?[-+A-Za-z/:0-9]{0,8}",
        "[\\[\\]{}\",:0-9eE.\\\\u\\-tfn ]{0,30}",
        "(row|array|map|decimal|timestamp|varchar)?[(<]?[a-z0-9, \"]{0,20}[)>]{0,2}",
        "[0-9a-f:./]{0,40}",
        "[-+]?[0-9_.eExX]{0,25}",
        "[-+]?[0-9.]{1,5}e[-+]?[0-9]{1,11}",
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        // serde_json's own reader is not exact to the last digit.
        any::<i32>().prop_map(|n| serde_json::Value::from(f64::from(n) / 8.0)),
        ".{0,8}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..5)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn readers_never_panic(text in text(), other in text()) {
        let _ = (parse::double(&text), parse::decimal(&text), parse::boolean(&text), parse::date(&text));
        let _ = (parse::moment(&text, parse::Separator::Lake), parse::time(&text), Zone::parse(&text));
        let _ = (address::parse_address(&text), address::parse_prefix(&text), address::parse_uuid(&text));
        let _ = (json_text::canonical(&text), type_name::parse(&text), literal::number(&text));
        for name in ["date", "time", "timestamp", "decimal", "json", "x", "char", "interval day to second", &other] {
            let _ = literal::typed(name, &text);
        }
        for (from, to) in [("day", Some("second")), ("year", Some("month")), ("second", None), ("hour", None)] {
            let _ = literal::interval(&text, literal::Sign::Plus, from, to);
        }
    }

    #[test]
    fn doubles_come_back(value in any::<f64>()) {
        let (mut shown, mut cast) = (String::new(), String::new());
        number::double(value, &mut shown);
        number::double_cast(value, &mut cast);
        for text in [shown, cast] {
            let read = parse::double(&text).unwrap();
            prop_assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan(), "{text}");
        }
    }

    #[test]
    fn decimals_come_back(value in -(10_i128.pow(38) - 1)..10_i128.pow(38), scale in 0_u8..=38) {
        let mut shown = String::new();
        number::decimal(value, scale, &mut shown);
        prop_assert_eq!(parse::decimal(&shown), Some((value, i32::from(scale))));
    }

    #[test]
    fn calendars_agree(days in -3_000_000_i64..3_000_000) {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let shift = Days::new(days.unsigned_abs());
        let date = if days < 0 { epoch.checked_sub_days(shift) } else { epoch.checked_add_days(shift) }.unwrap();
        prop_assert_eq!(civil_from_days(days), (i64::from(date.year()), date.month(), date.day()));
        prop_assert_eq!(days_from_civil(i64::from(date.year()), date.month(), date.day()), days);
        let week = date.iso_week();
        prop_assert_eq!(iso_week(days), (i64::from(week.year()), i64::from(week.week())));
        let mut shown = String::new();
        time::date(days, &mut shown);
        prop_assert_eq!(parse::date(&shown), Some(days));
    }

    #[test]
    fn timestamps_come_back(micros in -200_000_000_000_000_000_i64..200_000_000_000_000_000) {
        let picos = i128::from(micros) * 1_000_000;
        let mut shown = String::new();
        time::timestamp(picos, 6, &mut shown);
        prop_assert_eq!(parse::moment(&shown, parse::Separator::Blank).unwrap().local(), picos);
    }

    #[test]
    fn local_times_are_times_of_their_zone(seconds in -4_000_000_000_i64..4_000_000_000, which in 0_usize..5) {
        let zone = Zone::parse(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "-03:30"][which]);
        let zone = zone.unwrap();
        let picos = i128::from(seconds) * PICOS_PER_SECOND;
        // Another instant can only be one that shows the same local time.
        let local = zone.to_local(picos);
        prop_assert_eq!(zone.to_local(zone.to_instant(local)), local);
    }

    #[test]
    fn canonical_json_is_the_same_json(value in json()) {
        let canonical = json_text::canonical(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(json_text::canonical(&canonical).unwrap(), canonical.clone());
        let again: serde_json::Value = serde_json::from_str(&canonical).unwrap();
        prop_assert_eq!(again, value);
    }

    #[test]
    fn like_agrees_with_a_regular_expression(text in "[ab]{0,10}", pattern in "[ab%_]{0,8}") {
        let body: String = pattern.chars().map(|c| match c {
            '%' => ".*".to_string(),
            '_' => ".".to_string(),
            other => other.to_string(),
        }).collect();
        let expected = regex::Regex::new(&format!("^(?s:{body})$")).unwrap().is_match(&text);
        prop_assert_eq!(like::matches_text(&text, &pattern, None).unwrap(), expected);
    }
}
