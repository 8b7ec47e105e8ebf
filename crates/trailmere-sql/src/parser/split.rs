//! Where does one statement of a script end and the next begin?

/// A statement of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Its text, without the semicolon.
    pub text: &'a str,
    /// Byte of the script at which it begins.
    pub offset: usize,
    /// Line of the script on which it begins, from 1.
    pub line: u64,
    /// Whether a semicolon ended it.
    pub ended: bool,
}

/// Cuts a script at its semicolons, which do not count in strings, quoted names, comments and the bodies of inline
/// functions. What is only blank or comment is left out.
pub fn split_script(script: &str) -> Vec<Fragment<'_>> {
    let mut fragments = Vec::new();
    let (mut from, mut at) = (0, 0);
    let mut body = Body::default();
    while let Some(c) = script[at..].chars().next() {
        if c == ';' && body.depth == 0 {
            push(&mut fragments, script, from..at, true);
            from = at + 1;
            body = Body::default();
        }
        let length = skip(&script[at..], c);
        if c.is_alphabetic() || c == '_' {
            body.word(&script[at..at + length]);
        }
        at += length;
    }
    push(&mut fragments, script, from..script.len(), false);
    fragments
}

/// How deep in BEGIN … END of an inline function the text is.
#[derive(Default)]
struct Body {
    /// Whether a function's head has been seen.
    function: bool,
    depth: usize,
    ending: bool,
}

impl Body {
    fn word(&mut self, word: &str) {
        let is = |text: &str| word.eq_ignore_ascii_case(text);
        let ending = std::mem::take(&mut self.ending);
        // `END IF` ends what has not been counted; `END CASE` ends the CASE that has.
        if ending && ["if", "loop", "while", "repeat"].iter().any(|w| is(w)) {
            self.depth += 1;
        } else if is("returns") {
            self.function = true;
        } else if self.function && is("begin") || self.depth > 0 && is("case") && !ending {
            self.depth += 1;
        } else if self.depth > 0 && is("end") {
            self.depth -= 1;
            self.ending = true;
        }
    }
}

/// Length of the string, quoted name, comment or character that the text begins with.
fn skip(text: &str, first: char) -> usize {
    let upto = |end: &str, open: usize| text[open..].find(end).map_or(text.len(), |n| open + n + end.len());
    match first {
        '\'' => upto("'", 1),
        '"' => upto("\"", 1),
        '`' => upto("`", 1),
        '-' if text.starts_with("--") => upto("\n", 2),
        '/' if text.starts_with("/*") => upto("*/", 2),
        c if c.is_alphabetic() || c == '_' => {
            text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
        }
        other => other.len_utf8(),
    }
}

fn push<'a>(fragments: &mut Vec<Fragment<'a>>, script: &'a str, range: std::ops::Range<usize>, ended: bool) {
    let text = &script[range.clone()];
    if is_blank(text) {
        return;
    }
    let offset = range.start + (text.len() - text.trim_start().len());
    let line = 1 + script[..offset].matches('\n').count() as u64;
    fragments.push(Fragment { text: text.trim(), offset, line, ended });
}

/// Whether there is nothing but white space and comments.
fn is_blank(text: &str) -> bool {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let comment = text[at..].starts_with("--") || text[at..].starts_with("/*");
        if !comment && !c.is_whitespace() {
            return false;
        }
        at += skip(&text[at..], c);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_strings_names_and_comments_do_not_count() {
        let script = "SELECT ';' -- a;b\n;\n/* ; */ SELECT \";\" ; ; -- end\n";
        let texts: Vec<_> = split_script(script).into_iter().map(|f| (f.text, f.line, f.ended)).collect();
        assert_eq!(texts, [("SELECT ';' -- a;b", 1, true), ("/* ; */ SELECT \";\"", 3, true)]);
    }

    #[test]
    fn semicolons_in_the_body_of_a_function_do_not_count() {
        let function = "WITH FUNCTION f(x int) RETURNS int BEGIN IF x > 1 THEN RETURN 1; END IF; CASE x WHEN 1 THEN SET \
                        x = 2; END CASE; RETURN CASE WHEN x = 1 THEN 2 END; END SELECT f(1)";
        let script = format!("SELECT \"begin\" FROM t; {function}; SELECT begin FROM t; SELECT 2");
        let texts: Vec<_> = split_script(&script).into_iter().map(|f| f.text).collect();
        assert_eq!(texts, ["SELECT \"begin\" FROM t", function, "SELECT begin FROM t", "SELECT 2"]);
    }
}
