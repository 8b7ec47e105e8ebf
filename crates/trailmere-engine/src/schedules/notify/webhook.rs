//! How is a webhook called? With JSON, and a signature that only who knows the key can have made.
//!
//! `X-Trailmere-Signature` is `sha256=` and the hexadecimal HMAC-SHA256, by the key, of the timestamp (seconds since 1970,
//! as in `X-Trailmere-Timestamp`), a dot and the body. Whoever checks it refuses old timestamps, against replays.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use trailmere_model::{Error, Result};

use super::http::Post;
use super::{Sending, secret};
use crate::schedules::message::Message;

pub(super) async fn send(url: &str, key: Option<&str>, message: &Message, sending: &Sending<'_>) -> Result<()> {
    let url = if secret::is_reference(url) { secret::read(url)? } else { url.to_owned() };
    super::http::check(&url).map_err(|_| Error::invalid("the URL of a webhook is none"))?;
    let body = serde_json::to_string(message).map_err(|e| Error::internal("a message is no JSON").source(e))?;
    let mut headers = vec![("x-trailmere-delivery", message.id.to_string())];
    headers.extend(signature(key, &body, sending.now)?);
    sending.client.post(Post { url: &url, content_type: "application/json", headers, body }).await
}

/// The headers that say who sent it and when; none without a key.
pub(super) fn signature(key: Option<&str>, body: &str, now: DateTime<Utc>) -> Result<Vec<(&'static str, String)>> {
    let Some(reference) = key else { return Ok(vec![]) };
    let timestamp = now.timestamp().to_string();
    let signature = hmac_sha256(&secret::read(reference)?, &format!("{timestamp}.{body}"))?;
    Ok(vec![("x-trailmere-timestamp", timestamp), ("x-trailmere-signature", format!("sha256={signature}"))])
}

fn hmac_sha256(key: &str, text: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|e| Error::internal("a key can't sign").source(e.to_string()))?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let signed = hmac_sha256("Jefe", "what do ya want for nothing?").unwrap();
        assert_eq!(signed, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
