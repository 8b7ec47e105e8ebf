//! Where does chance come from, so that the same seed gives the same bytes on every machine?

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded source of choices; integers only, since floating point differs between platforms.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for one place in the corpus: what they give depends on nothing that was drawn elsewhere.
    pub(crate) fn at(seed: u64, place: u64, index: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(mix(mix(seed, place), index)))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u64::from(self.0.next_u32()) * limit as u64) >> 32) as usize
    }

    /// True so many times in a thousand.
    pub(crate) fn per_mille(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// One of the choices, all alike.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// One of the choices, the first far more often than the last.
    pub(crate) fn pick_skewed<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.skewed(choices.len())]
    }

    /// A number below `limit`, the small ones far more often (about as 1/x: log-uniform).
    pub(crate) fn skewed(&mut self, limit: usize) -> usize {
        let bits = usize::BITS - limit.leading_zeros();
        let width = 1usize << self.below(bits as usize + 1);
        self.below(width.min(limit))
    }

    /// About `mean` on average, with a long tail, never 0.
    pub(crate) fn around(&mut self, mean: usize) -> usize {
        let halvings = self.0.next_u32().trailing_zeros().min(4) as usize;
        1 + self.below(mean.max(1)) + halvings * mean / 2
    }

    /// So many characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// A random UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0u8; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// Upper-case letters and digits, as in key ids.
pub(crate) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters and digits, as in log file names.
pub(crate) const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Lower-case hexadecimal digits.
pub(crate) const HEX: &[u8] = b"0123456789abcdef";

/// Two numbers made one, well spread (splitmix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(b).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
