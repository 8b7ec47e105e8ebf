//! Reading the rows of data files: what DataFusion's own Parquet reader does, and what it can't do yet.
//!
//! Filters run one after the other, on the values of a dictionary where a column has one; only what is left of the rows is
//! read of the other columns. An entry of a map is read as a column of its own. What was decoded is kept, within a stated
//! size: data files never change.

mod chunk;
mod columns;
mod conjunct;
mod decoded;
mod entry;
mod group;
mod halves;
mod hybrid;
mod inflate;
mod input;
mod kept;
mod lists;
mod opener;
mod rows;
mod shape;
mod source;
mod steps;
mod unreadable;

pub(crate) use source::{EventSource, Shared};
pub(crate) use unreadable::Unreadable;
