//! Several schedulers on one lake, and schedulers that die: each slot is run once in effect.

use std::collections::BTreeSet;
use std::process::{Child, Command};

use super::lake::{Lake, wait};
use crate::s3_server::serve_folder;

const NOW: &str = "2026-03-01T01:06:30Z";

/// Takes long enough for a test to meet it half-way.
const SLOW: &str = "SELECT count(*) AS n FROM UNNEST(sequence(1, 4000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 4000)) AS b(y) \
                    WHERE x * y % 7 = 3";

/// A schedule with six slots before [`NOW`] that tells of each.
fn add_minutely(lake: &Lake) {
    let from = "2026-03-01T01:00:00Z";
    lake.ok(&[
        "schedule",
        "add",
        "s",
        "--sql",
        "SELECT $scheduled_time AS slot",
        "--every",
        "1m",
        "--from",
        from,
        "--catch-up",
        "all",
        "--notify",
        "file:alerts.jsonl",
    ]);
}

fn race(lake: &Lake, schedulers: usize) {
    let once = ["scheduler", "--once", "--now", NOW, "--local-actions", "allow"];
    let children: Vec<Child> = (0..schedulers).map(|_| lake.start(&once)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // Whoever lost a race ends; a slot that nobody ran meanwhile is the next one's.
    lake.ok(&once);
}

fn assert_each_slot_once(lake: &Lake) {
    let slots = |minutes: std::ops::RangeInclusive<u32>| -> Vec<String> {
        minutes.map(|minute| format!("03-01 01:{:02} 03-01 01:{minute:02}", minute - 1)).collect()
    };
    assert_eq!(lake.covered("s"), slots(1..=6));
    let told = lake.told("alerts.jsonl");
    let distinct: BTreeSet<&str> = told.iter().map(|line| line["scheduledTime"].as_str().unwrap()).collect();
    assert_eq!((told.len(), distinct.len()), (6, 6), "{told:?}");
    for line in &told {
        let slot = line["scheduledTime"].as_str().unwrap().replace('T', " ").replace('Z', ".000");
        assert_eq!(line["findings"][0]["slot"].as_str(), Some(slot.as_str()), "the query saw its own slot");
    }
}

#[test]
fn three_schedulers_on_a_folder_run_each_slot_once() {
    let lake = Lake::in_folder();
    add_minutely(&lake);
    race(&lake, 3);
    assert_each_slot_once(&lake);
}

#[test]
fn two_schedulers_on_a_bucket_run_each_slot_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::in_bucket(&serve_folder(folder.path()));
    add_minutely(&lake);
    let refused = lake.run(&["scheduler", "--once", "--now", "2026-03-01T01:01:30Z", "--tries", "1"]);
    assert_eq!(refused.0, 3, "a bucket has writers elsewhere, who may not write files here: {}", refused.2);
    assert!(refused.2.contains("--local-actions"), "{}", refused.2);
    let letters = lake.json(&["schedule", "dead-letters", "list", "--json"]);
    assert_eq!(letters.as_array().unwrap().len(), 1, "{letters}");
    lake.ok(&["schedule", "delete", "s"]);
    add_minutely(&lake);
    race(&lake, 2);
    assert_each_slot_once(&lake);
}

#[test]
fn a_slot_survives_the_death_of_its_scheduler() {
    let lake = Lake::in_folder();
    lake.ok(&[
        "schedule",
        "add",
        "s",
        "--sql",
        SLOW,
        "--every",
        "1h",
        "--from",
        "2026-03-01T00:30:00Z",
        "--notify",
        "file:alerts.jsonl",
    ]);
    let mut dying = lake.start(&["scheduler", "--once", "--now", NOW, "--lease", "3s"]);
    lake.wait_for_lease();
    dying.kill().unwrap();
    dying.wait().unwrap();
    let state = lake.state().unwrap();
    assert!(state["value"]["lease"].is_object() && state["value"]["runs"] == serde_json::json!([]), "{state}");

    wait(|| {
        lake.ok(&["scheduler", "--once", "--now", NOW, "--lease", "3s"]);
        !lake.runs("s").is_empty()
    });
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    let runs = lake.runs("s");
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!((runs[0]["attempt"].as_u64(), runs[0]["status"].as_str()), (Some(2), Some("FINISHED")));
    assert_eq!(lake.covered("s"), ["03-01 00:00 03-01 01:00"]);
    assert_eq!(lake.told("alerts.jsonl").len(), 1);
}

#[test]
#[cfg(unix)]
fn a_scheduler_that_is_told_to_end_gives_its_slot_back() {
    let lake = Lake::in_folder();
    lake.ok(&["schedule", "add", "s", "--sql", SLOW, "--every", "1h", "--from", "2026-03-01T00:30:00Z"]);
    let leaving = lake.start(&["scheduler", "--now", NOW, "--lease", "1h"]);
    lake.wait_for_lease();
    wait(|| lake.json(&["query", "list", "--json"])[0]["status"] == "RUNNING");
    let told = Command::new("kill").args(["-TERM", &leaving.id().to_string()]).status().unwrap();
    assert!(told.success());
    let output = leaving.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(lake.runs("s").is_empty());
    let queries = lake.json(&["query", "list", "--json"]);
    assert_eq!(queries[0]["status"], "CANCELLED", "its query does not seem to run for ever: {queries}");
    // Its lease would have lasted for an hour.
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    let runs = lake.runs("s");
    assert_eq!((runs.len(), runs[0]["attempt"].as_u64()), (1, Some(1)), "{runs:?}");
}

#[test]
fn a_notification_survives_the_death_of_its_sender() {
    let lake = Lake::in_folder();
    let receiver = super::receiver::Receiver::answering(&[500]);
    lake.ok(&[
        "schedule",
        "add",
        "s",
        "--sql",
        "SELECT 1 AS n",
        "--every",
        "1h",
        "--from",
        "2026-03-01T00:30:00Z",
        "--notify",
        &receiver.url,
    ]);
    let once = ["scheduler", "--once", "--now", NOW, "--lease", "1s", "--retry-wait", "2s"];
    let mut dying = lake.start(&once);
    wait(|| !receiver.received().is_empty());
    dying.kill().unwrap();
    dying.wait().unwrap();
    assert_eq!(lake.runs("s")[0]["notices"][0]["status"], "PENDING");
    receiver.answer(200);
    // The run is settled; what is left of it is the notification, once its sender's time is up.
    wait(|| {
        lake.ok(&once);
        lake.runs("s")[0]["notices"][0]["status"] == "SENT"
    });
    assert_eq!(lake.runs("s").len(), 1);
    let ids: BTreeSet<String> =
        receiver.received().iter().map(|request| request.headers["x-trailmere-delivery"].clone()).collect();
    assert_eq!(ids.len(), 1, "whoever receives it again can tell");
}
