//! Does a run of ingestion leave one file for each day, though its batches end in the middle of days?

use super::*;

const DAYS: u32 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn each_day_has_one_file() {
    let (folder, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lake = open(folder.path()).await;
    let padding = "x".repeat(4000);
    let mut all = 0;
    for hour in 1..DAYS * 24 {
        // Delivered a few minutes after the hour, with events of the hour before: also of the day before.
        let events: Vec<_> = (0..60)
            .map(|minute| {
                let (day, hour) = ((hour - 1) / 24 + 1, (hour - 1) % 24);
                let mut event =
                    event(&format!("e-{all}-{minute}"), &format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z"));
                event["userAgent"] = padding.as_str().into();
                event
            })
            .collect();
        all += events.len();
        let delivered = format!("2026-03-{:02}T{:02}05", hour / 24 + 1, hour % 24);
        deliver(logs.path(), &key("eu-west-1", &delivered, &hour.to_string()), &events);
    }
    // Batches of two days and a bit. Where one of several threads is left behind, nobody knows which days are over.
    let request = IngestRequest { memory: 64 << 20, threads: 1, ..request(logs.path()) };
    let summary = ingest(&lake, &request, now(), &NoProgress).await.unwrap();
    assert_eq!(summary.events(), all as u64);
    let store = lake.find_store("events").await.unwrap();
    let snapshot = lake.table(&store).await.unwrap().snapshot().await.unwrap();
    assert_eq!(snapshot.rows(), all as u64);
    let days: Vec<i64> = snapshot.files.iter().map(|file| file.day - 20_260_300).collect();
    assert_eq!(days, (1..=i64::from(DAYS)).collect::<Vec<_>>());
}
