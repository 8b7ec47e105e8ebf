//! How are bytes written as text, and read from it?

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{entry, read, write};
use crate::function::Function;

/// Encodings.
pub(super) fn all() -> Vec<Function> {
    vec![
        entry(
            "to_hex",
            "to_hex(varbinary) -> varchar",
            "The bytes in hexadecimal digits.",
            "to_hex(X'CAFE')",
            |args| write("to_hex", args, to_hex),
        ),
        entry(
            "from_hex",
            "from_hex(varchar) -> varbinary\nfrom_hex(varbinary) -> varbinary",
            "The bytes of hexadecimal digits.",
            "from_hex('cafe')",
            |args| read("from_hex", args, from_hex),
        ),
        entry(
            "to_base64",
            "to_base64(varbinary) -> varchar",
            "The bytes in base64.",
            "to_base64(to_utf8('lake'))",
            |args| write("to_base64", args, |b| PLAIN.encode(b)),
        ),
        entry(
            "from_base64",
            "from_base64(varchar) -> varbinary\nfrom_base64(varbinary) -> varbinary",
            "The bytes of a base64 text.",
            "from_base64('bGFrZQ==')",
            |args| read("from_base64", args, |b| PLAIN.decode(b).map_err(|e| e.to_string())),
        ),
        entry(
            "to_base64url",
            "to_base64url(varbinary) -> varchar",
            "The bytes in base64 with the alphabet for URLs.",
            "to_base64url(X'FBFF')",
            |args| write("to_base64url", args, |b| FOR_URL.encode(b)),
        ),
        entry(
            "from_base64url",
            "from_base64url(varchar) -> varbinary\nfrom_base64url(varbinary) -> varbinary",
            "The bytes of a base64 text with the alphabet for URLs.",
            "from_base64url('-_8=')",
            |args| read("from_base64url", args, |b| FOR_URL.decode(b).map_err(|e| e.to_string())),
        ),
        entry(
            "to_base32",
            "to_base32(varbinary) -> varchar",
            "The bytes in base32.",
            "to_base32(to_utf8('lake'))",
            |args| write("to_base32", args, to_base32),
        ),
        entry(
            "from_base32",
            "from_base32(varchar) -> varbinary\nfrom_base32(varbinary) -> varbinary",
            "The bytes of a base32 text.",
            "from_base32('NRQWWZI=')",
            |args| read("from_base32", args, from_base32),
        ),
    ]
}

/// As Java decodes: padding may be missing, and the bits it stands for may be anything.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const FOR_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.chunks(2).map(pair).collect();
    bytes.ok_or_else(|| format!("not pairs of hexadecimal digits: `{}`", String::from_utf8_lossy(text)))
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn to_base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut bits = [0; 8];
        bits[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(bits);
        let digits = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let digit = BASE32[(bits >> (35 - 5 * i)) as usize & 31];
            out.push(if i < digits { char::from(digit) } else { '=' });
        }
    }
    out
}

fn from_base32(text: &[u8]) -> Result<Vec<u8>, String> {
    let end = text.iter().rposition(|b| *b != b'=').map_or(0, |last| last + 1);
    let digits = &text[..end];
    if matches!(digits.len() % 8, 1 | 3 | 6) {
        return Err(format!("Invalid input length {}", digits.len()));
    }
    let mut out = Vec::with_capacity(digits.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for b in digits {
        let Some(value) = BASE32.iter().position(|d| d == b) else {
            return Err(format!("Unrecognized character: {}", char::from(*b)));
        };
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_goes_both_ways() {
        for (bytes, text) in
            [("", ""), ("a", "ME======"), ("abc", "MFRGG==="), ("hello world", "NBSWY3DPEB3W64TMMQ======")]
        {
            assert_eq!(to_base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text.as_bytes()), Ok(bytes.as_bytes().to_vec()));
        }
        assert_eq!(from_base32(b"1="), Err("Invalid input length 1".to_string()));
        assert_eq!(from_base32(b"M1======"), Err("Unrecognized character: 1".to_string()));
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(to_hex(&[0, 0xca, 0xfe]), "00CAFE");
        assert_eq!(from_hex(b"00cAfE"), Ok(vec![0, 0xca, 0xfe]));
        assert!(from_hex(b"fG").is_err() && from_hex(b"abc").is_err() && from_hex(b"+1").is_err());
    }

    #[test]
    fn base64_needs_no_padding() {
        assert_eq!(PLAIN.decode("YQ"), Ok(b"a".to_vec()));
        assert_eq!(PLAIN.decode("YQ=="), Ok(b"a".to_vec()));
        assert_eq!(FOR_URL.decode("-_8="), Ok(vec![0xfb, 0xff]));
    }
}
