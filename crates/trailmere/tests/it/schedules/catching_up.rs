//! Time is covered once, end to end, whenever schedulers run.

use super::lake::Lake;

fn add(lake: &Lake, name: &str, more: &[&str]) {
    let sql = "SELECT $last_success_time AS since, $scheduled_time AS until";
    let mut arguments = vec!["schedule", "add", name, "--sql", sql, "--from", "2026-03-01T00:30:00Z"];
    arguments.extend(more);
    lake.ok(&arguments);
}

fn run_at(lake: &Lake, now: &str) {
    lake.ok(&["scheduler", "--once", "--now", now]);
}

#[test]
fn each_policy_catches_up_in_its_own_way() {
    let lake = Lake::in_folder();
    for policy in ["all", "last", "none"] {
        let file = format!("file:{policy}.jsonl");
        add(&lake, policy, &["--every", "1h", "--catch-up", policy, "--notify", &file]);
    }
    run_at(&lake, "2026-03-01T01:05:00Z");
    // Three hours without a scheduler; then it comes back late in an hour, and once more in time.
    run_at(&lake, "2026-03-01T04:40:00Z");
    run_at(&lake, "2026-03-01T05:05:00Z");
    run_at(&lake, "2026-03-01T05:06:00Z");
    let hour = |from: u32, to: u32| format!("03-01 {from:02}:00 03-01 {to:02}:00");
    assert_eq!(lake.covered("all"), [hour(0, 1), hour(1, 2), hour(2, 3), hour(3, 4), hour(4, 5)]);
    assert_eq!(lake.covered("last"), [hour(0, 1), hour(1, 4), hour(4, 5)]);
    assert_eq!(lake.covered("none"), [hour(0, 1), hour(4, 5)]);
    for policy in ["all", "last", "none"] {
        for line in lake.told(&format!("{policy}.jsonl")) {
            let sql = |name: &str| line[name].as_str().unwrap().replace('T', " ").replace('Z', ".000");
            assert_eq!(line["findings"][0]["since"], sql("lastSuccessTime"), "the query sees what the history says");
            assert_eq!(line["findings"][0]["until"], sql("scheduledTime"));
        }
    }
}

#[test]
fn a_run_waits_for_late_events_and_keeps_its_time() {
    let lake = Lake::in_folder();
    add(&lake, "s", &["--every", "1h", "--settle", "15m"]);
    run_at(&lake, "2026-03-01T01:14:00Z");
    assert!(lake.runs("s").is_empty());
    run_at(&lake, "2026-03-01T01:15:00Z");
    assert_eq!(lake.covered("s"), ["03-01 00:00 03-01 01:00"]);
}

#[test]
fn cron_has_a_time_zone() {
    let lake = Lake::in_folder();
    add(&lake, "s", &["--cron", "30 7 * * MON-FRI", "--zone", "Europe/Berlin", "--catch-up", "all"]);
    run_at(&lake, "2026-03-03T12:00:00Z");
    assert_eq!(
        lake.covered("s"),
        ["02-27 06:30 03-02 06:30", "03-02 06:30 03-03 06:30"],
        "the first of March is a Sunday"
    );
}

#[test]
fn events_are_found_once_although_runs_were_missed() {
    let lake = Lake::in_folder();
    lake.ok(&["ingest", crate::program::logs().to_str().unwrap()]);
    let sql = "SELECT eventID, count(*) AS n FROM events WHERE eventTime >= $last_success_time \
               AND eventTime < $scheduled_time GROUP BY eventID";
    lake.ok(&["schedule", "add", "s", "--sql", sql, "--every", "6h", "--from", "2026-03-01", "--catch-up", "last"]);
    for now in ["2026-03-02T07:00:00Z", "2026-03-02T13:00:00Z", "2026-03-05T01:00:00Z", "2026-03-09T00:00:00Z"] {
        run_at(&lake, now);
    }
    let found: u64 = lake.runs("s").iter().map(|run| run["rows"].as_u64().unwrap()).sum();
    let there = "SELECT count(DISTINCT eventID) FROM events WHERE eventTime >= TIMESTAMP '2026-03-01 00:00:00' \
                 AND eventTime < TIMESTAMP '2026-03-09 00:00:00'";
    let there = lake.ok(&["query", "--format", "csv", there]);
    assert_eq!(there.lines().nth(1), Some(found.to_string().as_str()));
    assert!(found > 100);
}

#[test]
fn the_runs_own_times_can_be_given_to_any_parameter() {
    let lake = Lake::in_folder();
    let sql = "-- title: Mine\n-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00'\n\
               -- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00'\nSELECT $since AS since, $until AS until";
    lake.ok(&["saved", "save", "mine", sql]);
    let add = ["schedule", "add", "s", "--query", "mine", "--every", "1h", "--from", "2026-03-01T00:30:00Z"];
    let (code, _, err) = lake.run(&add);
    assert!(code == 0 && err.contains("looks at all time") && err.contains("$last_success_time"), "{err}");
    lake.ok(&["schedule", "delete", "s"]);
    let times = ["--param", "since=$last_success_time", "--param", "until=$scheduled_time", "--notify", "file:s.jsonl"];
    let (code, _, err) = lake.run(&[&add[..], &times].concat());
    assert!(code == 0 && err.is_empty(), "{err}");
    run_at(&lake, "2026-03-01T01:00:00Z");
    let found = &lake.told("s.jsonl")[0]["findings"][0];
    assert_eq!(
        (found["since"].as_str(), found["until"].as_str()),
        (Some("2026-03-01 00:00:00.000"), Some("2026-03-01 01:00:00.000"))
    );
}
