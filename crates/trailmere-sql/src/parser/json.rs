//! SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY, whose clauses become a constant argument.
//!
//! They become calls of functions whose names cannot be typed (`$json_query`); what they return is cast as RETURNING says.

use super::Parser;
use super::tokens::Token;
use crate::ast::{At, Comparison, Expr, ExprKind, Ident};
use crate::error::{Result, SqlError};
use crate::types::Type;

/// What an empty result or an error becomes.
pub(super) enum Otherwise {
    /// By this word of the options.
    Word(&'static str),
    /// DEFAULT
    Value(Expr),
}

/// RETURNING
pub(super) struct Returning {
    pub(super) ty: Type,
    /// ENCODING of varbinary.
    pub(super) encoding: &'static str,
}

pub(super) fn text(value: impl Into<String>, at: At) -> Expr {
    Expr::new(ExprKind::String(value.into()), at)
}

impl Parser<'_> {
    /// A call of one of the JSON functions; its name is next.
    pub(super) fn json_call(&mut self, word: &str, at: At) -> Result<Expr> {
        self.next += 2;
        match word {
            "json_exists" => self.json_exists(at),
            "json_value" => self.json_value(at),
            "json_query" => self.json_query(at),
            "json_object" => self.json_object(at),
            _ => self.json_array(at),
        }
    }

    fn json_exists(&mut self, at: At) -> Result<Expr> {
        let (mut args, mut options) = self.json_path_arguments(at)?;
        let behavior = self.eat_one(&["true", "false", "unknown", "error"]);
        if behavior.is_some() {
            self.expect_all(&["on", "error"])?;
        }
        options.push_str(match behavior {
            Some("true") => " error=true",
            Some("unknown") => " error=null",
            Some("error") => " error=error",
            _ => " error=false",
        });
        self.expect(")")?;
        args.insert(2, text(options, at));
        Ok(Expr::call("$json_exists", args, at))
    }

    fn json_value(&mut self, at: At) -> Result<Expr> {
        let (args, options) = self.json_path_arguments(at)?;
        let ty = self.json_returning()?.map_or(Type::VARCHAR, |r| r.ty);
        let otherwise = self.json_otherwise(&["null", "error", "default"])?;
        self.expect(")")?;
        Ok(value_of(args, options, ty, otherwise))
    }

    fn json_query(&mut self, at: At) -> Result<Expr> {
        let (args, mut options) = self.json_path_arguments(at)?;
        let returning = self.json_returning()?;
        let otherwise = self.json_query_clauses(&mut options, at)?;
        self.expect(")")?;
        Ok(returned(query_of(args, options, otherwise), returning))
    }

    /// `[… WRAPPER] [… QUOTES] [… ON EMPTY] [… ON ERROR]`
    pub(super) fn json_query_clauses(
        &mut self,
        options: &mut String,
        at: At,
    ) -> Result<(Option<Otherwise>, Option<Otherwise>)> {
        if self.eat("without") {
            self.eat("array");
            self.expect("wrapper")?;
        } else if self.eat("with") {
            let kind = self.eat_one(&["conditional", "unconditional"]).unwrap_or("unconditional");
            self.eat("array");
            self.expect("wrapper")?;
            options.push_str(&format!(" wrapper={kind}"));
        }
        if let Some(quotes) = self.eat_one(&["keep", "omit"]) {
            self.expect("quotes")?;
            if self.eat("on") {
                self.expect_all(&["scalar", "string"])?;
            }
            if quotes == "omit" {
                if options.contains(" wrapper=") {
                    let message = "OMIT QUOTES cannot go with a wrapper";
                    return Err(SqlError::invalid(message).at(at.into()));
                }
                options.push_str(" omit_quotes");
            }
        }
        self.json_otherwise(&["error", "null", "empty"])
    }

    fn json_object(&mut self, at: At) -> Result<Expr> {
        let mut members = Vec::new();
        let mut options = String::from("formats=");
        let mut formatted = false;
        if !self.is(")") && !self.is("returning") && !self.at_null_clause() {
            let all = self.list(|p| {
                let worded = p.is("key") && !p.is_at(1, ":") && !p.is_at(1, "value");
                if worded {
                    p.advance();
                }
                let key = p.expr()?;
                if p.eat_one(&[":", "value"]).is_none() {
                    return Err(p.unexpected("`:` or `VALUE`"));
                }
                let value = p.expr()?;
                let format = p.json_format()?;
                Ok((key, value, format))
            })?;
            for (key, value, format) in all {
                formatted |= format.is_some();
                options.push(format.unwrap_or_else(|| implied_format(&value)));
                members.extend([key, value]);
            }
        }
        if self.null_clause()? == Some("absent") {
            options.push_str(" absent");
        }
        if let Some(word) = self.eat_one(&["with", "without"]) {
            self.expect("unique")?;
            self.eat("keys");
            if word == "with" && formatted {
                let message = "WITH UNIQUE KEYS is not supported together with FORMAT JSON";
                return Err(SqlError::unsupported(message).at(at.into()));
            }
        }
        let returning = self.json_returning()?;
        self.expect(")")?;
        members.insert(0, text(options, at));
        Ok(returned(Expr::call("$json_object", members, at), returning))
    }

    fn json_array(&mut self, at: At) -> Result<Expr> {
        let mut values = Vec::new();
        let mut options = String::from("formats=");
        if !self.is(")") && !self.is("returning") && !self.at_null_clause() {
            for (value, format) in self.list(|p| Ok((p.expr()?, p.json_format()?)))? {
                options.push(format.unwrap_or_else(|| implied_format(&value)));
                values.push(value);
            }
        }
        if self.null_clause()? != Some("null") {
            options.push_str(" absent");
        }
        let returning = self.json_returning()?;
        self.expect(")")?;
        values.insert(0, text(options, at));
        Ok(returned(Expr::call("$json_array", values, at), returning))
    }

    /// `input [FORMAT …], path [PASSING …]`: input, path, then name and value of each; and the options.
    fn json_path_arguments(&mut self, at: At) -> Result<(Vec<Expr>, String)> {
        let (mut args, mut options) = self.json_input(at)?;
        self.json_passing(&mut args, &mut options)?;
        Ok((args, options))
    }

    /// `input [FORMAT …], path`
    pub(super) fn json_input(&mut self, at: At) -> Result<(Vec<Expr>, String)> {
        let input = self.expr()?;
        let format = self.json_format()?.unwrap_or('j');
        self.expect(",")?;
        let path = self.string()?;
        Ok((vec![input, text(path, at)], format!("input={format} formats=")))
    }

    /// `[PASSING value [FORMAT …] AS name, …]`
    pub(super) fn json_passing(&mut self, args: &mut Vec<Expr>, options: &mut String) -> Result<()> {
        if !self.eat("passing") {
            return Ok(());
        }
        let passed = self.list(|p| {
            let value = p.expr()?;
            let format = p.json_format()?;
            p.expect("as")?;
            Ok((value, format, p.ident()?))
        })?;
        for (value, format, name) in passed {
            options.push(format.unwrap_or_else(|| implied_format(&value)));
            let at = name.at;
            args.extend([text(canonical(name), at), value]);
        }
        Ok(())
    }

    /// `FORMAT JSON [ENCODING UTF8]`, as a letter of the options.
    pub(super) fn json_format(&mut self) -> Result<Option<char>> {
        if !self.eat_all(&["format", "json"]) {
            return Ok(None);
        }
        if !self.eat("encoding") {
            return Ok(Some('j'));
        }
        match self.eat_one(&["utf8", "utf16", "utf32"]) {
            Some("utf8") => Ok(Some('8')),
            Some("utf16") => Ok(Some('6')),
            Some(_) => Ok(Some('2')),
            None => Err(self.unexpected("`UTF8`, `UTF16` or `UTF32`")),
        }
    }

    fn json_returning(&mut self) -> Result<Option<Returning>> {
        if !self.eat("returning") {
            return Ok(None);
        }
        let ty = self.data_type()?;
        let encoding = match self.json_format()? {
            Some('6') => "utf16",
            Some('2') => "utf32",
            _ => "utf8",
        };
        Ok(Some(Returning { ty, encoding }))
    }

    /// `… ON EMPTY … ON ERROR`, both optional.
    pub(super) fn json_otherwise(&mut self, words: &[&str]) -> Result<(Option<Otherwise>, Option<Otherwise>)> {
        let (mut empty, mut error) = (None, None);
        while let Some(word) = self.eat_one(words) {
            let otherwise = match word {
                "default" => Otherwise::Value(self.expr()?),
                "error" => Otherwise::Word("error"),
                "null" => Otherwise::Word("null"),
                _ => match self.eat_one(&["array", "object"]) {
                    Some("array") => Otherwise::Word("array"),
                    Some(_) => Otherwise::Word("object"),
                    None => return Err(self.unexpected("`ARRAY` or `OBJECT`")),
                },
            };
            self.expect("on")?;
            match self.eat_one(&["empty", "error"]) {
                Some("empty") if empty.is_none() && error.is_none() => empty = Some(otherwise),
                Some("error") if error.is_none() => error = Some(otherwise),
                _ => return Err(self.unexpected("`EMPTY`, then `ERROR`")),
            }
        }
        Ok((empty, error))
    }

    fn at_null_clause(&self) -> bool {
        (self.is("null") || self.is("absent")) && self.is_at(1, "on") && self.is_at(2, "null")
    }

    fn null_clause(&mut self) -> Result<Option<&'static str>> {
        if !self.at_null_clause() {
            return Ok(None);
        }
        let word = if matches!(self.advance(), Token::Word(w) if w.eq_ignore_ascii_case("absent")) {
            "absent"
        } else {
            "null"
        };
        self.expect_all(&["on", "null"])?;
        Ok(Some(word))
    }
}

/// What makes JSON is JSON without saying so.
fn implied_format(value: &Expr) -> char {
    match value.kind.as_ref() {
        ExprKind::Call(c) if matches!(c.name.value.as_str(), "$json_object" | "$json_array" | "$json_query") => 'j',
        _ => 'v',
    }
}

/// A name as it stands in paths: in upper case without quotes.
pub(super) fn canonical(name: Ident) -> String {
    if name.quoted { name.value } else { name.value.to_uppercase() }
}

/// JSON_QUERY of arguments and options.
pub(super) fn query_of(
    mut args: Vec<Expr>,
    mut options: String,
    (empty, error): (Option<Otherwise>, Option<Otherwise>),
) -> Expr {
    let at = args[0].at;
    for (key, otherwise) in [("empty", empty), ("error", error)] {
        if let Some(Otherwise::Word(word)) = otherwise {
            options.push_str(&format!(" {key}={word}"));
        }
    }
    args.insert(2, text(options, at));
    Expr::call("$json_query", args, at)
}

/// JSON_VALUE of arguments and options. Its defaults are computed only where they are needed, so it is a CASE around the call.
pub(super) fn value_of(
    mut args: Vec<Expr>,
    mut options: String,
    ty: Type,
    (empty, error): (Option<Otherwise>, Option<Otherwise>),
) -> Expr {
    let at = args[0].at;
    let word = |o: &Option<Otherwise>| match o {
        Some(Otherwise::Word(word)) => *word,
        Some(Otherwise::Value(_)) => "default",
        None => "null",
    };
    options.push_str(&format!(" empty={} error={}", word(&empty), word(&error)));
    args.insert(2, text(options, at));
    let strict = word(&error) == "error";
    let function = if ty.is_numeric() || ty == Type::Boolean { "$json_scalar" } else { "$json_value" };
    let value = Expr::call(function, args.clone(), at);
    let cast = |e: Expr, lenient: bool| Expr::new(ExprKind::Cast(e, ty.clone(), lenient), at);
    let found = if ty == Type::VARCHAR { value.clone() } else { cast(value.clone(), !strict) };
    let default = |o: Option<Otherwise>| match o {
        Some(Otherwise::Value(value)) => Some(cast(value, false)),
        _ => None,
    };
    let (empty, error) = (default(empty), default(error));
    if empty.is_none() && error.is_none() {
        return found;
    }
    // A default that fails is an error like others; in a row, a default that is NULL is told from one that has failed.
    let row = |e: Expr| Expr::new(ExprKind::Row(vec![(None, e)]), at);
    let empty = match (empty, &error) {
        (Some(empty), _) if strict => empty,
        (Some(empty), None) => Expr::call("try", vec![empty], at),
        (Some(empty), Some(error)) => {
            let tried = Expr::call("try", vec![row(empty)], at);
            let either = Expr::call("coalesce", vec![tried, row(error.clone())], at);
            Expr::new(ExprKind::Subscript(either, Expr::new(ExprKind::Number("1".into()), at)), at)
        }
        (None, _) => cast(Expr::new(ExprKind::Null, at), false),
    };
    let error = error.unwrap_or_else(|| cast(Expr::new(ExprKind::Null, at), false));
    let state = Expr::call("$json_state", args, at);
    let is = |n: &str| {
        let number = Expr::new(ExprKind::Number(n.into()), at);
        Expr::new(ExprKind::Compare(Comparison::Eq, state.clone(), number), at)
    };
    let unconverted = Expr::new(
        ExprKind::And(vec![
            Expr::new(ExprKind::IsNull(found.clone()), at),
            Expr::new(ExprKind::Not(Expr::new(ExprKind::IsNull(value), at)), at),
        ]),
        at,
    );
    let failed = Expr::new(ExprKind::Or(vec![is("2"), unconverted]), at);
    Expr::new(ExprKind::Case(None, vec![(is("1"), empty), (failed, error)], Some(found)), at)
}

pub(super) fn returned(value: Expr, returning: Option<Returning>) -> Expr {
    let at = value.at;
    match returning {
        None => value,
        Some(Returning { ty: Type::Varbinary, encoding }) => {
            Expr::call("$json_encode", vec![value, text(encoding, at)], at)
        }
        Some(Returning { ty, .. }) => Expr::new(ExprKind::Cast(value, ty, false), at),
    }
}
