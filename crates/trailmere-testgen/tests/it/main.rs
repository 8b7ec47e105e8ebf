//! Is the generator's output what the project and the tests believe it to be?
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod testdata;
