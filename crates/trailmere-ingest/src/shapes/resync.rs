//! After a value that is not JSON, where do the events go on?

use crate::decode::{Begin, Level, NodeKind, Scan, Stop};
use crate::inflate::RawText;

/// How far the brackets of a broken value are followed.
const BALANCED_BYTES: usize = 256 * 1024;
/// How much is scanned in search of the next event before the search is broken off and begun again further on.
const SEARCHED_BYTES: usize = 1024 * 1024;

/// The length of the broken value at the present place: up to the next event, or to where its brackets close, or as
/// far as could be searched. At least 1.
pub(super) fn broken_length(text: &mut RawText<'_>, levels: &mut [Level]) -> usize {
    while text.bytes().len() < BALANCED_BYTES && text.more() {}
    let near = &text.bytes()[..text.bytes().len().min(BALANCED_BYTES)];
    let balanced = Balance::default().end(near).filter(|end| *end > 1 && goes_on(&near[*end..]));
    let Some(level) = levels.last_mut() else { return text.bytes().len() };
    next_event(text, &mut level.scan, balanced).max(1)
}

/// Whether what follows a value may follow one.
fn goes_on(rest: &[u8]) -> bool {
    matches!(rest.trim_ascii_start().first(), None | Some(b',' | b']' | b'{' | b'[' | b'0'..=b'9'))
}

/// Where the next event begins, at most at `limit`.
fn next_event(text: &mut RawText<'_>, scan: &mut Scan, limit: Option<usize>) -> usize {
    let (mut at, mut searched) = (1, 0);
    loop {
        let bytes = text.bytes();
        let bytes = &bytes[..limit.unwrap_or(bytes.len())];
        let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'{', rest)) else {
            if limit.is_none() && searched < SEARCHED_BYTES && text.more() {
                continue;
            }
            return limit.unwrap_or(text.bytes().len());
        };
        at += found;
        match scan.value(&bytes[at..], Begin::Value) {
            Ok(_) if is_event(scan, &bytes[at..]) => return at,
            Ok(length) => searched += length,
            Err(Stop::Broken { at, .. } | Stop::List { at }) => searched += at,
            Err(Stop::Short) => {
                searched += bytes.len() - at;
                if limit.is_none() && searched < SEARCHED_BYTES && text.more() {
                    continue;
                }
            }
        }
        at += 1;
        if searched >= SEARCHED_BYTES {
            return limit.unwrap_or(at);
        }
    }
}

/// Whether a scanned object says that it is an event. A nested `eventData` has a time too, but no `eventVersion`.
fn is_event(scan: &Scan, bytes: &[u8]) -> bool {
    let nodes = &scan.nodes;
    let (mut has_version, mut has_time, mut key) = (false, false, 1);
    while let (Some(name), Some(value), NodeKind::Object) = (nodes.get(key), nodes.get(key + 1), nodes[0].kind) {
        match &bytes[name.start as usize..name.end as usize] {
            b"eventVersion" => has_version = true,
            b"eventTime" => has_time = true,
            _ => {}
        }
        key = value.next as usize;
    }
    has_version && has_time
}

/// Follows brackets and quotes, chunk by chunk, to where a value ends.
#[derive(Default)]
pub(super) struct Balance {
    depth: usize,
    in_string: bool,
    after_slash: bool,
}

impl Balance {
    /// The length up to the end of the value, or `None` if it goes on after `bytes`.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                let is_quote = *byte == b'"' && !self.after_slash;
                self.after_slash = *byte == b'\\' && !self.after_slash;
                self.in_string = !is_quote;
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => return Some(if self.depth == 0 { at } else { at + 1 }),
                b'}' | b']' => self.depth -= 1,
                b',' | b'\n' if self.depth == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }
}
