//! The engine over real lakes: golden SQL, retention, pruning, real queries on real logs.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod athena;
mod coded;
mod exports;
mod golden;
mod jobs;
mod lake;
mod queries;
mod read;
mod retention;
mod scan;
