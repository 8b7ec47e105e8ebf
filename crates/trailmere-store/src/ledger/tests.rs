//! Does the ledger say of each log file what was last written of it, however its parts were merged and read?

use std::collections::HashMap;

use arrow::array::Array;
use object_store::memory::InMemory;
use proptest::prelude::*;

use super::*;

fn entry(log_file: &str, outcome: FileOutcome) -> LedgerEntry {
    LedgerEntry {
        log_file: log_file.to_owned(),
        size: 100,
        etag: Some("\"abc\"".to_owned()),
        outcome,
        reason: (outcome != FileOutcome::Complete).then(|| "broken off".to_owned()),
        records: 12,
        events: 9,
        filtered: 1,
        expired: 0,
        duplicate: 1,
        quarantined: 1,
        bytes_in: 100,
        raw_bytes: 1000,
        ingested: 1_700_000_000_000_000,
        taken: if outcome == FileOutcome::Partial { vec![1, u64::MAX, 3] } else { Vec::new() },
        verified: (outcome == FileOutcome::Complete).then_some(Verified::Verified),
    }
}

struct Writer {
    store: Arc<InMemory>,
    table: Path,
    head: Head,
}

impl Writer {
    fn new() -> Self {
        Self { store: Arc::default(), table: Path::from("stores/x"), head: Head::default() }
    }

    async fn add(&mut self, entries: &[LedgerEntry], quarantine: &[Quarantined]) {
        let addition = Addition { ledger: entries, quarantine };
        self.head = extend(self.store.as_ref(), &self.table, &self.head, addition).await.unwrap();
    }

    fn empty(&self) -> Ledger {
        Ledger::empty(self.store.clone(), self.table.clone())
    }
}

#[test]
fn states_come_back_from_columns() {
    let written: Vec<_> = FileOutcome::ALL.into_iter().map(|outcome| entry(outcome.as_str(), outcome)).collect();
    let rows = columns::ledger_rows(&written, 7).unwrap();
    let states = States::of(&rows).unwrap();
    assert_eq!(states.len(), written.len());
    for row in 0..states.len() {
        let entry = written.iter().find(|entry| entry.log_file == states.log_file(row)).unwrap();
        assert_eq!(states.state(row).unwrap(), entry.state(7));
    }
}

#[test]
fn parts_of_earlier_versions_lack_the_youngest_column() {
    let rows = columns::ledger_rows(&[entry("a", FileOutcome::Complete)], 7).unwrap();
    let older: Vec<usize> =
        (0..rows.num_columns()).filter(|column| rows.schema().field(*column).name() != "verified").collect();
    let completed = columns::completed(rows.project(&older).unwrap()).unwrap();
    assert_eq!(completed.schema(), rows.schema());
    assert_eq!(completed.column_by_name("verified").unwrap().null_count(), 1);
    assert_eq!(completed.project(&older).unwrap(), rows.project(&older).unwrap());
    assert_eq!(columns::completed(rows.clone()).unwrap(), rows);
}

#[tokio::test]
async fn entries_are_rows_for_sql() {
    let mut writer = Writer::new();
    writer.add(&[entry("b", FileOutcome::Failed), entry("a", FileOutcome::Complete)], &[]).await;
    let ledger = writer.empty().advance(writer.head.name()).await.unwrap();
    let rows = ledger.entries().await.unwrap();
    assert_eq!(rows[0].schema(), ledger_schema());
    let text = arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string();
    let cells = |line: usize| text.lines().nth(line).unwrap().split('|').map(str::trim).collect::<Vec<_>>();
    let expected = ["a", "\"abc\"", "complete", "", "100", "12", "9", "1", "0", "1", "1", "100", "1000"];
    assert_eq!(cells(3)[1..14], expected);
    assert_eq!(cells(4)[1..5], ["b", "\"abc\"", "failed", "broken off"]);
    assert_eq!(cells(3)[15], "1");
}

#[tokio::test]
async fn many_commits_make_few_parts_and_forget_nothing() {
    let mut writer = Writer::new();
    let mut follower = writer.empty();
    for commit in 0..300 {
        writer.add(&[entry(&format!("file {commit}"), FileOutcome::Complete)], &[]).await;
        if commit % 7 == 0 {
            follower = follower.advance(writer.head.name()).await.unwrap();
        }
    }
    assert!(writer.head.ledger.len() <= 16 * 3, "{} parts", writer.head.ledger.len());
    assert_eq!(writer.head.ledger.iter().map(|part| part.rows).sum::<u64>(), 300);
    follower = follower.advance(writer.head.name()).await.unwrap();
    let fresh = writer.empty().advance(writer.head.name()).await.unwrap();
    for ledger in [&follower, &fresh] {
        assert_eq!((ledger.len(), ledger.sequence()), (300, 300));
        for commit in 0..300 {
            assert_eq!(ledger.state(&format!("file {commit}")).unwrap().sequence, commit + 1);
        }
        assert_eq!(ledger.entries().await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 300);
    }
}

#[tokio::test]
async fn the_newest_key_of_each_stream_is_known() {
    let key = |day: &str, unique: &str| {
        format!(
            "AWSLogs/111122223333/CloudTrail/us-east-1/2024/01/{day}/111122223333_CloudTrail_us-east-1_202401{day}T0005Z_{unique}.json.gz"
        )
    };
    let mut writer = Writer::new();
    writer.add(&[entry(&key("03", "AAAAAAAAAAAAAAAA"), FileOutcome::Complete)], &[]).await;
    writer
        .add(
            &[entry(&key("02", "BBBBBBBBBBBBBBBB"), FileOutcome::Complete), entry("stdin:00", FileOutcome::Complete)],
            &[],
        )
        .await;
    let ledger = writer.empty().advance(writer.head.name()).await.unwrap();
    let newest: Vec<_> = ledger.newest().collect();
    assert_eq!(newest, [("AWSLogs/111122223333/CloudTrail/us-east-1", key("03", "AAAAAAAAAAAAAAAA").as_str())]);
}

#[tokio::test]
async fn rejected_records_are_kept_but_not_beyond_their_limit() {
    let mut writer = Writer::new();
    let rejected = Quarantined {
        log_file: "a".into(),
        record: 3,
        offset: 99,
        reason: "no `eventTime`".into(),
        bytes: vec![b'x'; Quarantined::MAX_BYTES + 5],
        ingested: 5,
    };
    writer.add(&[], std::slice::from_ref(&rejected)).await;
    let ledger = writer.empty().advance(writer.head.name()).await.unwrap();
    let rows = ledger.quarantine().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].schema(), quarantine_schema());
    let bytes = rows[0].column_by_name("bytes").unwrap().as_any().downcast_ref::<arrow::array::BinaryArray>().unwrap();
    assert_eq!(bytes.value(0).len(), Quarantined::MAX_BYTES);
    assert!(ledger.is_empty());
}

#[test]
fn the_same_copy_has_the_same_size_and_etag() {
    let mut segment = index::Segment::default();
    segment.insert("a", entry("a", FileOutcome::Partial).state(1));
    let mut segments = Segments::default();
    segments.push(segment);
    let state = segments.state("a").unwrap();
    assert!(state.is_same(100, Some("\"abc\"")));
    assert!(state.is_same(100, None));
    assert!(!state.is_same(100, Some("\"abd\"")));
    assert!(!state.is_same(101, Some("\"abc\"")));
    assert_eq!(state.taken.as_ref(), [1, u64::MAX, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The ledger against a plain map, with handles taken at any time.
    #[test]
    fn the_last_state_counts(commits in proptest::collection::vec(proptest::collection::vec((0..30_u8, 0..3_usize), 1..6), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut writer = Writer::new();
            let mut ledger = writer.empty();
            let mut expected: HashMap<String, (FileOutcome, u64)> = HashMap::new();
            for (index, commit) in commits.iter().enumerate() {
                let mut seen = std::collections::HashSet::new();
                let entries: Vec<_> = commit
                    .iter()
                    .filter(|(file, _)| seen.insert(*file))
                    .map(|(file, outcome)| entry(&file.to_string(), FileOutcome::ALL[*outcome]))
                    .collect();
                writer.add(&entries, &[]).await;
                for entry in &entries {
                    expected.insert(entry.log_file.clone(), (entry.outcome, index as u64 + 1));
                }
                ledger = if index % 3 == 0 {
                    ledger.advance(writer.head.name()).await.unwrap()
                } else if ledger.sequence() == index as u64 {
                    ledger.with_commit(writer.head.clone(), &entries)
                } else {
                    ledger
                };
            }
            let ledger = ledger.advance(writer.head.name()).await.unwrap();
            assert_eq!(ledger.len(), expected.len());
            for (file, (outcome, sequence)) in expected {
                let state = ledger.state(&file).unwrap();
                assert_eq!((state.outcome, state.sequence), (outcome, sequence));
                assert_eq!(state.taken.is_empty(), outcome != FileOutcome::Partial);
            }
        });
    }
}
