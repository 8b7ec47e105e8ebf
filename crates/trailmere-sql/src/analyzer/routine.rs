//! Inline functions: what a call of one becomes.
//!
//! A function that only returns an expression is written out at its call, so that conditions still reach the scan; but not
//! where that would compute an argument twice or let functions of functions grow without bound. Every other function is
//! compiled once, and called.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::physical_expr::create_physical_expr;

use super::query::Ctes;
use super::scope::{Env, Frame, LambdaFrame};
use super::stage::{Context, Stage};
use super::{Analyzer, internal};
use crate::ast::{self, Call, Ident, InlineFunction, RoutineStatement};
use crate::call::{Typed, apply};
use crate::coercion;
use crate::error::{Result, SqlError};
use crate::function::ScalarCall;
use crate::lambda::BoundLambda;
use crate::routine::{Code, Routine, Step};
use crate::types::Type;

/// The functions of a statement that have been compiled, by their definition.
pub(super) type Compiled = RefCell<Vec<(Rc<InlineFunction>, Arc<Routine>)>>;

impl Analyzer<'_> {
    /// A call of a function of WITH FUNCTION.
    pub(super) fn inline_call(&self, function: &Rc<InlineFunction>, call: &Call, cx: Context<'_>) -> Result<Typed> {
        let name = &function.name.value;
        if call.args.len() != function.parameters.len() {
            let takes = function.parameters.len();
            return Err(SqlError::invalid(format!("`{name}` takes {takes} arguments, not {}", call.args.len())));
        }
        let mut args = Vec::new();
        for ((_, ty), arg) in function.parameters.iter().zip(&call.args) {
            args.push(coercion::coerce(self.expr(arg, cx)?, ty).map_err(|e| e.at(arg.at.into()))?);
        }
        let ctes = cx.ctes.before_function(name);
        if let RoutineStatement::Return(body) = &function.body
            && let Some(written_out) = self.written_out(function, body, &args, &ctes)?
        {
            return Ok(written_out);
        }
        let routine = self.routine(function, &ctes)?;
        let volatile = routine.volatile;
        // Tells routines apart that have a name and types in common.
        let number = self.routines.borrow().iter().position(|(_, r)| Arc::ptr_eq(r, &routine)).unwrap_or_default();
        let label = format!("{name} (inline function {})", number + 1);
        let bound = ScalarCall::new(function.types(), function.returns.clone(), move |args| {
            Ok(ColumnarValue::Array(routine.call(args)?))
        });
        let bound = if volatile { bound.volatile() } else { bound };
        Ok(apply(&label, bound.handles_nulls(), args, vec![]))
    }

    /// The returned expression with the arguments in place of the parameters.
    fn written_out(
        &self,
        function: &InlineFunction,
        body: &ast::Expr,
        args: &[Typed],
        ctes: &Ctes,
    ) -> Result<Option<Typed>> {
        let plain = args.iter().all(|a| matches!(a.expr, Expr::Column(_) | Expr::Literal(..)));
        if function.strict || !plain || ctes.has_functions() {
            return Ok(None);
        }
        let parameters = function.parameters.iter().zip(args).map(|((n, _), a)| (n.clone(), a.clone())).collect();
        let value = self.within_function(parameters, ctes, |analyzer, cx| analyzer.expr(body, cx))?;
        coercion::coerce(value, &function.returns).map(Some)
    }

    /// Analyzes what sees nothing but these names and the functions before.
    fn within_function<T>(
        &self,
        parameters: Vec<(Ident, Typed)>,
        ctes: &Ctes,
        analyze: impl FnOnce(&Self, Context<'_>) -> Result<T>,
    ) -> Result<T> {
        let frame = LambdaFrame { parameters, captures: RefCell::default() };
        let env = Env { frame: Frame::Function(&frame), outer: None };
        let stage = Stage::plain("a function");
        let value = analyze(self, Context { env: &env, ctes, stage: &stage })?;
        if stage.take_subqueries().is_empty() {
            return Ok(value);
        }
        Err(SqlError::unsupported("a function of WITH FUNCTION cannot contain a query"))
    }

    /// The function, compiled.
    fn routine(&self, function: &Rc<InlineFunction>, ctes: &Ctes) -> Result<Arc<Routine>> {
        let known = self.routines.borrow().iter().find(|(f, _)| Rc::ptr_eq(f, function)).map(|(_, r)| Arc::clone(r));
        if let Some(known) = known {
            return Ok(known);
        }
        let mut compiler = Compiler {
            analyzer: self,
            ctes,
            returns: &function.returns,
            slots: vec![],
            names: vec![],
            labels: vec![],
            loops: 0,
            volatile: false,
        };
        for (name, ty) in &function.parameters {
            compiler.declare(name, ty)?;
        }
        let mut steps = vec![];
        compiler.statement(&function.body, &mut steps)?;
        let routine = Arc::new(Routine {
            name: function.name.value.clone(),
            slots: compiler.slots,
            returns: function.returns.clone(),
            strict: function.strict,
            volatile: compiler.volatile,
            steps,
        });
        self.routines.borrow_mut().push((Rc::clone(function), Arc::clone(&routine)));
        Ok(routine)
    }
}

struct Compiler<'c, 'a> {
    analyzer: &'c Analyzer<'a>,
    ctes: &'c Ctes,
    returns: &'c Type,
    slots: Vec<Type>,
    /// The variables in sight, the innermost last.
    names: Vec<(Ident, usize)>,
    /// The labels in sight.
    labels: Vec<(Option<Ident>, usize)>,
    loops: usize,
    volatile: bool,
}

impl Compiler<'_, '_> {
    fn declare(&mut self, name: &Ident, ty: &Type) -> Result<usize> {
        if self.names.iter().any(|(n, _)| n == name) {
            let message = format!("variable `{}` is declared already", name.value);
            return Err(SqlError::invalid(message).at(name.at.into()));
        }
        self.slots.push(ty.clone());
        self.names.push((name.clone(), self.slots.len() - 1));
        Ok(self.slots.len() - 1)
    }

    fn statements(&mut self, statements: &[RoutineStatement]) -> Result<Vec<Step>> {
        let mut steps = vec![];
        for statement in statements {
            self.statement(statement, &mut steps)?;
        }
        Ok(steps)
    }

    fn statement(&mut self, statement: &RoutineStatement, steps: &mut Vec<Step>) -> Result<()> {
        match statement {
            RoutineStatement::Return(value) => {
                let returns = self.returns.clone();
                steps.push(Step::Return(self.code(value, &returns)?));
            }
            RoutineStatement::Set(name, value) => {
                let Some(slot) = self.names.iter().find(|(n, _)| n == name).map(|(_, slot)| *slot) else {
                    let message = format!("variable `{}` is not declared", name.value);
                    return Err(SqlError::not_found(message).at(name.at.into()));
                };
                let ty = self.slots[slot].clone();
                steps.push(Step::Set(slot, self.code(value, &ty)?));
            }
            RoutineStatement::Block { variables, body } => {
                let outside = self.names.len();
                for declared in variables {
                    self.variables(declared, steps)?;
                }
                steps.extend(self.statements(body)?);
                self.names.truncate(outside);
            }
            RoutineStatement::If { branches, otherwise } => {
                let mut parts = vec![];
                for (condition, then) in branches {
                    parts.push((self.code(condition, &Type::Boolean)?, self.statements(then)?));
                }
                steps.push(Step::If(parts, self.statements(otherwise)?));
            }
            RoutineStatement::Loop { label, before, body, until } => {
                steps.push(self.rounds(label.as_ref(), (before.as_ref(), until.as_ref()), body)?);
            }
            RoutineStatement::Leave(label) => steps.push(Step::Leave(self.label(label)?)),
            RoutineStatement::Iterate(label) => steps.push(Step::Iterate(self.label(label)?)),
        }
        Ok(())
    }

    /// DECLARE also sets, because a block may run again within a loop.
    fn variables(&mut self, declared: &ast::Variables, steps: &mut Vec<Step>) -> Result<()> {
        let null = ast::Expr::new(ast::ExprKind::Null, declared.names[0].at);
        let default = declared.default.as_ref().unwrap_or(&null);
        for name in &declared.names {
            let value = self.code(default, &declared.ty)?;
            let slot = self.declare(name, &declared.ty)?;
            steps.push(Step::Set(slot, value));
        }
        Ok(())
    }

    fn rounds(
        &mut self,
        label: Option<&Ident>,
        (before, until): (Option<&ast::Expr>, Option<&ast::Expr>),
        body: &[RoutineStatement],
    ) -> Result<Step> {
        if let Some(name) = label
            && self.labels.iter().any(|(l, _)| l.as_ref() == Some(name))
        {
            return Err(SqlError::invalid(format!("label `{}` stands twice", name.value)).at(name.at.into()));
        }
        let number = self.loops;
        self.loops += 1;
        let before = before.map(|c| self.code(c, &Type::Boolean)).transpose()?;
        self.labels.push((label.cloned(), number));
        let body = self.statements(body)?;
        self.labels.pop();
        let until = until.map(|c| self.code(c, &Type::Boolean)).transpose()?;
        Ok(Step::Loop { label: number, before, body, until })
    }

    fn label(&self, name: &Ident) -> Result<usize> {
        let found = self.labels.iter().find(|(label, _)| label.as_ref() == Some(name));
        found.map(|(_, number)| *number).ok_or_else(|| {
            SqlError::not_found(format!("label `{}` is of no loop around this", name.value)).at(name.at.into())
        })
    }

    /// An expression over the variables that it uses.
    fn code(&mut self, e: &ast::Expr, ty: &Type) -> Result<Code> {
        let slots = &self.slots;
        let variable = |(name, slot): &(Ident, usize)| {
            (name.clone(), Typed::new(super::column(&format!("p{slot}")), slots[*slot].clone()))
        };
        let parameters = self.names.iter().map(variable).collect();
        let value = self.analyzer.within_function(parameters, self.ctes, |analyzer, cx| analyzer.expr(e, cx))?;
        let value = coercion::coerce(value, ty).map_err(|error| error.at(e.at.into()))?;
        self.volatile |= value.expr.is_volatile();
        let schema = BoundLambda::schema_of(slots, &[]);
        let used = value.expr.column_refs();
        let used: Vec<usize> = (0..slots.len()).filter(|i| used.iter().any(|c| c.name == format!("p{i}"))).collect();
        let schema = Arc::new(schema.project(&used).map_err(|e| internal(e.into()))?);
        let named = DFSchema::try_from(schema.as_ref().clone()).map_err(internal)?;
        let computed = crate::operators::protect_expr(value.expr, &named).map_err(internal)?;
        let context = PhysicalPlanningContext::default();
        let body = create_physical_expr(&computed, &named, &ExecutionProps::new(), &context).map_err(internal)?;
        Ok(Code { body, schema, slots: used })
    }
}
