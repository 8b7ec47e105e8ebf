//! Comparison functions: which of several values is the greatest, which the least?

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall};
use crate::operators::conditional::extreme_call;
use crate::types::Type;

/// The comparison functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    vec![
        Function {
            name: "greatest",
            aliases: &[],
            family: "comparison",
            signature: "greatest(T, ...) -> T",
            about: "The greatest of the values; NULL if one of them is, NaN only if all are.",
            example: "greatest(3, 7, 5)",
            kind: FunctionKind::Scalar(|args| bind("greatest", args)),
        },
        Function {
            name: "least",
            aliases: &[],
            family: "comparison",
            signature: "least(T, ...) -> T",
            about: "The least of the values; NULL if one of them is, NaN only if all are.",
            example: "least(3, 7, 5)",
            kind: FunctionKind::Scalar(|args| bind("least", args)),
        },
    ]
}

/// Trino's limit.
const MOST: usize = 127;

fn bind(name: &'static str, args: &[Arg<'_>]) -> Result<ScalarCall> {
    if args.len() > MOST {
        return Err(crate::SqlError::new(crate::Kind::Limit, format!("`{name}` takes at most {MOST} values")));
    }
    let types: Vec<&Type> = args.iter().map(Arg::ty).collect();
    extreme_call(name, &types)
}
