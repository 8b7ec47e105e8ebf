//! Do casts give Trino's values, formats and failures, on constants and on columns alike?

use super::*;
use crate::testing::{both, of};
use crate::{literal, type_name};

fn check(from: &str, text: &str, to: &str, expected: &str) {
    let ty = type_name::parse(to).unwrap();
    let source = of(from, text);
    let result = match both(&|v| cast(v[0].clone(), &ty), std::slice::from_ref(&source)) {
        Ok((text, _)) => text,
        Err(message) => format!("error {message}"),
    };
    let lenient = both(&|v| try_cast(v[0].clone(), &ty), &[source]);
    match expected.strip_prefix("error ") {
        Some(part) => {
            assert!(result.starts_with("error") && result.contains(part), "{from} '{text}' to {to}: {result}");
            if !result.contains("cannot cast") {
                assert_eq!(lenient.unwrap().0, "null", "try_cast {from} '{text}' to {to}");
            }
        }
        None => {
            assert_eq!(result, expected, "{from} '{text}' to {to}");
            assert_eq!(lenient.unwrap().0, expected);
        }
    }
}

#[test]
fn numbers() {
    for (from, text, to, expected) in [
        ("varchar", "37", "bigint", "37"),
        ("varchar", " 37 ", "integer", "37"),
        ("varchar", "3.7", "integer", "error Cannot cast '3.7' to INT"),
        ("varchar", "128", "tinyint", "error Cannot cast '128' to TINYINT"),
        ("double", "2.5", "bigint", "3"),
        ("double", "-2.5", "bigint", "-3"),
        ("double", "NaN", "bigint", "error Cannot cast double NaN to bigint"),
        ("double", "1e20", "bigint", "error Out of range for bigint"),
        ("decimal(3,1)", "2.5", "integer", "3"),
        ("integer", "2147483647", "smallint", "error Out of range for smallint: 2147483647"),
        ("bigint", "12", "decimal(3,1)", "12.0"),
        ("bigint", "-123", "decimal(2,1)", "error Cannot cast BIGINT '-123' to DECIMAL(2, 1)"),
        ("decimal(4,3)", "1.255", "decimal(3,2)", "1.26"),
        ("varchar", "1.255", "decimal(3,2)", "1.26"),
        (
            "varchar",
            "hello",
            "decimal(2,0)",
            "error Cannot cast VARCHAR 'hello' to DECIMAL(2, 0). Value is not a number.",
        ),
        ("double", "1234567890.51", "decimal(10,0)", "1234567891"),
        ("boolean", "true", "double", "1.0"),
        ("double", "0.0", "boolean", "false"),
        ("varchar", "T", "boolean", "true"),
        ("varchar", "yes", "boolean", "error Cannot cast 'yes' to BOOLEAN"),
        ("varchar", "1e5", "double", "100000.0"),
        ("varchar", "inf", "double", "error Cannot cast 'inf' to DOUBLE"),
        ("integer", "7", "real", "7.0"),
        ("decimal(5,2)", "37.70", "double", "37.7"),
    ] {
        check(from, text, to, expected);
    }
}

#[test]
fn text() {
    for (from, text, to, expected) in [
        ("double", "37.7", "varchar", "3.77E1"),
        ("double", "12e2", "varchar", "1.2E3"),
        ("double", "0", "varchar", "0E0"),
        ("real", "37.7", "varchar", "3.77E1"),
        ("varchar", "abcdef", "varchar(3)", "abc"),
        ("varchar", "äöü", "varchar(2)", "äö"),
        ("boolean", "true", "varchar(3)", "error Value true cannot be represented as varchar(3)"),
        ("integer", "1234", "varchar(3)", "error Value 1234 cannot be represented as varchar(3)"),
        ("decimal(5,2)", "37.70", "varchar", "37.70"),
        ("varchar", "ab", "char(4)", "ab  "),
        ("char(4)", "ab", "varchar", "ab"),
        ("timestamp(3)", "2020-05-10 12:34:56.123", "varchar", "2020-05-10 12:34:56.123"),
        ("date", "2020-05-10", "varchar(4)", "error cannot be represented as varchar(4)"),
        ("uuid", "12151fd2-7586-11e9-8f9e-2a86e4085a59", "varchar", "12151fd2-7586-11e9-8f9e-2a86e4085a59"),
        ("ipaddress", "2001:db8::1", "varchar", "2001:db8::1"),
        ("ipprefix", "10.1.2.3/8", "varchar", "10.0.0.0/8"),
        ("map(varchar, integer)", "{\"b\": 1, \"a\": 2}", "varchar", "{\"a\":2,\"b\":1}"),
        ("varchar", "abc", "varbinary", "61 62 63"),
    ] {
        check(from, text, to, expected);
    }
}

#[test]
fn times() {
    for (from, text, to, expected) in [
        ("varchar", "2001-1-2", "date", "2001-01-02"),
        ("varchar", "20010102", "date", "error Value cannot be cast to date: 20010102"),
        ("varchar", "2020-05-10 12:34:56 +01:23", "timestamp(3)", "2020-05-10 12:34:56.000"),
        (
            "varchar",
            "2020-05-10T12:34:56",
            "timestamp(0)",
            "error Value cannot be cast to timestamp: 2020-05-10T12:34:56",
        ),
        ("varchar", "2020-05-10 12:34", "timestamp(0)", "2020-05-10 12:34:00"),
        ("timestamp(6)", "1500-05-10 12:34:56.555555", "timestamp(1)", "1500-05-10 12:34:56.6"),
        ("timestamp(12)", "2020-05-10 12:34:56.999999999999", "timestamp(6)", "2020-05-10 12:34:57.000000"),
        ("timestamp(3)", "2020-05-10 12:34:56.789", "timestamp(9)", "2020-05-10 12:34:56.789000000"),
        ("timestamp(3)", "2020-05-10 12:34:56.789", "date", "2020-05-10"),
        ("timestamp(3)", "1969-12-31 23:59:59.999", "date", "1969-12-31"),
        ("timestamp(9)", "2020-05-10 12:34:56.123456789", "time(3)", "12:34:56.123"),
        ("date", "2020-05-10", "timestamp(3) with time zone", "2020-05-10 00:00:00.000 UTC"),
        ("timestamp(3) with time zone", "2020-05-10 01:00:00 Asia/Tokyo", "date", "2020-05-10"),
        ("timestamp(3) with time zone", "2020-05-10 01:00:00 Asia/Tokyo", "timestamp(0)", "2020-05-10 01:00:00"),
        ("timestamp(3) with time zone", "2020-05-10 01:00:00 Asia/Tokyo", "time(0) with time zone", "01:00:00+09:00"),
        ("time(12)", "23:59:59.999999999999", "time(3)", "00:00:00.000"),
        ("varchar", "12:34:56.5555555", "time(3)", "12:34:56.556"),
        ("varchar", "1 day", "timestamp(3)", "error Value cannot be cast to timestamp: 1 day"),
        ("varchar", "2020-02-30 00:00:00", "timestamp(3)", "error Value cannot be cast to timestamp"),
        ("bigint", "1", "date", "error cannot cast bigint to date"),
    ] {
        check(from, text, to, expected);
    }
}

#[test]
fn json_both_ways() {
    for (from, text, to, expected) in [
        ("array(integer)", "[1, null]", "json", "[1,null]"),
        ("double", "1e308", "json", "1.0E308"),
        ("double", "NaN", "json", "\"NaN\""),
        ("varchar", "a\"b", "json", "\"a\\\"b\""),
        ("timestamp(3)", "2020-05-10 12:34:56.123", "json", "\"2020-05-10 12:34:56.123\""),
        ("row(a integer, varchar)", "[1, \"x\"]", "json", "{\"a\":1,\"\":\"x\"}"),
        ("map(integer, double)", "{\"2\": 1, \"1\": 2}", "json", "{\"1\":2.0,\"2\":1.0}"),
    ] {
        check(from, text, to, expected);
    }
    for (json, to, expected) in [
        (
            "[true, false, 12, 0, 12.3, 0.0, \"true\", \"false\", null]",
            "array(boolean)",
            "[true, false, true, false, true, false, true, false, null]",
        ),
        ("[true, 12.7, \"12\", null]", "array(tinyint)", "[1, 13, 12, null]"),
        ("[1234567890123.456]", "array(integer)", "error Out of range for integer"),
        ("[1, {}]", "array(bigint)", "error Unexpected token when cast to bigint: {}"),
        ("{\"a\": 1}", "array(bigint)", "error Expected a json array"),
        ("{\"K1\": 1, \"k2\": \"two\"}", "row(k1 bigint, k2 varchar)", "{k1=1, k2=two}"),
        ("[1, \"two\"]", "row(k1 bigint, k2 varchar)", "{k1=1, k2=two}"),
        ("null", "array(bigint)", "null"),
        ("[1, null, [2], \"x\"]", "array(json)", "[1, null, [2], \"x\"]"),
        ("{\"a\": {\"b\": 1}}", "map(varchar, json)", "{a={\"b\":1}}"),
        ("{\"1\": 1, \"01\": 2}", "map(bigint, bigint)", "error Duplicate map keys are not allowed"),
        ("0.000", "varchar", "0E0"),
        ("12345678901234567890", "varchar", "12345678901234567890"),
        ("\"test \"", "varchar(4)", "error Cannot cast"),
        ("12345678.12345678", "decimal(38,8)", "12345678.12345678"),
    ] {
        check("json", json, to, expected);
    }
}

#[test]
fn nested() {
    for (from, text, to, expected) in [
        ("array(varchar)", "[\"1\", \"2\"]", "array(integer)", "[1, 2]"),
        ("array(varchar)", "[\"1\", \"x\"]", "array(integer)", "error Cannot cast 'x' to INT"),
        ("map(varchar, boolean)", "{\"1\": true}", "map(varchar, bigint)", "{1=1}"),
        ("map(varchar, integer)", "{\"1\": 1, \"01\": 2}", "map(bigint, integer)", "error duplicate keys"),
        ("row(a integer, b varchar)", "[1, \"x\"]", "row(c bigint, d varchar(1))", "{c=1, d=x}"),
        ("array(row(a integer))", "[[1], null]", "array(row(b double))", "[{b=1.0}, null]"),
    ] {
        check(from, text, to, expected);
    }
}

#[test]
fn widening_stays_datafusions_cast() {
    let column = Typed::new(datafusion::prelude::col("c"), Type::Integer);
    assert!(matches!(cast(column, &Type::BigInt).unwrap().expr, Expr::Cast(_)));
    let column = Typed::new(datafusion::prelude::col("c"), Type::Varchar(Some(3)));
    assert!(matches!(cast(column, &Type::VARCHAR).unwrap().expr, Expr::Column(_)));
    assert_eq!(
        cast(literal::number("1").unwrap(), &Type::BigInt).unwrap().literal(),
        Some(&ScalarValue::Int64(Some(1)))
    );
}
