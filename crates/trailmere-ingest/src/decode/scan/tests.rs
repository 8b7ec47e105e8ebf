//! Is a text JSON exactly if serde_json says so, and are its values where they are said to be?

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::super::tape::{Json, NodeKind};
use super::{Begin, MAX_DEPTH, Scan, Stop, space_length};

fn scanned(text: &str, begin: Begin) -> (Scan, Result<usize, Stop>) {
    let mut scan = Scan::default();
    let end = scan.value(text.as_bytes(), begin);
    (scan, end)
}

/// Whether a text is one value; a number needs something after it to end.
fn is_json(text: &str) -> bool {
    let text = format!("{}\n", text.trim_start_matches([' ', '\n', '\t', '\r']));
    let (_, end) = scanned(&text, Begin::Value);
    end.is_ok_and(|end| end + space_length(&text.as_bytes()[end..]) == text.len())
}

#[test]
fn each_form_is_told_from_its_near_misses() {
    let valid = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "0.0",
        "-1.5e+10",
        "1E-2",
        "1e400",
        r#""""#,
        r#""\ud800""#,
        "[]",
        "[ ]",
        "{}",
        r#"{"":[{}]}"#,
        r#"[1,[2,{"a":"b"}],null]"#,
        "\"\u{7f}\u{80}\u{10ffff}\"",
    ];
    let invalid = [
        "",
        "nul",
        "nulll",
        "True",
        "+1",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1.e1",
        "--1",
        "0x1",
        r#"""#,
        r#""\x""#,
        r#""\u12G4""#,
        r#""\u12"#,
        "\"\n\"",
        "\"\t\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "[}",
        "{]",
        "{\"a\":1]",
        "1 2",
        "\u{a0}1",
        "[\u{b}1]",
    ];
    for text in valid {
        assert!(is_json(text), "{text}");
    }
    for text in invalid {
        assert!(!is_json(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_json_exactly_if_serde_says_so(pieces in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"a\"", "\"", "\\", "\\u00e", "\\n", "1", "-", "0", ".", "e", "E", "+", "true", "false", "null",
        " ", "\n", "\u{e9}", "{\"k\":1}", "\"\\\"\"", "\u{1f}", "[]",
    ]), 0..12)) {
        let text = pieces.concat();
        prop_assert_eq!(is_json(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn a_beginning_of_json_is_short_and_never_broken(pieces in prop::collection::vec(prop::sample::select(vec![
        "{\"k\":[1,{\"a\\u00e9\":\"b\"}]}", "[true,false,null,-1.5e+3,\"x y\"]", "{ \"a\" : { } , \"b\" : [ ] }", "\"\\\\\\\"\"",
    ]), 1..4), at in any::<prop::sample::Index>()) {
        let text = format!("[{}]", pieces.join(" , "));
        let cut = at.index(text.len());
        if text.is_char_boundary(cut) && cut > 0 {
            prop_assert_eq!(scanned(&text[..cut], Begin::Value).1, Err(Stop::Short), "{}", &text[..cut]);
        }
        prop_assert_eq!(scanned(&text, Begin::Value).1, Ok(text.len()));
    }
}

#[test]
fn values_are_where_they_are_said_to_be() {
    let text = r#"{"a":"x\ny", "b" : [1, {"c":null}],"d":{}}, rest"#;
    let (scan, end) = scanned(text, Begin::Value);
    let json = Json { text, nodes: &scan.nodes };
    assert_eq!(&text[end.unwrap()..], ", rest");
    let members: Vec<_> =
        json.members(0).map(|(key, value)| (json.raw(json.node(key)), json.raw(json.node(value)))).collect();
    assert_eq!(members, [("a", r"x\ny"), ("b", r#"[1, {"c":null}]"#), ("d", "{}")]);
    let (_, list) = json.members(0).nth(1).unwrap();
    let items: Vec<_> = json.items(list).map(|item| (json.node(item).kind, json.raw(json.node(item)))).collect();
    assert_eq!(items, [(NodeKind::Number, "1"), (NodeKind::Object, r#"{"c":null}"#)]);
    assert!(json.node(0).marked && json.node(list).marked, "there is white space in them");
    assert!(!json.node(json.items(list).nth(1).unwrap()).marked);
    let (_, text) = json.members(0).next().unwrap();
    assert_eq!(json.said(json.node(text)), "x\ny");
    let object = json.items(list).nth(1).unwrap();
    assert_eq!(json.kind(json.member(object, "C")), Some(NodeKind::Null));
}

#[test]
fn depth_has_a_limit_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_json(&nested(MAX_DEPTH)));
    let (_, end) = scanned(&nested(MAX_DEPTH + 1), Begin::Value);
    assert!(matches!(end, Err(Stop::Broken { at: MAX_DEPTH, .. })), "{end:?}");
    assert!(matches!(scanned(&"[".repeat(1_000_000), Begin::Value).1, Err(Stop::Broken { .. })));
}

#[test]
fn a_wrapper_stops_at_its_list() {
    let (mut scan, end) = scanned(r#"{"owner":"1","logEvents":["#, Begin::Wrapper);
    assert_eq!(end, Err(Stop::List { at: 25 }));
    assert_eq!(scan.close_wrapper().map(<[_]>::len), Some(3));
    assert_eq!(scanned(r#" "more":1}"#, Begin::WrapperMembers).1, Ok(10));
    assert_eq!(scanned(r#"{"eventVersion":"1.08","events":[]}"#, Begin::Wrapper).1, Ok(35));
    assert_eq!(scanned(r#"{"a":{"Records":[]},"b":[]}"#, Begin::Wrapper).1, Ok(27));
}
