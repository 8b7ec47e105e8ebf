//! Tests of the crate as a whole: statements in, rows out.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod compat;
mod examples;
mod published;
mod robust;
mod run;
mod slt;
