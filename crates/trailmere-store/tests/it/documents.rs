//! Are documents written once per version, changed without losing a change, and deleted without losing history?

use std::sync::Arc;
use std::time::Duration;

use object_store::memory::InMemory;
use serde::{Deserialize, Serialize};
use trailmere_model::Kind;
use trailmere_store::testing::{Extent, Fault, FlakyStore};
use trailmere_store::{Document, DocumentVersion, Documents, Lake, LakeOptions};

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Note {
    words: Vec<String>,
}

fn note(words: &[&str]) -> Note {
    Note { words: words.iter().map(|word| (*word).to_owned()).collect() }
}

fn memory() -> Documents {
    Lake::with_object_store(Arc::new(InMemory::new()), "memory").documents()
}

#[tokio::test]
async fn old_versions_of_what_changes_often_can_be_forgotten() {
    let documents = memory();
    documents.put_new("note", "busy", &note(&["1"])).await.unwrap();
    for version in 1..6 {
        documents.put_next("note", "busy", version, &note(&["next"])).await.unwrap();
    }
    documents.put_new("note", "other", &note(&["1"])).await.unwrap();
    documents.forget("note", "busy", 2, Duration::from_secs(3_600)).await.unwrap();
    let versions = async || -> Vec<u64> {
        let history: Vec<DocumentVersion<Note>> = documents.history("note", "busy").await.unwrap();
        history.into_iter().map(|version| version.version).collect()
    };
    assert_eq!(versions().await, [1, 2, 3, 4, 5, 6], "none is an hour older than the newest");
    documents.forget("note", "busy", 2, Duration::ZERO).await.unwrap();
    assert_eq!(versions().await, [5, 6]);
    documents.forget("note", "busy", 0, Duration::ZERO).await.unwrap();
    assert_eq!(versions().await, [6], "the newest is what the document says");
    assert_eq!(documents.put_next("note", "busy", 6, &note(&["on"])).await.unwrap(), 7);
    assert!(documents.get::<Note>("note", "other").await.unwrap().is_some());
}

#[tokio::test]
async fn the_highest_version_counts_and_history_stays() {
    let documents = memory();
    assert_eq!(documents.get::<Note>("note", "a/b c").await.unwrap(), None);
    assert_eq!(documents.put_new("note", "a/b c", &note(&["one"])).await.unwrap(), 1);
    assert_eq!(documents.put_new("note", "a/b c", &note(&["x"])).await.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(documents.put_next("note", "a/b c", 1, &note(&["two"])).await.unwrap(), 2);
    assert_eq!(documents.put_next("note", "a/b c", 1, &note(&["late"])).await.unwrap_err().kind(), Kind::Unavailable);
    let found = documents.get::<Note>("note", "a/b c").await.unwrap().unwrap();
    assert_eq!(found, Document { id: "a/b c".into(), version: 2, value: note(&["two"]) });
    documents.delete("note", "a/b c", 2).await.unwrap();
    assert_eq!(documents.get::<Note>("note", "a/b c").await.unwrap(), None);
    assert!(documents.list::<Note>("note").await.unwrap().is_empty());
    assert_eq!(documents.put_new("note", "a/b c", &note(&["again"])).await.unwrap(), 4);
    let history: Vec<DocumentVersion<Note>> = documents.history("note", "a/b c").await.unwrap();
    let said: Vec<_> = history.into_iter().map(|version| (version.version, version.value)).collect();
    assert_eq!(said, [(1, Some(note(&["one"]))), (2, Some(note(&["two"]))), (3, None), (4, Some(note(&["again"])))]);
}

#[tokio::test]
async fn a_list_has_the_newest_of_each_in_order() {
    let documents = memory();
    for id in ["b", "a", "c"] {
        documents.put_new("note", id, &note(&[id])).await.unwrap();
    }
    documents.put_new("other", "z", &note(&["z"])).await.unwrap();
    documents.put_next("note", "a", 1, &note(&["a", "a"])).await.unwrap();
    documents.delete("note", "c", 1).await.unwrap();
    let listed: Vec<_> = documents
        .list::<Note>("note")
        .await
        .unwrap()
        .into_iter()
        .map(|document| (document.id, document.version))
        .collect();
    assert_eq!(listed, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_among_many_writers() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
    lake.documents().put_new("note", "shared", &Note::default()).await.unwrap();
    let mut tasks = Vec::new();
    for writer in 0..4 {
        let documents = lake.documents();
        tasks.push(tokio::spawn(async move {
            for word in 0..5 {
                let word = format!("{writer}.{word}");
                documents
                    .change("note", "shared", |note: &mut Note| {
                        note.words.push(word.clone());
                        Ok(())
                    })
                    .await
                    .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let shared = lake.documents().get::<Note>("note", "shared").await.unwrap().unwrap();
    assert_eq!((shared.version, shared.value.words.len()), (21, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_creators_wins() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions::default()).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|writer: u32| {
            let documents = lake.documents();
            tokio::spawn(async move { documents.put_new("note", "one", &note(&[&writer.to_string()])).await.is_ok() })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_lost_answer_does_not_turn_success_into_a_conflict() {
    let flaky = FlakyStore::new(Arc::new(InMemory::new()));
    let documents = Lake::with_object_store(Arc::new(flaky.clone()), "flaky").documents();
    documents.put_new("note", "a", &note(&[])).await.unwrap();
    // The write is the third call: list, read, write.
    flaky.fail(3, Fault::After, Extent::Once);
    let first = documents
        .change("note", "a", |note: &mut Note| {
            note.words.push("x".into());
            Ok(())
        })
        .await;
    assert_eq!(first.unwrap_err().kind(), Kind::Unavailable);
    flaky.heal();
    let found = documents.get::<Note>("note", "a").await.unwrap().unwrap();
    assert_eq!((found.version, found.value), (2, note(&["x"])));
}
