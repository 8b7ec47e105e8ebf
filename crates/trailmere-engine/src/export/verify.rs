//! Is an export what was signed? The steps, their order and their words are those of `aws cloudtrail verify-query-results`.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use object_store::path::Path;
use object_store::{Error as StorageError, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use trailmere_model::{Error, Result};
use trailmere_store::open_object_store;

use super::files::join;
use super::keys::{PublicKeys, hex};
use super::sign::{SIGN_FILE, SignFile, string_to_sign};

/// What a verification came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `Successfully validated sign and query result files`.
    Valid,
    /// What is wrong, in the words of the AWS command line.
    Invalid(String),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Valid => f.write_str("Successfully validated sign and query result files"),
            Verdict::Invalid(why) => f.write_str(why),
        }
    }
}

/// Verifies the export in a folder or below `s3://bucket/prefix`, where its sign file lies.
///
/// # Errors
/// A place that can't be read; what is wrong with the export itself is the verdict.
pub async fn verify_results(place: &str, keys: &PublicKeys) -> Result<Verdict> {
    let (store, folder) = open_object_store(place).await?;
    match check(store.as_ref(), &folder, keys).await {
        Ok(()) => Ok(Verdict::Valid),
        Err(Wrong::Export(why)) => Ok(Verdict::Invalid(why)),
        Err(Wrong::Place(error)) => Err(error.at(format!("`{place}`"))),
    }
}

enum Wrong {
    Export(String),
    Place(Error),
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong::Place(error)
    }
}

fn invalid(why: impl std::fmt::Display) -> Wrong {
    Wrong::Export(format!("ValidationError: {why}"))
}

async fn check(store: &dyn ObjectStore, folder: &Path, keys: &PublicKeys) -> Result<(), Wrong> {
    let sign = read_sign_file(store, folder).await?;
    if sign.files.is_empty() {
        return Err(invalid("No export file was found in sign file."));
    }
    for file in &sign.files {
        let (name, expected) = (&file.file_name, &file.file_hash_value);
        let found = hash(store, &join(folder, name)?, name).await?;
        if found != *expected {
            return Err(invalid(format_args!(
                "File {name} has inconsistent hash value with hash value recorded in sign file, hash value in sign \
                 file is {expected} , but get {found}"
            )));
        }
    }
    let fingerprint = &sign.public_key_fingerprint;
    let key = keys.find(fingerprint).ok_or_else(|| {
        Wrong::Export(format!(
            "InformationCollectionError: No public keys found for key with fingerprint: {fingerprint}"
        ))
    })?;
    let unloadable = || invalid(format_args!("Sign file invalid, unable to load PKCS #1 key: {}", key.value));
    let der = STANDARD.decode(&key.value).map_err(|_| unloadable())?;
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).map_err(|_| unloadable())?;
    let signed = string_to_sign(&sign.files);
    let forged = || invalid("Invalid signature in sign file");
    let signature = unhex(&sign.hash_signature).ok_or_else(forged)?;
    public.verify_sig(signed.as_bytes(), &signature).map_err(|_| forged())
}

async fn read_sign_file(store: &dyn ObjectStore, folder: &Path) -> Result<SignFile, Wrong> {
    let collected = |why: &dyn std::fmt::Display| {
        format!("InformationCollectionError: Unable to load {SIGN_FILE} file, due to {why}")
    };
    let path = join(folder, SIGN_FILE)?;
    let bytes = match store.get(&path).await {
        Ok(found) => found.bytes().await.map_err(|e| unreadable(SIGN_FILE, e))?,
        Err(StorageError::NotFound { .. }) => {
            return Err(Wrong::Export(collected(&format_args!("there is no file `{path}`"))));
        }
        Err(error) => return Err(unreadable(SIGN_FILE, error).into()),
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| Wrong::Export(collected(&e)))?;
    serde_json::from_value(value).map_err(|_| invalid("Invalid sign file provided."))
}

async fn hash(store: &dyn ObjectStore, path: &Path, name: &str) -> Result<String, Wrong> {
    let found = match store.get(path).await {
        Ok(found) => found,
        Err(StorageError::NotFound { .. }) => {
            return Err(invalid(format_args!("File {name} recorded in sign file was not found")));
        }
        Err(error) => return Err(unreadable(name, error).into()),
    };
    let mut hash = Sha256::new();
    let mut bytes = found.into_stream();
    while let Some(chunk) = bytes.next().await {
        hash.update(chunk.map_err(|e| unreadable(name, e))?);
    }
    Ok(hex(&hash.finalize()))
}

fn unreadable(name: &str, error: StorageError) -> Error {
    Error::unavailable(format!("the file `{name}` can't be read")).source(error)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}
