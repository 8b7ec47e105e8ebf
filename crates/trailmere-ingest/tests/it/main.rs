//! The tests of this crate, in one binary.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod decode;
mod ingest;
mod verify;
