//! Date and time functions: the proleptic Gregorian calendar, zones by value, patterns of MySQL and of Joda.

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};

mod fields;
mod iso;
mod joda;
mod local;
mod mysql;
mod others;
mod pattern;
mod unit;
mod unix;

/// The date and time functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = fields::all();
    all.extend(unit::all());
    all.extend(mysql::all());
    all.extend(joda::all());
    all.extend(iso::all());
    all.extend(unix::all());
    all.extend(others::all());
    all
}

/// An entry of this family.
const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "datetime", signature, about, example, kind: FunctionKind::Scalar(bind) }
}
