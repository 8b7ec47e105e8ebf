//! The tests of the whole: one binary, since each links all of Trailmere.

mod cli;
mod program;
mod saved;
mod shell;
mod stores;
mod tidy;
