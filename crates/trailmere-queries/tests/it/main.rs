//! Are the shipped queries what they promise: all listed, well-formed, and of Lake's columns and functions only?
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod files;
mod language;
mod round_trip;
