//! Do the operators mean what Trino's documentation and tests say, on constants and on columns alike?

use super::*;
use crate::literal;
use crate::testing::{both, of};

fn number(text: &str) -> Typed {
    match text.strip_prefix('-') {
        Some(rest) => negate(literal::number(rest).unwrap()).unwrap(),
        None => literal::number(text).unwrap(),
    }
}

fn value(text: &str) -> Typed {
    match text.split_once(" '") {
        _ if text.starts_with('\'') => literal::string(&text[1..text.len() - 1]),
        Some((ty, rest)) => of(ty, rest.strip_suffix('\'').unwrap()),
        None if text == "NULL" => literal::null(),
        None => number(text),
    }
}

fn check(make: &dyn Fn(Vec<Typed>) -> crate::error::Result<Typed>, operands: &[&str], expected: &str) {
    let operands: Vec<Typed> = operands.iter().map(|o| value(o)).collect();
    let result = match both(make, &operands) {
        Ok((text, ty)) => format!("{text} {ty}"),
        Err(message) => format!("error {message}"),
    };
    let same = match expected.strip_prefix("error") {
        Some(message) => result.contains(message.trim()) && result.starts_with("error"),
        None => result == expected,
    };
    assert!(same, "{operands:?}: {result}, not {expected}");
}

#[test]
fn arithmetic_keeps_types_and_fails_loudly() {
    use ArithmeticOp::*;
    for (op, a, b, expected) in [
        (Add, "1", "2", "3 integer"),
        (Add, "1", "3000000000", "3000000001 bigint"),
        (Add, "2147483647", "1", "error integer addition overflow: 2147483647 + 1"),
        (Subtract, "-9223372036854775807", "2", "error bigint subtraction overflow"),
        (Multiply, "tinyint '100'", "tinyint '2'", "error tinyint multiplication overflow"),
        (Divide, "7", "2", "3 integer"),
        (Divide, "-7", "2", "-3 integer"),
        (Divide, "1", "0", "error Division by zero"),
        (Modulus, "1", "0", "error Division by zero"),
        (Modulus, "-7", "2", "-1 integer"),
        (Divide, "1e0", "0", "Infinity double"),
        (Modulus, "5.5e0", "2", "1.5 double"),
        (Divide, "0e0", "0e0", "NaN double"),
        (Add, "1.5", "2", "3.5 decimal(12,1)"),
        (Divide, "2.0", "3", "0.7 decimal(2,1)"),
        (Multiply, "1.5", "2.25", "3.375 decimal(5,3)"),
        (Add, "1.5", "1e0", "2.5 double"),
        (Divide, "real '12.34'", "real '56.78'", "0.21733005 real"),
        (Add, "integer 'null'", "1", "null integer"),
        (Divide, "integer 'null'", "0", "null integer"),
        (Add, "'a'", "1", "error cannot apply operator: varchar(1) + integer"),
    ] {
        check(&|v| arithmetic(op, v[0].clone(), v[1].clone()), &[a, b], expected);
    }
}

#[test]
fn dates_and_intervals() {
    use ArithmeticOp::*;
    let day = |n: &str| literal::interval(n, Sign::Plus, "day", None).unwrap();
    use literal::Sign;
    let hour = literal::interval("27", Sign::Plus, "hour", None).unwrap();
    let month = literal::interval("1", Sign::Plus, "month", None).unwrap();
    let eval = |op, a: Typed, b: Typed| match both(&|v| arithmetic(op, v[0].clone(), v[1].clone()), &[a, b]) {
        Ok((text, _)) => text,
        Err(message) => message,
    };
    let date = of("date", "2024-01-31");
    let stamp = of("timestamp(3)", "2024-01-31 10:00:00.123");
    let zoned = of("timestamp(0) with time zone", "2024-03-30 10:00:00 Europe/Berlin");
    assert_eq!(eval(Add, date.clone(), day("2")), "2024-02-02");
    assert_eq!(eval(Add, day("2"), date.clone()), "2024-02-02");
    assert_eq!(eval(Add, date.clone(), month.clone()), "2024-02-29");
    assert!(eval(Add, date.clone(), hour.clone()).contains("Cannot add hour, minutes or seconds to a date"));
    assert_eq!(eval(Subtract, stamp.clone(), hour.clone()), "2024-01-30 07:00:00.123");
    assert_eq!(eval(Add, zoned.clone(), day("1")), "2024-03-31 11:00:00.000 Europe/Berlin");
    assert_eq!(eval(Add, zoned.clone(), month.clone()), "2024-04-30 10:00:00 Europe/Berlin");
    assert_eq!(eval(Subtract, stamp.clone(), of("timestamp(3)", "2024-01-30 09:00:00.124")), "1 00:59:59.999");
    assert_eq!(eval(Subtract, date.clone(), of("date", "2024-02-01")), "-1 00:00:00.000");
    assert_eq!(eval(Multiply, day("2"), value("2.5")), "5 00:00:00.000");
    assert_eq!(eval(Multiply, value("3"), month.clone()), "0-3");
    assert_eq!(eval(Divide, day("1"), value("4")), "0 06:00:00.000");
    assert_eq!(eval(Add, day("1"), hour), "2 03:00:00.000");
    assert_eq!(eval(Add, of("time(3)", "23:59:59.000"), of_interval("2")), "00:00:01.000");
}

fn of_interval(seconds: &str) -> Typed {
    literal::interval(seconds, literal::Sign::Plus, "second", None).unwrap()
}

#[test]
fn comparisons_know_null_nan_and_zones() {
    use ComparisonOp::*;
    for (op, a, b, expected) in [
        (Eq, "1", "1.0", "true"),
        (Lt, "1", "2e0", "true"),
        (Eq, "double 'NaN'", "double 'NaN'", "false"),
        (Ne, "double 'NaN'", "double 'NaN'", "true"),
        (Gt, "double 'NaN'", "1e0", "false"),
        (Lt, "1e0", "double 'NaN'", "false"),
        (Eq, "double '-0.0'", "0e0", "true"),
        (Ge, "2e0", "1e0", "true"),
        (Eq, "'a'", "'b'", "false"),
        (Eq, "char(5) 'bar'", "'bar   '", "true"),
        (Lt, "varchar 'a'", "varchar 'b'", "true"),
        (Eq, "integer 'null'", "1", "null"),
        (Eq, "array(integer) '[1, null]'", "array(integer) '[1, 2]'", "null"),
        (Eq, "array(integer) '[1, null]'", "array(integer) '[2, 2]'", "false"),
        (Lt, "array(integer) '[1, 2]'", "array(integer) '[1, 3]'", "true"),
        (Eq, "map(varchar, integer) '{\"a\": 1, \"b\": 2}'", "map(varchar, integer) '{\"b\": 2, \"a\": 1}'", "true"),
        (Eq, "row(integer, integer) '[1, null]'", "row(integer, integer) '[2, 2]'", "false"),
        (Le, "row(integer, integer) '[1, null]'", "row(integer, integer) '[1, 2]'", "null"),
        (
            Eq,
            "timestamp(0) with time zone '2020-01-01 12:00:00 UTC'",
            "timestamp(3) with time zone '2020-01-01 13:00:00 +01:00'",
            "true",
        ),
        (Lt, "timestamp(3) '2020-01-01 12:00:00'", "timestamp(3) with time zone '2020-01-01 12:00:00 -01:00'", "true"),
        (Eq, "time(0) with time zone '12:00:00+01:00'", "time(0) with time zone '11:00:00+00:00'", "true"),
        (Gt, "decimal(38,0) '99999999999999999999999999999999999999'", "decimal(38,38) '0.5'", "true"),
        (Eq, "ipaddress '10.0.0.1'", "ipaddress '::ffff:10.0.0.1'", "true"),
        (Gt, "timestamp(3) '2023-01-22 00:00:00.001'", "'2023-01-22'", "true"),
        (Le, "'2023-01-22T00:00:00Z'", "timestamp(3) '2023-01-22 00:00:00'", "true"),
        (Eq, "date '2023-01-22'", "'2023-01-22'", "true"),
    ] {
        check(&|v| comparison(op, v[0].clone(), v[1].clone()), &[a, b], &format!("{expected} boolean"));
    }
    for (a, b, message) in [
        ("1", "'1'", "cannot apply operator: integer = varchar(1)"),
        ("boolean 'true'", "'true'", "cannot apply operator: boolean = varchar(4)"),
        ("timestamp(3) '2023-01-22 00:00:00'", "'yesterday'", "`yesterday` is not a timestamp"),
    ] {
        let error = comparison(ComparisonOp::Eq, value(a), value(b)).unwrap_err();
        assert_eq!(error.message, message);
    }
    assert!(
        comparison(ComparisonOp::Lt, of("map(varchar, integer)", "{}"), of("map(varchar, integer)", "{}")).is_err()
    );
}

#[test]
fn text_against_a_timestamp_column_is_a_plain_comparison() {
    use datafusion::logical_expr::{BinaryExpr, Expr};
    let column = Typed::new(datafusion::prelude::col("eventtime"), crate::Type::Timestamp(3));
    for text in ["2023-01-22", "2023-01-22 10:00", "2023-01-22T10:00:00.5Z"] {
        let compared = comparison(ComparisonOp::Gt, column.clone(), literal::string(text)).unwrap();
        let Expr::BinaryExpr(BinaryExpr { left, right, .. }) = compared.expr else { panic!("{compared:?}") };
        assert_eq!(*left, column.expr);
        let Expr::Literal(literal, _) = *right else { panic!("{right:?}") };
        assert_eq!(literal.data_type(), column.ty.arrow());
    }
    let zoned = literal::typed("timestamp", "2023-01-22 10:00:00 UTC").unwrap();
    let compared = comparison(ComparisonOp::Le, column.clone(), zoned).unwrap();
    let Expr::BinaryExpr(BinaryExpr { left, right, .. }) = compared.expr else { panic!("{compared:?}") };
    assert!(*left == column.expr && matches!(*right, Expr::Literal(..)), "{left} {right}");
    let word = Typed::new(datafusion::prelude::col("console"), crate::Type::VARCHAR);
    let compared = comparison(ComparisonOp::Eq, word, literal::boolean("true").unwrap()).unwrap();
    assert!(compared.expr.to_string().contains("Utf8View(\"true\")"), "{}", compared.expr);
}

#[test]
fn distinct_between_and_in() {
    for (a, b, expected) in [
        ("integer 'null'", "integer 'null'", "false"),
        ("integer 'null'", "1", "true"),
        ("double 'NaN'", "double 'NaN'", "false"),
        ("double '-0.0'", "double '0.0'", "false"),
        ("array(integer) '[1, null]'", "array(integer) '[1, null]'", "false"),
        ("array(integer) '[1, 2]'", "array(integer) '[1, null]'", "true"),
        ("NULL", "NULL", "false"),
    ] {
        check(&|v| distinct_from(v[0].clone(), v[1].clone()), &[a, b], &format!("{expected} boolean"));
    }
    for (operands, expected) in [
        (["3", "2", "4"], "true"),
        (["3", "4", "2"], "false"),
        (["3", "NULL", "2"], "false"),
        (["3", "NULL", "4"], "null"),
        (["timestamp(3) '2023-01-22 00:00:00'", "'2023-01-01'", "'2023-01-31'"], "true"),
    ] {
        check(&|v| between(v[0].clone(), v[1].clone(), v[2].clone()), &operands, &format!("{expected} boolean"));
    }
    for (operands, expected) in [
        (vec!["3", "2", "3", "NULL"], "true"),
        (vec!["3", "2", "NULL"], "null"),
        (vec!["3", "2", "4"], "false"),
        (vec!["1", "1.5", "1.0"], "true"),
        (vec!["double 'NaN'", "double 'NaN'"], "false"),
        (vec!["array(integer) '[1]'", "array(integer) '[1]'"], "true"),
        (vec!["date '2023-01-22'", "'2023-01-21'", "'2023-01-22'"], "true"),
    ] {
        check(&|v| in_list(v[0].clone(), v[1..].to_vec()), &operands, &format!("{expected} boolean"));
    }
}

#[test]
fn like_escapes_only_when_told() {
    for (operands, expected) in [
        (vec!["'a_c'", "'a\\_c'"], "false"),
        (vec!["'a_c'", "'aX_c'", "'X'"], "true"),
        (vec!["'a\nb'", "'a%b'"], "true"),
        (vec!["char(6) 'foo'", "'foo   '"], "true"),
        (vec!["char(6) 'foo'", "'%foo'"], "false"),
        (vec!["'a'", "NULL"], "null"),
        (vec!["'a\\b'", "'a\\b'"], "true"),
    ] {
        check(&|v| like(v[0].clone(), v[1].clone(), v.get(2).cloned()), &operands, &format!("{expected} boolean"));
    }
    assert!(like(value("'a'"), value("'a'"), Some(value("'foo'"))).is_err());
}

#[test]
fn concatenation() {
    for (operands, expected) in [
        (vec!["'a'", "'b'"], "ab varchar"),
        (vec!["'a'", "NULL"], "null varchar"),
        (vec!["char(3) 'a'", "char(2) 'b'"], "a  b  char(5)"),
        (vec!["array(integer) '[1]'", "array(integer) '[2, null]'"], "[1, 2, null] array(integer)"),
        (vec!["array(integer) '[1]'", "2"], "[1, 2] array(integer)"),
        (vec!["2", "array(bigint) '[1]'"], "[2, 1] array(bigint)"),
        (vec!["array(array(integer)) '[[1]]'", "array(integer) '[2]'"], "[[1], [2]] array(array(integer))"),
        (vec!["array(varchar) '[\"a\"]'", "'b'"], "[a, b] array(varchar)"),
        (vec!["1", "'a'"], "error cannot apply operator: integer || varchar(1)"),
    ] {
        check(&concat, &operands, expected);
    }
}

#[test]
fn members() {
    for (operands, expected) in [
        (["array(integer) '[1, 2]'", "2"], "2 integer"),
        (["array(integer) '[1, 2]'", "3"], "error Array subscript must be less than or equal to array length: 3 > 2"),
        (["array(integer) '[1, 2]'", "0"], "error SQL array indices start at 1"),
        (["array(integer) '[1, 2]'", "-1"], "error Array subscript is negative: -1"),
        (["array(integer) 'null'", "5"], "null integer"),
        (["map(varchar, integer) '{\"a\": 1}'", "'a'"], "1 integer"),
        (["map(varchar, integer) '{\"a\": 1}'", "'b'"], "error Key not present in map: b"),
        (["map(bigint, integer) '{\"7\": 1}'", "7"], "1 integer"),
    ] {
        check(&|v| subscript(v[0].clone(), v[1].clone()), &operands, expected);
    }
    let base = "row(a integer, \"B c\" varchar) '{\"a\": 1, \"b c\": \"x\"}'";
    check(&|v| field(v[0].clone(), "A"), &[base], "1 integer");
    check(&|v| field(v[0].clone(), "b C"), &[base], "x varchar");
    check(&|v| subscript(v[0].clone(), number("2")), &[base], "x varchar");
    check(&|v| field(v[0].clone(), "d"), &[base], "error the row has no field `d`");
    assert!(subscript(value(base), number("3")).is_err());
}

#[test]
fn conditionals() {
    let branch = |v: &[Typed]| case(vec![(v[0].clone(), v[1].clone())], v.get(2).cloned());
    check(&|v| branch(&v), &["boolean 'false'", "1", "2.5"], "2.5 decimal(11,1)");
    check(&|v| branch(&v), &["boolean 'null'", "1"], "null integer");
    check(&|v| branch(&v), &["boolean 'true'", "1", "'a'"], "error must be of one type");
    check(&coalesce, &["NULL", "integer 'null'", "3"], "3 integer");
    check(&|v| nullif(v[0].clone(), v[1].clone()), &["1", "1e0"], "null integer");
    check(&|v| nullif(v[0].clone(), v[1].clone()), &["1", "NULL"], "1 integer");
    check(&greatest, &["1", "NULL", "3"], "null integer");
    check(&greatest, &["1", "2.5"], "2.5 decimal(11,1)");
    check(&least, &["'b'", "'a'"], "a varchar(1)");
}

#[test]
fn zones_and_fields() {
    for (x, zone, expected) in [
        ("timestamp(3) '2020-05-01 12:00:00'", "'Asia/Kathmandu'", "2020-05-01 17:45:00.000 Asia/Kathmandu"),
        ("timestamp(0) with time zone '2020-05-01 12:00:00 Asia/Tokyo'", "'+00:00'", "2020-05-01 03:00:00 UTC"),
    ] {
        let ty = value(x).ty;
        let precision = if ty == crate::Type::Timestamp(3) { 3 } else { 0 };
        let expected = format!("{expected} timestamp({precision}) with time zone");
        check(&|v| at_time_zone(v[0].clone(), v[1].clone()), &[x, zone], &expected);
    }
    check(
        &|v| at_time_zone(v[0].clone(), v[1].clone()),
        &["timestamp(3) '2020-05-01 12:00:00'", "'Mars'"],
        "error 'Mars' is not a valid time zone",
    );
    for (name, x, expected) in [
        ("hour", "timestamp(0) with time zone '2020-05-01 12:34:56 Asia/Kathmandu'", "12"),
        ("timezone_minute", "timestamp(0) with time zone '2020-05-01 12:34:56 Asia/Kathmandu'", "45"),
        ("timezone_hour", "time(0) with time zone '12:34:56-08:35'", "-8"),
        ("week", "date '2021-01-03'", "53"),
        ("second", "time(6) '12:34:56.123456'", "56"),
        ("year", "timestamp(9) '1500-05-10 12:34:56.123456789'", "1500"),
    ] {
        check(&|v| extract(name, v[0].clone()), &[x], &format!("{expected} bigint"));
    }
}

#[test]
fn keys_bring_equal_values_together() {
    for (a, b) in [
        ("double '-0.0'", "double '0.0'"),
        ("map(varchar, integer) '{\"a\": 1, \"b\": 2}'", "map(varchar, integer) '{\"b\": 2, \"a\": 1}'"),
        (
            "timestamp(0) with time zone '2020-01-01 12:00:00 UTC'",
            "timestamp(0) with time zone '2020-01-01 13:00:00 +01:00'",
        ),
        ("array(double) '[-0.0]'", "array(double) '[0.0]'"),
    ] {
        let key = |text: &str| both(&|v| Ok(group_key(v[0].clone())), &[value(text)]).unwrap();
        assert_eq!(key(a), key(b));
    }
    let plain = value("'a'");
    assert_eq!(group_key(plain.clone()), plain);
}
