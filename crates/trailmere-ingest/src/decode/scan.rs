//! What are the values of one JSON text, found in one pass over its bytes?
//!
//! The text is checked as it is read (RFC 8259): what comes out well is valid JSON but for invalid UTF-8 and half
//! surrogate pairs, which lose no record. No recursion: depth costs memory only, and has a limit.

use super::tape::{Node, NodeKind};
use super::text::{TooShort, escape_length, find_special};

/// Objects and arrays within each other; CloudTrail's own stay below twenty.
const MAX_DEPTH: usize = 512;

/// The keys of lists whose items are taken one by one rather than scanned as one value.
const LISTS: [&[u8]; 5] = [b"Records", b"logEvents", b"events", b"Events", b"QueryResultRows"];

/// Why a scan did not come to the end of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends within the value.
    Short,
    /// It is not JSON from `at` on.
    Broken { at: usize, what: &'static str },
    /// A list of records begins at `at`; the nodes hold what came before it, its key last.
    List { at: usize },
}

/// Where a scan begins and what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// At a value.
    Value,
    /// At an object that may hold a list of records.
    Wrapper,
    /// Within such an object, after the comma that follows the list.
    WrapperMembers,
}

/// The spans of the value scanned last, and what is open while it is scanned.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) nodes: Vec<Node>,
    open: Vec<u32>,
}

/// Spans kept from record to record; those of an extraordinary record are given back.
const KEPT_NODES: usize = 64 * 1024;

impl Scan {
    /// Gives back what only an extraordinary record needed.
    pub(crate) fn shrink(&mut self) {
        if self.nodes.capacity() > KEPT_NODES {
            self.nodes = Vec::new();
        }
    }

    /// Scans the value at the start of `bytes` and returns where it ends.
    pub(crate) fn value(&mut self, bytes: &[u8], begin: Begin) -> Result<usize, Stop> {
        self.nodes.clear();
        self.open.clear();
        let mut at = 0;
        if begin == Begin::WrapperMembers {
            self.begin(NodeKind::Object, 0)?;
            at = self.space(bytes, 0);
            at = self.key(bytes, at)?;
        }
        loop {
            at = match bytes.get(at) {
                Some(b'"') => self.text(bytes, at)?,
                Some(b'{') => {
                    at = self.open_object(bytes, at)?;
                    if bytes.get(at) != Some(&b'}') {
                        at = self.key(bytes, at)?;
                        continue;
                    }
                    at
                }
                Some(b'[') => {
                    if begin != Begin::Value && self.is_list(bytes) {
                        return Err(Stop::List { at });
                    }
                    self.begin(NodeKind::Array, at)?;
                    at = self.space(bytes, at + 1);
                    if bytes.get(at) != Some(&b']') {
                        continue;
                    }
                    at
                }
                Some(_) => self.scalar(bytes, at)?,
                None => return Err(Stop::Short),
            };
            match self.after_value(bytes, at)? {
                After::NextValue(next) => at = next,
                After::End(end) => return Ok(end),
            }
        }
    }

    /// The members of a wrapper before its list, as if it ended there.
    pub(crate) fn close_wrapper(&mut self) -> Option<&[Node]> {
        self.nodes.pop()?;
        let end = self.nodes.len() as u32;
        self.nodes.first_mut()?.next = end;
        Some(&self.nodes)
    }

    /// Closes what ends here, up to the next value or the end of the whole.
    #[inline]
    fn after_value(&mut self, bytes: &[u8], mut at: usize) -> Result<After, Stop> {
        while let Some(open) = self.open.last() {
            let kind = self.nodes[*open as usize].kind;
            at = self.space(bytes, at);
            match (bytes.get(at), kind) {
                (Some(b','), NodeKind::Object) => {
                    at = self.space(bytes, at + 1);
                    return self.key(bytes, at).map(After::NextValue);
                }
                (Some(b','), _) => return Ok(After::NextValue(self.space(bytes, at + 1))),
                (Some(b'}'), NodeKind::Object) | (Some(b']'), NodeKind::Array) => {
                    at += 1;
                    self.close(at);
                }
                (None, _) => return Err(Stop::Short),
                (Some(_), NodeKind::Object) => return Err(Stop::Broken { at, what: "`,` or `}` expected" }),
                (Some(_), _) => return Err(Stop::Broken { at, what: "`,` or `]` expected" }),
            }
        }
        Ok(After::End(at))
    }

    fn open_object(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        self.begin(NodeKind::Object, at)?;
        Ok(self.space(bytes, at + 1))
    }

    #[inline]
    fn begin(&mut self, kind: NodeKind, at: usize) -> Result<(), Stop> {
        if self.open.len() == MAX_DEPTH {
            return Err(Stop::Broken { at, what: "nested deeper than 512 levels" });
        }
        self.open.push(self.nodes.len() as u32);
        self.push(kind, at, at, false);
        Ok(())
    }

    #[inline]
    fn close(&mut self, end: usize) {
        let next = self.nodes.len() as u32;
        let Some(index) = self.open.pop() else { return };
        let closed = &mut self.nodes[index as usize];
        closed.end = end as u32;
        closed.next = next;
        if let (true, Some(parent)) = (closed.marked, self.open.last()) {
            self.nodes[*parent as usize].marked = true;
        }
    }

    #[inline]
    fn push(&mut self, kind: NodeKind, start: usize, end: usize, marked: bool) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { start: start as u32, end: end as u32, next, kind, marked });
    }

    /// Skips white space and notes that there was some.
    #[inline]
    fn space(&mut self, bytes: &[u8], at: usize) -> usize {
        match bytes.get(at) {
            Some(byte) if *byte > b' ' => at,
            _ => self.skip_space(bytes, at),
        }
    }

    #[cold]
    fn skip_space(&mut self, bytes: &[u8], at: usize) -> usize {
        let end = at + space_length(bytes.get(at..).unwrap_or_default());
        if let (true, Some(open)) = (end > at, self.open.last()) {
            self.nodes[*open as usize].marked = true;
        }
        end
    }

    /// Takes a key, its colon and the space around it, and returns where its value begins.
    #[inline]
    fn key(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        match bytes.get(at) {
            Some(b'"') => {}
            Some(_) => return Err(Stop::Broken { at, what: "a key in quotes expected" }),
            None => return Err(Stop::Short),
        }
        let at = self.text(bytes, at)?;
        let at = self.space(bytes, at);
        match bytes.get(at) {
            Some(b':') => Ok(self.space(bytes, at + 1)),
            Some(_) => Err(Stop::Broken { at, what: "`:` expected" }),
            None => Err(Stop::Short),
        }
    }

    /// Takes the string that opens at `at`.
    #[inline]
    fn text(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        let start = at + 1;
        let end = find_special(bytes, start);
        if bytes.get(end) == Some(&b'"') {
            self.push(NodeKind::Text, start, end, false);
            return Ok(end + 1);
        }
        self.text_with_escapes(bytes, start, end)
    }

    fn text_with_escapes(&mut self, bytes: &[u8], start: usize, mut at: usize) -> Result<usize, Stop> {
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => match escape_length(bytes, at) {
                    Ok(Some(length)) => at = find_special(bytes, at + length),
                    Ok(None) => return Err(Stop::Broken { at, what: "an unknown escape in a string" }),
                    Err(TooShort) => return Err(Stop::Short),
                },
                Some(_) => return Err(Stop::Broken { at, what: "a control character in a string" }),
                None => return Err(Stop::Short),
            }
        }
        self.push(NodeKind::Text, start, at, true);
        Ok(at + 1)
    }

    /// Takes a number or a literal.
    fn scalar(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        let (kind, word): (NodeKind, &[u8]) = match bytes[at] {
            b't' => (NodeKind::True, b"true"),
            b'f' => (NodeKind::False, b"false"),
            b'n' => (NodeKind::Null, b"null"),
            b'-' | b'0'..=b'9' => {
                let end = number_end(bytes, at)?;
                self.push(NodeKind::Number, at, end, false);
                return Ok(end);
            }
            _ => return Err(Stop::Broken { at, what: "a value expected" }),
        };
        let rest = &bytes[at..];
        if !rest.starts_with(word) {
            let is_cut = word.starts_with(rest);
            return Err(if is_cut { Stop::Short } else { Stop::Broken { at, what: "a value expected" } });
        }
        self.push(kind, at, at + word.len(), false);
        Ok(at + word.len())
    }

    /// Whether the array that begins now is a wrapper's list: not a record's, which says its version first.
    fn is_list(&self, bytes: &[u8]) -> bool {
        let (1, Some(key)) = (self.open.len(), self.nodes.last()) else { return false };
        let is_named = LISTS.contains(&&bytes[key.start as usize..key.end as usize]);
        is_named && !self.nodes.iter().any(|node| &bytes[node.start as usize..node.end as usize] == b"eventVersion")
    }
}

enum After {
    NextValue(usize),
    End(usize),
}

/// How many bytes of white space `bytes` begins with.
pub(crate) fn space_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// Checks a number's form; one that runs to the end of the text may go on.
fn number_end(bytes: &[u8], start: usize) -> Result<usize, Stop> {
    let broken = |at| Stop::Broken { at, what: "a number in an unknown form" };
    let mut at = start + usize::from(bytes[start] == b'-');
    let integer = digits(bytes, at);
    if integer == 0 || integer > 1 && bytes[at] == b'0' {
        return Err(if at + integer == bytes.len() { Stop::Short } else { broken(start) });
    }
    at += integer;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(bytes, at + 1);
        at += 1 + fraction;
        if fraction == 0 && at < bytes.len() {
            return Err(broken(start));
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(bytes, at);
        at += exponent;
        if exponent == 0 && at < bytes.len() {
            return Err(broken(start));
        }
    }
    if at >= bytes.len() { Err(Stop::Short) } else { Ok(at) }
}

fn digits(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests;
