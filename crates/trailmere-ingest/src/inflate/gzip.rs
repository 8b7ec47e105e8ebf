//! How are the members of a gzip file (RFC 1952) read one after the other, whatever state they are in?

use std::io::{self, Read};

use libdeflater::Crc;

use super::deflate::{BitReader, Fault, Inflater};

/// The first two bytes of a member.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// The text of all members. At a fault, everything before it is given first, then the error, once.
pub(crate) struct GzipReader<R> {
    bits: BitReader<R>,
    inflater: Inflater,
    crc: Crc,
    length: u32,
    state: State,
    members: Members,
    ending: Option<Member>,
}

/// How many members a file may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    Any,
    One,
}

/// How the only member of a file came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// With the file.
    Whole,
    /// Before the file.
    Trailed,
    /// After the file.
    CutShort,
    /// At something that is no gzip.
    Corrupt,
}

/// Reads the text of the first member and nothing else: CloudTrail delivers files of one.
pub(crate) fn only_member<R: Read>(source: R) -> GzipReader<R> {
    GzipReader { members: Members::One, ..GzipReader::new(source) }
}

enum State {
    Header { member: u64 },
    Body { member: u64 },
    Failed(Fault),
    Done,
}

impl<R: Read> GzipReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            bits: BitReader::new(source),
            inflater: Inflater::new(),
            crc: Crc::new(),
            length: 0,
            state: State::Header { member: 0 },
            members: Members::Any,
            ending: None,
        }
    }

    /// How the only member ended; nothing before its end, or if the source failed.
    pub(crate) fn ending(&self) -> Option<Member> {
        self.ending
    }

    fn start_member(&mut self, member: u64) -> Result<State, Fault> {
        if member > 0 && self.members == Members::One {
            self.ending = Some(if self.bits.byte()?.is_some() { Member::Trailed } else { Member::Whole });
            return Ok(State::Done);
        }
        if !self.header(member)? {
            return Ok(State::Done);
        }
        self.inflater.reset();
        self.crc = Crc::new();
        self.length = 0;
        Ok(State::Body { member })
    }

    fn continue_member(&mut self, member: u64) -> Result<State, Fault> {
        if self.inflater.is_done() {
            self.trailer()?;
            return Ok(State::Header { member: member + 1 });
        }
        let filled = self.inflater.fill(&mut self.bits);
        self.crc.update(self.inflater.pending());
        self.length = self.length.wrapping_add(self.inflater.pending().len() as u32);
        filled.map(|()| State::Body { member })
    }

    /// Reads a member's header, or returns `false` at the end of the file. Zeros after a member are padding.
    fn header(&mut self, member: u64) -> Result<bool, Fault> {
        let mut first = self.bits.byte()?;
        while member > 0 && first == Some(0) {
            first = self.bits.byte()?;
        }
        match first {
            None if member > 0 => return Ok(false),
            Some(byte) if byte == MAGIC[0] && self.byte()? == MAGIC[1] => {}
            _ if member > 0 => return Err(Fault::Corrupt("bytes after the end of the gzip stream")),
            _ => return Err(Fault::Corrupt("no gzip header")),
        }
        if self.byte()? != 8 {
            return Err(Fault::Corrupt("a compression method other than DEFLATE"));
        }
        let flags = self.byte()?;
        self.skip(6)?;
        if flags & EXTRA != 0 {
            let length = u16::from_le_bytes([self.byte()?, self.byte()?]);
            self.skip(length)?;
        }
        for text in [NAME, COMMENT] {
            while flags & text != 0 && self.byte()? != 0 {}
        }
        if flags & HEADER_CRC != 0 {
            self.skip(2)?;
        }
        Ok(true)
    }

    fn trailer(&mut self) -> Result<(), Fault> {
        let crc = u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]);
        let length = u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]);
        if crc != self.crc.sum() {
            return Err(Fault::Corrupt("a checksum that does not match the content"));
        }
        if length != self.length {
            return Err(Fault::Corrupt("a length that does not match the content"));
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.bits.byte()?.ok_or(Fault::CutShort)
    }

    fn skip(&mut self, count: u16) -> Result<(), Fault> {
        for _ in 0..count {
            self.byte()?;
        }
        Ok(())
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let pending = self.inflater.pending();
            if !pending.is_empty() {
                let count = pending.len().min(buffer.len());
                buffer[..count].copy_from_slice(&pending[..count]);
                self.inflater.take(count);
                return Ok(count);
            }
            let next = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Failed(fault) => {
                    self.ending = match fault {
                        Fault::CutShort => Some(Member::CutShort),
                        Fault::Corrupt(_) => Some(Member::Corrupt),
                        Fault::Unreadable(_) => None,
                    };
                    return Err(fault.into());
                }
                State::Header { member } => self.start_member(member),
                State::Body { member } => self.continue_member(member),
            };
            self.state = next.unwrap_or_else(State::Failed);
        }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::CutShort => io::Error::new(io::ErrorKind::UnexpectedEof, "the gzip stream is cut short"),
            Fault::Corrupt(what) => {
                io::Error::new(io::ErrorKind::InvalidData, format!("the gzip stream is corrupt: {what}"))
            }
            Fault::Unreadable(error) => error,
        }
    }
}
