//! How is a store named: its name, its id, its ARN?

use uuid::Uuid;

use super::Refusal;
use crate::Result;

/// Refuses a name that is not 3 to 128 letters, digits, `.`, `_` and `-`.
pub fn validate_store_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (3..=128).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::InvalidParameter
        .because(format!("`{name}` cannot be the name of an event data store"))
        .hint("a name has 3 to 128 letters, digits, `.`, `_` and `-`"))
}

/// The ARN of a store.
pub fn store_arn(region: &str, account: &str, id: Uuid) -> String {
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{id}")
}

/// The id in a store's ARN, or in a bare id, of any case.
pub fn parse_store_arn(text: &str) -> Option<Uuid> {
    let id = match text.strip_prefix("arn:") {
        None => text,
        Some(rest) => {
            let parts: Vec<&str> = rest.splitn(5, ':').collect();
            let [_, "cloudtrail", _, _, resource] = parts.as_slice() else {
                return None;
            };
            resource.strip_prefix("eventdatastore/")?
        }
    };
    // `try_parse` alone also takes braces, URNs and ids without dashes.
    if id.len() == 36 { Uuid::try_parse(id).ok() } else { None }
}

pub(super) fn check_account(account: &str) -> Result<()> {
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Refusal::InvalidParameter.because(format!("`{account}` is no account")).hint("an account has 12 digits"))
}

pub(super) fn check_region(region: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (3..=32).contains(&region.len()) && region.contains('-') && region.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::InvalidParameter.because(format!("`{region}` is no region")).hint("for instance `eu-central-1`"))
}

pub(super) fn check_kms_key(key: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':');
    if (1..=350).contains(&key.len()) && key.bytes().all(allowed) {
        return Ok(());
    }
    Err(Refusal::InvalidKmsKeyId
        .because(format!("`{key}` is no key"))
        .hint("give a key id, a key ARN, `alias/…` or an alias ARN"))
}
