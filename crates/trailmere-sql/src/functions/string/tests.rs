//! Do the string functions do what Trino's manual says?

use crate::functions::testing::V::{A, B, I, N, T};
use crate::functions::testing::check;
use crate::types::Type;

#[test]
fn characters_are_code_points() {
    check("length", &[(&[T("naïve")], Some("5")), (&[T("𐐭end")], Some("4")), (&[B(b"abc")], Some("3"))]);
    check("upper", &[(&[T("straße é")], Some("STRAßE É")), (&[N(Type::VARCHAR)], None)]);
    check("lower", &[(&[T("İX")], Some("ix"))]);
    check("reverse", &[(&[T("naïve")], Some("evïan")), (&[A(&["a", "b"])], Some("[b, a]")), (&[A(&[])], Some("[]"))]);
    check("chr", &[(&[I(128077)], Some("👍")), (&[I(-1)], Some("!Not a valid Unicode code point: -1"))]);
    check("codepoint", &[(&[T("A")], Some("65")), (&[T("")], Some("!single character"))]);
    check("translate", &[(&[T("abcda"), T("ab"), T("x")], Some("xcdx")), (&[T("ab"), T("aa"), T("xy")], Some("xb"))]);
}

#[test]
fn parts_count_from_one_and_from_the_end() {
    check(
        "substr",
        &[
            (&[T("Quadratically"), I(5)], Some("ratically")),
            (&[T("Quadratically"), I(0)], Some("")),
            (&[T("Quadratically"), I(-5), I(40)], Some("cally")),
            (&[T("Quadratically"), I(-50), I(4)], Some("")),
            (&[T("Quadratically"), I(i64::MIN)], Some("")),
            (&[T("𐐭end"), I(2), I(2)], Some("en")),
            (&[B(b"abc"), I(-2)], Some("62 63")),
        ],
    );
}

#[test]
fn searches_and_replaces() {
    check(
        "strpos",
        &[
            (&[T("high"), T("ig")], Some("2")),
            (&[T("x"), T("")], Some("1")),
            (&[T("abc/xyz/foo/bar"), T("/"), I(-2)], Some("8")),
            (&[T("aaa"), T("aa"), I(2)], Some("2")),
            (&[T("信念,爱,希爱望"), T("爱"), I(-1)], Some("7")),
            (&[T("a"), T("a"), I(0)], Some("!'instance' must be")),
        ],
    );
    check(
        "replace",
        &[
            (&[T("abc"), T(""), T("x")], Some("xaxbxcx")),
            (&[T("foo"), T("")], Some("foo")),
            (&[T("aaa"), T("a"), T("aa")], Some("aaaaaa")),
            (&[T("Österreich"), T("Ö"), T("Oe")], Some("Oesterreich")),
        ],
    );
    check("starts_with", &[(&[T("foo"), T("foo_bar")], Some("false")), (&[T(""), T("")], Some("true"))]);
}

#[test]
fn splits() {
    check(
        "split",
        &[
            (&[T("a..b..c"), T("..")], Some("[a, b, c]")),
            (&[T("a.b.c."), T("."), I(2)], Some("[a, b.c.]")),
            (&[T(""), T(".")], Some("[]")),
            (&[T("a"), T("")], Some("!The delimiter may not be the empty string")),
            (&[T("a"), T("."), I(0)], Some("!Limit must be positive")),
        ],
    );
    check(
        "split_part",
        &[
            (&[T("abc"), T(""), I(2)], Some("b")),
            (&[T("abc"), T(""), I(99)], None),
            (&[T("a/b/c"), T("/"), I(4)], None),
            (&[T("abcdddddef"), T("dd"), I(3)], Some("def")),
            (&[T("a"), T("/"), I(0)], Some("!Index must be greater than zero")),
        ],
    );
    check(
        "split_to_map",
        &[
            (&[T("a=1,b=2,"), T(","), T("=")], Some("{a=1, b=2}")),
            (&[T("a=1,a=2"), T(","), T("=")], Some("!Duplicate keys (a)")),
            (&[T("key"), T(","), T("=")], Some("!Bad input: 'key'")),
            (&[T(""), T(","), T(",")], Some("!must not be the same")),
        ],
    );
    check("split_to_multimap", &[(&[T("a=1,b=,a=2"), T(","), T("=")], Some("{a=[1, 2], b=[]}"))]);
}

#[test]
fn joins() {
    check("concat", &[(&[T("a"), N(Type::VARCHAR)], None), (&[T("a"), T("b"), T("c")], Some("abc"))]);
    check("concat", &[(&[A(&["a"]), A(&[]), A(&["b", "c"])], Some("[a, b, c]")), (&[B(b"a"), B(b"b")], Some("61 62"))]);
    check(
        "concat_ws",
        &[
            (&[T(","), T("def"), N(Type::VARCHAR), T("")], Some("def,")),
            (&[N(Type::VARCHAR), T("a")], None),
            (&[T(","), A(&["a", "b"])], Some("a,b")),
        ],
    );
}

#[test]
fn pads_and_trims() {
    check(
        "lpad",
        &[
            (&[T("text"), I(9), T("xyz")], Some("xyzxytext")),
            (&[T("text"), I(3), T("xy")], Some("tex")),
            (&[T("abc"), I(-1), T("x")], Some("!Target length must be in the range")),
            (&[T("abc"), I(3), T("")], Some("!Padding string must not be empty")),
            (&[B(&[1]), I(2), B(&[0])], Some("00 01")),
            (&[T("a"), I(2_147_483_647), T("x")], Some("!above this engine's limit")),
        ],
    );
    check("rpad", &[(&[T("信念"), I(4), T("望")], Some("信念望望"))]);
    check("trim", &[(&[T("\u{3000} a \t\u{1f}")], Some("a")), (&[T("\u{a0}a")], Some("\u{a0}a"))]);
    check("ltrim", &[(&[T("źółć"), T("óź")], Some("łć")), (&[T("  "), T("")], Some("  "))]);
    check("rtrim", &[(&[T(" hello world "), T(" ld")], Some(" hello wor"))]);
}

#[test]
fn changes_words_and_places() {
    check("title_case", &[(&[T("HELLO  wörld-x")], Some("Hello  Wörld-x")), (&[T("")], Some(""))]);
    check("ends_with", &[(&[T("abc"), T("bc")], Some("true")), (&[T("c"), T("bc")], Some("false"))]);
    check(
        "overlay",
        &[
            (&[T("abcdef"), T("XY"), I(3)], Some("abXYef")),
            (&[T("abcdef"), T("XY"), I(3), I(100)], Some("abXY")),
            (&[T("abc"), T("XY"), I(10), I(2)], Some("abcXY")),
            (&[T("abc"), T("X"), I(0)], Some("!overlay needs")),
        ],
    );
}

#[test]
fn compares() {
    check("levenshtein_distance", &[(&[T("hello naïve world"), T("hello na:ive world")], Some("2"))]);
    check(
        "hamming_distance",
        &[(&[T("like"), T("hate")], Some("3")), (&[T("a"), T("")], Some("!must have the same length"))],
    );
    check(
        "soundex",
        &[(&[T("johannes")], Some("J520")), (&[T("123")], Some("")), (&[T("jąmes")], Some("!not mapped: Ą"))],
    );
    check(
        "luhn_check",
        &[(&[T("79927398713")], Some("true")), (&[T("")], Some("false")), (&[T("1a")], Some("!non-digit"))],
    );
}

#[test]
fn bytes_become_text() {
    check(
        "from_utf8",
        &[
            (&[B(b"X\xbf")], Some("X\u{fffd}")),
            (&[B(b"X\xbf"), T("")], Some("X")),
            (&[B(b"X\xbf"), I(33)], Some("X!")),
            (&[B(b"X"), T("foo")], Some("!Replacement character string")),
        ],
    );
    check("to_utf8", &[(&[T("ä")], Some("c3 a4"))]);
}
