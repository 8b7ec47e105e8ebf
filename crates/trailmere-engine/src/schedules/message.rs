//! What is said to whoever is told?

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::template::{self, Values};

/// A finding or a failure, as it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The same for every attempt: who receives it twice can tell.
    pub id: Uuid,
    /// The schedule's name.
    pub schedule: String,
    /// The end of the time that was looked at.
    pub scheduled_time: DateTime<Utc>,
    /// Its beginning.
    pub last_success_time: DateTime<Utc>,
    /// Rows found.
    pub rows: u64,
    /// The first of them, by column.
    pub findings: Vec<Map<String, Value>>,
    /// The run's query, if it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<Uuid>,
    /// Why the run failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// All of it for people.
    pub text: String,
}

/// What a message is made of.
pub(crate) struct Facts<'a> {
    pub(crate) schedule: &'a str,
    pub(crate) scheduled_time: DateTime<Utc>,
    pub(crate) last_success_time: DateTime<Utc>,
    pub(crate) query_id: Option<Uuid>,
    pub(crate) error: Option<&'a str>,
    pub(crate) columns: &'a [String],
    pub(crate) rows: u64,
    pub(crate) first_rows: &'a [Vec<Value>],
}

/// Rows that go with a message.
const MESSAGE_ROWS: usize = 20;
/// Bytes of JSON that they may take together: SNS, for one, takes no more than 256 KiB.
const MESSAGE_BYTES: usize = 64 << 10;

impl Message {
    /// Puts a message into words, those of `template` if there is one.
    pub(crate) fn new(id: Uuid, facts: &Facts<'_>, template: Option<&str>) -> Self {
        let default = if facts.error.is_some() { template::FAILURE } else { template::FINDING };
        // A template is about findings; with a failure it would speak of rows that nobody has looked for.
        let template = template.filter(|_| facts.error.is_none()).unwrap_or(default);
        let text = template::render(
            template,
            &Values {
                schedule: facts.schedule,
                scheduled_time: &readable(facts.scheduled_time),
                last_success_time: &readable(facts.last_success_time),
                rows: facts.rows,
                query_id: &facts.query_id.map(|id| id.to_string()).unwrap_or_default(),
                error: facts.error.unwrap_or_default(),
                columns: facts.columns,
                first_rows: facts.first_rows,
            },
        );
        Message {
            id,
            schedule: facts.schedule.to_owned(),
            scheduled_time: facts.scheduled_time,
            last_success_time: facts.last_success_time,
            rows: facts.rows,
            findings: findings(facts),
            query_id: facts.query_id,
            error: facts.error.map(str::to_owned),
            text,
        }
    }
}

fn findings(facts: &Facts<'_>) -> Vec<Map<String, Value>> {
    let mut bytes = 0;
    let mut rows = vec![];
    for row in facts.first_rows.iter().take(MESSAGE_ROWS) {
        let object: Map<String, Value> = facts.columns.iter().cloned().zip(row.iter().cloned()).collect();
        bytes += serde_json::to_string(&object).map_or(0, |text| text.len());
        if bytes > MESSAGE_BYTES {
            break;
        }
        rows.push(object);
    }
    rows
}

fn readable(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_holds_what_programs_and_people_need() {
        let columns = ["who".to_owned()];
        let rows: Vec<Vec<Value>> = (0..30).map(|n| vec![json!(format!("user{n}"))]).collect();
        let facts = Facts {
            schedule: "root-use",
            scheduled_time: "2026-03-01T01:00:00Z".parse().unwrap(),
            last_success_time: "2026-03-01T00:00:00Z".parse().unwrap(),
            query_id: None,
            error: None,
            columns: &columns,
            rows: 30,
            first_rows: &rows,
        };
        let message = Message::new(Uuid::nil(), &facts, None);
        assert_eq!(message.findings.len(), MESSAGE_ROWS);
        assert_eq!(message.findings[1]["who"], "user1");
        assert!(message.text.starts_with(
            "root-use: 30 found between 2026-03-01T00:00:00Z and 2026-03-01T01:00:00Z\nwho=user0\nwho=user1\n"
        ));
        assert!(message.text.ends_with("and 20 more"));
        assert_eq!(Message::new(Uuid::nil(), &facts, Some("{{first.who}}!")).text, "user0!");
        let failed = Facts { error: Some("no store"), rows: 0, first_rows: &[], ..facts };
        let message = Message::new(Uuid::nil(), &failed, Some("{{first.who}}!"));
        assert_eq!(message.text, "root-use: the run of 2026-03-01T01:00:00Z failed: no store");
    }
}
