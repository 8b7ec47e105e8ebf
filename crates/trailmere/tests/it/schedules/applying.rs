//! A lake becomes what a file says, once.

use std::path::{Path, PathBuf};

use super::lake::Lake;

fn write(lake: &Lake, text: &str) -> String {
    let path = lake.folder().join("lake.toml");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

const FILE: &str = r#"
[[store]]
name = "audit"
retention = 400
tags = { team = "sec" }

[[query]]
name = "mine"
sql = """
-- title: Mine
-- param: most bigint = 3 -- how many
SELECT $most AS n
"""

[[schedule]]
name = "hourly"
query = "mine"
every = "1h"
from = "2026-03-01T00:30:00Z"
param = { most = 5 }
notify = ["file:alerts.jsonl"]

[maintenance]
every = "1d"
"#;

#[test]
fn applying_is_shown_first_asked_for_and_done_once() {
    let lake = Lake::in_folder();
    let file = write(&lake, FILE);
    let dry = lake.ok(&["apply", &file, "--dry-run"]);
    for line in ["+ store audit", "+ query mine", "+ schedule hourly", "+ schedule maintenance"] {
        assert!(dry.contains(line), "{dry}");
    }
    assert!(lake.ok(&["schedule", "list"]).contains("no schedules"), "a dry run changes nothing");
    let unasked = lake.run(&["apply", &file]);
    assert!(unasked.0 != 0 && unasked.2.contains("--yes"), "{unasked:?}");
    assert!(lake.ok(&["apply", &file, "--yes"]).contains("4 changed"));
    assert_eq!(lake.ok(&["apply", &file, "--yes"]), "nothing to change\n");
    lake.ok(&["scheduler", "--once", "--now", "2026-03-01T01:10:00Z"]);
    assert_eq!(lake.told("alerts.jsonl")[0]["findings"][0]["n"], 5);

    let changed = FILE.replace("every = \"1h\"", "every = \"30m\"").replace("retention = 400", "retention = 500");
    let file = write(&lake, &changed.replace("most = 5", "most = 6"));
    let diff = lake.ok(&["apply", &file, "--yes"]);
    assert!(diff.contains("~ store audit") && diff.contains("~ schedule hourly"), "{diff}");
    assert!(diff.contains("\"1h\" -> \"30m\"") && diff.contains("\"5\" -> \"6\""), "{diff}");
    assert_eq!(lake.ok(&["apply", &file, "--yes"]), "nothing to change\n");
    assert_eq!(lake.runs("hourly").len(), 1, "a schedule that is changed keeps its history");
    assert!(lake.ok(&["store", "show", "audit"]).contains("500 days"));
}

#[test]
fn nothing_is_deleted_unasked() {
    let lake = Lake::in_folder();
    let file = write(&lake, FILE);
    lake.ok(&["apply", &file, "--yes"]);
    let empty = write(&lake, "");
    assert_eq!(lake.ok(&["apply", &empty, "--yes"]), "nothing to change\n");
    let pruned = lake.ok(&["apply", &empty, "--yes", "--prune"]);
    for line in ["- query mine", "- schedule hourly", "- schedule maintenance"] {
        assert!(pruned.contains(line), "{pruned}");
    }
    assert!(lake.ok(&["schedule", "list"]).contains("no schedules"));
    assert!(lake.ok(&["store", "list"]).contains("audit"), "data is never deleted by a file");
    assert!(lake.ok(&["saved", "list"]).contains("detect-root-use"), "nor is what is shipped");
}

#[test]
fn mistakes_in_the_file_have_their_line() {
    let lake = Lake::in_folder();
    let file = write(&lake, "[[schedule]]\nname = \"a\"\nqury = \"q\"\n");
    let (code, _, err) = lake.run(&["apply", &file]);
    assert!(code != 0 && err.contains("qury") && err.contains("line"), "{err}");
}

#[test]
fn the_shipped_detections_can_be_scheduled_and_find_what_is_there() {
    let lake = Lake::in_folder();
    lake.ok(&["ingest", crate::program::logs().to_str().unwrap()]);
    let shipped: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries/schedules.toml");
    let text = std::fs::read_to_string(&shipped).unwrap();
    let file = write(&lake, &text.replace("[defaults]\n", "[defaults]\nfrom = \"2026-03-01\"\n"));
    let (code, out, err) = lake.run(&["apply", &file, "--yes"]);
    assert!(code == 0 && !err.contains("warning"), "{out}{err}");
    assert_eq!(lake.ok(&["apply", &file, "--yes"]), "nothing to change\n");
    let (code, _, err) = lake.run(&["scheduler", "--once", "--now", "2026-03-09T00:20:00Z"]);
    assert_eq!(code, 0, "{err}");
    let list = lake.json(&["schedule", "list", "--json"]);
    let list = list.as_array().unwrap();
    let detections: Vec<_> = list.iter().filter(|entry| entry["schedule"]["task"]["query"].is_object()).collect();
    assert!(detections.len() >= 12, "{}", detections.len());
    let mut finding = 0;
    for entry in detections {
        assert_eq!(entry["lastRun"]["status"], "FINISHED", "{entry}");
        assert_eq!(entry["lastRun"]["lastSuccessTime"], "2026-03-01T00:00:00Z", "{entry}");
        finding += usize::from(entry["lastRun"]["alert"] == true);
    }
    assert!(finding >= 3, "the logs hold something to find: {finding}");
}
