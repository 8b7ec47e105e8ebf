//! How is a DEFLATE stream (RFC 1951) read piece by piece, so that a cut or corrupt one still gives what it had?
//!
//! libdeflate, which reads nearly every log file, takes a whole member or nothing, and does not say where a member
//! ended. This decoder is the slower second way: for members too large to hold, files cut short, and several members.

mod bits;
mod huffman;

use std::io::Read;

pub(crate) use bits::BitReader;
use huffman::Huffman;

/// How far back a match may reach.
const WINDOW_BYTES: usize = 32 * 1024;
/// What is produced before it is handed over.
const OUTPUT_BYTES: usize = 256 * 1024;

/// Why a compressed stream could not be read on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The input ended before the stream did.
    CutShort,
    /// The bits are no DEFLATE stream.
    Corrupt(&'static str),
    /// Reading the input failed.
    Unreadable(std::io::Error),
}

enum State {
    BlockHeader,
    Stored { left: usize },
    Codes { literals: Box<Huffman>, distances: Box<Huffman> },
    Done,
}

/// One DEFLATE stream on its way out.
pub(crate) struct Inflater {
    state: State,
    last_block: bool,
    /// The last [`WINDOW_BYTES`] handed over, then what is new.
    output: Vec<u8>,
    taken: usize,
}

impl Inflater {
    /// A decoder at the start of a stream.
    pub(crate) fn new() -> Self {
        Self { state: State::BlockHeader, last_block: false, output: Vec::new(), taken: 0 }
    }

    /// Starts over for the next stream and keeps its buffer.
    pub(crate) fn reset(&mut self) {
        self.state = State::BlockHeader;
        self.last_block = false;
        self.output.clear();
        self.taken = 0;
    }

    /// Whether the stream has come to its end.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// What was produced and not yet taken.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.output[self.taken..]
    }

    /// Marks the first `count` pending bytes as taken.
    pub(crate) fn take(&mut self, count: usize) {
        self.taken += count;
    }

    /// Decodes until there is enough to hand over or the stream ends; on a fault, what came before it is pending.
    pub(crate) fn fill(&mut self, bits: &mut BitReader<impl Read>) -> Result<(), Fault> {
        self.forget_old();
        let limit = self.output.len() + OUTPUT_BYTES;
        while self.output.len() < limit {
            match &mut self.state {
                State::Done => break,
                State::BlockHeader if self.last_block => self.state = State::Done,
                State::BlockHeader => self.block_header(bits)?,
                State::Stored { left } => {
                    let wanted = (*left).min(limit - self.output.len());
                    let copied = bits.copy_bytes(wanted, &mut self.output)?;
                    *left -= copied;
                    if *left == 0 {
                        self.state = State::BlockHeader;
                    }
                }
                State::Codes { literals, distances } => {
                    if codes(bits, (literals, distances), &mut self.output, limit)? {
                        self.state = State::BlockHeader;
                    }
                }
            }
        }
        Ok(())
    }

    fn forget_old(&mut self) {
        let keep_from = self.output.len().saturating_sub(WINDOW_BYTES).min(self.taken);
        self.output.drain(..keep_from);
        self.taken -= keep_from;
    }

    fn block_header(&mut self, bits: &mut BitReader<impl Read>) -> Result<(), Fault> {
        self.last_block = bits.take(1)? == 1;
        self.state = match bits.take(2)? {
            0 => {
                bits.align();
                let length = bits.take(16)?;
                if bits.take(16)? != !length & 0xffff {
                    return Err(Fault::Corrupt("a stored block whose length does not match its complement"));
                }
                State::Stored { left: length as usize }
            }
            1 => State::Codes {
                literals: Box::new(huffman::fixed_literals()),
                distances: Box::new(huffman::fixed_distances()),
            },
            2 => {
                let (literals, distances) = huffman::read_dynamic(bits)?;
                State::Codes { literals: Box::new(literals), distances: Box::new(distances) }
            }
            _ => return Err(Fault::Corrupt("an unknown block type")),
        };
        Ok(())
    }
}

const LENGTH_BASE: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA: [u8; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/// Decodes symbols until the block ends (`true`) or `limit` is reached (`false`).
fn codes(
    bits: &mut BitReader<impl Read>,
    (literals, distances): (&Huffman, &Huffman),
    output: &mut Vec<u8>,
    limit: usize,
) -> Result<bool, Fault> {
    while output.len() < limit {
        let symbol = literals.decode(bits)?;
        if symbol < 256 {
            output.push(symbol as u8);
            continue;
        }
        if symbol == 256 {
            return Ok(true);
        }
        let code = usize::from(symbol - 257);
        let (Some(base), Some(extra)) = (LENGTH_BASE.get(code), LENGTH_EXTRA.get(code)) else {
            return Err(Fault::Corrupt("an unknown length code"));
        };
        let length = usize::from(*base) + bits.take(u32::from(*extra))? as usize;
        let code = usize::from(distances.decode(bits)?);
        let (Some(base), Some(extra)) = (DISTANCE_BASE.get(code), DISTANCE_EXTRA.get(code)) else {
            return Err(Fault::Corrupt("an unknown distance code"));
        };
        let distance = usize::from(*base) + bits.take(u32::from(*extra))? as usize;
        copy_match(output, distance, length)?;
    }
    Ok(false)
}

fn copy_match(output: &mut Vec<u8>, distance: usize, length: usize) -> Result<(), Fault> {
    let Some(from) = output.len().checked_sub(distance) else {
        return Err(Fault::Corrupt("a match that reaches back before the start"));
    };
    if distance >= length {
        output.extend_from_within(from..from + length);
        return Ok(());
    }
    // The match overlaps what it produces: the pattern repeats.
    for index in from..from + length {
        output.push(output[index]);
    }
    Ok(())
}
