//! Who is told, and how?

mod command;
mod file;
mod http;
mod secret;
mod sns;
mod webhook;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

use super::message::Message;
pub(crate) use http::Client;

/// Somebody to be told, and in which words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Where it goes.
    pub to: Target,
    /// Where the key is that signs it: `env:NAME` or `file:PATH`; never the key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The text, with `{{schedule}}`, `{{rows}}`, `{{table}}`, `{{first.COLUMN}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// Where a notification goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// A JSON POST, with a `text` that Slack shows. The URL, or `env:NAME` or `file:PATH` that holds it.
    Webhook(String),
    /// A program, run without a shell, that gets JSON on stdin.
    Command(String),
    /// A file that gets a line of JSON.
    File(String),
    /// A POST as Amazon SNS makes it to its subscribers.
    Sns {
        /// The topic that it claims to come from.
        topic: String,
        /// The URL.
        url: String,
    },
}

/// Whether notifications may act on this machine: run programs, write files. Whoever can write to the lake decides which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalActions {
    /// They may.
    Allowed,
    /// They may not; only HTTP is sent.
    Refused,
}

/// What sending depends on.
pub(crate) struct Sending<'a> {
    pub(crate) client: &'a Client,
    pub(crate) local: LocalActions,
    pub(crate) now: DateTime<Utc>,
}

impl Notify {
    /// To a target, unsigned, in the usual words.
    pub fn to(target: Target) -> Self {
        Notify { to: target, secret: None, template: None }
    }

    /// Refuses what could never be sent, and secrets that are written out.
    pub fn validate(&self) -> Result<()> {
        if let Some(secret) = &self.secret {
            secret::check(secret)?;
        }
        match &self.to {
            Target::Webhook(url) if secret::is_reference(url) => secret::check(url),
            Target::Webhook(url) => http::check(url),
            Target::Sns { url, .. } => http::check(url),
            Target::Command(line) => command::words(line).map(|_| ()),
            Target::File(path) if path.is_empty() => Err(Error::invalid("the file of a notification has no name")),
            Target::File(_) => Ok(()),
        }
    }

    /// Sends a message once.
    pub(crate) async fn send(&self, message: &Message, sending: &Sending<'_>) -> Result<()> {
        match &self.to {
            Target::Webhook(url) => webhook::send(url, self.secret.as_deref(), message, sending).await,
            Target::Sns { topic, url } => {
                sns::send((topic.as_str(), url.as_str()), self.secret.as_deref(), message, sending).await
            }
            Target::Command(line) => {
                sending.local.check("run a program")?;
                command::send(line, message).await
            }
            Target::File(path) => {
                sending.local.check("write a file")?;
                file::send(path, message).await
            }
        }
    }
}

impl LocalActions {
    fn check(self, what: &str) -> Result<()> {
        match self {
            LocalActions::Allowed => Ok(()),
            LocalActions::Refused => Err(Error::invalid(format!("notifications may not {what} on this machine"))
                .hint("`trailmere scheduler --local-actions allow` lets those who can write to the lake do so")),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = || {
            Error::invalid(format!("`{text}` is nowhere that a notification can go")).hint(
                "`https://…`, `webhook:URL|env:NAME|file:PATH`, `command:PROGRAM ARGUMENTS`, `file:PATH` or `sns:TOPIC_ARN@URL`",
            )
        };
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "http" | "https" => Ok(Target::Webhook(text.to_owned())),
            "webhook" => Ok(Target::Webhook(rest.to_owned())),
            "command" => Ok(Target::Command(rest.to_owned())),
            "file" => Ok(Target::File(rest.to_owned())),
            "sns" => {
                let (topic, url) = rest.split_once('@').ok_or_else(wrong)?;
                Ok(Target::Sns { topic: topic.to_owned(), url: url.to_owned() })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Webhook(url) => write!(f, "webhook:{url}"),
            Target::Command(line) => write!(f, "command:{line}"),
            Target::File(path) => write!(f, "file:{path}"),
            Target::Sns { topic, url } => write!(f, "sns:{topic}@{url}"),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        let cases = [
            ("https://h.example/x?y=1", "webhook:https://h.example/x?y=1"),
            ("webhook:env:SLACK_URL", "webhook:env:SLACK_URL"),
            ("command:/bin/alert --to \"on call\"", "command:/bin/alert --to \"on call\""),
            ("file:/var/log/alerts.jsonl", "file:/var/log/alerts.jsonl"),
            ("sns:arn:aws:sns:eu-west-1:1:a@http://h/", "sns:arn:aws:sns:eu-west-1:1:a@http://h/"),
        ];
        for (text, written) in cases {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), written);
            Notify::to(target).validate().unwrap();
        }
    }

    #[test]
    fn what_can_never_be_sent_is_refused() {
        for text in ["", "mail:x@y", "nothing", "sns:https://h/"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
        for text in ["webhook:ftp://h/", "webhook:h", "command:", "command:'open", "file:", "webhook:env:", "sns:arn@h"]
        {
            assert!(Notify::to(text.parse().unwrap()).validate().is_err(), "{text}");
        }
        let target: Target = "https://h/".parse().unwrap();
        let clear = Notify { secret: Some("hunter2".into()), ..Notify::to(target.clone()) };
        assert!(clear.validate().unwrap_err().advice().unwrap().contains("env:"), "a key in clear");
        let kept = Notify { secret: Some("env:KEY".into()), ..Notify::to(target) };
        kept.validate().unwrap();
    }
}
