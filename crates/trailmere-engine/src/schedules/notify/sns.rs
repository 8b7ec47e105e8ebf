//! How does Amazon SNS post to its subscribers? As it does, so does this, for whoever listens to SNS already.

use chrono::SecondsFormat;
use serde_json::json;
use trailmere_model::Result;

use super::Sending;
use super::http::Post;
use super::webhook::signature;
use crate::schedules::message::Message;

/// SNS allows no more.
const SUBJECT_CHARS: usize = 100;

/// Posts a notification of a topic to an URL.
pub(super) async fn send(
    (topic, url): (&str, &str),
    key: Option<&str>,
    message: &Message,
    sending: &Sending<'_>,
) -> Result<()> {
    let subject: String = format!("Trailmere: {}", message.schedule).chars().take(SUBJECT_CHARS).collect();
    let body = json!({
        "Type": "Notification",
        "MessageId": message.id,
        "TopicArn": topic,
        "Subject": subject,
        "Message": message.text,
        "Timestamp": sending.now.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
    .to_string();
    let mut headers = vec![
        ("x-amz-sns-message-type", "Notification".to_owned()),
        ("x-amz-sns-message-id", message.id.to_string()),
        ("x-amz-sns-topic-arn", topic.to_owned()),
    ];
    headers.extend(signature(key, &body, sending.now)?);
    sending.client.post(Post { url, content_type: "text/plain; charset=UTF-8", headers, body }).await
}
