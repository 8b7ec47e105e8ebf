//! Conversion functions: how are values written for people, and read back?

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};

mod digits;
mod format;
mod moment;
mod number;
mod size;
mod specifier;
mod write;

/// The conversion functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = format::all();
    all.extend(number::all());
    all.extend(size::all());
    all
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "conversion", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

#[cfg(test)]
mod tests;
