//! Array functions: what do Trino's functions of arrays do?
//!
//! Nearly all pick positions and let Arrow take the elements, so that they serve every element type.

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};

pub(crate) mod element;
mod join;
pub(crate) mod lists;
mod order;
mod sequence;
mod sets;
mod shape;
mod vector;

/// The array functions of Trino's manual; those with lambdas are the family `lambda`.
pub(crate) fn all() -> Vec<Function> {
    let mut all = element::all();
    all.extend(join::all());
    all.extend(order::all());
    all.extend(sequence::all());
    all.extend(sets::all());
    all.extend(shape::all());
    all.extend(vector::all());
    all
}

/// An entry of this family.
pub(super) const fn entry(
    name: &'static str,
    signature: &'static str,
    about: &'static str,
    example: &'static str,
    bind: fn(&[Arg<'_>]) -> Result<ScalarCall>,
) -> Function {
    Function { name, aliases: &[], family: "array", signature, about, example, kind: FunctionKind::Scalar(bind) }
}
