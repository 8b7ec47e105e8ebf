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

/// Cuts a script at its semicolons, which do not count in strings, quoted names and comments. What is only blank or
/// comment is left out.
pub fn split_script(script: &str) -> Vec<Fragment<'_>> {
    let mut fragments = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(c) = script[at..].chars().next() {
        if c == ';' {
            push(&mut fragments, script, from..at, true);
            from = at + 1;
        }
        at += skip(&script[at..], c);
    }
    push(&mut fragments, script, from..script.len(), false);
    fragments
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
}
