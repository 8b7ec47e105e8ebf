//! With which keys are digests signed that CloudTrail never saw?

use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding, Signer as _};
use rsa::{BigUint, RsaPrivateKey};
use sha2::{Digest as _, Sha256};

use crate::json::Object;

/// Primes that everybody knows: these keys sign test data and nothing else. Fixed, since a seeded search for primes
/// would give others with the next version of the library that searches.
const PRIMES: [[&str; 2]; 2] = [
    [
        "E72D817C1F0A34D6886CC62F6C3E78643F4E451ACC0FAAF6AC6B29E7070D1705F60A527ED86192CB16A382498A0C8A4DCBB1FDD24B42CA056C32450A09525D66495EBE13C1FBECBDE385E394229BD463729CB07CC9EFAD37F7CFE961B2B70FE073FB3CAEC38EC2CC24082B3ACC05D2AC8E809F26E8F96EE9DA3057C16DF047AD",
        "D63EA696BF968DCF0D9767F8CB1A93E486BCDA05F838DA32D4C47F694D94F48B15FEE3863CD295401B11F57CF0D7EF36E56B54C7E5ACA7D65F5BB080429171740C92FB7EE25AA70EA950652ED226041A575BC66C7919801E09EF78BEA0A7BB2616A47648E4B35BCD5187DDB6BAC8140A86C871FC0A682DE8761BBB17757260A1",
    ],
    [
        "EEC043BC82FA96EAC09E4290E1C9980012FAFA325F40567987A6D1148C8572ED5CDB8CA8E2254D538C1C60D3F22D11CCF069EBEDA13C3E45E9730C03B822EABFA080EF6B4C484C115261470CC82B90BAE50C9612C5C6E21F7D82537507F9471E305491E9A92C6B67B0A45966FAF65E427EB9CF4D08D63E79DC42E2FC4D325C3F",
        "F475A0AF81383A2129C173C43CDBADF2057B5E15B13C4943CF8B16EBA86858499C279CDDFE1FB8E7942AA283BC00F85DA63FCDDFD78C0D7480A0BAE8830682411A87076B450449D1060AC43A0AC48925C73AF2AA6319B3318A9BA1AFF6AC23CA22DB37DB807BAD304C72B38028A04335E520086161C3C5E29B031D9218D3171F",
    ],
];

const PUBLIC_EXPONENT: u32 = 65_537;

/// Signs digests as CloudTrail does: RSASSA-PKCS1-v1_5 with SHA-256, a key of 2048 bits.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey<Sha256>,
    public: Vec<u8>,
}

/// Which of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNumber {
    /// The one that generated digests are signed with.
    First,
    /// Another one.
    Second,
}

impl Signer {
    /// A signer with one of the fixed keys.
    pub fn new(number: KeyNumber) -> anyhow::Result<Self> {
        let [p, q] = PRIMES[number as usize].map(|digits| BigUint::parse_bytes(digits.as_bytes(), 16));
        let (p, q) = p.zip(q).ok_or_else(|| anyhow::anyhow!("a prime is no hexadecimal number"))?;
        let key = RsaPrivateKey::from_p_q(p, q, BigUint::from(PUBLIC_EXPONENT))?;
        let public = key.to_public_key().to_pkcs1_der()?.into_vec();
        Ok(Self { key: SigningKey::new(key), public })
    }

    /// A signature, as lower-case hexadecimal digits.
    pub fn sign(&self, text: &str) -> String {
        hexadecimal(&self.key.sign(text.as_bytes()).to_vec())
    }

    /// The public key in PKCS #1 DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public
    }

    /// What digests name the key by.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&Sha256::digest(&self.public)[..16])
    }
}

/// The output of `aws cloudtrail list-public-keys` for some keys, in use from one time (ISO 8601) until another.
pub fn public_keys(signers: &[&Signer], from: &str, until: &str) -> String {
    let mut out = String::new();
    Object::write(&mut out, |file| {
        file.array("PublicKeyList", |keys| {
            for signer in signers {
                keys.object(|key| {
                    key.str("Value", &base64(signer.public_key()));
                    key.str("ValidityStartTime", from).str("ValidityEndTime", until);
                    key.str("Fingerprint", &signer.fingerprint());
                });
            }
        });
    });
    out
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_two_and_their_signatures_of_one_text_always_the_same() {
        let (first, second) = (Signer::new(KeyNumber::First).unwrap(), Signer::new(KeyNumber::Second).unwrap());
        assert_ne!(first.fingerprint(), second.fingerprint());
        assert_eq!(first.fingerprint().len(), 32);
        assert_eq!(first.sign("text"), first.sign("text"));
        assert_eq!(first.sign("text").len(), 512);
        assert_ne!(first.sign("text"), second.sign("text"));
    }
}
