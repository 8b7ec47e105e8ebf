//! Who is told what, how often, and what becomes of what nobody receives.

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::lake::Lake;
use super::receiver::Receiver;

const FROM: &str = "2026-03-01T00:30:00Z";

fn once(now: &str) -> [&str; 8] {
    ["scheduler", "--once", "--now", now, "--retry-wait", "5ms", "--tries", "4"]
}

fn add(lake: &Lake, name: &str, sql: &str, more: &[&str]) {
    let mut arguments =
        vec!["schedule", "add", name, "--sql", sql, "--every", "1h", "--from", FROM, "--catch-up", "all"];
    arguments.extend(more);
    lake.ok(&arguments);
}

#[test]
fn a_receiver_that_fails_twice_is_told_in_the_end() {
    let lake = Lake::in_folder();
    let receiver = Receiver::answering(&[500, 503, 200]);
    let hook = format!("{}/hook?team=sec", receiver.url);
    let sql = "SELECT 'ann' AS who, 3 AS denied UNION ALL SELECT 'bob', 4";
    let template = "{{schedule}}: {{rows}}, first {{first.who}}";
    add(&lake, "s", sql, &["--notify", &hook, "--secret", "env:ALERT_KEY", "--template", template]);
    let (code, _, err) = lake.run(&once("2026-03-01T01:10:00Z"));
    assert_eq!(code, 0, "{err}");
    let received = receiver.received();
    assert_eq!(received.len(), 3, "{err}");
    assert_eq!(err.matches("trying again").count(), 2, "{err}");
    for request in &received {
        assert_eq!(request.path, "/hook?team=sec");
        assert_eq!(request.body, received[0].body, "every attempt says the same");
        assert_eq!(request.headers["x-trailmere-delivery"], received[0].headers["x-trailmere-delivery"]);
        let signed = format!("{}.{}", request.headers["x-trailmere-timestamp"], request.body);
        let mut mac = Hmac::<Sha256>::new_from_slice(b"sesame").unwrap();
        mac.update(signed.as_bytes());
        let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(request.headers["x-trailmere-signature"], format!("sha256={expected}"));
    }
    let message = received[2].json();
    assert!(message["text"].as_str().unwrap().starts_with("s: 2, first "), "{message}");
    assert_eq!((message["schedule"].as_str(), message["rows"].as_u64()), (Some("s"), Some(2)));
    assert_eq!(message["scheduledTime"], "2026-03-01T01:00:00Z");
    assert_eq!(message["findings"].as_array().unwrap().len(), 2);
    let run = &lake.runs("s")[0];
    assert_eq!((run["notices"][0]["status"].as_str(), run["notices"][0]["attempts"].as_u64()), (Some("SENT"), Some(3)));
    let kept = std::fs::read_dir(lake.folder().join("lake/catalog/schedule")).unwrap().count();
    assert_eq!(kept, 1);
    assert!(!lake.ok(&["schedule", "show", "s", "--json"]).contains("sesame"), "the lake keeps no keys");
}

#[test]
fn what_nobody_receives_is_a_dead_letter_that_can_be_sent_again() {
    let lake = Lake::in_folder();
    let receiver = Receiver::answering(&[500]);
    let sns = format!("sns:arn:aws:sns:eu-west-1:111122223333:alerts@{}/topic", receiver.url);
    add(&lake, "s", "SELECT 'x' AS who", &["--notify", &sns]);
    let (code, _, err) = lake.run(&once("2026-03-01T01:10:00Z"));
    assert_eq!(code, 3, "{err}");
    assert_eq!(receiver.received().len(), 4);
    let letters = lake.json(&["schedule", "dead-letters", "list", "--json"]);
    assert_eq!(letters[0]["notice"]["attempts"], 4, "{letters}");
    assert!(letters[0]["notice"]["error"].as_str().unwrap().contains("500"), "{letters}");
    assert_eq!(lake.runs("s")[0]["notices"][0]["status"], "DEAD");

    assert_eq!(lake.run(&["schedule", "dead-letters", "replay"]).0, 1, "it fails still");
    receiver.answer(202);
    let id = letters[0]["notice"]["id"].as_str().unwrap();
    assert!(lake.ok(&["schedule", "dead-letters", "replay", &id[..8]]).contains("1 sent"));
    assert!(lake.ok(&["schedule", "dead-letters"]).contains("no dead letters"));
    assert_eq!(lake.runs("s")[0]["notices"][0]["status"], "SENT");
    let last = receiver.received().pop().unwrap();
    let message = last.json();
    assert_eq!(message["Type"], "Notification");
    assert_eq!(message["TopicArn"], "arn:aws:sns:eu-west-1:111122223333:alerts");
    assert_eq!((last.headers["x-amz-sns-message-id"].as_str(), &message["MessageId"]), (id, &json!(id)));
    assert!(message["Message"].as_str().unwrap().contains("who=x") && message["Timestamp"].is_string(), "{message}");
}

#[test]
fn the_same_finding_is_told_once_in_its_window() {
    let lake = Lake::in_folder();
    add(&lake, "same", "SELECT 'x' AS who", &["--notify", "file:same.jsonl"]);
    add(&lake, "each", "SELECT 'x' AS who", &["--notify", "file:each.jsonl", "--dedupe-window", "0s"]);
    let hours = "SELECT who FROM (VALUES 'ann', 'hour ' || CAST(hour($scheduled_time) AS varchar)) AS t(who)";
    add(&lake, "rows", hours, &["--notify", "file:rows.jsonl", "--dedupe-by", "who"]);
    lake.ok(&once("2026-03-01T03:10:00Z"));
    assert_eq!(lake.told("same.jsonl").len(), 1);
    assert_eq!(lake.told("each.jsonl").len(), 3);
    let counts: Vec<u64> = lake.told("rows.jsonl").iter().map(|line| line["rows"].as_u64().unwrap()).collect();
    assert_eq!(counts, [2, 1, 1], "only what is new");
    let repeated: Vec<bool> = lake.runs("same").iter().map(|run| run["repeated"].as_bool().unwrap()).collect();
    assert_eq!(repeated, [false, true, true]);
    lake.ok(&["schedule", "delete", "each"]);
    lake.ok(&["schedule", "delete", "rows"]);
    lake.ok(&once("2026-03-01T05:10:00Z"));
    assert_eq!(lake.told("same.jsonl").len(), 1, "two hours later it is not");
    lake.ok(&once("2026-03-02T04:10:00Z"));
    assert_eq!(lake.told("same.jsonl").len(), 2, "a day after it was told it is told again, once");
}

#[test]
fn conditions_decide_what_is_an_alert() {
    let lake = Lake::in_folder();
    let denied = "SELECT * FROM (VALUES ('a', 3), ('b', hour($scheduled_time) * 5)) AS t(who, denied)";
    let told = |name: &str| format!("file:{name}.jsonl");
    let every = ["--dedupe-window", "0s"];
    for (name, condition) in
        [("max", "max(denied) > 9"), ("rows", "rows > 2"), ("any", "denied = 10"), ("some", "rows >= 2")]
    {
        add(&lake, name, denied, &[&["--alert-when", condition, "--notify", &told(name)][..], &every].concat());
    }
    let parity = "SELECT hour($scheduled_time) / 2 AS half";
    add(&lake, "changed", parity, &[&["--alert-when", "changed", "--notify", &told("changed")][..], &every].concat());
    lake.ok(&once("2026-03-01T04:10:00Z"));
    let hours = |name: &str| -> Vec<String> {
        lake.told(&format!("{name}.jsonl"))
            .iter()
            .map(|line| line["scheduledTime"].as_str().unwrap()[11..13].to_string())
            .collect()
    };
    assert_eq!(hours("max"), ["02", "03", "04"]);
    assert_eq!(hours("rows"), [""; 0]);
    assert_eq!(hours("any"), ["02"]);
    assert_eq!(hours("some"), ["01", "02", "03", "04"]);
    assert_eq!(hours("changed"), ["02", "04"], "0, 1, 1, 2");
}

#[test]
#[cfg(unix)]
fn programs_are_told_on_stdin_and_failures_are_told_too() {
    let lake = Lake::in_folder();
    let command = "command:sh -c 'cat >> told.jsonl'";
    add(&lake, "s", "SELECT 1 / (hour($scheduled_time) - 2) AS n", &["--notify", command]);
    let (code, _, err) = lake.run(&once("2026-03-01T03:10:00Z"));
    assert_eq!(code, 3, "one run fails: {err}");
    let told = lake.told("told.jsonl");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1]["error"].as_str().unwrap().to_lowercase().contains("zero"), "{told:?}");
    assert!(told[1]["text"].as_str().unwrap().contains("failed"), "{told:?}");
    assert_eq!(
        lake.covered("s"),
        ["03-01 00:00 03-01 01:00", "03-01 01:00 03-01 02:00", "03-01 01:00 03-01 03:00"],
        "the time of the run that failed is the next one's"
    );
}

#[test]
fn mistakes_are_found_before_a_schedule_is_kept() {
    let lake = Lake::in_folder();
    let cases: [(&[&str], &str); 8] = [
        (&["--sql", "SELECT 1 AS n", "--every", "1h", "--alert-when", "max(m) > 1"], "m"),
        (&["--sql", "SELECT 1 AS n", "--every", "1h", "--alert-when", "n + 1"], "boolean"),
        (&["--sql", "SELECT nope", "--every", "1h"], "nope"),
        (&["--query", "detect-root-us", "--every", "1h"], "detect-root-use"),
        (&["--sql", "SELECT 1 AS n", "--cron", "61 * * * *"], "cron"),
        (&["--sql", "SELECT 1 AS n", "--every", "1h", "--param", "x=1"], "$x"),
        (&["--sql", "SELECT 1 AS n", "--every", "1h", "--dedupe-by", "m"], "`m`"),
        (&["--sql", "SELECT 1 AS n", "--every", "1h", "--notify", "https://h/", "--secret", "hunter2"], "env:NAME"),
    ];
    for (arguments, words) in cases {
        let (code, _, err) = lake.run(&[&["schedule", "add", "s"], arguments].concat());
        assert_ne!(code, 0, "{arguments:?}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    assert!(lake.ok(&["schedule", "list"]).contains("no schedules"));
}
