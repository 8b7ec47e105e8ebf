//! Grouping by numbers instead of texts.
//!
//! Most keys of CloudTrail events are few texts that repeat, and files hold them as positions in dictionaries. A partial
//! aggregation right above a scan numbers the texts of each dictionary once and groups rows by those numbers, where
//! DataFusion hashes and compares the text of every row. The states that it puts out are DataFusion's.

mod count;
mod exec;
mod first;
mod first_rule;
mod firsts;
mod keys;
mod numbers;
mod pairs;
mod rule;
mod stream;
mod together;
mod whole;

pub(crate) use rule::ByNumbers;
