//! The engine over real lakes: golden SQL, retention, pruning, real queries on real logs.

mod golden;
mod lake;
mod queries;
mod retention;
mod scan;
