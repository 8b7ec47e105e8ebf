//! With which key does a lake sign, and which keys did it sign with before?
//!
//! One document, whose versions are the rotations: so of two processes that make the first key, one wins. The private
//! key is PKCS #8, encrypted (PBES2, scrypt, AES-256) if there is a passphrase. Public keys are never forgotten.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Days, Utc};
use pkcs8::pkcs5::pbes2;
use pkcs8::pkcs5::scrypt::Params;
use pkcs8::{EncryptedPrivateKeyInfo, LineEnding, PrivateKeyInfo, SecretDocument};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trailmere_model::{Error, Result};
use trailmere_store::{Document, Documents, Lake};

const KIND: &str = "signing-key";
const ID: &str = "lake";

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// How long a key is good for, unless it is replaced before.
const VALID_DAYS: u64 = 3_650;

/// A public key, as Lake's ListPublicKeys gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicKey {
    /// PKCS #1, DER, base64.
    pub value: String,
    /// From when on it signs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub validity_start_time: Option<DateTime<Utc>>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub validity_end_time: Option<DateTime<Utc>>,
    /// What sign files call it.
    pub fingerprint: String,
}

/// The answer of ListPublicKeys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicKeys {
    /// The keys, newest first.
    pub public_key_list: Vec<PublicKey>,
}

/// Keys are found by their fingerprints; a time that is written otherwise (a number of seconds) does no harm.
fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

impl PublicKeys {
    /// Reads what `trailmere keys export` or `aws cloudtrail list-public-keys` printed.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| {
            Error::invalid("these are no public keys")
                .hint("give the output of `trailmere keys export` or `aws cloudtrail list-public-keys`")
                .source(e)
        })
    }

    pub(crate) fn find(&self, fingerprint: &str) -> Option<&PublicKey> {
        self.public_key_list.iter().find(|key| key.fingerprint == fingerprint)
    }
}

/// What the lake keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// Newest first; the first is that of the private key.
    keys: Vec<PublicKey>,
    /// PEM.
    private: String,
}

/// The key that signs now.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    pub(crate) fingerprint: String,
}

/// The keys of a lake.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    documents: Documents,
    passphrase: Option<String>,
}

impl SigningKeys {
    /// The keys of a lake; the passphrase opens the private one.
    pub fn new(lake: &Lake, passphrase: Option<&str>) -> Self {
        SigningKeys { documents: lake.documents(), passphrase: passphrase.map(str::to_string) }
    }

    /// All public keys, newest first; none if nothing was signed yet.
    pub async fn list(&self) -> Result<PublicKeys> {
        let kept = self.kept().await?;
        Ok(PublicKeys { public_key_list: kept.map(|kept| kept.value.keys).unwrap_or_default() })
    }

    /// Makes a new key that signs from now on. The old public keys stay, so that what they signed can be verified.
    pub async fn rotate(&self, now: DateTime<Utc>) -> Result<PublicKey> {
        let mut made = self.make(now)?;
        match self.kept().await? {
            None => self.documents.put_new(KIND, ID, &made).await?,
            Some(old) => {
                let mut before = old.value.keys;
                if let Some(last) = before.first_mut() {
                    last.validity_end_time = Some(now);
                }
                made.keys.extend(before);
                self.documents.put_next(KIND, ID, old.version, &made).await?
            }
        };
        made.keys.into_iter().next().ok_or_else(no_key)
    }

    /// The key that signs now, made if there is none.
    pub(crate) async fn current(&self, now: DateTime<Utc>) -> Result<SigningKey> {
        if self.kept().await?.is_none() {
            // Whoever is second takes the key of the first.
            let made = self.documents.put_new(KIND, ID, &self.make(now)?).await;
            if self.kept().await?.is_none() {
                made?;
            }
        }
        let kept = self.kept().await?.ok_or_else(no_key)?.value;
        let fingerprint = kept.keys.first().ok_or_else(no_key)?.fingerprint.clone();
        Ok(SigningKey { pair: self.open(&kept.private)?, fingerprint })
    }

    async fn kept(&self) -> Result<Option<Document<Kept>>> {
        self.documents.get(KIND, ID).await
    }

    fn make(&self, now: DateTime<Utc>) -> Result<Kept> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::internal("no key can be made"))?;
        let der = pair.as_der().map_err(|_| Error::internal("the new key can't be written"))?;
        let public = pair.public_key().as_ref();
        let key = PublicKey {
            value: STANDARD.encode(public),
            validity_start_time: Some(now),
            validity_end_time: now.checked_add_days(Days::new(VALID_DAYS)),
            fingerprint: hex(&Sha256::digest(public)[..16]),
        };
        Ok(Kept { keys: vec![key], private: self.close(der.as_ref())? })
    }

    /// The private key as PEM, encrypted if there is a passphrase.
    fn close(&self, der: &[u8]) -> Result<String> {
        let failed = |e: &dyn std::fmt::Display| Error::internal(format!("the key can't be encrypted: {e}"));
        let info = PrivateKeyInfo::try_from(der).map_err(|e| failed(&e))?;
        let (label, document) = match &self.passphrase {
            None => (PLAIN, SecretDocument::try_from(info).map_err(|e| failed(&e))?),
            Some(passphrase) => {
                let (mut salt, mut iv) = ([0; 16], [0; 16]);
                for bytes in [&mut salt, &mut iv] {
                    aws_lc_rs::rand::fill(bytes).map_err(|e| failed(&e))?;
                }
                let scrypt = Params::new(15, 8, 1, 32).map_err(|e| failed(&e))?;
                let how = pbes2::Parameters::scrypt_aes256cbc(scrypt, &salt, &iv).map_err(|e| failed(&e))?;
                (ENCRYPTED, info.encrypt_with_params(how, passphrase).map_err(|e| failed(&e))?)
            }
        };
        Ok(document.to_pem(label, LineEnding::LF).map_err(|e| failed(&e))?.to_string())
    }

    fn open(&self, pem: &str) -> Result<RsaKeyPair> {
        let corrupt = |e: &dyn std::fmt::Display| Error::corrupt(format!("the lake's key can't be read: {e}"));
        let (label, document) = SecretDocument::from_pem(pem).map_err(|e| corrupt(&e))?;
        if label != ENCRYPTED {
            return RsaKeyPair::from_pkcs8(document.as_bytes()).map_err(|e| corrupt(&e));
        }
        let passphrase = self.passphrase.as_ref().ok_or_else(|| {
            Error::invalid("the lake's key is encrypted, and there is no passphrase")
                .hint("set TRAILMERE_KEY_PASSPHRASE, or `passphrase-file` under `[keys]` in trailmere.toml")
        })?;
        let info = EncryptedPrivateKeyInfo::try_from(document.as_bytes()).map_err(|e| corrupt(&e))?;
        let plain = info.decrypt(passphrase).map_err(|_| {
            Error::invalid("the passphrase does not open the lake's key").hint("check TRAILMERE_KEY_PASSPHRASE")
        })?;
        RsaKeyPair::from_pkcs8(plain.as_bytes()).map_err(|e| corrupt(&e))
    }
}

impl SigningKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256, in lower-case hexadecimal digits.
    pub(crate) fn sign(&self, text: &str) -> Result<String> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Error::internal("the key does not sign"))?;
        Ok(hex(&signature))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn no_key() -> Error {
    Error::corrupt("the lake's keys have none that signs")
}
