//! Do the promises of the public interface hold for whatever is thrown at it?
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod keys;
mod retention;
mod selectors;
mod states;
mod times;
