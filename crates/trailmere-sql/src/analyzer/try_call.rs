//! `TRY(x)`: x, or NULL for the rows where x fails.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_null_array};
use arrow::compute::concat;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;

use super::Analyzer;
use super::lambda::CallLambda;
use super::stage::Context;
use crate::ast;
use crate::call::{Typed, apply};
use crate::error::Result;
use crate::function::{CallArgs, LambdaArg, ScalarCall};
use crate::lambda::BoundLambda;

impl Analyzer<'_> {
    /// Makes a lambda without parameters of the expression, so that it can be evaluated for some of the rows.
    pub(super) fn try_call(&self, body: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        let captured = RefCell::new(Vec::new());
        let lambda = CallLambda { analyzer: self, parameters: &[], body, cx, captured: &captured }.bind(&[])?;
        let captures = captured.take().into_iter().map(|c| c.expr).collect();
        let returns = lambda.returns.clone();
        let body = lambda.clone();
        let kernel = move |args: &CallArgs<'_>| {
            let rows = u32::try_from(args.rows).unwrap_or(u32::MAX);
            let all = UInt32Array::from_iter_values(0..rows);
            attempt(&body, args, &all).map(ColumnarValue::Array)
        };
        let call = ScalarCall::new(vec![], returns, kernel).handles_nulls().with_lambdas(vec![lambda]);
        Ok(apply("try", call, vec![], captures))
    }
}

/// The body for these rows: whole, or by halves down to single rows, which become NULL.
fn attempt(body: &BoundLambda, args: &CallArgs<'_>, rows: &UInt32Array) -> DfResult<ArrayRef> {
    match body.evaluate(&[], args.captures, rows) {
        Ok(values) => Ok(values),
        Err(_) if rows.len() <= 1 => Ok(new_null_array(&body.returns.arrow(), rows.len())),
        Err(_) => {
            let half = rows.len() / 2;
            let first = attempt(body, args, &rows.slice(0, half))?;
            let second = attempt(body, args, &rows.slice(half, rows.len() - half))?;
            Ok(Arc::clone(&concat(&[first.as_ref(), second.as_ref()])?))
        }
    }
}
