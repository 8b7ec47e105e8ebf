//! Where does a JSON value begin and end? A strict scanner that only looks at as much text as it is asked to.
//!
//! What it takes and refuses is what Jackson, and so Trino, does; a caller that stops early never sees later mistakes.

/// The text is not JSON from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

type Scanned<T> = Result<T, Malformed>;

/// What a value is, told from its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`
    Number,
    /// `true` or `false`
    Boolean,
    /// `null`
    Null,
}

/// Whether a member or element has been read of the container at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// None yet: no comma stands before the next.
    First,
    /// One or more: a comma must stand before the next.
    Later,
}

/// Deeper nesting is refused, as Jackson does.
pub(crate) const DEEPEST: usize = 1000;

/// A position in a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A string's text between its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quoted<'a> {
    /// As written, escapes and all.
    pub(crate) raw: &'a str,
    /// Whether there are escapes.
    pub(crate) escaped: bool,
}

impl<'a> Scanner<'a> {
    /// At the start of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Scanner { text, at: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// What value comes next; fails at the end and before anything that is none.
    pub(crate) fn kind(&mut self) -> Scanned<Kind> {
        self.skip_space();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(Malformed),
        }
    }

    /// Whether only white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }

    /// Steps into the object or array that comes next.
    pub(crate) fn enter(&mut self) -> Place {
        self.skip_space();
        self.at += 1;
        Place::First
    }

    /// The key of the next member, the scanner before its value; `None` after the object's end.
    pub(crate) fn member(&mut self, place: &mut Place) -> Scanned<Option<Quoted<'a>>> {
        if !self.separator(place, b'}')? {
            return Ok(None);
        }
        self.skip_space();
        if self.byte() != Some(b'"') {
            return Err(Malformed);
        }
        let key = self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether another element follows, the scanner before it; `false` after the array's end.
    pub(crate) fn element(&mut self, place: &mut Place) -> Scanned<bool> {
        self.separator(place, b']')
    }

    fn separator(&mut self, place: &mut Place, end: u8) -> Scanned<bool> {
        self.skip_space();
        match (self.byte(), *place) {
            (Some(b), _) if b == end => {
                self.at += 1;
                Ok(false)
            }
            (Some(b','), Place::Later) => {
                self.at += 1;
                Ok(true)
            }
            (Some(_), Place::First) => {
                *place = Place::Later;
                Ok(true)
            }
            _ => Err(Malformed),
        }
    }

    /// Reads the string that comes next.
    pub(crate) fn string(&mut self) -> Scanned<Quoted<'a>> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Quoted { raw: &self.text[start..at], escaped });
                }
                Some(b'\\') => {}
                _ => return Err(Malformed),
            }
            escaped = true;
            at += escape_length(&bytes[at..])?;
        }
    }

    /// Steps over the value that comes next and gives its text as written.
    pub(crate) fn raw(&mut self) -> Scanned<&'a str> {
        self.skip_space();
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Steps over the value that comes next.
    pub(crate) fn skip(&mut self) -> Scanned<()> {
        match self.kind()? {
            Kind::Object | Kind::Array => self.skip_nested(),
            kind => self.skip_scalar(kind),
        }
    }

    fn skip_scalar(&mut self, kind: Kind) -> Scanned<()> {
        match kind {
            Kind::String => self.string().map(|_| ()),
            Kind::Number => self.number(),
            Kind::Boolean if self.byte() == Some(b't') => self.word(b"true"),
            Kind::Boolean => self.word(b"false"),
            _ => self.word(b"null"),
        }
    }

    fn skip_nested(&mut self) -> Scanned<()> {
        // One bit a level: whether the container there is an object.
        let mut objects = Levels::default();
        loop {
            let mut place = Place::Later;
            match self.kind()? {
                kind @ (Kind::Object | Kind::Array) => {
                    place = self.enter();
                    objects.push(kind == Kind::Object)?;
                }
                kind => self.skip_scalar(kind)?,
            }
            while !self.continues(&objects, &mut place)? {
                objects.pop();
                place = Place::Later;
                if objects.depth == 0 {
                    return Ok(());
                }
            }
        }
    }

    /// Whether the innermost container has another value, the scanner before it.
    fn continues(&mut self, objects: &Levels, place: &mut Place) -> Scanned<bool> {
        if objects.top() { Ok(self.member(place)?.is_some()) } else { self.element(place) }
    }

    fn word(&mut self, word: &[u8]) -> Scanned<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let ends = rest.get(word.len()).is_none_or(|b| !(b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$'));
        if !rest.starts_with(word) || !ends {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Scanned<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let mut i = usize::from(rest[0] == b'-');
        let whole = digits(&rest[i..]);
        if whole == 0 || (whole > 1 && rest[i] == b'0') {
            return Err(Malformed);
        }
        i += whole;
        if rest.get(i) == Some(&b'.') {
            let fraction = digits(&rest[i + 1..]);
            if fraction == 0 {
                return Err(Malformed);
            }
            i += 1 + fraction;
        }
        if let Some(b'e' | b'E') = rest.get(i) {
            let sign = usize::from(matches!(rest.get(i + 1), Some(b'+' | b'-')));
            let exponent = digits(rest.get(i + 1 + sign..).unwrap_or(&[]));
            if exponent == 0 {
                return Err(Malformed);
            }
            i += 1 + sign + exponent;
        }
        self.at += i;
        match self.byte() {
            None | Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b']' | b'}') => Ok(()),
            _ => Err(Malformed),
        }
    }
}

/// Where the plain text of a string stops: at a quote, a backslash, a control character or the end; eight bytes a step,
/// for most strings of events are too short for a vector search to pay.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found = HIGHS
            & ((quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (word.wrapping_sub(ONES * 0x20) & !word));
        if found != 0 {
            // The lowest mark is exact: a borrow can only mark bytes after a true one.
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20)) {
        at += 1;
    }
    at
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len())
}

fn escape_length(bytes: &[u8]) -> Scanned<usize> {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') if bytes.len() >= 6 && bytes[2..6].iter().all(u8::is_ascii_hexdigit) => Ok(6),
        _ => Err(Malformed),
    }
}

/// A stack of bits.
#[derive(Default)]
struct Levels {
    depth: usize,
    bits: [u64; DEEPEST / 64 + 1],
}

impl Levels {
    fn push(&mut self, object: bool) -> Scanned<()> {
        if self.depth == DEEPEST {
            return Err(Malformed);
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.bits[word] = self.bits[word] & !(1 << bit) | (u64::from(object) << bit);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }

    fn top(&self) -> bool {
        let level = self.depth - 1;
        self.bits[level / 64] >> (level % 64) & 1 == 1
    }
}

impl Quoted<'_> {
    /// Whether the string, unescaped, is `text`.
    pub(crate) fn is(&self, text: &str) -> bool {
        if !self.escaped {
            return self.raw == text;
        }
        let mut own = String::new();
        self.push_to(&mut own);
        own == text
    }

    /// Appends the string, unescaped; half a surrogate pair becomes `?`, as Java's encoder has it.
    pub(crate) fn push_to(&self, out: &mut String) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let (c, length) = unescape(&rest[at..]);
            out.push(c);
            rest = &rest[at + length..];
        }
        out.push_str(rest);
    }
}

/// The character of the escape at the start of `s`, which the scanner has checked, and how long it is.
fn unescape(s: &str) -> (char, usize) {
    let unit = |s: &str| s.get(2..6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match s.as_bytes().get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => {
            let high = unit(s).unwrap_or(0);
            if let Some(c) = char::from_u32(high) {
                return (c, 6);
            }
            let low = s.get(6..).filter(|s| s.starts_with("\\u")).and_then(unit);
            match low.filter(|low| (0xdc00..0xe000).contains(low) && high < 0xdc00) {
                Some(low) => (char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('?'), 12),
                None => ('?', 6),
            }
        }
        Some(b) => (char::from(*b), 2),
        None => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Scanned<&str> {
        let mut scanner = Scanner::new(text);
        let raw = scanner.raw()?;
        if scanner.is_at_end() { Ok(raw) } else { Err(Malformed) }
    }

    #[test]
    fn takes_what_is_json() {
        for text in ["{}", "[]", "0", "-0.5e+7", "\"\\u00e4\\n\"", "[1, [2, {\"a\": [], \"b\": {}}], null]", " true "] {
            assert_eq!(whole(text), Ok(text.trim()), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            "+1",
            "nul",
            "nulls",
            "\"\\x\"",
            "\"\t\"",
            "[1}",
            "1 2",
            "{\"a\" 1}",
        ] {
            assert_eq!(whole(text), Err(Malformed), "{text}");
        }
        assert_eq!(whole(&"[".repeat(2000)), Err(Malformed));
        let deep = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(whole(&deep).is_ok());
    }

    #[test]
    fn agrees_with_serde_on_nested_values() {
        for text in [r#"{"a":{"b":[{"c":"}"}]},"d":[[],[[]],{}]}"#, r#"["\\","\"",{"\\":"\\\""}]"#] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
            assert_eq!(whole(text), Ok(text));
        }
    }

    #[test]
    fn strings_end_where_they_should() {
        for length in 0..20 {
            for at in 0..=length {
                let mut text = "ä~!".repeat(7).chars().take(length).collect::<Vec<_>>();
                text.insert(at, '\u{1f}');
                let broken: String = text.iter().collect();
                assert_eq!(whole(&format!("\"{broken}\"")), Err(Malformed), "a control character at {at}");
                text[at] = '\u{20}';
                let plain: String = text.iter().collect();
                let json = format!("\"{plain}\"");
                assert_eq!(whole(&json), Ok(json.as_str()));
                text[at] = '\\';
                text.insert(at + 1, '"');
                let json = format!("\"{}\"", text.iter().collect::<String>());
                assert_eq!(whole(&json), Ok(json.as_str()));
                assert_eq!(whole(&json[..json.len() - 1]), Err(Malformed));
            }
        }
    }

    #[test]
    fn unescapes() {
        for (raw, text) in [(r#""a\u0041\/\n""#, "aA/\n"), (r#""\ud83d\ude00""#, "😀"), (r#""\ud83dx""#, "?x")] {
            let mut out = String::new();
            Scanner::new(raw).string().expect("a string").push_to(&mut out);
            assert_eq!(out, text);
        }
    }
}
