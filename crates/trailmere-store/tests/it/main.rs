//! Does a lake keep what it was given, whatever happens? One binary, since each test binary links much.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

mod commits;
mod costs;
mod doctor;
mod documents;
mod events;
mod failures;
mod maintenance;
mod needles;
mod s3;
mod s3_server;
mod stores;
