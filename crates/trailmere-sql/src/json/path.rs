//! Which value does a path like `$.items[0]["a b"]` mean?

use super::scan::{Kind, Malformed, Scanner};

/// A path of Trino's `json_extract`: keys and indices, no wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

/// A key; an index too, if it is a number and stands before an array.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    key: String,
    index: Option<usize>,
}

impl Path {
    /// Reads a path; `None` if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Path> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (key, after) = match rest.strip_prefix('.') {
                Some(rest) => segment(rest)?,
                None => subscript(rest.strip_prefix('[')?)?,
            };
            let index = key.parse().ok().filter(|_| !key.starts_with('+'));
            steps.push(Step { key, index });
            rest = after;
        }
        Some(Path { steps })
    }

    /// Moves the scanner before the value; `false` if there is none.
    pub(crate) fn seek(&self, scanner: &mut Scanner<'_>) -> Result<bool, Malformed> {
        for step in &self.steps {
            let found = match scanner.kind()? {
                Kind::Object => seek_member(scanner, &step.key)?,
                Kind::Array => match step.index {
                    Some(index) => seek_element(scanner, index)?,
                    None => false,
                },
                _ => false,
            };
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn seek_member(scanner: &mut Scanner<'_>, key: &str) -> Result<bool, Malformed> {
    let mut place = scanner.enter();
    while let Some(name) = scanner.member(&mut place)? {
        if name.is(key) {
            return Ok(true);
        }
        scanner.skip()?;
    }
    Ok(false)
}

fn seek_element(scanner: &mut Scanner<'_>, index: usize) -> Result<bool, Malformed> {
    let mut place = scanner.enter();
    let mut at = 0;
    while scanner.element(&mut place)? {
        if at == index {
            return Ok(true);
        }
        scanner.skip()?;
        at += 1;
    }
    Ok(false)
}

/// The segment after a dot. Trino takes letters, digits, `_` and `:`; published CloudTrail queries write `$.x-amz-acl` too,
/// so hyphens between others are taken as well.
fn segment(text: &str) -> Option<(String, &str)> {
    let mut end = text.find(|c: char| !(c == ':' || c == '-' || is_plain(c))).unwrap_or(text.len());
    if text.starts_with('-') || text[..end].ends_with('-') {
        end = text.find('-').unwrap_or(end);
    }
    take(text, end)
}

/// The subscript after an opening bracket.
fn subscript(text: &str) -> Option<(String, &str)> {
    let (key, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted_key(quoted)?,
        None => take(text, text.find(|c| !is_plain(c)).unwrap_or(text.len()))?,
    };
    Some((key, rest.strip_prefix(']')?))
}

fn is_plain(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn take(text: &str, end: usize) -> Option<(String, &str)> {
    if end == 0 { None } else { Some((text[..end].to_string(), &text[end..])) }
}

fn quoted_key(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((key, &text[i + 1..])),
            '\\' => key.push(chars.next().map(|(_, c)| c).filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw<'a>(json: &'a str, path: &str) -> Option<&'a str> {
        let mut scanner = Scanner::new(json);
        let found = Path::parse(path).expect("a path").seek(&mut scanner);
        found.ok().filter(|f| *f).and_then(|_| scanner.raw().ok())
    }

    #[test]
    fn finds_values() {
        let json = r#"{"a b":{"c":[10,{"x-amz-acl":"private"}]},"0":"zero","A:B":1,"q\"":2,"\u0061":3}"#;
        for (path, value) in [
            (r#"$["a b"].c[0]"#, Some("10")),
            (r#"$["a b"]["c"].1.x-amz-acl"#, Some("\"private\"")),
            ("$.0", Some("\"zero\"")),
            ("$[0]", Some("\"zero\"")),
            ("$.A:B", Some("1")),
            (r#"$["q\""]"#, Some("2")),
            ("$.a", Some("3")),
            ("$.b", None),
            ("$.A:B.c", None),
            ("$", Some(json)),
        ] {
            assert_eq!(raw(json, path), value, "{path}");
        }
    }

    #[test]
    fn stops_before_later_mistakes() {
        assert_eq!(raw(r#"{"a":1, }"#, "$.a"), Some("1"));
        assert_eq!(raw(r#"{"a":1, }"#, "$.b"), None);
    }

    #[test]
    fn refuses_what_is_no_path() {
        for path in ["", " $", ".", "$$", "$.", "$..a", "$.a[-1]", "$[\"a]", "$.-a", "$.a-", "$[a b]", "$.*"] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
