//! The `trailmere` command.
fn main() {}
