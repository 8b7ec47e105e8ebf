//! What is the value of one member of a JSON object, as written?

use super::scan::{Kind, Malformed, Scanner};

/// The text of a member's value, as written; looks no further than that member. `None` where it is missing or null, or
/// the text is no object up to there.
pub fn member_text<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    seek(object, key).ok().flatten()
}

fn seek<'a>(object: &'a str, key: &str) -> Result<Option<&'a str>, Malformed> {
    let mut scanner = Scanner::new(object);
    if scanner.kind()? != Kind::Object {
        return Ok(None);
    }
    let mut place = scanner.enter();
    while let Some(name) = scanner.member(&mut place)? {
        if !name.is(key) {
            scanner.skip()?;
            continue;
        }
        let null = scanner.kind()? == Kind::Null;
        let value = scanner.raw()?;
        return Ok((!null).then_some(value));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_given_as_written() {
        let text = r#" {"a": {"b" :[1, 2]} , "c":null,"d\u0065":"x\"y", "n": 1.50, broken"#;
        assert_eq!(member_text(text, "a"), Some(r#"{"b" :[1, 2]}"#));
        assert_eq!(member_text(text, "de"), Some(r#""x\"y""#));
        assert_eq!(member_text(text, "n"), Some("1.50"));
        assert_eq!(member_text(text, "c"), None);
        assert_eq!(member_text(text, "missing"), None);
        assert_eq!(member_text("[1]", "a"), None);
        assert_eq!(member_text("", "a"), None);
    }
}
