//! Names: columns, fields of rows, parameters of lambdas.

use super::scope::Env;
use super::stage::Context;
use super::{Analyzer, json_access};
use crate::ast::{self, ExprKind, Ident};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::operators;
use crate::types::Type;

impl Analyzer<'_> {
    /// `a`, `a.b.c`, `f(x).b`.
    pub(super) fn name(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        if let Some(parts) = dotted(e) {
            let Some((value, taken)) = cx.env.lookup(&parts)? else {
                return Err(unknown(&parts, cx.env));
            };
            return parts[taken..].iter().try_fold(value, field);
        }
        match e.kind.as_ref() {
            ExprKind::Field(base, name) => field(self.expr(base, cx)?, name),
            _ => Err(SqlError::unsupported("this name is not supported")),
        }
    }
}

fn field(base: Typed, name: &Ident) -> Result<Typed> {
    if base.ty == Type::Json {
        return json_access::member(base, name).map_err(|e| e.at(name.at.into()));
    }
    operators::field(base, &name.value).map_err(|e| e.at(name.at.into()))
}

/// The parts of `a.b.c`; `None` where the base is something else than a name.
pub(super) fn dotted(e: &ast::Expr) -> Option<Vec<Ident>> {
    let mut parts = Vec::new();
    let mut at = e;
    loop {
        match at.kind.as_ref() {
            ExprKind::Field(base, name) => {
                parts.push(name.clone());
                at = base;
            }
            ExprKind::Name(name) => {
                parts.push(name.clone());
                parts.reverse();
                return Some(parts);
            }
            _ => return None,
        }
    }
}

fn unknown(parts: &[Ident], env: &Env<'_>) -> SqlError {
    let first = &parts[0];
    let known = env.known_names();
    if parts.len() > 1
        && let Some(columns) = env.relation(&parts[..1])
    {
        let e = SqlError::not_found(format!("`{}` has no column `{}`", first.value, parts[1].value));
        return suggest(e, &parts[1], columns.iter().map(String::as_str)).at(parts[1].at.into());
    }
    let e = SqlError::not_found(format!("column `{}` does not exist", first.value));
    if known.is_empty() {
        return e.at(first.at.into()).hint("there is no FROM; text stands in single quotes");
    }
    suggest(e, first, known.iter().map(String::as_str)).at(first.at.into())
}

fn suggest<'k>(e: SqlError, typed: &Ident, known: impl Iterator<Item = &'k str>) -> SqlError {
    match crate::nearest::nearest(&typed.value, known) {
        Some(near) => e.hint(format!("did you mean `{near}`?")),
        None => e,
    }
}
