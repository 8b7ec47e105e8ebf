//! Where does a JSON string end, and what does it say?

/// Finds the first quote, backslash or control character at or after `at`; the length of `bytes` if there is none.
#[inline]
pub(super) fn find_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = special_bits(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !is_special(*byte)) {
        at += 1;
    }
    at
}

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Eight bytes at once: the lowest bit set is the high bit of the first special one. Bits above it may be wrong,
/// because a borrow runs upwards.
#[inline]
fn special_bits(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let quotes = word ^ (ONES * b'"' as u64);
    let slashes = word ^ (ONES * b'\\' as u64);
    let is_quote = quotes.wrapping_sub(ONES) & !quotes;
    let is_slash = slashes.wrapping_sub(ONES) & !slashes;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_slash | is_control) & (ONES << 7)
}

/// How many bytes the escape at `at` takes, or `None` if it is none; `Err` if the text ends within it.
pub(super) fn escape_length(bytes: &[u8], at: usize) -> Result<Option<usize>, TooShort> {
    match bytes.get(at + 1) {
        None => Err(TooShort),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(Some(2)),
        Some(b'u') => {
            let digits = bytes.get(at + 2..bytes.len().min(at + 6)).unwrap_or_default();
            match digits.iter().all(u8::is_ascii_hexdigit) {
                false => Ok(None),
                true if digits.len() < 4 => Err(TooShort),
                true => Ok(Some(6)),
            }
        }
        Some(_) => Ok(None),
    }
}

/// The text ends too soon to say.
pub(super) struct TooShort;

/// Appends what the inside of a JSON string says. Its escapes must have been checked; half a surrogate pair becomes
/// U+FFFD, as invalid UTF-8 does.
pub(super) fn unescape_into(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(slash) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..slash]);
        let (said, length) = escaped(rest.as_bytes(), slash);
        out.push(said);
        rest = rest.get(slash + length..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The character that the escape at `at` stands for, and the bytes that it takes.
fn escaped(bytes: &[u8], at: usize) -> (char, usize) {
    let simple = match bytes.get(at + 1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(bytes, at),
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

fn unicode(bytes: &[u8], at: usize) -> (char, usize) {
    let first = code_unit(bytes, at);
    if let Some(said) = first.and_then(char::from_u32) {
        return (said, 6);
    }
    let second = if bytes.get(at + 6) == Some(&b'\\') && bytes.get(at + 7) == Some(&b'u') {
        code_unit(bytes, at + 6)
    } else {
        None
    };
    match (first, second) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at + 2..at + 6)?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = special;
                    bytes[length - 1] = special;
                    assert_eq!(find_special(&bytes, 0), at);
                    assert_eq!(find_special(&bytes, at), at);
                }
            }
            assert_eq!(find_special(&vec![0xff; length], 0), length);
            assert_eq!(find_special(&vec![0x20; length], 0), length);
        }
    }

    #[test]
    fn every_byte_in_every_place_is_told_apart() {
        for byte in 0..=255u8 {
            for at in 0..8 {
                for fill in [b'a', 0x21, 0x23, 0x5b, 0x5d, 0x80, 0xff] {
                    let mut word = [fill; 8];
                    word[at] = byte;
                    let found = special_bits(u64::from_le_bytes(word));
                    let first = if is_special(byte) { at as u32 } else { 8 };
                    assert_eq!(found.trailing_zeros() / 8, first, "{byte} at {at} in {fill}");
                }
            }
        }
    }

    #[test]
    fn says_what_escapes_stand_for() {
        let cases = [
            ("plain", "plain"),
            (r#"a\"b\\c\/d"#, "a\"b\\c/d"),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u4e2d", "A\u{e9}\u{4e2d}"),
            (r"\uD83D\uDE00!", "\u{1f600}!"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83dA", "\u{fffd}A"),
            (r"\ude00\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\u0000", "\0"),
        ];
        for (raw, said) in cases {
            let mut out = String::new();
            unescape_into(raw, &mut out);
            assert_eq!(out, said, "{raw}");
        }
    }
}
