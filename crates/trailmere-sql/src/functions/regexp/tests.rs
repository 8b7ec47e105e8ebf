//! Do the regular expression functions do what Trino's manual says?

use crate::functions::testing::V::{I, N, T};
use crate::functions::testing::check;
use crate::types::Type;

#[test]
fn finds() {
    check("regexp_like", &[(&[T("Stevens"), T("Ste(v|ph)en")], Some("true")), (&[N(Type::VARCHAR), T("(")], None)]);
    check(
        "regexp_extract",
        &[
            (&[T("1a 2b 14m"), T(r"(\d+)([a-z]+)"), I(2)], Some("a")),
            (&[T("12345"), T("x")], None),
            (&[T("1a"), T("(x)?1"), I(1)], None),
            (&[T("1a"), T("1"), I(2)], Some("!Pattern has 0 groups. Cannot access group 2")),
            (&[T("1a"), T("1"), I(-1)], Some("!Group cannot be negative")),
            (&[T("1a"), T("(")], Some("!Invalid regular expression")),
        ],
    );
    check(
        "regexp_extract_all",
        &[(&[T("1a 2b"), T("(.)(.)"), I(2)], Some("[a, 2]")), (&[T("ab"), T("")], Some("[, , ]"))],
    );
    check("regexp_split", &[(&[T("abcd"), T("")], Some("[, a, b, c, d, ]")), (&[T("a,b"), T(",")], Some("[a, b]"))]);
    check("regexp_count", &[(&[T(""), T("")], Some("1")), (&[T("1a 2b 14m"), T(r"\s*[a-z]+\s*")], Some("3"))]);
    check(
        "regexp_position",
        &[
            (&[T("行成于思str而毁123于随"), T("于"), I(3), I(2)], Some("13")),
            (&[T("a1b2c3d"), T(""), I(2), I(7)], Some("8")),
            (&[T(""), T(", ")], Some("-1")),
            (&[T("a"), T("a"), I(0)], Some("!start position cannot be smaller than 1")),
            (&[T("a"), T("a"), I(1), I(-1)], Some("!occurrence cannot be smaller than 1")),
        ],
    );
}

#[test]
fn replaces() {
    check(
        "regexp_replace",
        &[
            (&[T("a有朋💰"), T("."), T("1$02")], Some("1a21有21朋21💰2")),
            (&[T("xxx"), T("(x)"), T("$01")], Some("xxx")),
            (&[T("x"), T(".*"), T("xxxxx")], Some("xxxxxxxxxx")),
            (&[T("wxyz"), T("(?<w>w)|(?<xyz>[xyz])"), T("[${w}](${xyz})")], Some("[w]()[](x)[](y)[](z)")),
            (&[T("xxx"), T("x"), T("$")], Some("!Illegal replacement sequence: $")),
            (&[T("xxx"), T("y"), T("$")], Some("xxx")),
            (&[T("xxx"), T("(?<name>x)"), T("${nam}")], Some("!unknown group { nam }")),
            (&[T("x"), T("x"), T(r"\$1\t")], Some("$1t")),
            (&[T("fun"), T("[a-z]")], Some("")),
        ],
    );
}
