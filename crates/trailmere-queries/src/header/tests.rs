//! Does a header read as it is written, and is what is wrong in it named by its line?

use super::*;

const WHOLE: &str = "-- title: Failed sign-ins
-- description: Sign-ins that failed:
--   by user,
--   and by address.
-- tags: sign-in,  console ,, brute force
-- param: since timestamp(3) with time zone = TIMESTAMP '1970-01-01 00:00:00 UTC' -- only from then on
-- param:  user   varchar = 'a = b -- c'
-- param: least bigint -- required: at least so many = many

-- a comment of the statement
SELECT $since, $user, $least;
";

fn parameter(name: &str, type_name: &str, default: Option<&str>, about: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        default: default.map(str::to_owned),
        about: about.to_owned(),
    }
}

#[test]
fn a_whole_header() {
    let query = parse("failed", WHOLE).unwrap();
    assert_eq!(query.name, "failed");
    assert_eq!(query.title, "Failed sign-ins");
    assert_eq!(query.description, "Sign-ins that failed: by user, and by address.");
    assert_eq!(query.tags, ["sign-in", "console", "brute force"]);
    let expected = [
        parameter(
            "since",
            "timestamp(3) with time zone",
            Some("TIMESTAMP '1970-01-01 00:00:00 UTC'"),
            "only from then on",
        ),
        parameter("user", "varchar", Some("'a = b -- c'"), ""),
        parameter("least", "bigint", None, "required: at least so many = many"),
    ];
    assert_eq!(query.parameters, expected);
    assert_eq!(query.sql, "-- a comment of the statement\nSELECT $since, $user, $least");
}

#[test]
fn what_has_no_header_is_all_statement() {
    for (text, sql) in [
        ("SELECT 1;", "SELECT 1"),
        ("\u{feff}\n\n  SELECT 1 ; ;  ", "SELECT 1 ;"),
        ("-- only a remark\nSELECT 1", "-- only a remark\nSELECT 1"),
        ("-- See https://example.org: title\nSELECT 1", "-- See https://example.org: title\nSELECT 1"),
        ("SELECT 1\n-- title: too late", "SELECT 1\n-- title: too late"),
        ("/* x */ SELECT ';'", "/* x */ SELECT ';'"),
        ("", ""),
    ] {
        let query = parse("q", text).unwrap();
        assert_eq!((query.sql.as_str(), query.title.as_str()), (sql, ""), "{text:?}");
    }
}

#[test]
fn line_ends_of_windows_are_read_alike() {
    assert_eq!(
        parse("failed", &WHOLE.replace('\n', "\r\n")).unwrap().parameters,
        parse("failed", WHOLE).unwrap().parameters
    );
}

#[test]
fn faults_are_named_by_their_line() {
    let cases = [
        ("-- titel: x\nSELECT 1", "`titel` is no entry of a query's header", "line 1", "did you mean `title`?"),
        (
            "-- author: x\nSELECT 1",
            "`author` is no entry of a query's header",
            "line 1",
            "one of title, description, tags, param",
        ),
        (
            "-- title: a\n-- title: b\nSELECT 1",
            "`title` stands twice in the header",
            "line 2",
            "indent a second line by three spaces",
        ),
        (
            "-- title: a\n\n-- param: x\nSELECT $x",
            "`x` declares no parameter",
            "line 3",
            "write `-- param: name type = default -- meaning`",
        ),
    ];
    for (text, message, place, hint) in cases {
        let error = parse("q", text).unwrap_err();
        assert_eq!((error.message(), error.place(), error.advice()), (message, Some(place), Some(hint)), "{text}");
    }
}

#[test]
fn what_was_read_is_written_so_that_it_reads_the_same() {
    let query = parse("failed", WHOLE).unwrap();
    let text = render(&query);
    assert!(
        text.starts_with("-- title: Failed sign-ins\n-- description: Sign-ins that failed: by user, and by address.\n")
    );
    assert!(text.contains("\n-- param: least bigint -- required: at least so many = many\n\n-- a comment"));
    assert_eq!(parse("failed", &text).unwrap(), query);
    let bare = parse("bare", "SELECT 1").unwrap();
    assert_eq!(render(&bare), "SELECT 1\n");
}
