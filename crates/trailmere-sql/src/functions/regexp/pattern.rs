//! How is a Java pattern compiled, and its matches found as Java finds them?

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::error::Result as DfResult;
use fancy_regex::{Captures, Regex, RegexBuilder};

use crate::error::fail;
use crate::function::CallArgs;
use crate::functions::arguments::Texts;

/// Steps after which a search that backtracks is given up.
const BACKTRACK_LIMIT: usize = 2_000_000;
/// Greatest compiled size of a pattern, in bytes.
const SIZE_LIMIT: usize = 32 << 20;

/// A pattern, or why it is none.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: Arc<str>,
    compiled: Result<Arc<Compiled>, String>,
}

#[derive(Debug)]
struct Compiled {
    /// `$` is the very end here: the same unless the text ends with a line feed, and far faster.
    at_end: Regex,
    /// `$` is also before a last line feed, as in Java. The same as `at_end` if the pattern has no `$`.
    before_line_feed: Option<Regex>,
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(text: &str) -> Self {
        Pattern { text: text.into(), compiled: compile(text).map(Arc::new) }
    }

    fn regex(&self, s: &str) -> DfResult<&Regex> {
        match &self.compiled {
            Ok(compiled) => Ok(match &compiled.before_line_feed {
                Some(regex) if s.ends_with('\n') => regex,
                _ => &compiled.at_end,
            }),
            Err(reason) => fail(reason),
        }
    }

    fn checked<T>(&self, found: Result<T, fancy_regex::Error>) -> DfResult<T> {
        match found {
            Ok(found) => Ok(found),
            Err(e) => fail(format!(
                "the pattern `{}` takes too long on a text ({e}): write it without nested repetition",
                self.text
            )),
        }
    }

    /// Whether the pattern matches anywhere.
    pub(crate) fn is_match(&self, s: &str) -> DfResult<bool> {
        self.checked(self.regex(s)?.is_match(s))
    }

    /// The first match at or after byte `from`.
    pub(crate) fn find(&self, s: &str, from: usize) -> DfResult<Option<Range<usize>>> {
        let found = self.checked(self.regex(s)?.find_from_pos(s, from))?;
        Ok(found.map(|m| m.range()))
    }

    /// The first match at or after byte `from`, with its groups.
    pub(crate) fn captures<'s>(&self, s: &'s str, from: usize) -> DfResult<Option<Groups<'s>>> {
        let found = self.checked(self.regex(s)?.captures_from_pos(s, from))?;
        Ok(found.map(Groups))
    }

    /// The number of groups, without the whole match.
    pub(crate) fn groups(&self) -> DfResult<usize> {
        Ok(self.regex("")?.captures_len() - 1)
    }

    /// The number of the group with a name.
    pub(crate) fn group_named(&self, name: &str) -> DfResult<Option<usize>> {
        Ok(self.regex("")?.capture_names().position(|n| n == Some(name)))
    }

    /// Visits all matches, also empty ones next to others.
    pub(crate) fn each_match(&self, s: &str, mut visit: impl FnMut(Range<usize>) -> DfResult<()>) -> DfResult<()> {
        let mut from = 0;
        while let Some(found) = self.find(s, from)? {
            from = next_start(s, &found);
            visit(found)?;
        }
        Ok(())
    }

    /// Visits all matches with their groups.
    pub(crate) fn each_captures<'s>(
        &self,
        s: &'s str,
        mut visit: impl FnMut(Groups<'s>) -> DfResult<()>,
    ) -> DfResult<()> {
        let mut from = 0;
        while let Some(found) = self.captures(s, from)? {
            from = next_start(s, &found.whole());
            visit(found)?;
        }
        Ok(())
    }
}

/// Where the search goes on: after a match, but a character on after an empty one.
pub(crate) fn next_start(s: &str, found: &Range<usize>) -> usize {
    if !found.is_empty() {
        return found.end;
    }
    found.end + s.get(found.end..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

/// The groups of a match.
pub(crate) struct Groups<'s>(Captures<'s>);

impl Groups<'_> {
    /// Where a group matched, if it did.
    pub(crate) fn get(&self, group: usize) -> Option<Range<usize>> {
        self.0.get(group).map(|m| m.range())
    }

    /// Where the whole pattern matched.
    pub(crate) fn whole(&self) -> Range<usize> {
        self.get(0).unwrap_or(0..0)
    }
}

/// The patterns of a call's second argument; each is compiled once.
pub(crate) struct Patterns {
    texts: Texts,
    last: Option<Pattern>,
    seen: HashMap<String, Pattern>,
}

/// Compiled patterns are large; more than these are forgotten and compiled anew.
const MOST_REMEMBERED: usize = 64;

impl Patterns {
    /// Those of a call; `known` is the constant one.
    pub(crate) fn of(call: &CallArgs<'_>, known: &Option<Pattern>) -> DfResult<Self> {
        Ok(Patterns { texts: Texts::of(call, 1)?, last: known.clone(), seen: HashMap::new() })
    }

    /// The pattern of a row, `None` where NULL.
    pub(crate) fn get(&mut self, row: usize) -> Option<&Pattern> {
        let text = self.texts.get(row)?;
        if self.last.as_ref().is_none_or(|last| &*last.text != text) {
            if self.seen.len() == MOST_REMEMBERED && !self.seen.contains_key(text) {
                self.seen.clear();
            }
            let pattern = self.seen.entry(text.to_string()).or_insert_with(|| Pattern::new(text));
            self.last = Some(pattern.clone());
        }
        self.last.as_ref()
    }
}

fn compile(text: &str) -> Result<Compiled, String> {
    let translated = translate(text, r"\z");
    let at_end = build(text, &translated)?;
    let exact = translate(text, r"(?=\n?\z)");
    let before_line_feed = if exact == translated { None } else { Some(build(text, &exact)?) };
    Ok(Compiled { at_end, before_line_feed })
}

fn build(text: &str, translated: &str) -> Result<Regex, String> {
    RegexBuilder::new(translated)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|e| format!("Invalid regular expression `{text}`: {e}"))
}

/// Says a Java pattern in the syntax of the regex crates; `end` is what `$` becomes.
fn translate(text: &str, end: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.char_indices().peekable();
    let multiline = has_multiline_flag(text);
    let mut classes = 0_usize;
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((i, 'Q')) => {
                    let rest = &text[i + 1..];
                    let length = rest.find("\\E").unwrap_or(rest.len());
                    out.push_str(&fancy_regex::escape(&rest[..length]));
                    while chars.next_if(|(at, _)| *at < i + 1 + length + 2).is_some() {}
                }
                Some((_, c)) => push_escape(c, &mut out),
                None => out.push('\\'),
            },
            '[' => {
                classes += 1;
                out.push('[');
                // A closing bracket that comes first is an ordinary character.
                out.extend(chars.next_if(|(_, c)| *c == '^').map(|(_, c)| c));
                if chars.next_if(|(_, c)| *c == ']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' if classes > 0 => {
                classes -= 1;
                out.push(']');
            }
            // Set operators of the regex crates, which Java does not have.
            '-' | '~' if classes > 0 && text[i + 1..].starts_with(c) => {
                out.push('\\');
                out.push(c);
            }
            '$' if classes == 0 && !multiline => out.push_str(end),
            c => out.push(c),
        }
    }
    out
}

fn push_escape(c: char, out: &mut String) {
    // Word boundaries elsewhere, ordinary characters in Java.
    if matches!(c, '<' | '>') {
        out.push(c);
        return;
    }
    // An escaped letter without a meaning is the letter.
    if matches!(
        c,
        'C' | 'F'
            | 'H'
            | 'I'
            | 'J'
            | 'L'
            | 'M'
            | 'O'
            | 'T'
            | 'U'
            | 'V'
            | 'Y'
            | 'h'
            | 'i'
            | 'j'
            | 'l'
            | 'm'
            | 'o'
            | 'q'
            | 'y'
    ) {
        out.push(c);
        return;
    }
    out.push('\\');
    out.push(c);
}

/// Whether `(?m)` is switched on somewhere; then `$` stands for the end of a line.
fn has_multiline_flag(text: &str) -> bool {
    text.match_indices("(?").any(|(i, _)| {
        let flags: String = text[i + 2..].chars().take_while(char::is_ascii_lowercase).collect();
        flags.contains('m') && matches!(text[i + 2 + flags.len()..].chars().next(), Some(')' | ':' | '-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_java() {
        for (pattern, text, matches) in [
            ("^abc$", "abc\n", true),
            ("^abc$", "abc\n\n", false),
            ("(?m)^b$", "a\nb\nc", true),
            (r"\Qa.b\E+", "a.bbb", true),
            (r"\Qa.b", "axb", false),
            (r"[\]$]", "$", true),
            (r"\<x\>", "<x>", true),
            (r"[a-z&&[^b]]", "b", false),
            ("(a)\\1", "aa", true),
            ("(?<=x)y", "xy", true),
            ("x*+x", "xxx", false),
            ("a{", "a{", true),
            ("\"x\\/y\\-z\"", "\"x/y-z\"", true),
            ("(?<name>x)", "x", true),
        ] {
            assert_eq!(Pattern::new(pattern).is_match(text).expect("compiles"), matches, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn gives_up_on_exponential_patterns() {
        let error = Pattern::new(r"(a*)*\1b").is_match(&"a".repeat(60)).expect_err("must give up");
        assert!(error.to_string().contains("takes too long"), "{error}");
    }

    #[test]
    fn says_what_is_no_pattern() {
        let error = Pattern::new("(").is_match("").expect_err("no pattern");
        assert!(error.to_string().contains("Invalid regular expression `(`"), "{error}");
    }
}
