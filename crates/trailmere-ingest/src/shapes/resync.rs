//! After a value that is not JSON, where do the events go on?

use crate::decode::{Begin, Level, NodeKind, Scan, Stop};
use crate::inflate::RawText;

/// How far the brackets of a broken value are followed.
const BALANCED_BYTES: usize = 256 * 1024;
/// How much is scanned in search of the next event before the search begins again further on.
const SEARCHED_BYTES: usize = 1024 * 1024;
/// How much may be searched in a file besides a multiple of its size, so that no file can keep a reader busy forever.
const FREE_BYTES: u64 = 64 << 20;
const SEARCHES_PER_BYTE: u64 = 16;

/// The searches in one file.
#[derive(Default)]
pub(super) struct Resync {
    spent: u64,
}

impl Resync {
    /// The length of the broken value at the present place: up to the next event, or to where its brackets close, or
    /// as far as could be searched. At least 1.
    pub(super) fn broken_length(&mut self, text: &mut RawText<'_>, levels: &mut [Level]) -> usize {
        while text.bytes().len() < BALANCED_BYTES && text.more() {}
        let near = &text.bytes()[..text.bytes().len().min(BALANCED_BYTES)];
        if self.spent > FREE_BYTES + SEARCHES_PER_BYTE * text.offset() {
            return near.len();
        }
        let balanced = Balance::default().end(near).filter(|end| *end > 1 && goes_on(&near[*end..]));
        self.spent += balanced.unwrap_or(near.len()) as u64;
        let Some(level) = levels.last_mut() else { return text.bytes().len() };
        match self.next_event(text, &mut level.scan, balanced) {
            Search::Found(at) | Search::Tired(at) => at,
            Search::Nothing => balanced.unwrap_or(text.bytes().len()),
        }
    }

    /// The length of a line that is no value, up to its end or to an event in it.
    pub(super) fn line_length(&mut self, text: &mut RawText<'_>, levels: &mut [Level], end: usize) -> usize {
        let Some(level) = levels.last_mut() else { return end };
        match self.next_event(text, &mut level.scan, Some(end)) {
            Search::Found(at) => at,
            Search::Tired(_) | Search::Nothing => end,
        }
    }

    /// Where an event begins within a value that does not end, as far as one is found.
    pub(super) fn swallowed_event(&mut self, text: &mut RawText<'_>, levels: &mut [Level]) -> Option<usize> {
        match self.next_event(text, &mut levels.last_mut()?.scan, None) {
            Search::Found(at) => Some(at),
            Search::Tired(_) | Search::Nothing => None,
        }
    }

    /// Looks for an event that begins after the present place and before `limit`.
    fn next_event(&mut self, text: &mut RawText<'_>, scan: &mut Scan, limit: Option<usize>) -> Search {
        let (mut at, mut searched) = (1, 0);
        while searched < SEARCHED_BYTES {
            let bytes = text.bytes();
            let starts = &bytes[..limit.unwrap_or(bytes.len())];
            let Some(found) = starts.get(at..).and_then(|rest| memchr::memchr(b'{', rest)) else {
                let end = starts.len();
                if limit.is_some() || end < SEARCHED_BYTES && !text.more() {
                    return Search::Nothing;
                }
                if end < SEARCHED_BYTES {
                    continue;
                }
                return Search::Tired(end);
            };
            at += found;
            let reach = bytes.len().min(limit.map_or(usize::MAX, |limit| limit + BALANCED_BYTES));
            let length = match scan.value(&bytes[at..reach], Begin::Value) {
                Ok(_) if is_event(scan, &bytes[at..]) => return Search::Found(at),
                Ok(length) => length,
                Err(Stop::Broken { at: length, .. } | Stop::List { at: length }) => length,
                Err(Stop::Short) => reach - at,
            };
            let is_short = at + length == reach;
            searched += length;
            self.spent += length as u64;
            if !(is_short && limit.is_none() && text.more()) {
                at += 1;
            }
        }
        Search::Tired(at)
    }
}

enum Search {
    /// An event begins here.
    Found(usize),
    /// None begins before here; further on was not looked.
    Tired(usize),
    Nothing,
}

/// Whether what follows a broken value may follow one: then its brackets were right.
fn goes_on(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    if let Some(after) = rest.strip_prefix(b"]") {
        return matches!(after.trim_ascii_start().first(), None | Some(b'}'));
    }
    let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    matches!(rest.first(), None | Some(b'{' | b'[' | b'0'..=b'9'))
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
