//! UUID functions: how is a new identifier drawn?

use std::sync::Arc;

use arrow::array::FixedSizeBinaryBuilder;
use datafusion::logical_expr::ColumnarValue;

use crate::error::Result;
use crate::function::{Arg, Function, FunctionKind, ScalarCall, no_overload};
use crate::types::Type;

/// The UUID functions of Trino's manual.
pub(crate) fn all() -> Vec<Function> {
    vec![Function {
        name: "uuid",
        aliases: &[],
        family: "uuid",
        signature: "uuid() -> uuid",
        about: "A new random identifier (version 4), another one in each row.",
        example: "uuid()",
        kind: FunctionKind::Scalar(bind),
    }]
}

fn bind(args: &[Arg<'_>]) -> Result<ScalarCall> {
    if !args.is_empty() {
        return Err(no_overload("uuid", args, "no arguments"));
    }
    let call = ScalarCall::new(vec![], Type::Uuid, |call| {
        let mut builder = FixedSizeBinaryBuilder::with_capacity(call.rows, 16);
        for _ in 0..call.rows {
            builder.append_value(uuid::Uuid::new_v4().as_bytes())?;
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    });
    Ok(call.volatile())
}
