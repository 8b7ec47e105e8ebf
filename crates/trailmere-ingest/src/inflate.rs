//! What is the raw text of a delivered file, be it gzip (of any number of members), zstd or plain?
//!
//! One gzip member of known size is inflated at once by libdeflate into a reused buffer. Everything else (huge files,
//! several members, zstd, readers, and what libdeflate refuses) is read chunk by chunk, in bounded memory; a truncated
//! or corrupt stream gives the text before the fault, then the error.

mod deflate;
mod gzip;

#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read};

use libdeflater::Decompressor;
use memchr::memmem;
use trailmere_model::Error;

pub(crate) use gzip::{GzipReader, Member, only_member};

/// The bytes of one delivered file.
pub enum Input<'a> {
    /// All of them.
    Bytes(&'a [u8]),
    /// As they come: for files too large to hold, and for standard input.
    Reader(&'a mut (dyn Read + 'a)),
}

/// The least that is read at once when text comes in chunks.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Compressed within compressed, as Firehose delivers CloudWatch Logs with its own compression on.
const MAX_LAYERS: usize = 3;
/// DEFLATE cannot do better, so a larger size in a trailer is a lie.
const MAX_RATIO: usize = 1032;
const GZIP_DEFLATE: [u8; 3] = [0x1f, 0x8b, 8];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What outlives a file: the decompressor and the buffer.
pub(crate) struct Inflation {
    decompressor: Decompressor,
    buffer: Vec<u8>,
    /// A text up to this size is inflated at once.
    whole_bytes: usize,
}

impl Inflation {
    pub(crate) fn new(whole_bytes: usize) -> Self {
        Self { decompressor: Decompressor::new(), buffer: Vec::new(), whole_bytes }
    }

    /// Opens the text of a file. Give it back with [`Inflation::close`].
    pub(crate) fn open<'a>(&mut self, input: Input<'a>) -> RawText<'a> {
        let mut text = RawText::new(std::mem::take(&mut self.buffer));
        match input {
            Input::Bytes(bytes) => match self.inflate_whole(bytes, &mut text.buffer) {
                Some(length) if !is_compressed(&text.buffer[..length]) => text.filled = length,
                Some(length) => text.source = Some(layered(Cursor::new(text.buffer[..length].to_vec()))),
                None => text.source = Some(layered(bytes)),
            },
            Input::Reader(reader) => text.source = Some(layered(reader)),
        }
        text
    }

    /// Takes the buffer back, unless one large file has made it larger than the next ones are likely to need.
    pub(crate) fn close(&mut self, text: RawText<'_>) {
        if text.buffer.len() <= self.whole_bytes.max(2 * CHUNK_BYTES) {
            self.buffer = text.buffer;
        }
    }

    /// Inflates a file of one member and plausible size; `None` if this is no such file.
    fn inflate_whole(&mut self, bytes: &[u8], buffer: &mut Vec<u8>) -> Option<usize> {
        if !bytes.starts_with(&GZIP_DEFLATE) {
            return None;
        }
        let size = u32::from_le_bytes(*bytes.last_chunk::<4>()?) as usize;
        if size > self.whole_bytes || size / MAX_RATIO > bytes.len() {
            return None;
        }
        // libdeflate reads the first member and does not say where it ended: any sign of a second one is enough.
        if memmem::find(&bytes[1..], &GZIP_DEFLATE).is_some() {
            return None;
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let inflated = self.decompressor.gzip_decompress(bytes, &mut buffer[..size]);
        inflated.ok().filter(|length| *length == size)
    }
}

/// Whether text is compressed once more.
fn is_compressed(text: &[u8]) -> bool {
    text.starts_with(&gzip::MAGIC) || text.starts_with(&ZSTD_MAGIC)
}

/// What a record may hold in compressed form; more is not taken.
const MAX_EMBEDDED_BYTES: u64 = 16 << 20;

/// Inflates what was found, compressed, within a record; `None` if it is not compressed, or broken.
pub(crate) fn inflate_embedded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = layered(bytes).take(MAX_EMBEDDED_BYTES).read_to_end(&mut text);
    (is_compressed(bytes) && read.is_ok()).then_some(text)
}

/// Puts a decoder before `source` for each layer of compression that its first bytes show.
fn layered<'a>(source: impl Read + 'a) -> Box<dyn Read + 'a> {
    let mut source: Box<dyn Read + 'a> = Box::new(source);
    for _ in 0..MAX_LAYERS {
        let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
        if let Err(error) = source.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head) {
            return Box::new(Cursor::new(head).chain(Failing(Some(error))));
        }
        let (is_gzip, is_zstd) = (head.starts_with(&gzip::MAGIC), head.starts_with(&ZSTD_MAGIC));
        let whole = Cursor::new(head).chain(source);
        source = if is_gzip {
            Box::new(GzipReader::new(whole))
        } else if is_zstd {
            zstd_reader(whole)
        } else {
            return Box::new(whole);
        };
    }
    source
}

fn zstd_reader<'a>(source: impl Read + 'a) -> Box<dyn Read + 'a> {
    match zstd::Decoder::new(source) {
        Ok(decoder) => Box::new(decoder),
        Err(error) => Box::new(Failing(Some(error))),
    }
}

/// Fails once, then is at its end.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The text of one file: a window on it that moves on as text is consumed.
pub(crate) struct RawText<'a> {
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    /// Where in the text the buffer begins.
    base: u64,
    source: Option<Box<dyn Read + 'a>>,
    failed: Option<Error>,
}

impl<'a> RawText<'a> {
    fn new(buffer: Vec<u8>) -> Self {
        Self { buffer, start: 0, filled: 0, base: 0, source: None, failed: None }
    }

    /// What is at hand and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.filled]
    }

    /// Moves on.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.filled);
    }

    /// How much text was consumed.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// How much text has come so far.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.base + self.filled as u64
    }

    /// Why the text ended before the file did.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// Brings more text, at least doubling what is at hand; `false` at the end of the text or where it broke off.
    pub(crate) fn more(&mut self) -> bool {
        let Some(source) = &mut self.source else { return false };
        self.buffer.copy_within(self.start..self.filled, 0);
        self.base += self.start as u64;
        self.filled -= self.start;
        self.start = 0;
        let wanted = self.filled + self.filled.max(CHUNK_BYTES);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let before = self.filled;
        while self.filled < wanted {
            match source.read(&mut self.buffer[self.filled..wanted]) {
                Ok(0) => {
                    self.source = None;
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.source = None;
                    self.failed = Some(explain(error));
                    break;
                }
            }
        }
        self.filled > before
    }
}

/// A fault of the bytes is `corrupt`; a fault of the place they come from keeps its own kind.
fn explain(error: io::Error) -> Error {
    let is_ours = error.get_ref().is_some_and(|inner| inner.is::<Error>());
    if is_ours {
        let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
        return inner.map_or_else(|| Error::unavailable("the file could not be read"), |inner| *inner);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::corrupt("the compressed file is cut short"),
        io::ErrorKind::InvalidData | io::ErrorKind::Other => Error::corrupt(format!("the file is corrupt: {error}")),
        _ => Error::unavailable("the file could not be read to its end").source(error),
    }
}
