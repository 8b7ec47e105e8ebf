//! What an ingestion did, for people.

use std::fmt::Write;

use indicatif::{HumanBytes, HumanCount};
use trailmere_ingest::{IngestSummary, StoreCounts, Verification};

/// Failures that are shown; all are in the ledger.
const SHOWN_FAILURES: usize = 10;

/// One line a thing; what is zero is left out.
pub(crate) fn describe(summary: &IngestSummary) -> String {
    let mut text = String::new();
    let files = &summary.files;
    let counts = [
        ("taken", files.taken),
        ("known already", files.known),
        ("pruned by the import's range", files.pruned),
        ("without records", files.skipped),
        ("failed", files.failed),
        ("changed since they were taken", files.changed),
    ];
    let _ = writeln!(text, "log files    {}", listed(&counts));
    let _ = writeln!(text, "records      {}", HumanCount(summary.records));
    for store in &summary.stores {
        let _ = writeln!(text, "{:<12} {}", store.name, store_line(store));
    }
    if summary.unclaimed > 0 {
        let _ = writeln!(text, "unclaimed    {} events that no event data store takes", HumanCount(summary.unclaimed));
    }
    if summary.quarantined > 0 {
        let n = HumanCount(summary.quarantined);
        let _ = writeln!(text, "quarantined  {n} records that are no events: SELECT * FROM trailmere.quarantine");
    }
    if let Some(verification) = &summary.verification {
        text.push_str(&describe_verification(verification));
    }
    for failure in summary.failures.iter().take(SHOWN_FAILURES) {
        let kept = if failure.events > 0 { format!(" ({} events kept)", failure.events) } else { String::new() };
        let _ = writeln!(text, "failed       {}: {}{kept}", failure.location, failure.reason);
    }
    if summary.failures.len() > SHOWN_FAILURES {
        let more = summary.failures.len() - SHOWN_FAILURES;
        let _ =
            writeln!(text, "             and {more} more: SELECT * FROM trailmere.ledger WHERE outcome <> 'complete'");
    }
    if let Some(import) = &summary.import {
        let _ = writeln!(text, "import       {import}");
    }
    let stored: u64 = summary.stores.iter().map(|s| s.stored_bytes).sum();
    let _ = writeln!(
        text,
        "bytes        {} read, {} of JSON, {} stored",
        HumanBytes(summary.bytes_in),
        HumanBytes(summary.raw_bytes),
        HumanBytes(stored)
    );
    let _ = writeln!(
        text,
        "time         {:.2} s, {:.0} MB/s of JSON",
        summary.elapsed.as_secs_f64(),
        summary.megabytes_per_second()
    );
    text
}

fn describe_verification(verification: &Verification) -> String {
    let counts = [
        ("verified", verification.verified),
        ("that no digest covers", verification.unverified),
        ("CHANGED since they were delivered, not taken", verification.invalid),
    ];
    let mut text = format!("verification {} log files", listed(&counts));
    let digests = &verification.digests;
    let _ = writeln!(text, "; {} of {} digests valid", HumanCount(digests.valid), HumanCount(digests.total()));
    for line in verification.invalid_digests.iter().take(SHOWN_FAILURES) {
        let _ = writeln!(text, "             {line}");
    }
    text
}

fn listed(counts: &[(&str, u64)]) -> String {
    let some: Vec<String> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{} {what}", HumanCount(*n))).collect();
    if some.is_empty() { "none found".to_string() } else { some.join(", ") }
}

fn store_line(store: &StoreCounts) -> String {
    let mut line = format!("{} events", HumanCount(store.events));
    let counts = [
        ("filtered by selectors", store.filtered),
        ("past retention, left out", store.expired),
        ("duplicate", store.duplicate),
        ("taken before from a damaged copy", store.repeated),
    ];
    for (what, n) in counts.iter().filter(|(_, n)| *n > 0) {
        let _ = write!(line, ", {} {what}", HumanCount(*n));
    }
    let _ = write!(line, " (store {})", store.id);
    line
}
