//! Do the JSON functions do what Trino's manual says?

use crate::functions::testing::V::{D, I, J, L, N, T};
use crate::functions::testing::check;
use crate::types::Type;

#[test]
fn extracts() {
    check(
        "json_extract",
        &[
            (&[T(r#"{"a": {"b": [1, 2.50]}}"#), T("$.a")], Some(r#"{"b":[1,2.5]}"#)),
            (&[T(r#"{"a":null}"#), T("$.a")], Some("null")),
            (&[T(r#"{"0":0,"1":1, }"#), T("$[1]")], Some("1")),
            (&[T("not json"), T("$.a")], None),
            (&[J(r#"{"a":1}"#), T("$.b")], None),
            (&[T("{}"), T("$$")], Some("!Invalid JSON path: '$$'")),
            (&[N(Type::VARCHAR), T("$$")], None),
        ],
    );
    check(
        "json_extract_scalar",
        &[
            (&[T(r#"{"a":[0.10,"x\ny",true,null,{}]}"#), T("$.a[0]")], Some("0.10")),
            (&[T(r#"{"a":[0.10,"x\ny",true,null,{}]}"#), T("$.a[1]")], Some("x\ny")),
            (&[T(r#"{"a":[0.10,"x\ny",true,null,{}]}"#), T("$.a[2]")], Some("true")),
            (&[T(r#"{"a":[0.10,"x\ny",true,null,{}]}"#), T("$.a[3]")], None),
            (&[T(r#"{"a":[0.10,"x\ny",true,null,{}]}"#), T("$.a[4]")], None),
            (&[T(r#"{"x-amz-copy-source":"b/k"}"#), T("$.x-amz-copy-source")], Some("b/k")),
            (&[I(1), T("$")], Some("!`json_extract_scalar` takes")),
        ],
    );
    check("json_size", &[(&[T(r#"{"x":{"a":1,"b":[2]}}"#), T("$.x")], Some("2")), (&[T("{}"), T("$")], Some("0"))]);
}

#[test]
fn looks_into_arrays() {
    check("json_array_length", &[(&[T("[1, [2, 3], {}]")], Some("3")), (&[T("{}")], None), (&[T("[1")], None)]);
    check(
        "json_array_get",
        &[
            (&[T(r#"["a", [3, 9], null]"#), I(0)], Some("a")),
            (&[T(r#"["a", [3, 9], null]"#), I(-2)], Some("[3,9]")),
            (&[T(r#"["a", [3, 9], null]"#), I(2)], None),
            (&[T(r#"["a", [3, 9], null]"#), I(-4)], None),
            (&[T("[1]"), I(i64::MIN)], None),
            (&[T(""), I(0)], None),
        ],
    );
    check(
        "json_array_contains",
        &[
            (&[T("[1, 2]"), I(2)], Some("true")),
            (&[T("[1, 2]"), D(2.0)], Some("false")),
            (&[T("[2.5]"), D(2.5)], Some("true")),
            (&[T(r#"["a\u0062"]"#), T("ab")], Some("true")),
            (&[T("[[true]]"), L(true)], Some("false")),
            (&[T("[1,,0]"), L(true)], None),
            (&[T("123"), L(true)], None),
        ],
    );
}

#[test]
fn parses_and_formats() {
    check(
        "json_parse",
        &[
            (&[T(r#" { "b" : 1 , "a" : [ "\u00e9" ] } "#)], Some(r#"{"a":["é"],"b":1}"#)),
            (&[T("{} x")], Some("!Cannot convert value to JSON: '{} x'")),
            (&[N(Type::VARCHAR)], None),
        ],
    );
    check("json_format", &[(&[J(r#"{"a":1}"#)], Some(r#"{"a":1}"#)), (&[T("{}")], Some("!`json_format` takes"))]);
    check("is_json_scalar", &[(&[T("\"x\"")], Some("true")), (&[T("[1")], Some("!Invalid JSON value: [1"))]);
}
