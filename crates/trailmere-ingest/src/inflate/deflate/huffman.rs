//! How is a canonical Huffman code of DEFLATE built from its lengths, and decoded?

use std::io::Read;

use super::{BitReader, Fault};

const MAX_BITS: usize = 15;
/// Codes up to this length are found in one look.
const TABLE_BITS: u32 = 10;

/// A code: a table for the short ones, counts and symbols in order for the long ones.
pub(super) struct Huffman {
    /// Index: the next bits, lowest first. Value: `symbol << 4 | length`, or 0 for a long code.
    table: Vec<u16>,
    counts: [u16; MAX_BITS + 1],
    symbols: Vec<u16>,
}

impl Huffman {
    /// Builds a code; `Err` if the lengths are no prefix code.
    fn new(lengths: &[u8]) -> Result<Self, Fault> {
        let mut counts = [0u16; MAX_BITS + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        counts[0] = 0;
        let used: u16 = counts.iter().sum();
        let is_complete = is_complete(&counts, used)?;
        let mut offsets = [0u16; MAX_BITS + 2];
        for length in 1..=MAX_BITS {
            offsets[length + 1] = offsets[length] + counts[length];
        }
        let mut symbols = vec![0u16; usize::from(used)];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let offset = &mut offsets[usize::from(*length)];
            symbols[usize::from(*offset)] = symbol as u16;
            *offset += 1;
        }
        let mut table = short_codes(&counts, &symbols);
        if !is_complete {
            // Either bit stands for the one symbol there is, as libdeflate has it.
            table.fill(symbols.first().unwrap_or(&0) << 4 | 1);
        }
        Ok(Self { table, counts, symbols })
    }

    /// Takes one symbol.
    #[inline]
    pub(super) fn decode(&self, bits: &mut BitReader<impl Read>) -> Result<u16, Fault> {
        let next = bits.peek()?;
        let entry = self.table[(next & ((1 << TABLE_BITS) - 1)) as usize];
        if entry != 0 {
            bits.consume(u32::from(entry & 15))?;
            return Ok(entry >> 4);
        }
        self.decode_long(next, bits)
    }

    fn decode_long(&self, mut next: u64, bits: &mut BitReader<impl Read>) -> Result<u16, Fault> {
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for length in 1..=MAX_BITS {
            code |= (next & 1) as u32;
            next >>= 1;
            let count = u32::from(self.counts[length]);
            if code < first + count {
                bits.consume(length as u32)?;
                return Ok(self.symbols[(index + code - first) as usize]);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Fault::Corrupt("a bit sequence that is no code"))
    }
}

/// Codes must fill their space exactly; a single code of one bit (or none) is the allowed exception.
fn is_complete(counts: &[u16; MAX_BITS + 1], used: u16) -> Result<bool, Fault> {
    let mut left = 1i32;
    for count in &counts[1..] {
        left = (left << 1) - i32::from(*count);
        if left < 0 {
            return Err(Fault::Corrupt("an over-subscribed code"));
        }
    }
    if left > 0 && !(used == 0 || used == 1 && counts[1] == 1) {
        return Err(Fault::Corrupt("an incomplete code"));
    }
    Ok(left == 0)
}

fn short_codes(counts: &[u16; MAX_BITS + 1], symbols: &[u16]) -> Vec<u16> {
    let mut table = vec![0u16; 1 << TABLE_BITS];
    let (mut code, mut index) = (0u32, 0usize);
    for length in 1..=TABLE_BITS {
        for _ in 0..counts[length as usize] {
            let first = (code.reverse_bits() >> (32 - length)) as usize;
            for slot in (first..table.len()).step_by(1 << length) {
                table[slot] = symbols[index] << 4 | length as u16;
            }
            code += 1;
            index += 1;
        }
        code <<= 1;
    }
    table
}

/// The literal and length code of blocks that carry none.
pub(super) fn fixed_literals() -> Huffman {
    let mut lengths = [8u8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    fixed(&lengths)
}

/// The distance code of blocks that carry none; its last two codes stand for nothing.
pub(super) fn fixed_distances() -> Huffman {
    fixed(&[5u8; 32])
}

fn fixed(lengths: &[u8]) -> Huffman {
    Huffman::new(lengths).unwrap_or_else(|_| Huffman {
        table: vec![0; 1 << TABLE_BITS],
        counts: [0; MAX_BITS + 1],
        symbols: Vec::new(),
    })
}

const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Reads the two codes at the head of a dynamic block.
pub(super) fn read_dynamic(bits: &mut BitReader<impl Read>) -> Result<(Huffman, Huffman), Fault> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let code_lengths = bits.take(4)? as usize + 4;
    let mut lengths = [0u8; 19];
    for position in &ORDER[..code_lengths] {
        lengths[*position] = bits.take(3)? as u8;
    }
    let code = Huffman::new(&lengths)?;
    let mut lengths = [0u8; 288 + 32];
    let lengths = &mut lengths[..literals + distances];
    let mut filled = 0;
    while filled < lengths.len() {
        let (value, repeat) = match code.decode(bits)? {
            16 if filled == 0 => return Err(Fault::Corrupt("a repeat of nothing")),
            16 => (lengths[filled - 1], 3 + bits.take(2)? as usize),
            17 => (0, 3 + bits.take(3)? as usize),
            18 => (0, 11 + bits.take(7)? as usize),
            length => (length as u8, 1),
        };
        let Some(run) = lengths.get_mut(filled..filled + repeat) else {
            return Err(Fault::Corrupt("more code lengths than announced"));
        };
        run.fill(value);
        filled += repeat;
    }
    Ok((Huffman::new(&lengths[..literals])?, Huffman::new(&lengths[literals..])?))
}
