//! Do ingesters that run at the same time take every event once between them?

use super::*;

/// Every parcel becomes a commit of its own.
fn hurried(source: &Path) -> IngestRequest {
    IngestRequest { memory: 1, threads: 4, ..request(source) }
}

fn logs(files: usize) -> (tempfile::TempDir, Vec<String>) {
    let logs = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for file in 0..files {
        let records = events(&format!("f{file}"), 5);
        all.extend(records.iter().map(|record| record["eventID"].as_str().unwrap().to_owned()));
        deliver(
            logs.path(),
            &key("eu-west-1", &format!("2026-03-02T{:02}{:02}", file / 60, file % 60), &file.to_string()),
            &records,
        );
    }
    all.sort();
    (logs, all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_ingesters_of_one_source_take_it_once() {
    let (logs, all) = logs(40);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(folder.path()).await, open(folder.path()).await);
        let request = hurried(logs.path());
        let (first, second) =
            tokio::join!(ingest(&one, &request, now(), &NoProgress), ingest(&two, &request, now(), &NoProgress));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(ids(&records(&one).await), all);
        assert_eq!(first.events() + second.events(), all.len() as u64, "{first:?}\n{second:?}");
        assert_eq!(first.files.taken + second.files.taken, 40, "{first:?}\n{second:?}");
        assert_eq!(one.stores().await.unwrap().len(), 1, "both wanted to make a store, and one did");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ingesters_of_sources_that_overlap_take_the_union_once() {
    let (logs, all) = logs(30);
    let folder = tempfile::tempdir().unwrap();
    let names = files(logs.path());
    let part = |range: std::ops::Range<usize>| {
        let sources = names[range].iter().map(|path| path.to_str().unwrap().to_owned()).collect();
        IngestRequest { sources, memory: 1, ..IngestRequest::default() }
    };
    let lakes = [open(folder.path()).await, open(folder.path()).await, open(folder.path()).await];
    let parts = [part(0..20), part(10..30), part(5..25)];
    let runs = lakes.iter().zip(&parts).map(|(lake, request)| ingest(lake, request, now(), &NoProgress));
    let summaries = futures::future::try_join_all(runs).await.unwrap();
    assert_eq!(ids(&records(&lakes[0]).await), all);
    assert_eq!(summaries.iter().map(IngestSummary::events).sum::<u64>(), all.len() as u64);
}
