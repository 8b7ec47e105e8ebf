//! What do `j.items[*].price` and `j.price.decimal(10, 2)` mean on a JSON value, and `x.f(y)` on another?

use datafusion::logical_expr::Expr;

use super::Analyzer;
use super::stage::Context;
use crate::ast::{self, At, Call, ExprKind, Ident};
use crate::call::{Typed, apply};
use crate::error::{Kind, Result, SqlError};
use crate::function::{Arg, FunctionKind};
use crate::types::Type;
use crate::{cast, functions, literal, type_name};

const ACCESS: &str = "$json_access";
/// What JSON_QUERY is told: one scalar comes as an array of it.
const QUERY: &str = "input=j formats= wrapper=conditional";
/// What JSON_VALUE is told: what is missing or does not fit is NULL.
const VALUE: &str = "input=j formats= empty=null error=null";

/// `j.name`; `j.*` where the name is that.
pub(super) fn member(base: Typed, name: &Ident) -> Result<Typed> {
    if !name.quoted && name.value == "*" {
        return access(base, ".*");
    }
    access(base, &format!(".\"{}\"", name.value.replace('"', "\"\"")))
}

/// `j[n]`
pub(super) fn element(base: Typed, index: &Typed) -> Result<Typed> {
    let number = match index.literal() {
        Some(value) if index.ty.is_integer() && !value.is_null() => value.to_string(),
        _ => return Err(SqlError::unsupported("the index of a JSON array must be a constant number, or `*`")),
    };
    access(base, &format!("[{number}]"))
}

/// `j[*]`
pub(super) fn elements(base: Typed) -> Result<Typed> {
    access(base, "[*]")
}

/// The value and the path that an access is made of; a value that is none is its own.
fn parts(base: Typed) -> (Typed, String) {
    if let Expr::ScalarFunction(call) = &base.expr
        && call.name() == ACCESS
        && let [source, path, _] = call.args.as_slice()
        && let Some(path) = Typed::new(path.clone(), Type::VARCHAR).literal()
    {
        return (Typed::new(source.clone(), Type::Json), path.to_string());
    }
    (base, "lax $".to_string())
}

/// One step more: the whole path is one, so that every step applies to all that those before have found.
fn access(base: Typed, step: &str) -> Result<Typed> {
    let (source, path) = parts(base);
    call(ACCESS, source, &(path + step), QUERY)
}

fn call(name: &str, source: Typed, path: &str, options: &str) -> Result<Typed> {
    let args = vec![source, literal::string(path), literal::string(options)];
    let bound: Vec<Arg<'_>> =
        args.iter().map(|a| Arg::Value { ty: a.ty.clone(), constant: a.literal().cloned() }).collect();
    match functions::lookup(name).map(|f| f.kind) {
        Some(FunctionKind::Scalar(bind)) => {
            let call = bind(&bound)?;
            Ok(apply(name, call, args, vec![]))
        }
        _ => Err(SqlError::new(Kind::Internal, format!("`{name}` is missing"))),
    }
}

impl Analyzer<'_> {
    /// `$method(x, 'f', y…)`: `x.f(y…)`.
    pub(super) fn method(&self, written: &Call, at: At, cx: Context<'_>) -> Result<Typed> {
        let [base, name, args @ ..] = written.args.as_slice() else {
            return Err(SqlError::new(Kind::Internal, "a method without its value"));
        };
        let ExprKind::String(name) = name.kind.as_ref() else {
            return Err(SqlError::new(Kind::Internal, "a method without its name"));
        };
        let value = self.expr(base, cx)?;
        if value.ty != Type::Json {
            let args = std::iter::once(base).chain(args).cloned().collect();
            let call = Call { name: Ident::new(name.clone(), at), args, ..written.clone() };
            return self.call(&call, at, cx);
        }
        let ty = json_type(name, args)?;
        let by_json = ty.is_numeric() || ty == Type::Boolean;
        let (source, path) = parts(value);
        cast::try_cast(call(if by_json { "$json_scalar" } else { "$json_value" }, source, &path, VALUE)?, &ty)
    }
}

/// The type that a method of a JSON value converts to.
fn json_type(name: &str, args: &[ast::Expr]) -> Result<Type> {
    const METHODS: [(&str, &str, &str); 12] = [
        ("bigint", "bigint", ""),
        ("boolean", "boolean", ""),
        ("date", "date", ""),
        ("decimal", "decimal", ""),
        ("double", "double", ""),
        ("integer", "integer", ""),
        ("number", "decimal", ""),
        ("string", "varchar", ""),
        ("time", "time", ""),
        ("time_tz", "time", " with time zone"),
        ("timestamp", "timestamp", ""),
        ("timestamp_tz", "timestamp", " with time zone"),
    ];
    let Some((_, ty, zone)) = METHODS.into_iter().find(|(method, ..)| name.eq_ignore_ascii_case(method)) else {
        return Err(SqlError::not_found(format!("`{name}` is no method of a JSON value")));
    };
    let digits = args.iter().map(|arg| match arg.kind.as_ref() {
        ExprKind::Number(digits) => Ok(digits.as_str()),
        _ => Err(SqlError::invalid(format!("`{name}` takes numbers only")).at(arg.at.into())),
    });
    let digits = digits.collect::<Result<Vec<_>>>()?.join(",");
    let parameters = if digits.is_empty() { String::new() } else { format!("({digits})") };
    type_name::parse(&format!("{ty}{parameters}{zone}"))
}
