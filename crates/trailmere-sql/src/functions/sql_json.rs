//! SQL/JSON functions: how are JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT and JSON_ARRAY computed?
//!
//! The parser makes plain calls of them, with the clauses as a constant text of options; their names cannot be typed.

mod construct;
mod options;
mod query;
mod table;
mod value;

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};

/// The functions that the parser calls. They stand in no list, for nobody calls them by these names.
pub(crate) fn all() -> Vec<Function> {
    let mut all = query::all();
    all.extend(construct::all());
    all.extend(table::all());
    all
}

const fn entry(name: &'static str, about: &'static str, bind: fn(&[Arg<'_>]) -> Result<ScalarCall>) -> Function {
    Function {
        name,
        aliases: &[],
        family: "sqljson",
        signature: "",
        about,
        example: "",
        kind: FunctionKind::Scalar(bind),
    }
}
