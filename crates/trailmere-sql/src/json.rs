//! How is JSON text read without making a tree of it?

pub(crate) mod canonical;
pub(crate) mod item;
pub(crate) mod member;
pub(crate) mod path;
pub(crate) mod scan;
pub(crate) mod sql_path;
