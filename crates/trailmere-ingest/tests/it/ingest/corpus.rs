//! Does the public corpus, which nobody of this project wrote, come in whole? Held against gzip and serde_json.

use serde_json::Value;
use trailmere_model::time::{calendarday, parse_event_time};

use super::*;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("TRAILMERE_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let corpus = shared.join("corpus/AWSLogs");
    if !corpus.is_dir() {
        eprintln!("skipped: the corpus is not at {}", corpus.display());
        return None;
    }
    Some(corpus)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_corpus_comes_in_whole() {
    let Some(corpus) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path()).await;
    let slow = slow_records(&corpus);
    let summary = take(&lake, &corpus).await;
    assert_eq!((summary.quarantined, summary.files.failed, summary.files.skipped), (0, 0, 0), "{summary:?}");
    assert_eq!(summary.files.taken as usize, files(&corpus).len());
    assert_eq!(summary.records as usize, slow.len());
    assert_eq!(summary.events() as usize, slow.len());
    let is_insight = |record: &&Value| record["eventCategory"] == "Insight" || record.get("insightDetails").is_some();
    assert_eq!(rows(&lake, "insights").await.len(), slow.iter().filter(is_insight).count());

    let taken = records(&lake).await;
    let parsed = taken.iter().map(|json| serde_json::from_str::<Value>(json).unwrap().to_string());
    assert!(counted(parsed) == counted(slow.iter().map(Value::to_string)));

    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    for store in lake.stores().await.unwrap() {
        for file in lake.table(&store).await.unwrap().snapshot().await.unwrap().files.iter() {
            *days.entry(file.day).or_default() += file.rows;
        }
    }
    let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
    for record in &slow {
        *expected.entry(calendarday(parse_event_time(record["eventTime"].as_str().unwrap()).unwrap())).or_default() +=
            1;
    }
    assert_eq!(days, expected);
}
