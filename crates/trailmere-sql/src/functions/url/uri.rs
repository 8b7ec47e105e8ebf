//! What does Java, and so Trino, take for a URI, and what are its parts?

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The parts of a URI; those that it lacks are empty.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Uri<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    pub(super) port: Option<i64>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: &'a str,
}

/// What stands in a URI beside letters and digits, without brackets.
const PUNCTUATION: &str = "_-!.~'()*,;:$&+=@";

impl<'a> Uri<'a> {
    /// Reads a URI as `java.net.URI` does; `None` if it is not one.
    pub(super) fn parse(text: &'a str) -> Option<Uri<'a>> {
        if text.is_empty() {
            return Some(Uri::default());
        }
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        if !is_made_of(fragment, "/?[]") {
            return None;
        }
        let (scheme, rest) = match rest.find([':', '/', '?']) {
            Some(at) if rest[at..].starts_with(':') => (&rest[..at], &rest[at + 1..]),
            _ => ("", rest),
        };
        if text.starts_with(':') || !(scheme.is_empty() || is_scheme(scheme)) {
            return None;
        }
        if !scheme.is_empty() && !rest.starts_with('/') {
            // Opaque, as `mailto:` is: none of the other parts.
            let valid = !rest.is_empty() && is_made_of(rest, "/?[]");
            return valid.then_some(Uri { scheme, fragment, ..Uri::default() });
        }
        let uri = Uri { scheme, fragment, ..Uri::default() };
        uri.hierarchical(rest)
    }

    fn hierarchical(mut self, rest: &'a str) -> Option<Uri<'a>> {
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        self.query = query;
        self.path = rest;
        if let Some(rest) = rest.strip_prefix("//") {
            let end = rest.find('/').unwrap_or(rest.len());
            let authority = &rest[..end];
            self.path = &rest[end..];
            if authority.is_empty() && self.path.is_empty() && query.is_none() {
                return None;
            }
            if !is_made_of(authority, "[]") {
                return None;
            }
            self.authority(authority);
        }
        (is_made_of(self.path, "/") && query.is_none_or(|q| is_made_of(q, "/?[]"))).then_some(self)
    }

    /// Takes host and port of an authority that names a server; of another, nothing.
    fn authority(&mut self, authority: &'a str) {
        let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
        let port_at = match server.rfind(']') {
            Some(bracket) => bracket + 1,
            None => server.find(':').unwrap_or(server.len()),
        };
        let (host, port) = server.split_at(port_at);
        let port = match port.strip_prefix(':') {
            Some("") => None,
            Some(digits) => match digits.parse::<i32>() {
                Ok(port) if port >= 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Some(i64::from(port)),
                _ => return,
            },
            None if port.is_empty() => None,
            None => return,
        };
        if is_host(host) {
            self.host = host;
            self.port = port;
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Whether all characters may stand in a URI: letters, digits, punctuation and `more`, whole escapes, and what is not
/// ASCII but neither a blank nor a control character.
fn is_made_of(text: &str, more: &str) -> bool {
    let bytes = text.as_bytes();
    text.char_indices().all(|(i, c)| match c {
        '%' => bytes.get(i + 1..i + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        c if c.is_ascii() => c.is_ascii_alphanumeric() || PUNCTUATION.contains(c) || more.contains(c),
        c => !c.is_control() && !c.is_whitespace(),
    })
}

/// Whether the text is an address or a host name.
fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let address = address.split_once('%').map_or(address, |(address, _)| address);
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label)
        && name.rsplit('.').next().is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Appends a part with its escapes decoded.
pub(super) fn push_decoded(part: &str, out: &mut String) {
    if part.contains('%') {
        out.push_str(&percent_decode_str(part).decode_utf8_lossy());
    } else {
        out.push_str(part);
    }
}

/// What Java's form encoding escapes: everything but letters, digits and four others.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

/// The pieces of a text in form encoding.
pub(super) fn form_encoded(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, FORM).flat_map(|piece| {
        let blanks = piece.split_inclusive(' ');
        blanks.flat_map(|part| match part.strip_suffix(' ') {
            Some(before) => [before, "+"],
            None => [part, ""],
        })
    })
}

/// Appends a text in form encoding, decoded; fails for an escape that is none.
pub(super) fn push_form_decoded(text: &str, out: &mut String) -> Result<(), String> {
    let bytes = text.as_bytes();
    for (i, _) in text.match_indices('%') {
        match bytes.get(i + 1..i + 3) {
            Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => {}
            Some(_) => return Err(format!("URLDecoder: Illegal hex characters in escape (%) pattern: {text}")),
            None => return Err(format!("URLDecoder: Incomplete trailing escape (%) pattern: {text}")),
        }
    }
    push_decoded(&text.replace('+', " "), out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_uris_apart() {
        let uri = Uri::parse("http://u:p@example.com:8080/a%20b/p.php?k1=v1#Ref1").expect("a URI");
        assert_eq!((uri.scheme, uri.host, uri.port), ("http", "example.com", Some(8080)));
        assert_eq!((uri.path, uri.query, uri.fragment), ("/a%20b/p.php", Some("k1=v1"), "Ref1"));
        for (text, host) in [
            ("https://[::1]:8443/x", "[::1]"),
            ("http://10.0.0.1", "10.0.0.1"),
            ("http://a_b.com/", ""),
            ("http://テスト", ""),
            ("mailto:a@b.com", ""),
            ("http://example.com.", "example.com."),
            ("//example.com/x", "example.com"),
        ] {
            assert_eq!(Uri::parse(text).map(|u| u.host), Some(host), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_uri() {
        for text in ["http://example.com/^", "http://", "a b", "http://example.com/%zz", ":x", "1a:b", "mailto:"] {
            assert_eq!(Uri::parse(text), None, "{text}");
        }
    }

    #[test]
    fn encodes_forms() {
        assert_eq!(form_encoded("~@:.-*_+ ☃").collect::<String>(), "%7E%40%3A.-*_%2B+%E2%98%83");
        let mut out = String::new();
        assert_eq!(push_form_decoded("%7E+%E2%98%83", &mut out), Ok(()));
        assert_eq!(out, "~ ☃");
        assert!(push_form_decoded("%1", &mut out).is_err());
    }
}
