//! Is every file of `queries/` shipped, and fit to be found and read?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use trailmere_queries::{SavedQuery, shipped};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries")
}

fn files() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of shipped queries");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let queries = paths.filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let named = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("a readable query"))
    };
    queries.map(named).collect()
}

#[test]
fn every_file_is_shipped_and_nothing_else_is() {
    let on_disk: Vec<String> = files().into_keys().collect();
    let listed: Vec<&str> = shipped().iter().map(|query| query.name.as_str()).collect();
    assert_eq!(listed, on_disk, "add the line of a new query to `shipped.rs`, in alphabetical order");
    assert!(listed.len() >= 45);
}

#[test]
fn what_is_shipped_is_what_the_file_says() {
    for (name, text) in files() {
        let parsed = SavedQuery::parse(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shipped().iter().find(|query| query.name == name), Some(&parsed));
    }
}

#[test]
fn every_query_says_what_it_is_and_takes_a_time_range() {
    let mut titles = BTreeSet::new();
    for query in shipped() {
        let name = &query.name;
        assert!(!query.title.is_empty() && query.title.len() <= 60, "{name}: a title of a few words");
        assert!(titles.insert(&query.title), "{name}: the title is another query's too");
        assert!(
            query.description.ends_with('.') && query.description.len() >= 30,
            "{name}: a sentence for a description"
        );
        assert!(query.tags.len() >= 2, "{name}: at least two tags");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
        let is_detection = name.starts_with("detect-");
        for bound in if is_detection { ["last_success_time", "scheduled_time"] } else { ["since", "until"] } {
            let parameter = query.parameter(bound).unwrap_or_else(|| panic!("{name}: no ${bound}"));
            assert_eq!(parameter.type_name, "timestamp", "{name}");
        }
        for parameter in &query.parameters {
            assert!(
                parameter.default.is_some(),
                "{name}: ${} has no default, so the query does not run as it is",
                parameter.name
            );
            assert!(!parameter.about.is_empty(), "{name}: ${} says nothing about itself", parameter.name);
        }
    }
}

#[test]
fn detections_are_many_and_can_be_told_from_other_queries() {
    let is_tagged = |query: &&SavedQuery| query.tags.iter().any(|tag| tag == "detection");
    let tagged: Vec<&str> = shipped().iter().filter(is_tagged).map(|query| query.name.as_str()).collect();
    let named: Vec<&str> =
        shipped().iter().map(|query| query.name.as_str()).filter(|name| name.starts_with("detect-")).collect();
    assert_eq!(tagged, named);
    assert!(named.len() >= 12, "{named:?}");
}

#[test]
fn every_subject_that_analysts_ask_about_has_a_query() {
    let tags: BTreeSet<&str> = shipped().iter().flat_map(|query| &query.tags).map(String::as_str).collect();
    for subject in [
        "sign-in",
        "root",
        "mfa",
        "access denied",
        "access key",
        "iam",
        "role",
        "cross-account",
        "s3",
        "kms",
        "secrets",
        "security group",
        "network",
        "vpc endpoint",
        "tls",
        "region",
        "deletion",
        "cloudtrail",
        "guardduty",
        "snapshot",
        "public",
        "user agent",
        "console",
        "insights",
        "lambda",
        "dynamodb",
        "ec2",
        "organizations",
        "errors",
        "throttling",
        "volume",
        "anomaly",
        "users",
        "service",
    ] {
        assert!(tags.contains(subject), "no query is tagged `{subject}`");
    }
}
