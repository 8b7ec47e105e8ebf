//! Does a signature fit a text and a public key? RSASSA-PKCS1-v1_5 with SHA-256.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The key is no RSA public key in PKCS #1 form.
    UnusableKey,
    /// It is not what this key's owner signed.
    Wrong,
}

/// Checks a signature (hexadecimal) of a text by a key (base64 of PKCS #1 DER).
pub(crate) fn check(key: &str, text: &str, signature: &str) -> Result<(), Fault> {
    let der = STANDARD.decode(key.trim()).map_err(|_| Fault::UnusableKey)?;
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| Fault::UnusableKey)?;
    let signature = bytes_of(signature.trim()).ok_or(Fault::Wrong)?;
    key.verify_sig(text.as_bytes(), &signature).map_err(|_| Fault::Wrong)
}

/// The bytes of hexadecimal digits.
pub(crate) fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_read_or_refused() {
        assert_eq!(bytes_of("00ffA5"), Some(vec![0, 255, 0xa5]));
        assert_eq!(bytes_of(""), Some(vec![]));
        for digits in ["0", "0g", "é0"] {
            assert_eq!(bytes_of(digits), None, "{digits}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_what_is_no_signature() {
        assert_eq!(check("!", "text", "00"), Err(Fault::UnusableKey));
        assert_eq!(check("AQID", "text", "00"), Err(Fault::UnusableKey));
    }
}
