//! Are the shipped queries what they promise: all listed, well-formed, and of Lake's columns and functions only?

mod files;
mod language;
mod round_trip;
