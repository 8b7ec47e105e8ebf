//! Schedules from their making to their end, runs by hand, and maintenance.

use super::lake::Lake;

const NOW: &str = "2026-03-01T01:10:00Z";

fn add(lake: &Lake, name: &str) -> String {
    let from = "2026-03-01T00:30:00Z";
    lake.ok(&["schedule", "add", name, "--sql", "SELECT 1 AS n", "--every", "1h", "--from", from])
}

#[test]
fn a_schedule_lives_until_it_is_deleted() {
    let lake = Lake::in_folder();
    assert!(add(&lake, "s").contains("next run"));
    let again = lake.run(&["schedule", "add", "s", "--sql", "SELECT 1", "--every", "1h"]);
    assert!(again.0 != 0 && again.2.contains("exists already"), "{again:?}");
    assert!(lake.ok(&["schedule", "disable", "s"]).contains("disabled"));
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    assert!(lake.ok(&["schedule", "history", "s"]).contains("has not run yet"));
    lake.ok(&["schedule", "enable", "s"]);
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    assert!(lake.runs("s").is_empty(), "slots of the time without it are not made up for");
    let shown = lake.ok(&["schedule", "show", "s"]);
    assert!(shown.contains("every 1h") && shown.contains("SELECT 1 AS n"), "{shown}");
    assert!(lake.ok(&["schedule", "list"]).contains("every 1h"));
    lake.ok(&["schedule", "delete", "s"]);
    let gone = lake.run(&["schedule", "show", "s"]);
    assert!(gone.0 != 0 && gone.2.contains("`s`"), "{gone:?}");
    add(&lake, "s");
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    assert_eq!(lake.runs("s").len(), 1, "a new one begins anew");
}

#[test]
fn a_run_by_hand_takes_nothing_from_the_slots() {
    let lake = Lake::in_folder();
    add(&lake, "s");
    let run = lake.json(&["schedule", "run-now", "s", "--now", "2026-03-01T00:50:00Z", "--json"]);
    assert_eq!((run["byHand"].as_bool(), run["rows"].as_u64()), (Some(true), Some(1)));
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    assert_eq!(lake.covered("s"), ["03-01 00:00 03-01 00:50", "03-01 00:00 03-01 01:00"]);
}

#[test]
fn each_run_is_a_recorded_query_whose_rows_are_kept_and_delivered() {
    let lake = Lake::in_folder();
    let out = lake.folder().join("out");
    let sql = "SELECT $scheduled_time AS slot, 'x' AS who";
    let (from, deliver) = ("2026-03-01T00:30:00Z", out.to_str().unwrap());
    lake.ok(&["schedule", "add", "s", "--sql", sql, "--every", "1h", "--from", from, "--deliver", deliver]);
    lake.ok(&["scheduler", "--once", "--now", NOW]);
    let run = &lake.runs("s")[0];
    assert!(run["note"].is_null(), "{run}");
    let id = run["queryId"].as_str().unwrap();
    let record = lake.json(&["query", "status", id, "--json"]);
    assert_eq!(record["status"], "FINISHED", "{record}");
    assert_eq!(record["origin"]["name"], "s", "{record}");
    assert_eq!(record["origin"]["slot"], "2026-03-01T01:00:00Z", "{record}");
    assert!(lake.ok(&["query", "results", id, "--format", "csv"]).contains("2026-03-01 01:00:00.000,x"));
    let folder = record["delivery"]["folder"].as_str().unwrap();
    assert!(std::path::Path::new(folder).join("result_sign.json").exists(), "{record}");
    lake.ok(&["verify", "results", folder]);
}

#[test]
fn the_lake_is_maintained_when_it_is_time() {
    let lake = Lake::in_folder();
    lake.ok(&["ingest", crate::program::logs().to_str().unwrap()]);
    let maintain = ["scheduler", "--once", "--maintain-every", "1d"];
    let (code, _, err) = lake.run(&maintain);
    assert!(code == 0 && err.contains("2 stores maintained"), "{err}");
    let (_, _, err) = lake.run(&maintain);
    assert!(!err.contains("maintained"), "once a day: {err}");
    lake.ok(&["schedule", "add", "upkeep", "--maintain", "--every", "1d", "--from", "2026-03-01"]);
    lake.ok(&["scheduler", "--once", "--now", "2026-03-09T00:00:00Z"]);
    let run = &lake.runs("upkeep")[0];
    assert!(run["note"].as_str().unwrap().contains("2 stores maintained"), "{run}");
}

#[test]
fn a_store_shows_up_to_when_logs_have_been_delivered() {
    let lake = Lake::in_folder();
    lake.ok(&["ingest", crate::program::logs().to_str().unwrap()]);
    let stores = lake.json(&["store", "list", "--json"]);
    let name = stores[0]["name"].as_str().unwrap();
    let shown = lake.json(&["store", "show", name, "--json"]);
    let deliveries = shown["newestDeliveries"].as_array().unwrap();
    assert!(deliveries.len() > 2, "{deliveries:?}");
    assert!(deliveries.iter().all(|delivery| delivery["kind"] != "CloudTrail-Digest"), "digests hold no events");
    for delivery in deliveries {
        let (region, key) = (delivery["region"].as_str().unwrap(), delivery["logFile"].as_str().unwrap());
        assert!(key.contains(&format!("/{region}/2026/03/")), "{delivery}");
        let delivered = delivery["delivered"].as_str().unwrap().replace(['-', ':'], "").replace("00Z", "Z");
        assert!(key.contains(&format!("_{delivered}_")), "{delivery}");
        let account = delivery["account"].as_str().unwrap();
        let kind = delivery["kind"].as_str().unwrap();
        let later = format!(
            "SELECT count(*) FROM trailmere.ledger WHERE log_file > '{key}' AND log_file LIKE '%/{account}/{kind}/{region}/%'"
        );
        assert_eq!(lake.ok(&["query", "--format", "csv", &later]).lines().nth(1), Some("0"), "{delivery}");
    }
    let text = lake.ok(&["store", "show", name]);
    assert!(text.contains("newest deliveries") && text.contains("UTC"), "{text}");
}
