//! The tests of the whole: one binary, since each links all of Trailmere.

mod tidy;
