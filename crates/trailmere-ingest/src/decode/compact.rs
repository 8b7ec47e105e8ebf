//! How is JSON text made compact, with its keys, numbers and escapes as they were delivered?

use memchr::memchr2;

/// Appends `json`, which must be valid, without the white space outside its strings.
pub(super) fn compact_into(json: &str, out: &mut String) {
    let bytes = json.as_bytes();
    let (mut kept, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = after_string(bytes, at + 1),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(&json[kept..at]);
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                kept = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(&json[kept..]);
}

fn after_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_everything_but_the_space_outside_strings() {
        let cases = [
            ("{}", "{}"),
            ("{ }", "{}"),
            (" [ 1 , -0.0e+1 ,\n\"a b\" ] ", "[1,-0.0e+1,\"a b\"]"),
            (r#"{ "k \" ,  " : "\\" , "x" : { } }"#, r#"{"k \" ,  ":"\\","x":{}}"#),
            ("[\t\"\u{e9} \\u00e9\"\r\n]", "[\"\u{e9} \\u00e9\"]"),
        ];
        for (json, compact) in cases {
            let mut out = String::new();
            compact_into(json, &mut out);
            assert_eq!(out, compact);
        }
    }
}
