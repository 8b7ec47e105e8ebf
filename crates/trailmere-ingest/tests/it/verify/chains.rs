//! Is a chain walked to its end, whatever stands between its digests?

use super::*;

#[tokio::test]
async fn a_good_chain_is_valid_from_its_newest_digest_to_its_oldest() {
    let copy = Copy::of_hours(4);
    let said = copy.said().await;
    let mut expected = vec![
        "Validating log files for trail arn:aws:cloudtrail:us-east-1:111122223333:trail/all_events between 2026-03-01T00:00:00Z and 2026-03-02T12:00:00Z".to_owned(),
    ];
    for (hour, digest) in copy.digests.iter().enumerate().rev() {
        expected.push(digest_line(&digest.key, "valid"));
        if hour % 2 == 0 {
            expected.extend(copy.logs[hour..hour + 2].iter().map(|key| log_line(key, "valid")));
        }
    }
    assert_eq!(said.lines, expected);
    assert!(said.warnings.is_empty() && said.reports[0].is_good());
    assert_eq!(
        said.reports[0].to_string(),
        "Results requested for 2026-03-01T00:00:00Z to 2026-03-02T12:00:00Z\n\
         Results found for 2026-03-01T00:00:00Z to 2026-03-01T04:00:00Z:\n\
         \n4/4 digest files valid\n4/4 log files valid\n"
    );
}

#[tokio::test]
async fn a_span_takes_what_overlaps_with_it() {
    let copy = Copy::of_hours(8);
    let time = |hour: i64| DateTime::from_timestamp(MIDNIGHT + hour * HOUR, 0);
    let said = said(&VerifyRequest { start: time(3), end: time(5), ..copy.request() }).await;
    // The digest of the hour after the end may have what was delivered before it; the walk ends with the digest that ends
    // at the start.
    let valid: Vec<_> = copy.digests[2..6].iter().rev().map(|digest| digest_line(&digest.key, "valid")).collect();
    let digests: Vec<_> = said.lines.iter().filter(|line| line.starts_with("Digest")).cloned().collect();
    assert_eq!(digests, valid);
    assert!(said.reports[0].to_string().contains("Results found for 2026-03-01T03:00:00Z to 2026-03-01T05:00:00Z:"));
    let request = VerifyRequest { start: time(5), end: time(3), ..copy.request() };
    let error = verify_logs(&request, now(), &mut Said::default()).await.unwrap_err();
    assert_eq!(error.message(), "Invalid time range specified: start-time must occur before end-time");
}

#[tokio::test]
async fn a_gap_is_no_fault() {
    let mut copy = Copy::new();
    let mut chain = DigestChain::new(place(), signer(KeyNumber::First));
    for hour in [0, 1, 5, 6] {
        if hour == 5 {
            chain.restart();
        }
        copy.keep(chain.hour(MIDNIGHT + hour * HOUR, &[]).unwrap());
    }
    let said = copy.said().await;
    let gap = "No log files were delivered by CloudTrail between 2026-03-01T02:00:00Z and 2026-03-01T05:00:00Z";
    assert_eq!(said.warnings, [gap]);
    assert!(said.reports[0].is_good());
    assert_eq!(said.reports[0].digests.valid, 4);
    assert_eq!(said.lines[3], gap, "between the chains that it lies between");
}

#[tokio::test]
async fn backfill_digests_are_a_chain_of_their_own() {
    let mut copy = Copy::of_hours(2);
    let mut chain = DigestChain::backfill(place(), signer(KeyNumber::First), "2026-03-02T00:00:00.000Z");
    for hour in [0, 1] {
        let logs = copy.logs_of(&place(), hour + 10, 1);
        copy.keep(chain.hour(MIDNIGHT + hour * HOUR, &logs).unwrap());
    }
    let said = copy.said().await;
    assert!(said.reports[0].is_good(), "{:?}", said.warnings);
    let backfill: Vec<_> =
        copy.digests[2..].iter().rev().map(|d| format!("(backfill) {}", digest_line(&d.key, "valid"))).collect();
    let heard: Vec<_> = said.lines.iter().filter(|line| line.starts_with("(backfill)")).cloned().collect();
    assert_eq!(heard, backfill);
    assert!(
        said.reports[0]
            .to_string()
            .ends_with("\n2/2 digest files valid\n2/2 backfill digest files valid\n4/4 log files valid\n")
    );

    // Its generation time says which key it was signed with, and must be there.
    let newest = copy.digests[3].clone();
    let forgetful = SignedDigest { generated: None, ..newest.clone() };
    copy.write(&format!("{}.metadata.json", newest.key), forgetful.metadata().as_bytes());
    let invalid = format!("(backfill) {}", digest_line(&newest.key, "INVALID: invalid format"));
    assert_eq!(copy.said().await.warnings, [invalid]);
    let late = SignedDigest { generated: Some("2027-06-01T00:00:00.000Z".to_owned()), ..newest.clone() };
    copy.write(&format!("{}.metadata.json", newest.key), late.metadata().as_bytes());
    let fingerprint = signer(KeyNumber::First).fingerprint();
    let no_key = format!("INVALID: public key not found in region us-east-1 for fingerprint {fingerprint}");
    assert_eq!(copy.said().await.warnings, [format!("(backfill) {}", digest_line(&newest.key, &no_key))]);
}

#[tokio::test]
async fn each_trail_account_and_region_has_a_report_of_its_own() {
    let mut copy = Copy::of_hours(2);
    let member =
        DigestPlace { organization: Some("o-abc123".to_owned()), account: "444455556666".to_owned(), ..place() };
    let elsewhere = DigestPlace { region: "us-east-1".to_owned(), ..place() };
    let second = DigestPlace { trail: "second".to_owned(), ..place() };
    for place in [&member, &elsewhere, &second] {
        let logs = copy.logs_of(place, 12, 1);
        copy.keep(DigestChain::new(place.clone(), signer(KeyNumber::First)).hour(MIDNIGHT, &logs).unwrap());
    }
    let said = copy.said().await;
    assert!(said.warnings.is_empty(), "{:?}", said.warnings);
    let trails: Vec<_> = said
        .reports
        .iter()
        .map(|r| (r.trail.arn(), r.trail.organization.as_deref(), r.trail.region.as_str(), r.digests.valid))
        .collect();
    let arn = |account: &str, name: &str| format!("arn:aws:cloudtrail:us-east-1:{account}:trail/{name}");
    assert_eq!(
        trails,
        [
            (arn(ACCOUNT, "all_events"), None, "eu-west-1", 2),
            (arn(ACCOUNT, "second"), None, "eu-west-1", 1),
            (arn(ACCOUNT, "all_events"), None, "us-east-1", 1),
            (arn("444455556666", "all_events"), Some("o-abc123"), "eu-west-1", 1),
        ]
    );
}

#[tokio::test]
async fn a_key_that_was_changed_on_the_way_is_found_by_its_fingerprint() {
    let mut copy = Copy::new();
    let mut chain = DigestChain::new(place(), signer(KeyNumber::First));
    copy.keep(chain.hour(MIDNIGHT, &[]).unwrap());
    chain.sign_with(signer(KeyNumber::Second));
    copy.keep(chain.hour(MIDNIGHT + HOUR, &[]).unwrap());
    let both = public_keys(
        &[&signer(KeyNumber::First), &signer(KeyNumber::Second)],
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    );
    let request = VerifyRequest { public_keys: PublicKeys::parse(&both).unwrap(), ..copy.request() };
    assert!(said(&request).await.warnings.is_empty());
}

#[tokio::test]
async fn a_folder_without_digests_has_no_report() {
    let folder = tempfile::tempdir().unwrap();
    assert!(said(&request(folder.path())).await.reports.is_empty());
    let copy = Copy::of_hours(1);
    let after = "2026-05-01T00:00:00Z".parse().ok();
    let request = VerifyRequest { start: after, end: after, ..copy.request() };
    let said = said(&request).await;
    assert!(said.reports[0].to_string().ends_with("Z\nNo digests found\n"));
}
