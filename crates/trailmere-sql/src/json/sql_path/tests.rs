//! Do paths find what the SQL standard says?

use super::SqlPath;
use crate::json::item::Item;

fn find(path: &str, json: &str) -> Result<String, String> {
    let context = Item::parse(json).expect("JSON");
    let variables = [("n".to_string(), vec![Item::parse("1").expect("JSON")])];
    let found = SqlPath::parse(path)?.evaluate(&context, &variables)?;
    let mut out = String::new();
    for (i, item) in found.iter().enumerate() {
        out.push_str(if i > 0 { " " } else { "" });
        item.push(&mut out);
    }
    Ok(out)
}

#[test]
fn lax_forgives_structure() {
    for (path, json, found) in [
        ("lax $.a", r#"[{"a":1},{"b":2},{"a":3}]"#, "1 3"),
        ("lax $.a.b", r#"{"a":5}"#, ""),
        ("lax $[0]", "7", "7"),
        ("lax $[1, 2 to last, 9]", "[1,2,3,4]", "2 3 4"),
        ("lax $[last - $n]", "[1,2,3,4]", "3"),
        ("lax $.*", r#"{"a":1,"b":[2]}"#, "1 [2]"),
        ("lax $..a", r#"{"a":1,"b":[{"a":2}]}"#, "1 2"),
        (r#"lax $."a b""#, r#"{"a b":1}"#, "1"),
        ("lax $[*] ? (@.p > 1 && @.q == \"x\").p", r#"[{"p":1,"q":"x"},{"p":2,"q":"x"}]"#, "2"),
        ("lax $[*] ? ((@ > 1.5) || !(@ != 1))", "[1,1.5,2]", "1 2"),
        ("lax $[*] ? ((@.x > 1) is unknown)", r#"[{"x":"a"},{"x":2}]"#, r#"{"x":"a"}"#),
        ("lax $[*] ? (exists(@.a))", r#"[{"a":null},{}]"#, r#"{"a":null}"#),
        ("lax $[*] ? (@ starts with \"ab\")", r#"["abc","b"]"#, "\"abc\""),
        ("lax $[*] ? (@ like_regex \"^A.\" flag \"i\")", r#"["abc","b",1]"#, "\"abc\""),
        ("lax ($[0] + 2) * 3 - 7 % 4 + 1.5", "[1]", "7.5"),
        ("lax -$[*]", "[1,-2.5]", "-1 2.5"),
        ("lax $[*].size()", "[[1,2],3]", "2 1"),
        ("lax $[*].type()", r#"[1,"a",null,true,[],{}]"#, r#""number" "string" "null" "boolean" "array" "object""#),
        ("lax $[*].ceiling()", "[1.2,-1.2,3]", "2 -1 3"),
        ("lax $.double()", "\"1.5\"", "1.5"),
        ("lax $.keyvalue().name", r#"{"a":1,"b":2}"#, r#""a" "b""#),
        ("lax $.datetime(\"DD.MM.YYYY\")", "\"22.08.2001\"", "\"2001-08-22\""),
    ] {
        assert_eq!(find(path, json), Ok(found.to_string()), "{path} on {json}");
    }
}

#[test]
fn strict_does_not() {
    for (path, json) in [
        ("strict $.a", "{}"),
        ("strict $.a", "[1]"),
        ("strict $[100]", "[1]"),
        ("strict $[*]", "{}"),
        ("strict $.size()", "1"),
        ("lax $ + 1", "\"a\""),
        ("lax $.a / 0", r#"{"a":1}"#),
        ("lax $missing", "1"),
    ] {
        assert!(find(path, json).is_err(), "{path} on {json}");
    }
}

#[test]
fn refuses_what_is_no_path() {
    for path in
        ["$", "lax", "lax $.", "lax $[", "lax $ ? (@)", "lax $.foo()", "lax $ ? (@ like_regex \"[\")", "lax \"a"]
    {
        assert!(SqlPath::parse(path).is_err(), "{path}");
    }
}

#[test]
fn refuses_what_would_overflow() {
    for path in [
        format!("lax ${}", ".a".repeat(5000)),
        format!("lax {}1", "-".repeat(5000)),
        format!("lax 1{}", "+1".repeat(5000)),
        format!("lax {}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("lax $ ? ({}(@ == 1))", "!".repeat(5000)),
        format!("lax $ ? (@ == 1{})", " && @ == 1".repeat(5000)),
    ] {
        assert!(SqlPath::parse(&path).is_err(), "{}", &path[..20]);
    }
    assert!(SqlPath::parse(&format!("lax ${}", ".a".repeat(100))).is_ok());
}
