//! JSON functions: what do Trino's functions of JSON text say, reading no more of it than they need?

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};
use crate::types::Type;

mod arrays;
mod extract;
mod parse;

/// The JSON functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    let mut all = parse::all();
    all.extend(extract::all());
    all.extend(arrays::all());
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
    Function { name, aliases: &[], family: "json", signature, about, example, kind: FunctionKind::Scalar(bind) }
}

/// As which type an argument that may be json or text is taken.
fn input(arg: &Arg<'_>) -> Option<Type> {
    match arg.ty() {
        _ if arg.is_lambda() => None,
        Type::Json => Some(Type::Json),
        Type::Unknown => Some(Type::VARCHAR),
        ty if ty.is_text() => Some(Type::VARCHAR),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
