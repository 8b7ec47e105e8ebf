//! Which public keys are there to check signatures with, and when did CloudTrail sign with each?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use trailmere_model::{Error, Result};

use super::Span;

const HOW_TO_GET: &str = "write the output of `aws cloudtrail list-public-keys --start-time … --end-time …` to a file";

/// Public keys of CloudTrail, by fingerprint.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys {
    keys: BTreeMap<String, PublicKey>,
}

/// A public key: base64 of the DER form of PKCS #1, and when it was in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) value: String,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Listed {
        #[serde(rename = "PublicKeyList")]
        keys: Vec<Item>,
    },
    Bare(Vec<Item>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    value: String,
    fingerprint: String,
    validity_start_time: Option<Value>,
    validity_end_time: Option<Value>,
}

impl PublicKeys {
    /// Reads the answer of `ListPublicKeys`, as the AWS CLI prints it or as the service gives it.
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text)
            .map_err(|error| Error::invalid("this is no list of public keys").source(error).hint(HOW_TO_GET))?;
        let items = match file {
            File::Listed { keys } | File::Bare(keys) => keys,
        };
        let mut keys = BTreeMap::new();
        for item in items {
            let time =
                |value: &Option<Value>| value.as_ref().map(|value| parse_time(value, &item.fingerprint)).transpose();
            let (from, until) = (time(&item.validity_start_time)?, time(&item.validity_end_time)?);
            keys.insert(item.fingerprint.clone(), PublicKey { value: item.value, from, until });
        }
        Ok(Self { keys })
    }

    /// Adds the keys of another list: each region has its own.
    pub fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Fails unless some key was in use in a span of time.
    pub(crate) fn require(&self, span: Span) -> Result<()> {
        if self.keys.values().any(|key| key.is_of(span)) {
            return Ok(());
        }
        let (start, end) = (super::line::shown(span.start), super::line::shown(span.end));
        Err(Error::not_found(format!("No public keys found between {start} and {end}"))
            .at("the public keys")
            .hint(HOW_TO_GET))
    }

    /// The key of a fingerprint, if it was in use in a span of time; no span is any time.
    pub(crate) fn find(&self, fingerprint: &str, span: Option<Span>) -> Option<&PublicKey> {
        self.keys.get(fingerprint).filter(|key| span.is_none_or(|span| key.is_of(span)))
    }
}

impl PublicKey {
    fn is_of(&self, span: Span) -> bool {
        self.from.is_none_or(|from| from <= span.end) && self.until.is_none_or(|until| until >= span.start)
    }
}

/// The CLI prints ISO 8601, the service gives seconds since 1970.
fn parse_time(value: &Value, fingerprint: &str) -> Result<DateTime<Utc>> {
    let time = match value {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()),
        Value::Number(seconds) => {
            seconds.as_f64().and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64))
        }
        _ => None,
    };
    time.ok_or_else(|| {
        Error::invalid(format!("`{value}` is no time of validity of key `{fingerprint}`")).hint(HOW_TO_GET)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        Span { start: start.parse().unwrap(), end: end.parse().unwrap() }
    }

    #[test]
    fn what_the_cli_and_the_service_write_is_read() {
        let cli = r#"{"PublicKeyList": [{"Value": "AQ==", "ValidityStartTime": "2026-01-01T00:00:00+00:00",
            "ValidityEndTime": "2026-02-01T01:00:00+01:00", "Fingerprint": "ab"}]}"#;
        let service =
            r#"[{"Value":"AQ==","ValidityStartTime":1767225600.0,"ValidityEndTime":1769904000,"Fingerprint":"ab"}]"#;
        let (cli, service) = (PublicKeys::parse(cli).unwrap(), PublicKeys::parse(service).unwrap());
        assert_eq!(cli.keys, service.keys);
        for (start, end, is_there) in [
            ("2025-12-01T00:00:00Z", "2025-12-31T23:59:59Z", false),
            ("2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", true),
            ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", true),
            ("2026-02-01T00:00:01Z", "2026-03-01T00:00:00Z", false),
        ] {
            assert_eq!(cli.find("ab", Some(span(start, end))).is_some(), is_there, "{start}");
            assert_eq!(cli.require(span(start, end)).is_ok(), is_there, "{start}");
        }
        assert!(cli.find("ab", None).is_some() && cli.find("ac", None).is_none());
        let error = cli.require(span("2027-01-01T00:00:00Z", "2027-01-02T03:04:05.678Z")).unwrap_err();
        assert_eq!(error.message(), "No public keys found between 2027-01-01T00:00:00Z and 2027-01-02T03:04:05Z");
    }

    #[test]
    fn other_files_are_refused() {
        for text in ["", "{}", "[1]", r#"{"PublicKeyList":[{"Value":"AQ=="}]}"#] {
            assert!(PublicKeys::parse(text).is_err(), "{text}");
        }
        let odd = r#"[{"Value":"AQ==","ValidityStartTime":"yesterday","Fingerprint":"ab"}]"#;
        assert!(PublicKeys::parse(odd).unwrap_err().message().contains("yesterday"));
    }
}
