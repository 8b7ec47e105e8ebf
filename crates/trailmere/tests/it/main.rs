//! The tests of the whole: one binary, since each links all of Trailmere.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod cli;
mod jobs;
mod program;
mod requests;
mod s3_server;
mod saved;
mod schedules;
mod shell;
mod stores;
mod tidy;
mod verify_logs;
