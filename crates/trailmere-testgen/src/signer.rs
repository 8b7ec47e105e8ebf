//! With which keys are digests signed that CloudTrail never saw?

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::json::Object;

/// Private keys that everybody knows, as base64 of PKCS #1 DER: they sign test data and nothing else. Fixed, so that the
/// same seed gives the same bytes.
const KEYS: [&str; 2] = [
    "MIIEpQIBAAKCAQEAwXidssGlT9N0g/FZgnCUPe3qaDqtOayVh4GLyPbqCQZTrFE+SJ9ZMcd66/qn3/TdsfVPpBhdskx09w8rhnl741czy0YFF+Tnr8j6Yv7h0VSD2vWAAd3XCyaIux/zNp4vz0Da8hvyRJhsud0VS42FCw9vkbafaiMmdYreUwbazwENH7Hojs5atNSERLCN8j6rxjcBNI/mvdFi+4VU3PTAqNY2LVuRbkt+2aUu8w/KlBUgApMEH3npaevxIJLu+otytx9vrVQ7babQAGxSdUELv4p22smTLdOBaCxYh+G3/c15SG8djlnqWSGW++iCIppcZ3kB32Z5mV+G4k8tOwfzzQIDAQABAoIBAQCMVKCN+EegDxCEY5s5Mc9U3C0aTPU40CXlk+GAcxhuU1h9tLAonOxlXvuaDsWVfFcRrY2GyOWtXie4zBgWAigKTkYTO0aWfkJPDsgO5jGFVHgPaeLfd7lzLRAgKpyPEU48Vh55Xivr9WNnrSS1GIFX9GpIlt4qbjSHLaL1NhOf8TAuWdvVXjzdUcg2j83AcPu+NBZXpWmuTpdI9t2Sw+r2xn63KNQSl4RcW1PR0m7U9c56Gq67h1QQkw1bOXiSFVmxoyZjVRH5soblGcYMvja/ipAigaGf86enM4HGu0mXuxOA8HfM3ZW8AVtJADxsw6E2a++BwTm0xfjCICBNMmgBAoGBAOctgXwfCjTWiGzGL2w+eGQ/TkUazA+q9qxrKecHDRcF9gpSfthhkssWo4JJigyKTcux/dJLQsoFbDJFCglSXWZJXr4TwfvsveOF45Qim9RjcpywfMnvrTf3z+lhsrcP4HP7PK7DjsLMJAgrOswF0qyOgJ8m6Plu6dowV8Ft8EetAoGBANY+ppa/lo3PDZdn+Msak+SGvNoF+DjaMtTEf2lNlPSLFf7jhjzSlUAbEfV88NfvNuVrVMflrKfWX1uwgEKRcXQMkvt+4lqnDqlQZS7SJgQaV1vGbHkZgB4J73i+oKe7Jhakdkjks1vNUYfdtrrIFAqGyHH8Cmgt6HYbuxd1cmChAoGBAMPq3+LGF4tCCSpOJ2CP7M3gjL+p/yiEFjt3MnLVmfVaGvMSiOdugc5VqErBchpAl7+6X8b5+2dkgxZzRhcyU29dXMqvyeVr9F2/WWhwkCnGAhriw08MLXvSK8S5BJF6Bhmk4P+nQfS6twqpQFIp2SpeNokqm6TQp6U+9RA70LedAoGBAKhOzZZt6nt7JqVEI9qDBZ4pD2GEAQ3AtOAbgjCapyM5xMzZt1I+6MtUuNYPEjHBFnJC0Ha9gtbTfVRNo2UoV2WgnzN96Zrn1IfExchzhTQB8ZECn6K/Grv+eCd2MkWyq2hsSRRYvmKnOJ6w2eWAWuYuHngVVaOkNRPcEy2JsZIhAoGAS47a9Ny7Vpvj0a83sCw+uty+gbH5/b1+ummwdTCqIo9U18IZVxHRTWcxKVVowsxmbiKhf5qgtjyvnoQeejYwlzJjjrOVxnvpNeTBt1GHI1GD/+Vle7eTuysDehmRKX9AZWpCiNoceWl+xAx+sWMqUIz+df9Zx/4pWa66qc/THVc=",
    "MIIEpgIBAAKCAQEA4/z0SnpGJoAs0FY9tJpHESH3zL+OHxf1NIz5OHxXZP7eI88z3Dv2sYOiKm5Nz4n5+kKpR06zfBpnzJXi9RnENhkvxSPeQDGg+Gz0gPulzugq1OXhkGJkp4QZK0tVqgcC0qIwxEeaw/YVcXCEZQ33j67vXaJn+bjxAddNqr7oPExriks7ccIMy4f84c/jG0MokqBrOOOLXgp/FWxdiV9OnHv627W6XUHcSW1sZR9E7cTKRsH3CQ4AgdLjSrug4rqh/Qpp4X4+yDkJ7bO6m6yjm0z0dVxfJR4KfX517IXE/cNMHZ5WdfInuLPAqNmMKkIxE35AjeSirKZglz+Sz0/UoQIDAQABAoIBAQDgjRN7i6UuZI4/AMIz8MRQXpl3w6/SdkFf6f3JocZeRh07PejBYRogSxtdGVlwMWDSGfgqsJxdfpB/050/dYppEjOXwzUzGu6F4KKNq83q1YbiPC0HjbG/wH8dwkx0dAVWusK3gCMyIV2LZpwwACq2DUHbgotQTdSq0InBw9hvEaXnI3/oU+wwVago2/lGkQioGGqhYe+ihdHk6EkYU9lsESuwBy9uMMUSB6/uulUmBYoSf6iYXd+pjFTfaVWyxoAuyMTQnQILjJG2t9iafQBWnczUHhhQNi4cKtmMLE1v0lbdwMD/V+5AdUjmvUI9LU7aSF+2xLZkMrAoAp5wqf7VAoGBAO7AQ7yC+pbqwJ5CkOHJmAAS+voyX0BWeYem0RSMhXLtXNuMqOIlTVOMHGDT8i0RzPBp6+2hPD5F6XMMA7gi6r+ggO9rTEhMEVJhRwzIK5C65QyWEsXG4h99glN1B/lHHjBUkempLGtnsKRZZvr2XkJ+uc9NCNY+edxC4vxNMlw/AoGBAPR1oK+BODohKcFzxDzbrfIFe14VsTxJQ8+LFuuoaFhJnCec3f4fuOeUKqKDvAD4XaY/zd/XjA10gKC66IMGgkEahwdrRQRJ0QYKxDoKxIklxzryqmMZszGKm6Gv9qwjyiLbN9uAe60wTHKzgCigQzXlIAhhYcPF4psDHZIY0xcfAoGBAJuF7NnorFoQ06aEECK0kmpB8vF2TKv5aLMfzITJQMjrrBhsWTrvN57b30SH6/LF7K0TIpep9zdNjVPfGLEjNa3cXQEY8RkLTCFQstq1rgNaa4g2XkYtVvFSbcn1q1sLo7Ox81a1V/UjF2MHxdhnEmHYcSuDr+T3z6PWgkv98Xc7AoGBAL6Hm2iOl0s/I7NCTlV8hpNWUHPhBlVNaQuuhXvAsyr0nD+HlMIG6W+c3KnzcKl06lCz8/qdneuyvLoJU0Uj4otpaIqQwab4/W/vHkd6svmNtz0rez9n/XEEbg5T/jbmYhpOr7dl6X7vYPYZDy8a0aeE4DWH6NHUPqzAfeCrdoLTAoGBAJYofEg7b/7bR3JWvZVIKSAoh44Al+GoZEewO2cd/UItJl/2huVYNK5fVMcQhoiseVAOALHw3JmYsA14iEdNCMbRk3upAmJ6JSwZhFIQWqQeVIUgL8I4mV9UzV6AhbSjdY2V3OY4Ji7KNh5QNYbX36nMZ7rEIOLVSUEKSHyAifEM",
];

/// Signs digests as CloudTrail does: RSASSA-PKCS1-v1_5 with SHA-256, a key of 2048 bits.
#[derive(Clone)]
pub struct Signer {
    key: Arc<RsaKeyPair>,
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
        let der = STANDARD.decode(KEYS[number as usize])?;
        let key = RsaKeyPair::from_der(&der).map_err(|e| anyhow::anyhow!("a key for test data is no key: {e}"))?;
        Ok(Self { key: Arc::new(key) })
    }

    /// A signature, as lower-case hexadecimal digits; the same for the same text, as this scheme has it.
    pub fn sign(&self, text: &str) -> anyhow::Result<String> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| anyhow::anyhow!("a text could not be signed"))?;
        Ok(hexadecimal(&signature))
    }

    /// The public key in PKCS #1 DER.
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// What digests name the key by.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&Sha256::digest(self.public_key())[..16])
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
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_two_and_their_signatures_of_one_text_always_the_same() {
        let (first, second) = (Signer::new(KeyNumber::First).unwrap(), Signer::new(KeyNumber::Second).unwrap());
        assert_ne!(first.fingerprint(), second.fingerprint());
        assert_eq!(first.fingerprint().len(), 32);
        assert_eq!(first.sign("text").unwrap(), first.sign("text").unwrap());
        assert_eq!(first.sign("text").unwrap().len(), 512);
        assert_ne!(first.sign("text").unwrap(), second.sign("text").unwrap());
    }
}
