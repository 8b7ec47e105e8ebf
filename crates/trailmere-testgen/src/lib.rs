//! Seeded generator of delivered CloudTrail logs, for tests and benches.
