//! Do the URL functions do what Trino's manual says?

use crate::functions::testing::V::T;
use crate::functions::testing::check;

#[test]
fn takes_urls_apart() {
    const URL: &str = "http://example.com:8080/path1/p.php?k1=a%26b+c&k2=v2&k3&k4#Ref1";
    check("url_extract_protocol", &[(&[T(URL)], Some("http")), (&[T("foo")], Some("")), (&[T("a b")], None)]);
    check("url_extract_host", &[(&[T(URL)], Some("example.com")), (&[T("mailto:a@b.c")], Some(""))]);
    check("url_extract_port", &[(&[T(URL)], Some("8080")), (&[T("http://example.com/")], None)]);
    check("url_extract_path", &[(&[T(URL)], Some("/path1/p.php")), (&[T("http://example.com/^")], None)]);
    check("url_extract_query", &[(&[T(URL)], Some("k1=a&b+c&k2=v2&k3&k4")), (&[T("foo")], Some(""))]);
    check("url_extract_fragment", &[(&[T(URL)], Some("Ref1"))]);
    check(
        "url_extract_parameter",
        &[
            (&[T(URL), T("k1")], Some("a&b c")),
            (&[T(URL), T("k3")], Some("")),
            (&[T(URL), T("k5")], None),
            (&[T("foo"), T("k1")], None),
        ],
    );
}

#[test]
fn encodes_and_decodes() {
    check("url_encode", &[(&[T("~@:.-*_+ ☃")], Some("%7E%40%3A.-*_%2B+%E2%98%83"))]);
    check("url_decode", &[(&[T("%7E+%E2%98%83")], Some("~ ☃")), (&[T("%z1")], Some("!Illegal hex characters"))]);
}
