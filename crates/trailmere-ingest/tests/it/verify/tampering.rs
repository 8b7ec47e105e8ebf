//! Is each thing that can be done to delivered files found out, and nothing else with it?

use super::*;

#[tokio::test]
async fn a_changed_log_file() {
    let copy = Copy::of_hours(3);
    copy.write(&copy.logs[0], &gzip(&log_text("another")));
    let said = copy.said().await;
    assert_eq!(said.warnings, [log_line(&copy.logs[0], "INVALID: hash value doesn't match")]);
    assert!(!said.reports[0].is_good());
    assert!(
        said.reports[0].to_string().ends_with("\n3/3 digest files valid\n3/4 log files valid, 1/4 log files INVALID\n")
    );
}

#[tokio::test]
async fn a_log_file_that_is_gone_cut_short_broken_or_longer() {
    let copy = Copy::of_hours(3);
    let whole = fs::read(copy.path(&copy.logs[1])).unwrap();
    copy.remove(&copy.logs[0]);
    // Cut short, as AWS sees it, is only other content.
    copy.write(&copy.logs[1], &whole[..whole.len() - 20]);
    copy.write(&copy.logs[2], b"{\"Records\":[]}");
    let mut longer = fs::read(copy.path(&copy.logs[3])).unwrap();
    longer.extend(gzip("{}"));
    copy.write(&copy.logs[3], &longer);
    let expected = [
        log_line(&copy.logs[2], "INVALID: invalid format"),
        log_line(&copy.logs[3], "INVALID: unexpected data after end of compressed stream"),
        log_line(&copy.logs[0], "INVALID: not found"),
        log_line(&copy.logs[1], "INVALID: hash value doesn't match"),
    ];
    assert_eq!(copy.said().await.warnings, expected);
    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 0x55;
    copy.write(&copy.logs[1], &flipped);
    let last = copy.said().await.warnings.pop().unwrap();
    let either =
        ["INVALID: invalid format", "INVALID: hash value doesn't match"].map(|what| log_line(&copy.logs[1], what));
    assert!(either.contains(&last), "{last}");
}

#[tokio::test]
async fn a_changed_digest() {
    let copy = Copy::of_hours(3);
    let digest = &copy.digests[0];
    let hash = "\"hashValue\":\"";
    let changed = digest.content.replacen(hash, "\"hashValue\":\"0", 1);
    copy.write(&digest.key, &gzip(&changed));
    let said = copy.said().await;
    assert_eq!(said.warnings, [digest_line(&digest.key, "INVALID: signature verification failed")]);
    assert!(said.reports[0].to_string().contains("\n2/3 digest files valid, 1/3 digest files INVALID\n"));
    assert_eq!(said.reports[0].logs.total(), 2, "an invalid digest vouches for nothing");
}

#[tokio::test]
async fn a_digest_in_the_middle_does_not_hide_those_before_it() {
    let copy = Copy::of_hours(5);
    copy.remove(&copy.digests[2].key);
    let said = copy.said().await;
    assert_eq!(said.warnings, [digest_line(&copy.digests[2].key, "INVALID: not found")]);
    assert_eq!(said.reports[0].digests.valid, 4);
}

#[tokio::test]
async fn a_digest_that_is_no_digest() {
    let copy = Copy::of_hours(4);
    let mut longer = gzip(&copy.digests[3].content);
    longer.push(0);
    let lacking = copy.digests[1].content.replacen("digestPublicKeyFingerprint", "fingerprint", 1);
    let unchained = copy.digests[0].content.replacen("\"previousDigestSignature\":null,", "", 1);
    for (number, bytes) in [(3, longer), (2, b"plain".to_vec()), (1, gzip(&lacking)), (0, gzip(&unchained))] {
        copy.write(&copy.digests[number].key, &bytes);
    }
    let expected: Vec<_> = copy.digests.iter().rev().map(|d| digest_line(&d.key, "INVALID: invalid format")).collect();
    let request = VerifyRequest { bucket: Some(BUCKET.to_owned()), ..copy.request() };
    let said = said(&request).await;
    assert_eq!(said.warnings, expected);
    assert!(
        said.reports[0]
            .to_string()
            .contains("\nNo valid digests found in range\n\n0/4 digest files valid, 4/4 digest files INVALID\n")
    );
}

#[tokio::test]
async fn a_digest_that_was_moved() {
    let copy = Copy::of_hours(3);
    // An older digest, though validly signed, put in the place of a younger one.
    copy.write(&copy.digests[2].key, &gzip(&copy.digests[1].content));
    copy.write(&format!("{}.metadata.json", copy.digests[2].key), copy.digests[1].metadata().as_bytes());
    let said_strictly = copy.said().await;
    let moved = "INVALID: has been moved from its original location";
    assert_eq!(said_strictly.warnings, [digest_line(&copy.digests[2].key, moved)]);
    let elsewhere = VerifyRequest { bucket: Some("another".to_owned()), ..copy.request() };
    let said_of_copy = said(&elsewhere).await;
    assert_eq!(said_of_copy.reports[0].digests.invalid, 3, "all of them are of another bucket");
    let lenient = VerifyRequest { moved: trailmere_ingest::Moved::Accepted, ..elsewhere };
    assert!(said(&lenient).await.reports[0].is_good());
}

#[tokio::test]
async fn a_digest_without_its_signature() {
    let copy = Copy::of_hours(3);
    let beside = |number: usize| format!("{}.metadata.json", copy.digests[number].key);
    let failed = |number: usize| digest_line(&copy.digests[number].key, "INVALID: signature verification failed");
    copy.write(&beside(1), br#"{"Metadata":{}}"#);
    assert_eq!(copy.said().await.warnings, [failed(1)], "S3 keeps none");
    // A copy that lost it: the digest after it says what it was; nothing says so of the newest.
    for number in 0..3 {
        copy.remove(&beside(number));
    }
    assert_eq!(copy.said().await.warnings, [failed(2)]);
    copy.write(&beside(2), copy.digests[2].metadata().as_bytes());
    assert!(copy.said().await.warnings.is_empty());
    copy.write(
        &beside(1),
        SignedDigest { signature: "no digits".to_owned(), ..copy.digests[1].clone() }.metadata().as_bytes(),
    );
    assert_eq!(copy.said().await.warnings, [failed(1)]);
}

#[tokio::test]
async fn keys_that_are_missing_wrong_or_unreadable() {
    let copy = Copy::of_hours(2);
    let (first, second) = (signer(KeyNumber::First), signer(KeyNumber::Second));
    let of = |text: &str| VerifyRequest { public_keys: PublicKeys::parse(text).unwrap(), ..copy.request() };
    let times = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let good = public_keys(&[&first], times.0, times.1);
    let all = |what: &str| copy.digests.iter().rev().map(|d| digest_line(&d.key, what)).collect::<Vec<_>>();
    let fingerprint = first.fingerprint();

    let missing = of(&public_keys(&[&second], times.0, times.1));
    let no_key = format!("INVALID: public key not found in region us-east-1 for fingerprint {fingerprint}");
    assert_eq!(said(&missing).await.warnings, all(&no_key));

    let other = public_keys(&[&second], times.0, times.1).replace(&second.fingerprint(), &fingerprint);
    assert_eq!(said(&of(&other)).await.warnings, all("INVALID: signature verification failed"));

    let value = serde_json::from_str::<serde_json::Value>(&good).unwrap()["PublicKeyList"][0]["Value"].clone();
    let unreadable = good.replace(value.as_str().unwrap(), "AQIDBA==");
    let unusable = format!("INVALID: Unable to load PKCS #1 key with fingerprint {fingerprint}");
    assert_eq!(said(&of(&unreadable)).await.warnings, all(&unusable));

    let outdated = of(&public_keys(&[&first], "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"));
    let error = verify_logs(&outdated, now(), &mut Said::default()).await.unwrap_err();
    assert_eq!(error.message(), "No public keys found between 2026-03-01T00:00:00Z and 2026-03-02T14:00:00Z");
}
