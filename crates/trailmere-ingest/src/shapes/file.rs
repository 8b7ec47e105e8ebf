//! How is the text of a file walked, value by value, whole or as it comes?

use memchr::{memchr, memmem};
use trailmere_model::Error;
use trailmere_model::time::parse_event_time;

use super::classify::{is_control, shape_of_list, take};
use super::resync::{Balance, Resync};
use super::{Halt, Output, Shape};
use crate::decode::{Begin, Json, Level, Stop, space_length};
use crate::inflate::RawText;

/// What a rejected piece too large to hold shows of itself.
const SHOWN_BYTES: usize = 64 * 1024;
/// A line of a log export begins with a time and a space within this length.
const LINE_TIME_BYTES: usize = 40;

/// Walks one file.
pub(super) struct FileReader<'f, 't, 's> {
    text: &'f mut RawText<'t>,
    levels: &'f mut [Level],
    record_bytes: usize,
    out: &'f mut Output<'s>,
    resync: Resync,
}

/// What a scan at the present place came to.
enum Scanned {
    /// A value of this length.
    Value(usize),
    /// A wrapper up to its list, which begins at this length.
    List(usize),
    Broken(&'static str),
    /// A value that does not end, although an event begins at this length.
    Unended(usize),
    TooLarge,
}

impl<'f, 't, 's> FileReader<'f, 't, 's> {
    pub(super) fn new(
        text: &'f mut RawText<'t>,
        levels: &'f mut [Level],
        record_bytes: usize,
        out: &'f mut Output<'s>,
    ) -> Self {
        Self { text, levels, record_bytes, out, resync: Resync::default() }
    }

    /// A file is values one after the other, whatever stands between them.
    pub(super) fn read(mut self) -> Result<(), Halt> {
        self.skip_byte_order_mark();
        while let Some(byte) = self.peek() {
            match byte {
                b'{' => self.object()?,
                b'[' => {
                    self.text.consume(1);
                    self.out.saw(Shape::Array);
                    self.items()?;
                }
                b'0'..=b'9' if self.skip_line_time() => self.out.saw(Shape::LogLines),
                _ => self.foreign_line()?,
            }
        }
        Ok(())
    }

    fn skip_byte_order_mark(&mut self) {
        self.at_least(3);
        if self.text.bytes().starts_with(b"\xef\xbb\xbf") {
            self.text.consume(3);
        }
    }

    /// Brings text until `count` bytes are at hand or the text ends.
    fn at_least(&mut self, count: usize) {
        while self.text.bytes().len() < count && self.text.more() {}
    }

    /// The next byte that is no white space; `None` at the end of the text.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let space = space_length(self.text.bytes());
            self.text.consume(space);
            if let Some(byte) = self.text.bytes().first() {
                return Some(*byte);
            }
            if !self.text.more() {
                return None;
            }
        }
    }

    /// Takes an object: a record, or a wrapper with its lists.
    fn object(&mut self) -> Result<(), Halt> {
        let mut begin = Begin::Wrapper;
        loop {
            match self.scan(begin)? {
                Scanned::Value(length) if begin == Begin::Wrapper => return self.take(length),
                Scanned::Value(length) => {
                    self.text.consume(length);
                    return Ok(());
                }
                Scanned::List(length) => {
                    self.open_list(length);
                    self.items()?;
                    self.out.control = false;
                }
                Scanned::Broken(what) => return self.reject_broken(what),
                Scanned::Unended(length) => return self.reject(length, "not JSON: it does not end"),
                Scanned::TooLarge => return self.reject_too_large(),
            }
            // The rest of the wrapper.
            match self.peek() {
                Some(b',') => self.text.consume(1),
                Some(b'}') => {
                    self.text.consume(1);
                    return Ok(());
                }
                Some(_) => return Ok(()),
                None => return Err(self.cut()),
            }
            begin = Begin::WrapperMembers;
        }
    }

    /// Notes what a list's key and the members before it say of the list.
    fn open_list(&mut self, length: usize) {
        let level = &mut self.levels[0];
        let before = &self.text.bytes()[..length];
        if let Some(key) = level.scan.nodes.last() {
            self.out.saw(shape_of_list(&before[key.start as usize..key.end as usize]));
        }
        if let (Some(nodes), Ok(text)) = (level.scan.close_wrapper(), std::str::from_utf8(before)) {
            let json = Json { text, nodes };
            level.slots.read(json);
            self.out.control = is_control(json, &level.slots);
        }
        self.text.consume(length + 1);
    }

    /// Takes the items of a list up to its end. Commas are not insisted on.
    fn items(&mut self) -> Result<(), Halt> {
        loop {
            match self.peek() {
                None => return Err(self.cut()),
                Some(b',') => self.text.consume(1),
                Some(b']') => {
                    self.text.consume(1);
                    return Ok(());
                }
                Some(_) => match self.scan(Begin::Value)? {
                    Scanned::Value(length) => self.take(length)?,
                    Scanned::TooLarge => self.reject_too_large()?,
                    Scanned::Broken(what) => self.reject_broken(what)?,
                    Scanned::Unended(length) => self.reject(length, "not JSON: it does not end")?,
                    // Only a wrapper has lists.
                    Scanned::List(_) => self.reject_broken("a list where a record was expected")?,
                },
            }
        }
    }

    fn scan(&mut self, begin: Begin) -> Result<Scanned, Halt> {
        loop {
            let bytes = self.text.bytes();
            let limited = &bytes[..bytes.len().min(self.record_bytes)];
            match self.levels[0].scan.value(limited, begin) {
                Ok(length) => return Ok(Scanned::Value(length)),
                Err(Stop::List { at }) => return Ok(Scanned::List(at)),
                Err(Stop::Broken { what, .. }) => return Ok(Scanned::Broken(what)),
                Err(Stop::Short) if limited.len() == self.record_bytes => return Ok(Scanned::TooLarge),
                Err(Stop::Short) if self.text.more() => {}
                Err(Stop::Short) => return self.unended(),
            }
        }
    }

    /// What does not end has either been cut off with the file, or swallowed the events that follow it.
    fn unended(&mut self) -> Result<Scanned, Halt> {
        match self.resync.swallowed_event(self.text, self.levels) {
            Some(length) => Ok(Scanned::Unended(length)),
            None => Err(self.cut()),
        }
    }

    fn take(&mut self, length: usize) -> Result<(), Halt> {
        self.out.offset = self.text.offset();
        take(self.out, self.levels, &self.text.bytes()[..length])?;
        self.text.consume(length);
        Ok(())
    }

    /// The text ends where it must not.
    fn cut(&mut self) -> Halt {
        Halt::Cut(Error::corrupt(format!("the file ends within record {}", self.out.report.records)))
    }

    fn reject_broken(&mut self, what: &'static str) -> Result<(), Halt> {
        let length = self.resync.broken_length(self.text, self.levels);
        self.reject(length, &format!("not JSON: {what}"))
    }

    fn reject(&mut self, length: usize, reason: &str) -> Result<(), Halt> {
        self.out.offset = self.text.offset();
        let bytes = &self.text.bytes()[..length];
        self.out.reject(bytes.trim_ascii_end(), reason)?;
        self.text.consume(length);
        Ok(())
    }

    /// Passes over a record that is not to be held, and shows its beginning.
    fn reject_too_large(&mut self) -> Result<(), Halt> {
        self.out.offset = self.text.offset();
        let shown = &self.text.bytes()[..SHOWN_BYTES.min(self.text.bytes().len())];
        let reason = format!("a record larger than {} bytes", self.record_bytes);
        self.out.reject(shown, reason)?;
        let mut balance = Balance::default();
        loop {
            if let Some(length) = balance.end(self.text.bytes()) {
                self.text.consume(length);
                return Ok(());
            }
            self.text.consume(self.text.bytes().len());
            if !self.text.more() {
                return Err(self.cut());
            }
        }
    }

    /// Skips the time that begins a line of a log export.
    fn skip_line_time(&mut self) -> bool {
        self.at_least(LINE_TIME_BYTES);
        let bytes = self.text.bytes();
        let Some(space) = memchr(b' ', &bytes[..LINE_TIME_BYTES.min(bytes.len())]) else { return false };
        let is_time = std::str::from_utf8(&bytes[..space]).is_ok_and(|text| parse_event_time(text).is_some());
        if is_time {
            self.text.consume(space + 1);
        }
        is_time
    }

    /// Rejects a line that begins no value; a file that begins so and has no object at hand is not ours at all.
    fn foreign_line(&mut self) -> Result<(), Halt> {
        let is_first = self.out.report.records == 0;
        if is_first && memmem::find(self.text.bytes(), b"{").is_none() {
            let length = self.text.bytes().len().min(SHOWN_BYTES);
            self.reject(length, "not a CloudTrail log file: it is no JSON text")?;
            self.text.consume(self.text.bytes().len());
            return Err(Halt::Foreign);
        }
        loop {
            let bytes = self.text.bytes();
            let end = memchr(b'\n', &bytes[..bytes.len().min(self.record_bytes)]);
            if end.is_some() || bytes.len() >= self.record_bytes || !self.text.more() {
                let end = end.unwrap_or(self.text.bytes().len().min(self.record_bytes));
                let length = self.resync.line_length(self.text, self.levels, end);
                return self.reject(length, "not JSON: a line that begins no object");
            }
        }
    }
}
