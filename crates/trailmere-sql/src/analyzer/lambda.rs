//! Lambdas: the body is analyzed when the function has said which types the parameters have.

use std::cell::RefCell;

use datafusion::common::DFSchema;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;

use super::scope::{Env, Frame, LambdaFrame};
use super::stage::Context;
use super::{Analyzer, internal};
use crate::ast::{self, Ident};
use crate::call::Typed;
use crate::error::Result;
use crate::function::LambdaArg;
use crate::lambda::BoundLambda;
use crate::types::Type;

/// A lambda of a call.
pub(super) struct CallLambda<'c> {
    pub(super) analyzer: &'c Analyzer<'c>,
    pub(super) parameters: &'c [Ident],
    pub(super) body: &'c ast::Expr,
    pub(super) cx: Context<'c>,
    /// What the lambdas of the call take from outside.
    pub(super) captured: &'c RefCell<Vec<Typed>>,
}

impl LambdaArg for CallLambda<'_> {
    fn parameters(&self) -> usize {
        self.parameters.len()
    }

    fn bind(&self, types: &[Type]) -> Result<BoundLambda> {
        let parameter = |(i, (name, ty)): (usize, (&Ident, &Type))| {
            (name.clone(), Typed::new(super::column(&format!("p{i}")), ty.clone()))
        };
        let parameters = self.parameters.iter().zip(types).enumerate().map(parameter).collect();
        let frame = LambdaFrame { parameters, captures: RefCell::default() };
        let env = Env::inside(self.cx.env, Frame::Lambda(&frame));
        let body = self.analyzer.expr(self.body, self.cx.with_env(&env))?;
        let captures = frame.captures.take();
        let schema = BoundLambda::schema_of(types, &captures.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
        let named = DFSchema::try_from(schema.as_ref().clone()).map_err(internal)?;
        let context = PhysicalPlanningContext::default();
        let computed = crate::operators::protect_expr(body.expr, &named).map_err(internal)?;
        let physical = create_physical_expr(&computed, &named, &ExecutionProps::new(), &context).map_err(internal)?;
        let captures = captures.into_iter().map(|c| self.call_capture(c)).collect();
        Ok(BoundLambda { returns: body.ty, body: physical, schema, captures })
    }
}

impl CallLambda<'_> {
    /// Which of the call's captures this is.
    fn call_capture(&self, value: Typed) -> usize {
        let mut captured = self.captured.borrow_mut();
        let known = captured.iter().position(|c| *c == value);
        known.unwrap_or_else(|| {
            captured.push(value);
            captured.len() - 1
        })
    }
}
