//! Is a saved query whole, and are the values given to it those that it takes?

use trailmere_model::Kind;

use super::*;

const TEXT: &str =
    "-- title: T\n-- param: since timestamp = now()\n-- param: user varchar -- whose\nSELECT $since, $user";

#[test]
fn names_have_letters_digits_dots_dashes_and_underscores() {
    for name in ["a", "top-users", "2026.Q1_review", &"n".repeat(128)] {
        assert!(validate_query_name(name).is_ok(), "{name}");
    }
    for name in ["", "-a", ".a", "a b", "a/b", "ä", &"n".repeat(129)] {
        let error = SavedQuery::parse(name, "SELECT 1").unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::Invalid, format!("`{name}` cannot be the name of a saved query").as_str())
        );
    }
}

#[test]
fn faults_are_named_with_the_query() {
    let cases = [
        ("-- title: x\n", "there is no statement", "write one below the header"),
        (
            "SELECT $user",
            "parameter `$user` is not declared",
            "add a line `-- param: user varchar -- meaning` to the header",
        ),
        ("-- param: since timestamp\nSELECT $sinc", "parameter `$sinc` is not declared", "did you mean `$since`?"),
        ("-- param: a bigint\n-- param: a bigint\nSELECT $a", "parameter `a` is declared twice", ""),
        (
            "-- param: a bigint\nSELECT '$a'",
            "parameter `a` is declared and not used",
            "write `$a` in the statement, or take the line out",
        ),
        (
            "-- param: a bigint =\nSELECT $a",
            "the default of parameter `a` is missing",
            "write SQL after the `=`, for instance `''`",
        ),
        ("-- param: a text\nSELECT $a", "`text` is no type of a parameter", "one of varchar, "),
        ("-- titel: x\nSELECT 1", "`titel` is no entry of a query's header", "did you mean `title`?"),
    ];
    for (text, message, hint) in cases {
        let error = SavedQuery::parse("mine", text).unwrap_err();
        assert_eq!(error.message(), message, "{text}");
        assert!(error.place().is_some_and(|place| place.starts_with("saved query `mine`")), "{text}");
        assert!(error.advice().unwrap_or_default().starts_with(hint), "{text}: {:?}", error.advice());
    }
}

#[test]
fn only_declared_values_are_taken_and_required_ones_must_be_given() {
    let query = SavedQuery::parse("mine", TEXT).unwrap();
    assert!(query.check_given(["user"]).is_ok());
    assert!(query.check_given(["user", "since"]).is_ok());
    let lacking = query.check_given(["since"]).unwrap_err();
    assert_eq!((lacking.kind(), lacking.message()), (Kind::Invalid, "parameter `user` needs a value"));
    assert_eq!(lacking.advice(), Some("give user of type varchar: whose"));
    let unknown = query.check_given(["user", "sinec"]).unwrap_err();
    assert_eq!((unknown.kind(), unknown.message()), (Kind::NotFound, "there is no parameter `sinec`"));
    assert_eq!(unknown.advice(), Some("did you mean `since`?"));
    assert_eq!(query.check_given(["limit"]).unwrap_err().advice(), Some("it has since, user"));
    let plain = SavedQuery::parse("plain", "SELECT 1").unwrap();
    assert!(plain.check_given([]).is_ok());
    assert_eq!(plain.check_given(["x"]).unwrap_err().advice(), Some("it has no parameters"));
}

#[test]
fn queries_survive_being_stored_as_documents() {
    let query = SavedQuery::parse("mine", TEXT).unwrap();
    let json = serde_json::to_string(&query).unwrap();
    assert!(json.contains(r#"{"name":"since","type_name":"timestamp","default":"now()","about":""}"#), "{json}");
    assert_eq!(serde_json::from_str::<SavedQuery>(&json).unwrap(), query);
    let least: SavedQuery = serde_json::from_str(r#"{"name":"q","sql":"SELECT 1"}"#).unwrap();
    assert!(least.validate().is_ok() && least.parameters.is_empty());
}
