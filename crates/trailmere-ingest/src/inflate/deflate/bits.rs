//! How are bits, lowest first, taken from bytes that arrive piece by piece?

use std::io::Read;

use super::Fault;

const BUFFER_BYTES: usize = 64 * 1024;

/// A reader of bits; `bits` holds the next `count` of them and never more than 63.
pub(crate) struct BitReader<R> {
    source: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    bits: u64,
    count: u32,
}

impl<R: Read> BitReader<R> {
    /// A reader at the start of `source`.
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: vec![0; BUFFER_BYTES], at: 0, filled: 0, bits: 0, count: 0 }
    }

    /// Has at least 48 bits at hand unless the input ends sooner, and returns the next ones without taking them.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u64, Fault> {
        if self.count < 48 {
            self.refill()?;
        }
        Ok(self.bits)
    }

    /// Takes bits that were looked at.
    #[inline]
    pub(super) fn consume(&mut self, wanted: u32) -> Result<(), Fault> {
        if wanted > self.count {
            return Err(Fault::CutShort);
        }
        self.bits >>= wanted;
        self.count -= wanted;
        Ok(())
    }

    /// Takes up to 32 bits.
    #[inline]
    pub(super) fn take(&mut self, wanted: u32) -> Result<u32, Fault> {
        let value = self.peek()? & ((1u64 << wanted) - 1);
        self.consume(wanted)?;
        Ok(value as u32)
    }

    /// Skips to the next byte boundary.
    pub(super) fn align(&mut self) {
        let odd = self.count % 8;
        self.bits >>= odd;
        self.count -= odd;
    }

    /// Takes one whole byte, or `None` at the end of the input. Only on a byte boundary.
    pub(crate) fn byte(&mut self) -> Result<Option<u8>, Fault> {
        self.align();
        let value = self.peek()? as u8;
        if self.count < 8 {
            return Ok(None);
        }
        self.consume(8)?;
        Ok(Some(value))
    }

    /// Copies up to `wanted` whole bytes, at least one of them.
    pub(super) fn copy_bytes(&mut self, wanted: usize, output: &mut Vec<u8>) -> Result<usize, Fault> {
        let before = output.len();
        while self.count >= 8 && output.len() - before < wanted {
            output.push(self.bits as u8);
            self.consume(8)?;
        }
        if output.len() - before < wanted {
            if self.at == self.filled && !self.read_more()? && output.len() == before {
                return Err(Fault::CutShort);
            }
            let count = (self.filled - self.at).min(wanted - (output.len() - before));
            output.extend_from_slice(&self.buffer[self.at..self.at + count]);
            self.at += count;
        }
        Ok(output.len() - before)
    }

    fn refill(&mut self) -> Result<(), Fault> {
        if let Some(word) = self.buffer[self.at..self.filled].first_chunk::<8>() {
            self.bits |= u64::from_le_bytes(*word) << self.count;
            let bytes = (63 - self.count) / 8;
            self.at += bytes as usize;
            self.count += bytes * 8;
            // Bits above `count` came along; they are read again with the next word, so they must not stay.
            self.bits &= (1 << self.count) - 1;
            return Ok(());
        }
        while self.count < 56 {
            if self.at == self.filled && !self.read_more()? {
                return Ok(());
            }
            self.bits |= u64::from(self.buffer[self.at]) << self.count;
            self.at += 1;
            self.count += 8;
        }
        Ok(())
    }

    fn read_more(&mut self) -> Result<bool, Fault> {
        self.at = 0;
        self.filled = 0;
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(count) => {
                    self.filled = count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Unreadable(error)),
            }
        }
    }
}
