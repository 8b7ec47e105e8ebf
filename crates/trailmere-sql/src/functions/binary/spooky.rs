//! How is SpookyHash V2 (seed 0) computed? By Bob Jenkins, in the public domain.

const CONST: u64 = 0xdead_beef_dead_beef;
/// Below this length another, simpler mixing is used.
const SHORT: usize = 192;
const WORDS: usize = 12;

/// The lower 64 bits of the hash.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    if bytes.len() < SHORT { short(bytes) } else { long(bytes) }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b))
}

fn short(bytes: &[u8]) -> u64 {
    let mut h = [0, 0, CONST, CONST];
    let mut blocks = bytes.chunks_exact(32);
    for block in &mut blocks {
        h[2] = h[2].wrapping_add(word(&block[..8]));
        h[3] = h[3].wrapping_add(word(&block[8..16]));
        short_mix(&mut h);
        h[0] = h[0].wrapping_add(word(&block[16..24]));
        h[1] = h[1].wrapping_add(word(&block[24..]));
    }
    let mut tail = blocks.remainder();
    if tail.len() >= 16 {
        h[2] = h[2].wrapping_add(word(&tail[..8]));
        h[3] = h[3].wrapping_add(word(&tail[8..16]));
        short_mix(&mut h);
        tail = &tail[16..];
    }
    h[3] = h[3].wrapping_add((bytes.len() as u64) << 56);
    if tail.is_empty() {
        h[2] = h[2].wrapping_add(CONST);
        h[3] = h[3].wrapping_add(CONST);
    } else {
        let (low, high) = tail.split_at(tail.len().min(8));
        h[2] = h[2].wrapping_add(word(low));
        h[3] = h[3].wrapping_add(word(high));
    }
    short_end(&mut h);
    h[0]
}

fn short_mix(h: &mut [u64; 4]) {
    const TURNS: [u32; 12] = [50, 52, 30, 41, 54, 48, 38, 37, 62, 34, 5, 36];
    for (i, turn) in TURNS.into_iter().enumerate() {
        // Turns word 2, 3, 0, 1, 2…; adds the word after it; mixes into the word two on.
        let at = (i + 2) % 4;
        h[at] = h[at].rotate_left(turn).wrapping_add(h[(at + 1) % 4]);
        h[(at + 2) % 4] ^= h[at];
    }
}

fn short_end(h: &mut [u64; 4]) {
    const TURNS: [u32; 11] = [15, 52, 26, 51, 28, 9, 47, 54, 32, 25, 63];
    for (i, turn) in TURNS.into_iter().enumerate() {
        let (to, from) = ((i + 3) % 4, (i + 2) % 4);
        h[to] ^= h[from];
        h[from] = h[from].rotate_left(turn);
        h[to] = h[to].wrapping_add(h[from]);
    }
}

fn long(bytes: &[u8]) -> u64 {
    let mut h = [0; WORDS];
    for (i, h) in h.iter_mut().enumerate() {
        *h = if i % 3 == 2 { CONST } else { 0 };
    }
    let mut blocks = bytes.chunks_exact(WORDS * 8);
    for block in &mut blocks {
        long_mix(&words(block), &mut h);
    }
    let rest = blocks.remainder();
    let mut last = [0; WORDS * 8];
    last[..rest.len()].copy_from_slice(rest);
    last[WORDS * 8 - 1] = rest.len() as u8;
    for (h, word) in h.iter_mut().zip(words(&last)) {
        *h = h.wrapping_add(word);
    }
    for _ in 0..3 {
        long_end(&mut h);
    }
    h[0]
}

fn words(block: &[u8]) -> [u64; WORDS] {
    std::array::from_fn(|i| word(&block[i * 8..i * 8 + 8]))
}

fn long_mix(data: &[u64; WORDS], h: &mut [u64; WORDS]) {
    const TURNS: [u32; WORDS] = [11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46];
    for i in 0..WORDS {
        h[i] = h[i].wrapping_add(data[i]);
        h[(i + 2) % WORDS] ^= h[(i + 10) % WORDS];
        h[(i + 11) % WORDS] ^= h[i];
        h[i] = h[i].rotate_left(TURNS[i]);
        h[(i + 11) % WORDS] = h[(i + 11) % WORDS].wrapping_add(h[(i + 1) % WORDS]);
    }
}

fn long_end(h: &mut [u64; WORDS]) {
    const TURNS: [u32; WORDS] = [44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54];
    for (i, turn) in TURNS.into_iter().enumerate() {
        let (at, by) = ((i + 11) % WORDS, (i + 1) % WORDS);
        h[at] = h[at].wrapping_add(h[by]);
        h[(i + 2) % WORDS] ^= h[at];
        h[by] = h[by].rotate_left(turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_reference() {
        assert_eq!(hash(b"") as u32, 0x6bf5_0919);
        assert_eq!(hash(b"hello"), 0x3768_826a_d382_e6ca);
    }
}
