//! Do the conversion functions write what Java would?

use crate::functions::testing::V::{A, D, I, L, M, N, T};
use crate::functions::testing::check;
use crate::types::Type;

#[test]
fn formats_as_java_does() {
    check(
        "format",
        &[
            (&[T("%s%%"), I(123)], Some("123%")),
            (&[T("%-7s|%7s"), T("hello"), T("world")], Some("hello  |  world")),
            (&[T("%S %s"), L(true), N(Type::VARCHAR)], Some("TRUE null")),
            (&[T("%2$s %1$s %<s"), T("a"), T("b")], Some("b a a")),
            (&[T("%s"), D(1e7)], Some("1.0E7")),
            (
                &[T("%,.2f|%(d|%+05d|%x|%X|%o"), D(1234567.895), I(-3), I(7), I(-1), I(255), I(8)],
                Some("1,234,567.90|(3)|+0007|ffffffffffffffff|FF|10"),
            ),
            (
                &[T("%e %.0e %g %g"), D(12345.678), D(0.5), D(0.00001), D(123456.0)],
                Some("1.234568e+04 5e-01 1.00000e-05 123456"),
            ),
            (&[T("%.3s|%5b|%h"), T("abcdef"), N(Type::VARCHAR), T("abc")], Some("abc|false|17862")),
            (&[T("%s %.1f"), M(1250, 3), M(1250, 3)], Some("1.250 1.3")),
            (&[T("%08.2f|%f"), D(-3.24159), D(f64::NEG_INFINITY)], Some("-0003.24|-Infinity")),
            (&[T("%d"), M(8, 0)], Some("!IllegalFormatConversion: d != java.math.BigDecimal")),
            (&[T("%d %d"), I(1)], Some("!MissingFormatArgument: %d")),
            (&[T("%s"), A(&[])], Some("!Type not supported for formatting: array(varchar)")),
            (&[N(Type::VARCHAR), I(1)], None),
        ],
    );
}

#[test]
fn writes_for_people() {
    check(
        "format_number",
        &[
            (&[I(0)], Some("0")),
            (&[I(999)], Some("999")),
            (&[I(12345)], Some("12.3K")),
            (&[I(-999_999_999)], Some("-1000M")),
            (&[I(i64::MAX)], Some("9223Q")),
            (&[D(1234.5)], Some("1.23K")),
            (&[M(12_399_999_999, 1)], Some("1.24B")),
        ],
    );
    check(
        "human_readable_seconds",
        &[
            (&[D(535_333.251)], Some("6 days, 4 hours, 42 minutes, 13 seconds")),
            (&[D(-60.0)], Some("1 minute")),
            (&[D(0.0)], Some("0 seconds")),
            (&[D(f64::NAN)], Some("!Invalid argument found: NaN")),
        ],
    );
    check("parse_data_size", &[(&[T("2.5MB")], Some("2621440")), (&[T("x")], Some("!Invalid data size: 'x'"))]);
}
