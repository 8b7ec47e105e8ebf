//! Does a phrase bring what it asks for first?

use super::*;
use crate::shipped;

fn found(phrase: &str) -> Vec<&'static str> {
    search(shipped(), phrase).iter().map(|hit| hit.query.name.as_str()).collect()
}

#[test]
fn phrases_bring_the_query_that_answers_them_first() {
    let cases = [
        ("root sign-ins", "root-sign-ins"),
        ("denied calls", "denied-calls"),
        ("who deleted resources", "deleted-resources"),
        ("failed console sign-ins by hour", "failed-console-sign-ins-by-hour"),
        ("kms key changes", "kms-key-changes"),
        ("security group opened to the world", "public-security-groups"),
        ("snapshots shared", "snapshots-shared"),
        ("guardduty disabled", "security-services-disabled"),
        ("outdated TLS", "outdated-tls"),
        ("vpc endpoint denials", "vpc-endpoint-denials"),
        ("secrets", "secrets-access"),
        ("role chains", "role-assumption-chains"),
        ("bedrock", "bedrock-use"),
        ("detect security group opened", "detect-security-group-opened"),
        ("detection of root use", "detect-root-use"),
    ];
    for (phrase, expected) in cases {
        assert_eq!(
            found(phrase).first(),
            Some(&expected),
            "{phrase}: {:?}",
            &found(phrase)[..3.min(found(phrase).len())]
        );
    }
}

#[test]
fn misspelt_words_are_read_as_the_nearest() {
    assert_eq!(found("guarduty").first(), found("guardduty").first());
    assert_eq!(found("snapshtos shared").first(), Some(&"snapshots-shared"));
}

#[test]
fn beginnings_of_words_count_for_less_than_words() {
    let named = |name: &str, title: &str| SavedQuery {
        name: name.to_owned(),
        title: title.to_owned(),
        ..SavedQuery::default()
    };
    let queries = [named("b", "regions used"), named("a", "regional rules"), named("c", "nothing")];
    let hits = search(&queries, "region");
    let names: Vec<_> = hits.iter().map(|hit| hit.query.name.as_str()).collect();
    assert_eq!(names, ["b", "a"], "a plural is the word itself, a longer word is not, and no word is no hit");
    assert!(hits[0].relevance > hits[1].relevance);
}

#[test]
fn relevance_lies_between_nothing_and_one() {
    for phrase in ["root", "who used root in which region", "select from events"] {
        let hits = search(shipped(), phrase);
        assert!(!hits.is_empty());
        assert!(hits.iter().all(|hit| hit.relevance > 0.0 && hit.relevance <= 1.0), "{phrase}");
        assert!(hits.is_sorted_by(|a, b| a.relevance >= b.relevance), "{phrase}");
    }
}

#[test]
fn a_phrase_without_words_brings_all_and_an_unknown_word_nothing() {
    assert_eq!(found("").len(), shipped().len());
    assert_eq!(found("show me the").len(), shipped().len());
    assert_eq!(found("xyzzyplugh"), [""; 0]);
}
