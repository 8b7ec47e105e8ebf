//! How does an export prove that it is whole and ours? `result_sign.json`, as Lake writes it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

use super::delivery::DeliveredFile;
use super::keys::SigningKey;

/// The name of the sign file.
pub(super) const SIGN_FILE: &str = "result_sign.json";

/// The sign file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    pub(super) files: Vec<SignedFile>,
    hash_algorithm: String,
    signature_algorithm: String,
    query_complete_time: String,
    pub(super) hash_signature: String,
    pub(super) public_key_fingerprint: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedFile {
    pub(super) file_hash_value: String,
    pub(super) file_name: String,
}

/// The text of the sign file.
pub(super) fn sign_file(
    files: &[DeliveredFile],
    region: &str,
    completed: DateTime<Utc>,
    key: &SigningKey,
) -> Result<String> {
    let files: Vec<SignedFile> = files
        .iter()
        .map(|file| SignedFile { file_hash_value: file.hash.clone(), file_name: file.name.clone() })
        .collect();
    let file = SignFile {
        version: Some("1.0".to_string()),
        region: Some(region.to_string()),
        hash_signature: key.sign(&string_to_sign(&files))?,
        files,
        hash_algorithm: "SHA-256".to_string(),
        signature_algorithm: "SHA256withRSA".to_string(),
        query_complete_time: completed.to_rfc3339_opts(SecondsFormat::Secs, true),
        public_key_fingerprint: key.fingerprint.clone(),
    };
    serde_json::to_string(&file).map_err(|e| Error::internal("the sign file can't be written").source(e))
}

/// The hashes in the order of the files, with one space between them.
pub(super) fn string_to_sign(files: &[SignedFile]) -> String {
    files.iter().map(|file| file.file_hash_value.as_str()).collect::<Vec<_>>().join(" ")
}
