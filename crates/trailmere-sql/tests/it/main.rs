//! Tests of the crate as a whole: statements in, rows out.

mod examples;
mod published;
mod robust;
mod run;
mod slt;
